//! What the daemon itself did since its start.

use super::column::{integer, tag};
use super::row::{RowVisitor, signed};
use super::{Measurement, RowTime};
use crate::model::IngestStatsFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "ingest_stats",
    description: "what the daemon itself did since its start",
    time: RowTime::Moment,
    tags: &[tag("source", "mqtt or ocpp")],
    fields: &[
        integer("received", "messages received"),
        integer("accepted", "understood"),
        integer("rejected", "not understood"),
        integer("late", "older than what was known"),
        integer("dropped", "dropped because a queue was full"),
    ],
};

pub(super) fn row(fact: &IngestStatsFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(fact.source);
    row.integer(signed(fact.received));
    row.integer(signed(fact.accepted));
    row.integer(signed(fact.rejected));
    row.integer(signed(fact.late));
    row.integer(signed(fact.dropped));
    fact.at
}
