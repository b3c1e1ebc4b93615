//! Greenhouse gas emissions of a day by class, scope and method.

use std::sync::Arc;

use super::column::{FLEET, SCOPE, VEHICLE_CLASS, ZeroValue, float, integer, tag, text};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{DaySeries, EmissionsFact, METHOD_TIERS};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "fleet_emissions",
    description: "emissions of one London day, at its start; replaced as the day goes on. Rows of 2 (location-based) and 2_market are two views of the same electricity: never add them",
    time: RowTime::RewrittenDay {
        series: DaySeries::Emissions,
        from_activity: true,
    },
    tags: &[
        FLEET,
        VEHICLE_CLASS,
        SCOPE,
        tag(
            "method",
            "fuel_card, fuel, ratio, distance, energy, grey_fleet or mean",
        ),
    ],
    fields: &[
        float("kgco2e", "emissions, kgCO2e"),
        float("sd_kgco2e", "one standard deviation of them, kgCO2e"),
        integer(
            "tier",
            "tier of the method: 1 meter or card, 2 vehicle's own total, 3 own consumption, 4 class factor, 5 class mean",
        )
        .with_zero(ZeroValue::FromTags(tier_of_method)),
        float("distance_km", "distance, km"),
        float("energy_wh", "electricity, Wh"),
        float("fuel_l", "fuel, l"),
        text("factor_set", "emission factors used"),
    ],
};

/// Even a row of zeros names the tier of its method, the fourth tag.
fn tier_of_method(tags: &[Arc<str>]) -> Option<i64> {
    let method = tags.get(3)?;
    let (_, tier) = METHOD_TIERS.iter().find(|(name, _)| **name == **method)?;
    Some(i64::from(*tier))
}

pub(super) fn row(fact: &EmissionsFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.vehicle_class);
    row.tag(fact.scope);
    row.tag(fact.method);
    row.float(fact.kgco2e);
    row.float(fact.sd_kgco2e);
    row.integer(i64::from(fact.tier));
    row.scaled(fact.distance_m, 3);
    row.scaled(fact.energy_tenth_wh, 1);
    row.scaled(fact.fuel_millilitres, 3);
    row.text(&fact.factor_set);
    fact.at
}
