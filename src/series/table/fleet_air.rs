//! Air pollutants of a day by class.

use super::column::{FLEET, VEHICLE_CLASS, float};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{AirFact, DaySeries};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "fleet_air",
    description: "air pollutants of one London day, at its start; replaced as the day goes on. Hot exhaust, and wear where [air] includes it",
    time: RowTime::RewrittenDay {
        series: DaySeries::Air,
        from_activity: true,
    },
    tags: &[FLEET, VEHICLE_CLASS],
    fields: &[
        float("nox_g", "nitrogen oxides, g"),
        float("pm25_g", "particles up to 2.5 um, g"),
        float("pm10_g", "particles up to 10 um, g"),
        float("pm_exhaust_g", "exhaust's part of both, g"),
        float("distance_km", "distance, km"),
    ],
};

pub(super) fn row(fact: &AirFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.vehicle_class);
    for grams in fact.grams {
        row.float(grams);
    }
    row.float(fact.pm_exhaust_g);
    row.scaled(fact.distance_m, 3);
    fact.at
}
