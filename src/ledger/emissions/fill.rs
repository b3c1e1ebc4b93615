//! Silence filled: vehicles in service that nothing at all is known of in a whole month drive their class's mean (tier 5, an estimate).
//!
//! Only months that are over, only days in service, never across disposal; real data that come later take the place of the estimate.

use std::collections::BTreeMap;

use super::Book;
use super::class::factor_class;
use super::months::{MonthSums, service_days};
use super::vehicle::MEAN;
use crate::model::Powertrain;
use crate::units::{Day, Month};

impl Book<'_, '_> {
    pub(super) fn fill(&mut self, from: Day, to: Day) {
        let setting = self.setting;
        let mut month = Month::of_day(from);
        while month <= Month::of_day(to) && from <= to {
            // Each asks for its class's mean, and a mean is over the whole fleet.
            let mut means: BTreeMap<&'static str, Option<f64>> = BTreeMap::new();
            let (first, last) = (month.first_day().max(from), month.last_day().min(to));
            for vehicle in &setting.register.vehicles {
                let days = service_days(vehicle, first, last);
                if days == 0
                    || setting.month(&vehicle.id, month) != MonthSums::default()
                    || vehicle.is_business_travel()
                {
                    continue;
                }
                let class = factor_class(vehicle);
                let mean = class.and_then(|class| {
                    let of_class = means.entry(class);
                    *of_class.or_insert_with(|| {
                        setting
                            .months
                            .mean_m_per_day(setting.register, class, month)
                    })
                });
                let Some(mean) = mean.filter(|mean| *mean > 0.0) else {
                    self.inventory.no_data.insert(vehicle.id.clone());
                    continue;
                };
                let metres = (mean * f64::from(days)).round() as i64;
                // A month lies in one April-March year and one calendar year, so its first day stands for all of its factors.
                match vehicle.powertrain() {
                    Powertrain::Bev => self.electric_km(vehicle, MEAN, first, metres),
                    Powertrain::H2 => self.put(vehicle, MEAN, metres, None),
                    Powertrain::Phev => {
                        self.electric_part(vehicle, MEAN, first, metres, true);
                        self.engine_km(vehicle, MEAN, first, metres, false);
                    }
                    _ => self.engine_km(vehicle, MEAN, first, metres, false),
                }
            }
            month = month.plus(1);
        }
    }
}
