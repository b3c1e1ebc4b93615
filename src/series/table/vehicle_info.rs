//! Vehicles in scope as the register has them on a day.

use super::column::{FLEET, SITE, float, integer, tag, text};
use super::row::{RowVisitor, unix_seconds};
use super::{Measurement, RowTime};
use crate::model::VehicleInfoFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "vehicle_info",
    description: "a vehicle in scope as the register has it on one London day; written once, and when the register has changed",
    time: RowTime::Day,
    tags: &[FLEET, SITE, tag("vehicle_id", "fleet id")],
    fields: &[
        integer(
            "emission_class_code",
            "0 zero, 1 ultra-low, 2 low, 3 other, 4 unknown",
        ),
        text("emission_class", "the same in words"),
        text("role", "emergency, non_emergency, support"),
        text("category", "car, van, heavy, motorcycle, minibus"),
        text("body", "body of the register, empty for unknown"),
        text("fuel", "DVLA wording, empty for unknown"),
        integer("euro", "Euro standard, 1 to 7"),
        integer("co2_g_per_km", "by type approval, g/km"),
        integer("first_registered_ts_s", "first registration, Unix seconds"),
        float(
            "age_years",
            "since first registration, else since it came into service, years",
        ),
    ],
};

pub(super) fn row(fact: &VehicleInfoFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.site);
    row.tag(&fact.vehicle);
    row.integer(fact.class_code);
    row.text(fact.class);
    row.text(fact.role);
    row.text(fact.category);
    row.text(&fact.body);
    row.text(&fact.fuel);
    row.integer(fact.euro.map(i64::from));
    row.integer(fact.co2_g_per_km.map(i64::from));
    row.integer(fact.first_registered.map(unix_seconds));
    row.float(fact.age_years);
    fact.at
}
