//! `/api/v1/vehicles`: every registered vehicle, and every unregistered asset that was heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::super::fleet::Asset;
use super::{ViewContext, rfc3339, whole};
use crate::ledger::transition::classify;
use crate::model::register::Vehicle;
use crate::model::{AssetKind, Quantity};
use crate::units::{Day, Thousandths, UtcMs};

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
    #[serde(skip)]
    heard: Option<UtcMs>,
    /// From the vehicle's own time to arrival, of its newest message with a time.
    lag_s: Option<f64>,
    /// By the register; `null` where it is in none.
    in_service: Option<bool>,
    /// All its feeds are silent for longer than allowed, or it has none. Out of service, nothing is expected of it.
    stale: bool,
    /// Missing by running numbers; `null` where no feed has them.
    messages_lost: Option<u64>,
    /// Ids of its feeds, as far as heard.
    feeds: Vec<Arc<str>>,
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
        let day = Day::of(context.now, self.reference.register.zone());
        let stale_ms = self.reference.stale_ms();
        let mut rows: BTreeMap<Arc<str>, VehicleRow> = BTreeMap::new();
        for vehicle in &self.reference.register.vehicles {
            rows.insert(vehicle.id.clone(), self.registered_row(vehicle, day));
        }
        for asset in self
            .fleet
            .assets()
            .iter()
            .filter(|asset| asset.kind == AssetKind::Vehicle)
        {
            let name = asset.tags().vehicle.clone();
            let row = rows.entry(name.clone()).or_insert_with(|| VehicleRow {
                vehicle_id: name,
                powertrain: "unknown",
                stale: true,
                ..VehicleRow::default()
            });
            row.take(asset, context.now, stale_ms);
        }
        VehiclesView {
            as_of: rfc3339(context.now),
            vehicles: rows.into_values().collect(),
        }
    }

    fn registered_row(&self, vehicle: &Vehicle, day: Day) -> VehicleRow {
        let (classified, in_service) = (
            classify(vehicle, &self.reference.profile, day),
            vehicle.in_service_on(day),
        );
        VehicleRow {
            vehicle_id: vehicle.id.clone(),
            registered: true,
            in_service: Some(in_service),
            stale: in_service,
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
    /// Adds what one feed knows. A vehicle may have several: the one heard last says how it is, the one that books how far it went.
    fn take(&mut self, asset: &Asset, now: UtcMs, stale_ms: i64) {
        let number = |value: Option<Thousandths>| value.map(Thousandths::as_f64);
        let (live, presence) = (&asset.live, &asset.presence);
        let newest = presence.last_heard >= self.heard;
        fn take<T>(mine: &mut Option<T>, theirs: Option<T>, newest: bool) {
            if theirs.is_some() && (newest || mine.is_none()) {
                *mine = theirs;
            }
        }
        take(&mut self.soc_percent, number(live.soc), newest);
        take(
            &mut self.fuel_level_percent,
            number(live.fuel_level),
            newest,
        );
        take(&mut self.charging, live.charging, newest);
        take(&mut self.online, live.online, newest);
        take(&mut self.lag_s, presence.lag_s(), newest);
        let books = asset
            .counters
            .iter()
            .any(|register| register.quantity == Quantity::Odometer && register.books);
        take(&mut self.odometer_km, number(live.odometer), books);
        if newest {
            self.heard = presence.last_heard;
            self.last_heard_at = presence.last_heard.map(rfc3339);
        }
        self.stale &= presence.is_stale(now, stale_ms);
        if let Some(lost) = presence.lost() {
            self.messages_lost = Some(self.messages_lost.unwrap_or(0) + lost);
        }
        self.distance_today_km += whole(asset.today.distance_m);
        self.fuel_today_l += whole(asset.today.fuel_ml);
        self.feeds.push(asset.id.clone());
    }
}
