//! Rows of [`crate::model`]'s facts about sites, the register and what is ahead.

use crate::model::{
    AvoidedFact, FleetGroupFact, ProjectionFact, SiteEmissionsFact, SiteInfoFact, VehicleInfoFact,
};
use crate::series::line_protocol::Line;

pub(super) fn site_emissions(fact: &SiteEmissionsFact, out: &mut Vec<u8>) -> bool {
    Line::new(out, "site_emissions")
        .tag("fleet", &fact.fleet)
        .tag("site", &fact.site)
        .tag("scope", fact.scope)
        .float("kgco2e", Some(fact.kgco2e))
        .at(fact.at)
}

pub(super) fn avoided(fact: &AvoidedFact, out: &mut Vec<u8>) -> bool {
    Line::new(out, "avoided_emissions")
        .tag("fleet", &fact.fleet)
        .tag("site", &fact.site)
        .float("baseline_co2e_kg", Some(fact.baseline_kgco2e))
        .float("own_co2e_kg", Some(fact.own_kgco2e))
        .float(
            "avoided_co2e_kg",
            Some(fact.baseline_kgco2e - fact.own_kgco2e),
        )
        .scaled("distance_km", Some(fact.distance_m), 3)
        .integer("vehicles", fact.vehicles.into())
        .at(fact.at)
}

pub(super) fn projection(fact: &ProjectionFact, out: &mut Vec<u8>) -> bool {
    let [p05, p50, p95] = fact.band.map_or([None; 3], |band| band.map(Some));
    Line::new(out, "target_projection")
        .tag("fleet", &fact.fleet)
        .tag("target", &fact.target)
        .float("trajectory_ratio", fact.path)
        .float("trend_ratio", fact.trend)
        .float("p05_ratio", p05)
        .float("p50_ratio", p50)
        .float("p95_ratio", p95)
        .float("trajectory_value", fact.path_value)
        .float("trend_value", fact.trend_value)
        .at(fact.at)
}

pub(super) fn site_info(fact: &SiteInfoFact, out: &mut Vec<u8>) -> bool {
    Line::new(out, "site_info")
        .tag("fleet", &fact.fleet)
        .tag("site", &fact.site)
        .text("name", &fact.name)
        .float("capacity_w", fact.capacity_w)
        .integer("charge_points", fact.charge_points.into())
        .integer("connectors", fact.connectors.into())
        .at(fact.at)
}

pub(super) fn vehicle_info(fact: &VehicleInfoFact, out: &mut Vec<u8>) -> bool {
    Line::new(out, "vehicle_info")
        .tag("fleet", &fact.fleet)
        .tag("site", &fact.site)
        .tag("vehicle_id", &fact.vehicle)
        .integer("emission_class_code", fact.class_code)
        .text("emission_class", fact.class)
        .text("role", fact.role)
        .text("category", fact.category)
        .text("body", &fact.body)
        .text("fuel", &fact.fuel)
        .optional_integer("euro", fact.euro.map(i64::from))
        .optional_integer("co2_g_per_km", fact.co2_g_per_km.map(i64::from))
        .optional_integer(
            "first_registered_ts_s",
            fact.first_registered.map(|at| at.0.div_euclid(1000)),
        )
        .float("age_years", fact.age_years)
        .at(fact.at)
}

pub(super) fn fleet_group(fact: &FleetGroupFact, out: &mut Vec<u8>) -> bool {
    Line::new(out, "fleet_groups")
        .tag("fleet", &fact.fleet)
        .tag("vehicle_class", fact.vehicle_class)
        .tag("role", fact.role)
        .integer("vehicles_total", fact.total.into())
        .integer("vehicles_low_emission", fact.low_emission.into())
        .integer("vehicles_needed", fact.needed.into())
        .at(fact.at)
}
