//! Emissions that a vehicle avoids against the one it replaced, on the same kilometres.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Inventory;
use super::builder::InventoryBuilder;
use super::calculation::EngineClass;
use super::class::{distance_fuels, factor_class, tank_fuel};
use super::figures::Figures;
use crate::model::register::Vehicle;
use crate::units::{Day, KgCo2e, Metres};

/// Kilometres of a vehicle that replaced another, and what the other would have emitted on them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Replaced {
    /// Distance of the new vehicle.
    pub distance: Metres,
    /// Emissions of the old vehicle: scope 1, with location-based scope 2 if it was electric.
    pub kgco2e: KgCo2e,
}

impl Replaced {
    /// Emissions avoided by a vehicle with these figures of its own.
    pub fn avoided(&self, own: &Figures) -> KgCo2e {
        self.kgco2e - own.in_use()
    }
}

impl InventoryBuilder<'_, '_> {
    /// Adds what the replaced vehicle would have emitted on these kilometres: by its own consumption, else by its class.
    pub(super) fn add_replaced(&mut self, vehicle: &Vehicle, day: Day, distance: Metres) {
        let context = self.context;
        let Some(old) = vehicle
            .replaces
            .as_deref()
            .and_then(|id| context.register.vehicle(id))
        else {
            return;
        };
        if distance.is_zero() || !context.per_vehicle {
            return;
        }
        let ratio = context.months.lifetime_ratio(&old.id).zip(tank_fuel(old));
        let by_ratio =
            ratio.and_then(|(ratio, fuel)| context.by_litres(fuel, day, distance * ratio));
        let by_class = || {
            let class = factor_class(old)?;
            distance_fuels(old).iter().find_map(|fuel| {
                let engine = EngineClass {
                    class,
                    fuel,
                    tank: None,
                    electricity_metered: false,
                };
                context.by_engine_km(engine, day, distance)
            })
        };
        if let Some(computed) = by_ratio.or_else(by_class) {
            let replaced = self
                .inventory
                .replaced
                .entry(vehicle.id.clone())
                .or_default();
            replaced.distance += distance;
            replaced.kgco2e += computed.figures.in_use();
        }
    }
}

impl Inventory {
    /// Vehicles that replaced another one, with what that one would have emitted and the figures of their own. Only if keys carry the
    /// vehicle. A vehicle that drove and could not be computed is left out: what it avoided is unknown.
    pub fn replacements(&self) -> BTreeMap<&Arc<str>, (Replaced, Figures)> {
        let computed = self
            .replaced
            .iter()
            .filter(|(id, _)| !self.not_computed.contains(*id));
        let mut found: BTreeMap<_, _> = computed
            .map(|(id, before)| (id, (*before, Figures::default())))
            .collect();
        let mut with_lines = BTreeSet::new();
        for (key, figures) in &self.lines {
            if let Some((id, (_, own))) = key
                .vehicle
                .as_ref()
                .and_then(|id| Some((id, found.get_mut(id)?)))
            {
                own.add(figures);
                with_lines.insert(id);
            }
        }
        found.retain(|id, _| with_lines.contains(id));
        found
    }
}
