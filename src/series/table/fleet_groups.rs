//! Vehicles of one category and role on a day.

use super::column::{FLEET, VEHICLE_CLASS, integer, tag};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{DaySeries, FleetGroupFact};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "fleet_groups",
    description: "vehicles of one category and role on one London day; written once, and when the register has changed",
    time: RowTime::RewrittenDay {
        series: DaySeries::Groups,
        from_activity: false,
    },
    tags: &[
        FLEET,
        VEHICLE_CLASS,
        tag("role", "emergency, non_emergency, support"),
    ],
    fields: &[
        integer("vehicles_total", "in scope"),
        integer("vehicles_low_emission", "those that count by the profile"),
        integer(
            "vehicles_needed",
            "to be replaced until the group itself has the share of [target]; each group rounds up, so their sum may be above the fleet's",
        ),
    ],
};

pub(super) fn row(fact: &FleetGroupFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(fact.vehicle_class);
    row.tag(fact.role);
    row.integer(i64::from(fact.total));
    row.integer(i64::from(fact.low_emission));
    row.integer(i64::from(fact.needed));
    fact.at
}
