//! A table for national returns, such as the ERIC and Greener NHS collections. Their field lists change from year to year, so the table
//! follows none of them: vehicles by kind with activity and emissions, one column for each scope.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::build::{Input, stretches};
use crate::ledger::emissions::{Figures, InventoryKey, Scope};
use crate::ledger::transition::classify;
use crate::model::register::{Ownership, Role, Vehicle};
use crate::units::{Day, KgCo2e};

/// A kind of vehicle of an organisation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReturnRow {
    /// Id of the organisation.
    pub organisation: Arc<str>,
    /// First and last day.
    pub period: String,
    /// Category, or the class of grey fleet.
    pub vehicle_type: String,
    /// The fuel as DVLA words it.
    pub fuel: String,
    /// The Euro stage.
    pub euro: String,
    /// `owned`, `leased`, `hired`, `grey`.
    pub ownership: &'static str,
    /// `yes`, `no`, `unknown`.
    pub emergency: &'static str,
    /// Emission class under the profile.
    pub class: &'static str,
    /// In service on the last day; `None` where vehicles are not counted.
    pub count: Option<u32>,
    /// Kilometres driven; `None`: not known.
    pub km: Option<f64>,
    /// Litres of fuel; `None`: not known.
    pub litres: Option<f64>,
    /// Metered electricity; `None`: not known.
    pub kwh: Option<f64>,
    /// Fuel burnt; `None`: nothing was booked.
    pub kgco2e_scope_1: Option<f64>,
    /// Scope 2, location-based.
    pub kgco2e_scope_2_location: Option<f64>,
    /// Scope 2, market-based.
    pub kgco2e_scope_2_market: Option<f64>,
    /// All categories of scope 3 that are computed; `None`: nothing was booked.
    pub kgco2e_scope_3: Option<f64>,
    /// Biogenic CO2 of the bio-components of fuel; `None`: nothing was booked.
    pub kgco2_outside_of_scopes: Option<f64>,
}

/// What vehicles of one row have in common, in the order of the rows.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct VehicleKind {
    organisation: Arc<str>,
    vehicle_type: String,
    fuel: String,
    euro: String,
    ownership: &'static str,
    emergency: &'static str,
    class: &'static str,
}

impl VehicleKind {
    fn of_vehicle(vehicle: &Vehicle, class: &'static str) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            organisation: vehicle
                .organisation
                .clone()
                .unwrap_or_else(|| Arc::from("unknown")),
            vehicle_type: vehicle
                .category
                .map_or_else(unknown, |category| category.name().to_owned()),
            fuel: vehicle.fuel.clone().unwrap_or_else(unknown),
            euro: vehicle.euro.map_or_else(unknown, |euro| euro.to_string()),
            ownership: match vehicle.ownership {
                Some(Ownership::Owned) => "owned",
                Some(Ownership::Leased) => "leased",
                Some(Ownership::Hired) => "hired",
                Some(Ownership::Grey) => "grey",
                None => "unknown",
            },
            emergency: match vehicle.role {
                Some(Role::Emergency) => "yes",
                Some(_) => "no",
                None => "unknown",
            },
            class,
        }
    }

    /// Of a line of the inventory that no registered vehicle stands behind: grey fleet, or energy without a vehicle.
    fn of_line(key: &InventoryKey) -> Self {
        let (vehicle_type, ownership, emergency) = if key.method == "grey_fleet" {
            (key.vehicle_class, "grey", "no")
        } else {
            ("no vehicle named", "unknown", "unknown")
        };
        Self {
            organisation: key.organisation.clone(),
            vehicle_type: vehicle_type.to_owned(),
            fuel: "unknown".to_owned(),
            euro: "unknown".to_owned(),
            ownership,
            emergency,
            class: "unknown",
        }
    }

    fn into_row(self, period: String, count: Option<u32>, figures: &Figures) -> ReturnRow {
        let scope = |scope| figures.scope(scope).map(KgCo2e::get);
        ReturnRow {
            organisation: self.organisation,
            period,
            vehicle_type: self.vehicle_type,
            fuel: self.fuel,
            euro: self.euro,
            ownership: self.ownership,
            emergency: self.emergency,
            class: self.class,
            count,
            km: (!figures.distance.is_zero()).then(|| figures.distance.km().get()),
            litres: (!figures.fuel.is_zero()).then(|| figures.fuel.litres().get()),
            kwh: (!figures.energy.is_zero()).then(|| figures.energy.kilowatt_hours().get()),
            kgco2e_scope_1: scope(Scope::Scope1),
            kgco2e_scope_2_location: scope(Scope::Scope2LocationBased),
            kgco2e_scope_2_market: scope(Scope::Scope2MarketBased),
            kgco2e_scope_3: scope(Scope::Scope3),
            kgco2_outside_of_scopes: scope(Scope::OutsideScopes),
        }
    }
}

/// The rows of the table, and a list of what is missing.
pub fn returns(mut input: Input<'_>) -> (Vec<ReturnRow>, Vec<String>) {
    let mut missing = std::mem::take(&mut input.missing);
    let (now, _) = stretches(&input, &mut missing);
    let of_vehicle = |vehicle: &Vehicle| {
        let class = classify(vehicle, input.profile, now.to).class.name();
        VehicleKind::of_vehicle(vehicle, class)
    };
    let mut kinds: BTreeMap<VehicleKind, (Option<u32>, Figures)> = BTreeMap::new();
    for vehicle in &input.register.vehicles {
        if vehicle.in_service_on(Day(now.to.0)) {
            let (count, _) = kinds.entry(of_vehicle(vehicle)).or_default();
            *count = Some(count.unwrap_or(0) + 1);
        }
    }
    for (key, figures) in &now.inventory.lines {
        let registered = key
            .vehicle
            .as_deref()
            .and_then(|id| input.register.vehicle(id));
        let kind = registered.map_or_else(|| VehicleKind::of_line(key), of_vehicle);
        kinds.entry(kind).or_default().1.add(figures);
    }
    let period = format!("{}..{}", now.from, now.to);
    let rows = kinds
        .into_iter()
        .map(|(kind, (count, figures))| kind.into_row(period.clone(), count, &figures));
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
