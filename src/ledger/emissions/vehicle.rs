//! One vehicle's day: which source of fuel and of electricity counts. The best source is used, never a sum of two.

use super::builder::InventoryBuilder;
use super::calculation::{Computed, ElectricClass, EngineClass};
use super::class::{card_fuel, distance_fuels, factor_class, tank_fuel};
use super::method::Method;
use super::months::MonthSums;
use crate::model::register::{Coverage, Vehicle};
use crate::model::{ActivityData, Powertrain};
use crate::units::{Day, LitresPerKm, Metres, Month, TenthWattHours};

/// A vehicle's day with the month that decides on its sources.
#[derive(Clone, Copy)]
struct VehicleDay<'v> {
    vehicle: &'v Vehicle,
    day: Day,
    activity: &'v ActivityData,
    month: MonthSums,
    distance: Metres,
}

impl VehicleDay<'_> {
    fn has_card(&self) -> bool {
        !self.month.card.is_zero() || !self.activity.fuel_card.is_zero()
    }

    fn fuel_known(&self) -> bool {
        self.has_card() || self.activity.metered & ActivityData::FUEL_METERED != 0
    }

    fn energy_known(&self) -> bool {
        self.month.energy
            || self.activity.metered & ActivityData::GRID_METERED != 0
            || !self.activity.vehicle_grid.is_zero()
    }

    /// Kilometres stand with the fuel where there is an engine, else with the electricity: never in both.
    fn has_engine(&self) -> bool {
        !matches!(self.vehicle.powertrain(), Powertrain::Bev | Powertrain::H2)
    }
}

impl InventoryBuilder<'_, '_> {
    pub(super) fn add_vehicle_day(&mut self, vehicle: &Vehicle, day: Day, activity: &ActivityData) {
        let month = self.context.month(&vehicle.id, Month::of_day(day));
        // By odometer where the month has any, else as claimed.
        let distance = if activity.distance.is_zero() && month.distance.is_zero() {
            activity.claimed
        } else {
            activity.distance
        };
        if vehicle.is_business_travel() {
            return self.add_business_travel(vehicle, day, distance);
        }
        self.add_replaced(vehicle, day, distance);
        let day = VehicleDay {
            vehicle,
            day,
            activity,
            month,
            distance,
        };
        self.add_electricity(day);
        let has_activity =
            !distance.is_zero() || !activity.fuel.is_zero() || !activity.fuel_card.is_zero();
        if day.has_engine() && has_activity {
            self.add_fuel(day);
        }
    }

    fn add_electricity(&mut self, of: VehicleDay<'_>) {
        let VehicleDay {
            vehicle,
            day,
            distance,
            ..
        } = of;
        let energy = of.activity.vehicle_grid;
        let own_distance = if of.has_engine() {
            Metres::ZERO
        } else {
            distance
        };
        if !energy.is_zero() || (of.energy_known() && !own_distance.is_zero()) {
            let coverage = self.coverage(vehicle, day);
            let computed = self.context.by_energy(day, energy, coverage);
            self.record(vehicle, Method::ENERGY, own_distance, computed);
        } else if !of.energy_known() && !distance.is_zero() {
            match vehicle.powertrain() {
                Powertrain::Bev => self.add_electric_km(vehicle, Method::DISTANCE, day, distance),
                Powertrain::Phev => {
                    let fuel_by_km = !of.fuel_known() && self.ratio(vehicle, day).is_none();
                    self.add_electric_part(vehicle, Method::DISTANCE, day, distance, fuel_by_km);
                }
                // The sets have no factor for hydrogen.
                Powertrain::H2 => self.record(vehicle, Method::DISTANCE, distance, None),
                _ => {}
            }
        }
    }

