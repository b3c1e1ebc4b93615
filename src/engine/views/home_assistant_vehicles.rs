//! Vehicles as devices of Home Assistant. Counters are those after the glitch filter, never as received, because a single zero doubles a
//! statistic (Home Assistant core issue 55565). No positions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::super::fleet::Asset;
use super::ViewContext;
use crate::engine::query::{Query, Stored};
use crate::model::{AssetKind, CounterKind, Quantity};
use crate::units::Thousandths;

/// The vehicles of `[home_assistant]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct HomeAssistantView {
    /// In the order of the configuration.
    pub vehicles: Vec<HomeAssistantVehicle>,
    /// Vehicles beyond `home_assistant.max_devices`.
    pub left_out: usize,
}

/// One vehicle with the accepted values of its quantities.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HomeAssistantVehicle {
    /// Fleet id of the vehicle.
    pub vehicle_id: Arc<str>,
    /// By names of the vocabulary, in its units; unknown quantities are left out.
    pub values: BTreeMap<&'static str, AcceptedValue>,
}

/// The accepted value of a quantity.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum AcceptedValue {
    /// A counter or a measurement.
    Number(f64),
    /// On or off.
    State(bool),
}

/// The vehicles of these fleet ids, then those of these organisations.
#[derive(Clone, PartialEq, Debug)]
pub struct HomeAssistantQuery {
    /// Fleet ids of the vehicles that are devices.
    pub vehicles: Arc<[String]>,
    /// Organisations, all of whose vehicles are wanted.
    pub organisations: Arc<[String]>,
    /// Longest answer; further vehicles are counted and left out.
    pub limit: usize,
}

impl Query for HomeAssistantQuery {
    type Response = HomeAssistantView;

    fn answer(
        self,
        engine: &Engine,
        _context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<HomeAssistantView, String> {
        Ok(engine.home_assistant_view(&self.vehicles, &self.organisations, self.limit))
    }
}

impl Engine {
    /// The vehicles of these fleet ids, then those of these organisations, at most `limit`.
    pub fn home_assistant_view(
        &self,
        vehicles: &[String],
        organisations: &[String],
        limit: usize,
    ) -> HomeAssistantView {
        let in_organisation = self.reference.register.vehicles.iter().filter(|vehicle| {
            vehicle.organisation.as_deref().is_some_and(|organisation| {
                organisations.iter().any(|wanted| wanted == organisation)
            })
        });
        let mut rows: Vec<HomeAssistantVehicle> = Vec::new();
        let mut rows_by_id: HashMap<Arc<str>, usize> = HashMap::new();
        let mut left_out = 0;
        let names = vehicles
            .iter()
            .map(|id| Arc::from(id.as_str()))
            .chain(in_organisation.map(|vehicle| vehicle.id.clone()));
        for vehicle_id in names {
            if rows_by_id.contains_key(&vehicle_id) {
                continue;
            }
            if rows.len() < limit {
                rows_by_id.insert(vehicle_id.clone(), rows.len());
                rows.push(HomeAssistantVehicle {
                    vehicle_id,
                    values: BTreeMap::new(),
                });
            } else {
                left_out += 1;
            }
        }
        for asset in self
            .fleet
            .assets()
            .iter()
            .filter(|asset| asset.kind == AssetKind::Vehicle)
        {
            if let Some(&index) = rows_by_id.get(&asset.tags().vehicle) {
                rows[index].add_feed(asset);
            }
        }
        HomeAssistantView {
            vehicles: rows,
            left_out,
        }
    }
}

impl HomeAssistantVehicle {
    /// Adds the values of one feed; a vehicle may have several.
    fn add_feed(&mut self, asset: &Asset) {
        for quantity in Quantity::ALL
            .iter()
            .filter(|quantity| quantity.kind() == CounterKind::Lifetime)
        {
            self.number(*quantity, asset.believed(*quantity));
        }
        let live = &asset.live;
        self.number(Quantity::Soc, live.soc);
        self.number(Quantity::FuelLevel, live.fuel_level);
        self.number(Quantity::ChargePower, live.charge_power);
        self.state(Quantity::Charging, live.charging);
        self.state(Quantity::Online, live.online);
    }

    fn number(&mut self, quantity: Quantity, value: Option<Thousandths>) {
        self.values
            .extend(value.map(|value| (quantity.name(), AcceptedValue::Number(value.as_f64()))));
    }

    fn state(&mut self, quantity: Quantity, value: Option<bool>) {
        self.values
            .extend(value.map(|value| (quantity.name(), AcceptedValue::State(value))));
    }
}
