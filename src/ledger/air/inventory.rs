//! The pollutants of a period by organisation and class, and the distances that could not be computed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{AirClass, AirConfig, AirSums, Pollutant, air_class, emitted};
use crate::ledger::emissions::{FACTOR_CLASSES, Months, factor_class};
use crate::ledger::factors::FactorSets;
use crate::model::register::Register;
use crate::model::{ActivityData, ActivityKey, AirFact, Subject};
use crate::units::{Day, Metres, Month, Ratio, TenthWattHours, UtcMs};

/// The pollutants of a period.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AirInventory {
    /// By organisation and DESNZ class.
    pub lines: BTreeMap<(Arc<str>, &'static str), AirSums>,
    /// Vehicles that drove without a factor: class, fuel or Euro stage is not known, or older than Euro 3.
    pub not_computed: BTreeSet<Arc<str>>,
    /// The distance of those vehicles.
    pub not_computed_distance: Metres,
    /// Distance under the factor of a neighbouring class or of an average car.
    pub proxy: Metres,
    /// Distance of plug-in hybrids computed as if the engine ran all the time, because no meter gives their electric share.
    pub phev_engine_on: Metres,
}

impl AirInventory {
    /// The rows of the day that starts at an instant.
    pub fn rows(&self, at: UtcMs, config: &AirConfig) -> Vec<AirFact> {
        let row = |((fleet, class), sums): (&(Arc<str>, &'static str), &AirSums)| AirFact {
            fleet: fleet.clone(),
            vehicle_class: Arc::from(*class),
            at,
            distance_m: sums.distance.0,
            grams: Pollutant::ALL
                .map(|pollutant| sums.pollutant(pollutant, config.include_non_exhaust).get()),
            pm_exhaust_g: sums.pm_exhaust.get(),
        };
        self.lines.iter().map(row).collect()
    }

    /// All lines together.
    pub fn total(&self) -> AirSums {
        let mut total = AirSums::default();
        self.lines.values().for_each(|sums| total.add(sums));
        total
    }

    /// Adds claimed mileage in private cars, all by the factor of an average car: claims state no Euro stage.
    fn add_grey_fleet(
        &mut self,
        activity: &BTreeMap<ActivityKey, ActivityData>,
        factors: &FactorSets,
        config: &AirConfig,
    ) {
        for (key, sums) in activity {
            let Subject::GreyFleet {
                organisation,
                vehicle_class,
                ..
            } = &key.subject
            else {
                continue;
            };
            self.proxy += sums.claimed;
            let average = AirClass::AVERAGE_CAR;
            match emitted(&average, sums.claimed, Ratio::ZERO, factors, config) {
                Some(found) => {
                    let class = known_class(vehicle_class).unwrap_or("car_average");
                    self.add_line(organisation.clone(), class, &found);
                }
                None => self.not_computed_distance += sums.claimed,
            }
        }
    }

    fn add_line(&mut self, organisation: Arc<str>, class: &'static str, sums: &AirSums) {
        self.lines
            .entry((organisation, class))
            .or_default()
            .add(sums);
    }
}

/// Computes the pollutants of activity data. Grey fleet counts too: the target is of fleet and business mileage.
pub fn air(
    activity: &BTreeMap<ActivityKey, ActivityData>,
    register: &Register,
    factors: &FactorSets,
    months: &Months,
    config: &AirConfig,
) -> AirInventory {
    let mut inventory = AirInventory::default();
    inventory.add_grey_fleet(activity, factors, config);
    let energy = energy_by_vehicle(activity);
    let last = activity.keys().map(|key| key.day).max().unwrap_or_default();
    for (id, distance) in distance_by_vehicle(activity, months) {
        let known = register
            .vehicle(id)
            .and_then(|vehicle| Some((vehicle, air_class(vehicle)?, factor_class(vehicle)?)));
        let computed = known.and_then(|(vehicle, class, ghg_class)| {
            let share = match energy.get(id).filter(|_| class.plug_in) {
                Some(energy) => electric_share(*energy, distance, ghg_class, factors, last),
                None => class.plug_in.then_some(Ratio::ZERO),
            };
            let sums = emitted(&class, distance, share.unwrap_or_default(), factors, config)?;
            Some((vehicle, class, ghg_class, share, sums))
        });
        let Some((vehicle, class, ghg_class, share, sums)) = computed else {
            inventory.not_computed.insert(id.clone());
            inventory.not_computed_distance += distance;
            continue;
        };
        if class.proxy {
            inventory.proxy += distance;
        }
        if share == Some(Ratio::ZERO) {
            inventory.phev_engine_on += distance;
        }
        let organisation = vehicle
            .organisation
            .clone()
            .unwrap_or_else(|| Arc::from("unknown"));
        inventory.add_line(organisation, ghg_class, &sums);
    }
    inventory
}

/// The distance of each vehicle that drove, over the whole period: the electric share is of the whole period too. A claimed distance
/// counts only where the odometer gives none.
fn distance_by_vehicle<'a>(
    activity: &'a BTreeMap<ActivityKey, ActivityData>,
    months: &Months,
) -> BTreeMap<&'a Arc<str>, Metres> {
    let mut driven: BTreeMap<&Arc<str>, Metres> = BTreeMap::new();
    for (key, sums) in activity {
        let Subject::Vehicle(id) = &key.subject else {
            continue;
        };
        let by_odometer = months
            .get(id, Month::of_day(key.day))
            .is_some_and(|month| !month.distance.is_zero());
        *driven.entry(id).or_default() += if by_odometer || !sums.distance.is_zero() {
            sums.distance
        } else {
            sums.claimed
        };
    }
    driven.retain(|_, distance| !distance.is_zero());
    driven
}

fn known_class(class: &str) -> Option<&'static str> {
    FACTOR_CLASSES
        .iter()
        .find(|known| **known == class)
        .copied()
}

/// Metered energy by vehicle. Day by day its own register goes before those of charge points.
fn energy_by_vehicle(
    activity: &BTreeMap<ActivityKey, ActivityData>,
) -> BTreeMap<&Arc<str>, TenthWattHours> {
    #[derive(Default)]
    struct DayEnergy {
        own: TenthWattHours,
        charged: TenthWattHours,
    }
    let mut days: BTreeMap<(&Arc<str>, Day), DayEnergy> = BTreeMap::new();
    for (key, sums) in activity {
        match &key.subject {
            Subject::Vehicle(id) if !sums.vehicle_grid.is_zero() => {
                days.entry((id, key.day)).or_default().own += sums.vehicle_grid;
            }
            Subject::Charging { user, .. } => {
                if let Some(id) = user.vehicle() {
                    days.entry((id, key.day)).or_default().charged += sums.charged;
                }
            }
            _ => {}
        }
    }
    let mut vehicles: BTreeMap<&Arc<str>, TenthWattHours> = BTreeMap::new();
    for ((id, _), DayEnergy { own, charged }) in days {
        *vehicles.entry(id).or_default() += if own.is_zero() { charged } else { own };
    }
    vehicles
}

/// The electric share of a plug-in hybrid's distance: its energy over that of a battery-electric vehicle of its class, at most all of it.
fn electric_share(
    energy: TenthWattHours,
    distance: Metres,
    class: &str,
    factors: &FactorSets,
    day: Day,
) -> Option<Ratio> {
    let per_km = factors.kwh_per_km(class, "bev", day)?.value;
    (distance > Metres::ZERO)
        .then(|| (energy.kilowatt_hours() / (distance.km() * per_km)).clamped())
}
