//! `/api/v1/vehicles`: every registered vehicle, and every unregistered asset that has sent a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::super::fleet::Asset;
use super::{ViewContext, rfc3339, whole};
use crate::engine::query::{Query, Stored};
use crate::ledger::transition::classify;
use crate::model::register::Vehicle;
use crate::model::{AssetKind, Quantity};
use crate::units::{Day, Thousandths, UtcMs};

/// All vehicles, of the register and those that only a feed names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VehiclesView {
    /// Time of the answer.
    pub as_of: String,
    /// By fleet id.
    pub vehicles: Vec<VehicleRow>,
}

/// One vehicle with its newest values.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct VehicleRow {
    /// Fleet id, or the feed's id where the register has none.
    pub vehicle_id: Arc<str>,
    /// Whether the vehicle is in the register.
    pub registered: bool,
    /// Organisation by the register.
    pub organisation: Option<Arc<str>>,
    /// Site by the register.
    pub site: Option<Arc<str>>,
    /// Powertrain by the register; `unknown` without one.
    pub powertrain: &'static str,
    /// Emission class under the profile.
    pub class: Option<&'static str>,
    /// Rule that the class rests on.
    pub rule: Option<&'static str>,
    /// Arrival of its newest message.
    pub last_heard_at: Option<String>,
    /// The same, to be compared.
    #[serde(skip)]
    pub(super) last_message: Option<UtcMs>,
    /// From the vehicle's own time to arrival, of its newest message with a time.
    pub lag_s: Option<f64>,
    /// In service today by the register; `null` where the register has no such vehicle.
    pub in_service: Option<bool>,
    /// All its feeds are silent for longer than allowed, or it has none. Never set out of service.
    pub stale: bool,
    /// Messages missing by running numbers; `null` where no feed has them.
    pub messages_lost: Option<u64>,
    /// Ids of its feeds that have sent a message.
    pub feeds: Vec<Arc<str>>,
    /// Newest accepted odometer value.
    pub odometer_km: Option<f64>,
    /// Kilometres booked today.
    pub distance_today_km: f64,
    /// Litres booked today.
    pub fuel_today_l: f64,
    /// State of charge of the traction battery.
    pub soc_percent: Option<f64>,
    /// Fill level of the tank.
    pub fuel_level_percent: Option<f64>,
    /// Whether the vehicle reports that it charges.
    pub charging: Option<bool>,
    /// Whether the vehicle or its gateway reports itself online.
    pub online: Option<bool>,
}

/// All vehicles, of the register and those that only a feed names.
#[derive(Clone, Copy, Default, Debug)]
pub struct VehiclesQuery;

impl Query for VehiclesQuery {
    type Response = VehiclesView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<VehiclesView, String> {
        Ok(engine.vehicles_view(context))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/vehicles`.
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
            row.add_feed(asset, context.now, stale_ms);
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
    /// Adds the values of one feed. Of several feeds, the one with the newest message gives the state, the one that books the odometer.
    fn add_feed(&mut self, asset: &Asset, now: UtcMs, stale_ms: i64) {
        let number = |value: Option<Thousandths>| value.map(Thousandths::as_f64);
        let (live, presence) = (&asset.live, &asset.presence);
        let newest = presence.last_message_at >= self.last_message;
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
            self.last_message = presence.last_message_at;
            self.last_heard_at = presence.last_message_at.map(rfc3339);
        }
        self.stale &= presence.is_stale(now, stale_ms);
        if let Some(lost) = presence.lost() {
            self.messages_lost = Some(self.messages_lost.unwrap_or(0) + lost);
        }
        self.distance_today_km += whole(asset.today.distance.0);
        self.fuel_today_l += whole(asset.today.fuel.0);
        self.feeds.push(asset.id.clone());
    }
}
