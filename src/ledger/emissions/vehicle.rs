//! One vehicle's day: which source of fuel and electricity counts, with its tier. The best one, never a sum of two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::amounts::Computed;
use super::class::{card_fuel, distance_fuels, factor_class, tank_fuel};
use super::figures::Figures;
use super::months::MonthSums;
use super::{Book, Inventory, InventoryKey, unknown};
use crate::model::register::{Coverage, Vehicle};
use crate::model::{Activity, Powertrain};
use crate::units::{Day, Month};

/// A way to a figure: its tier (reference emissions.md 5.1), and the word in rows.
pub(super) type Method = (u8, &'static str);
pub(super) const FUEL_CARD: Method = (1, "fuel_card");
pub(super) const ENERGY: Method = (1, "energy");
pub(super) const FUEL: Method = (2, "fuel");
pub(super) const RATIO: Method = (3, "ratio");
pub(super) const DISTANCE: Method = (4, "distance");
pub(super) const GREY_FLEET: Method = (4, "grey_fleet");
pub(super) const MEAN: Method = (5, "mean");

impl Book<'_, '_> {
    pub(super) fn vehicle_day(&mut self, vehicle: &Vehicle, day: Day, sums: &Activity) {
        let month = self.setting.month(&vehicle.id, Month::of_day(day));
        // By odometer where the month has any, else as claimed.
        let metres = if sums.distance_m != 0 || month.distance_m != 0 {
            sums.distance_m
        } else {
            sums.claimed_m
        };
        if vehicle.is_business_travel() {
            return self.grey_vehicle(vehicle, day, metres);
        }
        self.note_replaced(vehicle, day, metres);
        let powertrain = vehicle.powertrain();
        // Kilometres stand with the fuel where there is an engine, else with the electricity: never in both.
        let has_engine = !matches!(powertrain, Powertrain::Bev | Powertrain::H2);
        let grid_metered = sums.metered & Activity::GRID_METERED != 0 || sums.vehicle_grid_dwh != 0;
        let energy_known = grid_metered || month.energy;
        let fuel_known = month.card_ml != 0
            || sums.fuel_card_ml != 0
            || sums.metered & Activity::FUEL_METERED != 0;
        let own_metres = if has_engine { 0 } else { metres };
        if sums.vehicle_grid_dwh != 0 || (energy_known && own_metres != 0) {
            let coverage = self.coverage(vehicle, day);
            let computed = self.setting.energy(day, sums.vehicle_grid_dwh, coverage);
            self.put(vehicle, ENERGY, own_metres, computed);
        } else if !energy_known && metres != 0 {
            match powertrain {
                Powertrain::Bev => self.electric_km(vehicle, DISTANCE, day, metres),
                Powertrain::Phev => {
                    let by_km = !fuel_known && self.ratio(vehicle, day).is_none();
                    self.electric_part(vehicle, DISTANCE, day, metres, by_km);
                }
                // Hydrogen has no factor in the sets.
                Powertrain::H2 => self.put(vehicle, DISTANCE, metres, None),
                _ => {}
            }
        }
        if has_engine && (metres != 0 || sums.fuel_ml != 0 || sums.fuel_card_ml != 0) {
            self.fuel_day(
                vehicle,
                day,
                sums,
                &month,
                (metres, fuel_known, energy_known),
            );
        }
    }

    fn fuel_day(
        &mut self,
        vehicle: &Vehicle,
        day: Day,
        sums: &Activity,
        month: &MonthSums,
        (metres, fuel_known, energy_known): (i64, bool, bool),
    ) {
        let tank = tank_fuel(vehicle);
        // Whose fuel the register does not tell goes by what the card names, if it names all of the month: else by kilometres, and litres
        // beside them would be a sum of two.
        let cards = (month.card_ml != 0 || sums.fuel_card_ml != 0)
            && (tank.is_some() || !(month.card_unnamed || sums.card_unnamed()));
        let litres = if cards {
            // HVO has factors of its own.
            if sums.hvo_card_ml != 0 {
                self.put(
                    vehicle,
                    FUEL_CARD,
                    0,
                    self.setting.litres("hvo", day, sums.hvo_card_ml),
                );
            }
            Some((FUEL_CARD, sums.fuel_card_ml - sums.hvo_card_ml))
        } else if fuel_known {
            Some((FUEL, sums.fuel_ml))
        } else {
            self.ratio(vehicle, day)
                .map(|ratio| (RATIO, (metres as f64 * ratio).round() as i64))
        };
        // On a day without a fill there is nothing to name: its kilometres stand with no litres, under any fuel.
        let fuel = if cards {
            card_fuel(vehicle, sums).or(Some("diesel_avg_blend"))
        } else {
            tank
        };
        let by_litres = litres.zip(fuel).and_then(|((method, ml), fuel)| {
            self.setting
                .litres(fuel, day, ml)
                .map(|computed| (method, computed))
        });
        match by_litres {
            Some((method, computed)) => self.put(vehicle, method, metres, Some(computed)),
            None => self.engine_km(vehicle, DISTANCE, day, metres, energy_known),
        }
    }

    /// Asked for every day of a month, and the same on each of them.
    fn ratio(&mut self, vehicle: &Vehicle, day: Day) -> Option<f64> {
        tank_fuel(vehicle)?;
        let (setting, month) = (self.setting, Month::of_day(day));
        // A register stands still while an inventory is made: a vehicle's place in memory names it, and no text is compared.
        let place = std::ptr::from_ref(vehicle) as usize;
        *self.ratios.entry((place, month)).or_insert_with(|| {
            setting
                .months
                .own_ratio(&vehicle.id, month, &setting.register.jurisdiction.calendar)
        })
    }

    pub(super) fn engine_km(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        day: Day,
        metres: i64,
        electric_part_apart: bool,
    ) {
        let apart = electric_part_apart && vehicle.powertrain() == Powertrain::Phev;
        let computed = factor_class(vehicle).and_then(|class| {
            let tank = tank_fuel(vehicle);
            distance_fuels(vehicle).iter().find_map(|fuel| {
                self.setting
                    .engine_km(class, fuel, tank, day, metres, apart)
            })
        });
        self.put(vehicle, method, metres, computed);
    }

    pub(super) fn electric_km(&mut self, vehicle: &Vehicle, method: Method, day: Day, metres: i64) {
        let coverage = self.coverage(vehicle, day);
        let computed = factor_class(vehicle).and_then(|class| {
            self.setting
                .electric_km(class, "bev", day, metres, coverage, false)
        });
        self.put(vehicle, method, metres, computed);
    }

    /// The electric part of a PHEV's kilometres, which themselves stand with its fuel. A class without one in the sets has no kilometre of
    /// a PHEV either: by kilometres it is then the average vehicle's, which lacks nothing.
    pub(super) fn electric_part(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        day: Day,
        metres: i64,
        fuel_by_km: bool,
    ) {
        let coverage = self.coverage(vehicle, day);
        let computed = factor_class(vehicle).and_then(|class| {
            self.setting
                .electric_km(class, "phev", day, metres, coverage, fuel_by_km)
        });
        if computed.is_some() || !fuel_by_km {
            self.put(vehicle, method, 0, computed);
        }
    }

    fn grey_vehicle(&mut self, vehicle: &Vehicle, day: Day, metres: i64) {
        if metres == 0 {
            return;
        }
        let class = factor_class(vehicle).unwrap_or("car_average");
        let fuel = match vehicle.powertrain() {
            Powertrain::Bev => "bev",
            _ => distance_fuels(vehicle)
                .first()
                .copied()
                .unwrap_or("unknown"),
        };
        let computed = self
            .setting
            .grey_km(class, fuel, day, metres)
            .map(|(computed, _)| computed);
        self.put(vehicle, GREY_FLEET, metres, computed);
    }

    /// What contracts cover of a vehicle's energy: where it charged that day, else at its own site.
    fn coverage(&self, vehicle: &Vehicle, day: Day) -> Coverage {
        let register = self.setting.register;
        let places = self
            .charged_at
            .get(&(day, vehicle.id.clone()))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let total: f64 = places.iter().map(|(_, dwh)| *dwh as f64).sum();
        if total <= 0.0 {
            return register.coverage(vehicle.site.as_deref(), day);
        }
        let mut mean = Coverage::default();
        for (site, dwh) in places {
            let there = register.coverage(site.as_deref(), day);
            mean.share += there.share * *dwh as f64 / total;
            mean.kgco2e_per_kwh += there.kgco2e_per_kwh * *dwh as f64 / total;
        }
        mean
    }

    /// What the vehicle that this one replaced would have emitted on these kilometres: by its own consumption, else by its class.
    fn note_replaced(&mut self, vehicle: &Vehicle, day: Day, metres: i64) {
        let setting = self.setting;
        let Some(old) = vehicle
            .replaces
            .as_deref()
            .and_then(|id| setting.register.vehicle(id))
        else {
            return;
        };
        if metres == 0 || !setting.per_vehicle {
            return;
        }
        let own = setting.months.lifetime_ratio(&old.id).zip(tank_fuel(old));
        let own = own.and_then(|(ratio, fuel)| {
            setting.litres(fuel, day, (metres as f64 * ratio).round() as i64)
        });
        let class = || {
            let class = factor_class(old)?;
            distance_fuels(old)
                .iter()
                .find_map(|fuel| setting.engine_km(class, fuel, None, day, metres, false))
        };
        if let Some(computed) = own.or_else(class) {
            let replaced = self
                .inventory
                .replaced
                .entry(vehicle.id.clone())
                .or_default();
            replaced.distance_m += metres;
            replaced.kgco2e += computed.figures.in_use_kgco2e();
        }
    }

    /// Books a figure, or counts the vehicle as not computed.
    pub(super) fn put(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        metres: i64,
        computed: Option<Computed>,
    ) {
        let Some(mut computed) = computed else {
            self.inventory.not_computed.insert(vehicle.id.clone());
            return;
        };
        computed.figures.distance_m = metres;
        let key = InventoryKey {
            organisation: vehicle.organisation.clone().unwrap_or_else(unknown),
            site: vehicle.site.clone().unwrap_or_else(unknown),
            vehicle_class: factor_class(vehicle).unwrap_or("unknown"),
            role: vehicle.role.map_or("unknown", |role| role.name()),
            vehicle: self.setting.per_vehicle.then(|| vehicle.id.clone()),
            tier: method.0,
            method: method.1,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.book(key, &computed);
    }
}

/// Kilometres of a vehicle that replaced another, and what the other would have emitted on them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Replaced {
    /// m.
    pub distance_m: i64,
    /// kgCO2e, scope 1 (and location-based scope 2, had it been electric).
    pub kgco2e: f64,
}

impl Replaced {
    /// kgCO2e avoided by a vehicle with these figures of its own.
    pub fn avoided(&self, own: &Figures) -> f64 {
        self.kgco2e - own.in_use_kgco2e()
    }
}

impl Inventory {
    /// Vehicles that replaced another one, with what that one would have emitted and what they did. Only if keys carry the vehicle; one
    /// that drove and could not be computed has avoided nothing that is known.
    pub fn replacements(&self) -> BTreeMap<&Arc<str>, (Replaced, Figures)> {
        let computed = self
            .replaced
            .iter()
            .filter(|(id, _)| !self.not_computed.contains(*id));
        let mut found: BTreeMap<_, _> = computed
            .map(|(id, before)| (id, (*before, Figures::default())))
            .collect();
        let mut heard = BTreeSet::new();
        for (key, figures) in &self.lines {
            if let Some((id, (_, own))) = key
                .vehicle
                .as_ref()
                .and_then(|id| Some((id, found.get_mut(id)?)))
            {
                own.add(figures);
                heard.insert(id);
            }
        }
        found.retain(|id, _| heard.contains(id));
        found
    }
}
