//! A neutral table for national returns, whose own field lists change from year to year: vehicles by kind with activity and emissions
//! (reference emissions.md 5.4, last point). Scopes stand in columns of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::build::{Input, stretches};
use crate::ledger::emissions::{Figures, Scope};
use crate::ledger::transition::classify;
use crate::model::register::{Ownership, Role, Vehicle};
use crate::units::{Day, KgCo2e};

/// A kind of vehicle of an organisation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReturnRow {
    /// Organisation.
    pub organisation: Arc<str>,
    /// First and last day.
    pub period: String,
    /// Category, or the class of grey fleet.
    pub vehicle_type: String,
    /// DVLA's wording.
    pub fuel: String,
    /// Stage.
    pub euro: String,
    /// `owned`, `leased`, `hired`, `grey`.
    pub ownership: &'static str,
    /// `yes`, `no`, `unknown`.
    pub emergency: &'static str,
    /// Emission class under the profile.
    pub class: &'static str,
    /// In service on the last day; `None` where vehicles are not counted.
    pub count: Option<u32>,
    /// Kilometres.
    pub km: Option<f64>,
    /// Fuel.
    pub litres: Option<f64>,
    /// Metered electricity.
    pub kwh: Option<f64>,
    /// Scope 1.
    pub kgco2e_scope_1: Option<f64>,
    /// Scope 2, location-based.
    pub kgco2e_scope_2_location: Option<f64>,
    /// Scope 2, market-based.
    pub kgco2e_scope_2_market: Option<f64>,
    /// Scope 3.
    pub kgco2e_scope_3: Option<f64>,
    /// Biogenic.
    pub kgco2_outside_of_scopes: Option<f64>,
}

/// Organisation, type, fuel, Euro stage, ownership, emergency, class.
type Kind = (
    Arc<str>,
    String,
    String,
    String,
    &'static str,
    &'static str,
    &'static str,
);

fn kind(vehicle: &Vehicle, class: &'static str) -> Kind {
    let unknown = || "unknown".to_owned();
    let ownership = match vehicle.ownership {
        Some(Ownership::Owned) => "owned",
        Some(Ownership::Leased) => "leased",
        Some(Ownership::Hired) => "hired",
        Some(Ownership::Grey) => "grey",
        None => "unknown",
    };
    let emergency = match vehicle.role {
        Some(Role::Emergency) => "yes",
        Some(_) => "no",
        None => "unknown",
    };
    (
        vehicle
            .organisation
            .clone()
            .unwrap_or_else(|| Arc::from("unknown")),
        vehicle
            .category
            .map_or_else(unknown, |category| category.name().to_owned()),
        vehicle.fuel.clone().unwrap_or_else(unknown),
        vehicle.euro.map_or_else(unknown, |euro| euro.to_string()),
        ownership,
        emergency,
        class,
    )
}

/// The table, and what is missing.
pub fn returns(mut input: Input<'_>) -> (Vec<ReturnRow>, Vec<String>) {
    let mut missing = std::mem::take(&mut input.missing);
    let (now, _) = stretches(&input, &mut missing);
    let mut kinds: BTreeMap<Kind, (Option<u32>, Figures)> = BTreeMap::new();
    let of = |vehicle: &Vehicle| {
        kind(
            vehicle,
            classify(vehicle, input.profile, now.to).class.name(),
        )
    };
    for vehicle in &input.register.vehicles {
        if vehicle.in_service_on(Day(now.to.0)) {
            let (count, _) = kinds.entry(of(vehicle)).or_default();
            *count = Some(count.unwrap_or(0) + 1);
        }
    }
    for (key, figures) in &now.inventory.lines {
        let registered = key
            .vehicle
            .as_deref()
            .and_then(|id| input.register.vehicle(id));
        let kind = registered.map(of).unwrap_or_else(|| {
            let grey = key.method == "grey_fleet";
            let (what, ownership, emergency) = if grey {
                (key.vehicle_class, "grey", "no")
            } else {
                ("no vehicle named", "unknown", "unknown")
            };
            let unknown = || "unknown".to_owned();
            (
                key.organisation.clone(),
                what.to_owned(),
                unknown(),
                unknown(),
                ownership,
                emergency,
                "unknown",
            )
        });
        kinds.entry(kind).or_default().1.add(figures);
    }
    let period = format!("{}..{}", now.from, now.to);
    let rows = kinds.into_iter().map(|(kind, (count, figures))| {
        let (organisation, vehicle_type, fuel, euro, ownership, emergency, class) = kind;
        ReturnRow {
            organisation,
            period: period.clone(),
            vehicle_type,
            fuel,
            euro,
            ownership,
            emergency,
            class,
            count,
            km: (!figures.distance.is_zero()).then(|| figures.distance.km().get()),
            litres: (!figures.fuel.is_zero()).then(|| figures.fuel.litres().get()),
            kwh: (!figures.energy.is_zero()).then(|| figures.energy.kilowatt_hours().get()),
            kgco2e_scope_1: figures.scope(Scope::Scope1).map(KgCo2e::get),
            kgco2e_scope_2_location: figures.scope(Scope::Scope2LocationBased).map(KgCo2e::get),
            kgco2e_scope_2_market: figures.scope(Scope::Scope2MarketBased).map(KgCo2e::get),
            kgco2e_scope_3: figures.scope(Scope::Scope3).map(KgCo2e::get),
            kgco2_outside_of_scopes: figures.scope(Scope::OutsideScopes).map(KgCo2e::get),
        }
    });
    (rows.collect(), missing)
}

/// As CSV; an empty cell is not known.
pub fn returns_csv(rows: &[ReturnRow]) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
