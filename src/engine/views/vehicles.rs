//! `/api/v1/vehicles`: every registered vehicle, and every unregistered asset that was heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::super::assets::Asset;
use super::{ViewContext, rfc3339, whole};
use crate::ledger::transition::classify;
use crate::model::AssetKind;
use crate::model::register::Vehicle;
use crate::units::Day;

/// The answer.
#[derive(Debug, Serialize)]
pub struct VehiclesView {
    as_of: String,
    vehicles: Vec<VehicleRow>,
}

#[derive(Debug, Default, Serialize)]
struct VehicleRow {
    vehicle_id: Arc<str>,
    registered: bool,
    organisation: Option<Arc<str>>,
    site: Option<Arc<str>>,
    powertrain: &'static str,
    class: Option<&'static str>,
    rule: Option<&'static str>,
    last_heard_at: Option<String>,
    odometer_km: Option<f64>,
    distance_today_km: f64,
    fuel_today_l: f64,
    soc_percent: Option<f64>,
    fuel_level_percent: Option<f64>,
    charging: Option<bool>,
    online: Option<bool>,
}

impl Engine {
    /// `/api/v1/vehicles`.
    pub fn vehicles_view(&self, context: &ViewContext) -> VehiclesView {
        let day = Day::of(context.now);
        let mut rows: BTreeMap<Arc<str>, VehicleRow> = BTreeMap::new();
        for vehicle in &self.register.vehicles {
            rows.insert(vehicle.id.clone(), self.registered_row(vehicle, day));
        }
        for asset in self.assets.iter().filter(|asset| asset.kind == AssetKind::Vehicle) {
            let name = asset.tags().vehicle.clone();
            let row = rows.entry(name.clone()).or_insert_with(|| VehicleRow {
                vehicle_id: name,
                powertrain: "unknown",
                ..VehicleRow::default()
            });
            row.take(asset);
        }
        VehiclesView { as_of: rfc3339(context.now), vehicles: rows.into_values().collect() }
    }

    fn registered_row(&self, vehicle: &Vehicle, day: Day) -> VehicleRow {
        let classified = classify(vehicle, &self.profile, day);
        VehicleRow {
            vehicle_id: vehicle.id.clone(),
            registered: true,
            organisation: vehicle.organisation.clone(),
            site: vehicle.site.clone(),
            powertrain: vehicle.powertrain().name(),
            class: Some(classified.class.name()),
            rule: Some(classified.rule),
            ..VehicleRow::default()
        }
    }
}

impl VehicleRow {
    /// Adds what one feed knows; a vehicle may have several.
    fn take(&mut self, asset: &Asset) {
        let number = |value: Option<crate::units::Thousandths>| value.map(crate::units::Thousandths::as_f64);
        let live = &asset.live;
        self.last_heard_at = self.last_heard_at.take().max(asset.last_heard.map(rfc3339));
        self.odometer_km = number(live.odometer).or(self.odometer_km);
        self.soc_percent = number(live.soc).or(self.soc_percent);
        self.fuel_level_percent = number(live.fuel_level).or(self.fuel_level_percent);
        self.charging = live.charging.or(self.charging);
        self.online = live.online.or(self.online);
        self.distance_today_km += whole(asset.today.distance_m);
        self.fuel_today_l += whole(asset.today.fuel_ml);
    }
}
