//! How much of a fleet reports.

use super::column::{FLEET, float, integer};
use super::row::{RowVisitor, signed};
use super::{Measurement, RowTime};
use crate::model::DataQualityFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "data_quality",
    description: "how much of the fleet reports, every minute",
    time: RowTime::Moment,
    tags: &[FLEET],
    fields: &[
        integer("vehicles", "registered and in service"),
        integer("vehicles_heard_24h", "those that reported within 24 hours"),
        integer(
            "vehicles_stale",
            "those silent for longer than their source's limit",
        ),
        float(
            "completeness_ratio",
            "share that reported within 24 hours, 0 to 1",
        ),
        integer(
            "messages_lost",
            "their messages that sequence numbers show to be missing, since the first one",
        ),
    ],
};

pub(super) fn row(fact: &DataQualityFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.integer(signed(fact.vehicles));
    row.integer(signed(fact.heard_24h));
    row.integer(signed(fact.stale));
    row.float((fact.vehicles > 0).then(|| fact.heard_24h as f64 / fact.vehicles as f64));
    row.integer(signed(fact.messages_lost));
    fact.at
}
