//! Vehicles that are shown elsewhere, with what is believed of them: counters as they stand after the glitch filter, never as they came,
//! because a single zero doubles a statistic (Home Assistant core issue 55565). No positions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::super::fleet::Asset;
use crate::model::{AssetKind, CounterKind, Quantity};
use crate::units::Thousandths;

/// The answer.
#[derive(Debug, Serialize)]
pub struct ChosenView {
    vehicles: Vec<ChosenRow>,
    /// Vehicles beyond the limit.
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct ChosenRow {
    vehicle_id: Arc<str>,
    /// By names of the vocabulary, in its units; what is unknown is not there.
    values: BTreeMap<&'static str, Believed>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum Believed {
    Number(f64),
    State(bool),
}

impl Engine {
    /// The vehicles of these fleet ids, then those of these organisations, at most `limit`.
    pub fn chosen_view(
        &self,
        vehicles: &[String],
        organisations: &[String],
        limit: usize,
    ) -> ChosenView {
        let in_organisation = self.reference.register.vehicles.iter().filter(|vehicle| {
            vehicle.organisation.as_deref().is_some_and(|organisation| {
                organisations.iter().any(|chosen| chosen == organisation)
            })
        });
        let mut rows: Vec<ChosenRow> = Vec::new();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        let mut left_out = 0;
        let names = vehicles
            .iter()
            .map(|id| Arc::from(id.as_str()))
            .chain(in_organisation.map(|vehicle| vehicle.id.clone()));
        for vehicle_id in names {
            if places.contains_key(&vehicle_id) {
                continue;
            }
            if rows.len() < limit {
                places.insert(vehicle_id.clone(), rows.len());
                rows.push(ChosenRow {
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
            if let Some(&place) = places.get(&asset.tags().vehicle) {
                rows[place].take(asset);
            }
        }
        ChosenView {
            vehicles: rows,
            left_out,
        }
    }
}

impl ChosenRow {
    /// Adds what one feed knows; a vehicle may have several.
    fn take(&mut self, asset: &Asset) {
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
            .extend(value.map(|value| (quantity.name(), Believed::Number(value.as_f64()))));
    }

    fn state(&mut self, quantity: Quantity, value: Option<bool>) {
        self.values
            .extend(value.map(|value| (quantity.name(), Believed::State(value))));
    }
}
