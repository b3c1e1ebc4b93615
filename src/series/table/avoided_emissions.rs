//! What vehicles that replaced another one avoided on a day.

use super::column::{FLEET, float, integer, tag};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{AvoidedFact, DaySeries};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "avoided_emissions",
    description: "vehicles that replaced another one, on one London day, at its start; every 15 minutes until it is over. Energy is charged on another day than it is driven: read weeks, not days",
    time: RowTime::RewrittenDay {
        series: DaySeries::Avoided,
        from_activity: true,
    },
    tags: &[FLEET, tag("site", "home site of the vehicle")],
    fields: &[
        float(
            "baseline_co2e_kg",
            "what the replaced vehicles would have emitted on the same kilometres, kgCO2e of scope 1 with location-based scope 2",
        ),
        float(
            "own_co2e_kg",
            "what the vehicles that replaced them emitted, in the same unit",
        ),
        float(
            "avoided_co2e_kg",
            "baseline less own, kgCO2e; it may fall within the day",
        ),
        float("distance_km", "distance of the replacing vehicles, km"),
        integer("vehicles", "replacing vehicles that drove"),
    ],
};

pub(super) fn row(fact: &AvoidedFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.site);
    row.float(fact.baseline_kgco2e);
    row.float(fact.own_kgco2e);
    row.float(fact.baseline_kgco2e - fact.own_kgco2e);
    row.scaled(fact.distance_m, 3);
    row.integer(i64::from(fact.vehicles));
    fact.at
}