    fn add_fuel(&mut self, of: VehicleDay<'_>) {
        let VehicleDay {
            vehicle,
            day,
            activity,
            distance,
            ..
        } = of;
        let tank = tank_fuel(vehicle);
        // Without a fuel in the register the card decides, if it names the product of all litres of the month. Else kilometres count:
        // some litres beside them would be a sum of two sources.
        let unnamed = of.month.card_unnamed || activity.card_unnamed();
        let by_card = of.has_card() && (tank.is_some() || !unnamed);
        let litres = if by_card {
            // HVO has factors of its own.
            if !activity.hvo_card.is_zero() {
                let computed = self.context.by_litres("hvo", day, activity.hvo_card);
                self.record(vehicle, Method::FUEL_CARD, Metres::ZERO, computed);
            }
            Some((Method::FUEL_CARD, activity.fuel_card - activity.hvo_card))
        } else if of.fuel_known() {
            Some((Method::FUEL, activity.fuel))
        } else {
            self.ratio(vehicle, day)
                .map(|ratio| (Method::RATIO, distance * ratio))
        };
        // A day without a fill has no product: its kilometres stand with no litres, under any fuel.
        let fuel = if by_card {
            card_fuel(vehicle, activity).or(Some("diesel_avg_blend"))
        } else {
            tank
        };
        let computed = litres.zip(fuel).and_then(|((method, amount), fuel)| {
            Some((method, self.context.by_litres(fuel, day, amount)?))
        });
        match computed {
            Some((method, computed)) => self.record(vehicle, method, distance, Some(computed)),
            None => {
                self.add_engine_km(vehicle, Method::DISTANCE, day, distance, of.energy_known());
            }
        }
    }

    /// The consumption of the vehicle itself. Each day of a month needs it, and it is the same on each of them.
    fn ratio(&mut self, vehicle: &Vehicle, day: Day) -> Option<LitresPerKm> {
        tank_fuel(vehicle)?;
        let (context, month) = (self.context, Month::of_day(day));
        // The register does not change while an inventory is computed: the address of a vehicle identifies it without comparing texts.
        let address = std::ptr::from_ref(vehicle) as usize;
        *self.ratios.entry((address, month)).or_insert_with(|| {
            let calendar = &context.register.jurisdiction.calendar;
            context.months.own_ratio(&vehicle.id, month, calendar)
        })
    }

    pub(super) fn add_engine_km(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        day: Day,
        distance: Metres,
        energy_known: bool,
    ) {
        let computed = factor_class(vehicle).and_then(|class| {
            distance_fuels(vehicle).iter().find_map(|fuel| {
                let engine = EngineClass {
                    class,
                    fuel,
                    tank: tank_fuel(vehicle),
                    electricity_metered: energy_known && vehicle.powertrain() == Powertrain::Phev,
                };
                self.context.by_engine_km(engine, day, distance)
            })
        });
        self.record(vehicle, method, distance, computed);
    }

    pub(super) fn add_electric_km(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        day: Day,
        distance: Metres,
    ) {
        let computed = self.electric_km(vehicle, day, distance, "bev", false);
        self.record(vehicle, method, distance, computed);
    }

    /// The electric part of a plug-in hybrid's kilometres, which themselves stand with its fuel. A class without that part in the sets has
    /// no kilometre of a plug-in hybrid either: it counts as the average vehicle, which contains everything.
    pub(super) fn add_electric_part(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        day: Day,
        distance: Metres,
        fuel_by_km: bool,
    ) {
        let computed = self.electric_km(vehicle, day, distance, "phev", fuel_by_km);
        if computed.is_some() || !fuel_by_km {
            self.record(vehicle, method, Metres::ZERO, computed);
        }
    }

    fn electric_km(
        &self,
        vehicle: &Vehicle,
        day: Day,
        distance: Metres,
        fuel: &str,
        wtt_with_fuel: bool,
    ) -> Option<Computed> {
        let electric = ElectricClass {
            class: factor_class(vehicle)?,
            fuel,
            wtt_with_fuel,
        };
        let coverage = self.coverage(vehicle, day);
        self.context
            .by_electric_km(electric, day, distance, coverage)
    }

    fn add_business_travel(&mut self, vehicle: &Vehicle, day: Day, distance: Metres) {
        if distance.is_zero() {
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
            .context
            .by_private_km(class, fuel, day, distance)
            .map(|(computed, _)| computed);
        self.record(vehicle, Method::GREY_FLEET, distance, computed);
    }

    /// What contracts cover of a vehicle's energy: at the sites where it charged that day, else at its own site.
    fn coverage(&self, vehicle: &Vehicle, day: Day) -> Coverage {
        let register = self.context.register;
        let charges = self
            .charged_at
            .get(&(day, vehicle.id.clone()))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let total: TenthWattHours = charges.iter().map(|(_, energy)| *energy).sum();
        if total <= TenthWattHours::ZERO {
            return register.coverage(vehicle.site.as_deref(), day);
        }
        let mut mean = Coverage::default();
        for (site, energy) in charges {
            let at_site = register.coverage(site.as_deref(), day);
            mean.share += at_site.share.weighted(*energy, total);
            mean.factor += at_site.factor.weighted(*energy, total);
        }
        mean
    }
}
