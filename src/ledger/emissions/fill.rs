//! Estimates for missing data: a vehicle in service without any data in a whole month drives the mean of its class (tier 5).
//!
//! Only months that are over and days in service count. Real data that arrive later replace the estimate.

use std::collections::BTreeMap;

use super::builder::InventoryBuilder;
use super::class::factor_class;
use super::method::Method;
use super::months::{MonthSums, service_days};
use crate::model::Powertrain;
use crate::model::register::Vehicle;
use crate::units::{Day, Metres, MetresPerDay, Month};

impl InventoryBuilder<'_, '_> {
    pub(super) fn fill(&mut self, from: Day, to: Day) {
        let mut month = Month::of_day(from);
        while month <= Month::of_day(to) && from <= to {
            let (first, last) = (month.first_day().max(from), month.last_day().min(to));
            self.fill_month(month, first, last);
            month = month.plus(1);
        }
    }

    fn fill_month(&mut self, month: Month, first: Day, last: Day) {
        let context = self.context;
        // Each vehicle needs the mean of its class, and a mean is over the whole fleet.
        let mut means: BTreeMap<&'static str, Option<MetresPerDay>> = BTreeMap::new();
        for vehicle in &context.register.vehicles {
            let days = service_days(vehicle, first, last);
            if days == 0
                || context.month(&vehicle.id, month) != MonthSums::default()
                || vehicle.is_business_travel()
            {
                continue;
            }
            let mean = factor_class(vehicle).and_then(|class| {
                *means
                    .entry(class)
                    .or_insert_with(|| context.months.mean_per_day(context.register, class, month))
            });
            match mean.filter(|mean| *mean > MetresPerDay::ZERO) {
                // A month lies in one fiscal year and in one calendar year, so its first day stands for all of its factors.
                Some(mean) => self.add_estimate(vehicle, first, mean.over_days(days)),
                None => {
                    self.inventory.no_data.insert(vehicle.id.clone());
                }
            }
        }
    }

    fn add_estimate(&mut self, vehicle: &Vehicle, day: Day, distance: Metres) {
        match vehicle.powertrain() {
            Powertrain::Bev => self.add_electric_km(vehicle, Method::MEAN, day, distance),
            Powertrain::H2 => self.record(vehicle, Method::MEAN, distance, None),
            Powertrain::Phev => {
                self.add_electric_part(vehicle, Method::MEAN, day, distance, true);
                self.add_engine_km(vehicle, Method::MEAN, day, distance, false);
            }
            _ => self.add_engine_km(vehicle, Method::MEAN, day, distance, false),
        }
    }
}
