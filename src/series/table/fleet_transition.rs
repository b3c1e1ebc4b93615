//! How many vehicles of a fleet are in which emission class on a day.

use super::column::{FLEET, VEHICLE_CLASS, ZeroValue, float, integer};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{DaySeries, TransitionFact};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "fleet_transition",
    description: "how many vehicles are in which emission class on one London day",
    time: RowTime::RewrittenDay {
        series: DaySeries::Transition,
        from_activity: false,
    },
    tags: &[FLEET, VEHICLE_CLASS],
    fields: &[
        integer("vehicles_total", "in scope"),
        integer("vehicles_low_emission", "zero, ultra-low or low"),
        integer("vehicles_ultra_low_emission", "zero or ultra-low"),
        integer("vehicles_zero_emission", "zero"),
        integer("vehicles_unknown", "cannot be classified"),
        float("low_emission_share_ratio", "low-emission share, 0 to 1")
            .with_zero(ZeroValue::Omitted),
    ],
};

pub(super) fn row(fact: &TransitionFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.vehicle_class);
    row.integer(i64::from(fact.total));
    row.integer(i64::from(fact.low_emission));
    row.integer(i64::from(fact.ultra_low));
    row.integer(i64::from(fact.zero));
    row.integer(i64::from(fact.unknown));
    row.float((fact.total > 0).then(|| f64::from(fact.low_emission) / f64::from(fact.total)));
    fact.at
}
