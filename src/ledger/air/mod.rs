//! Air pollutants of kilometres driven: exhaust by class, fuel and Euro stage, wear of tyres, brakes and road (EMEP/EEA guidebook 2019).
//!
//! `P = sum km x (exhaust x (1 - electric share) + wear x multiplier)`. Hot running only: cold starts, blue-light driving and idling are not
//! in it, which understates city ambulances. What has no factor is counted, not zero. A target is met only if every tracked pollutant meets it.

mod change;
mod stage;

pub use change::{PollutantChange, PollutantStatus, changes};
pub use stage::{AirClass, Stage, air_class};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::emissions::{Months, factor_class};
use super::factors::{Exhaust, FactorSets};
use crate::model::register::Register;
use crate::model::{Activity, ActivityKey, AirFact, Subject};
use crate::units::{Day, Month, UtcMs};

/// What is tracked.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Pollutant {
    /// Nitrogen oxides.
    Nox,
    /// Particles up to 2.5 um.
    Pm25,
    /// Particles up to 10 um.
    Pm10,
}

impl Pollutant {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Nox, Self::Pm25, Self::Pm10];

    /// The word in configuration and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nox => "nox",
            Self::Pm25 => "pm25",
            Self::Pm10 => "pm10",
        }
    }
}

/// `[air]`.
#[derive(Clone, PartialEq, Debug)]
pub struct AirConfig {
    /// `speed_mix`: shares of kilometres at 30, 60 and 100 km/h.
    pub speed_mix: [f64; 3],
    /// `include_non_exhaust`.
    pub include_non_exhaust: bool,
    /// `electric_wear = "regen"`: credit regenerative braking (an assumption), else no credit and no penalty.
    pub credit_regeneration: bool,
    /// `tracked`: the target is met if all of these meet it.
    pub tracked: Vec<Pollutant>,
    /// `target_change`, relative to the base year.
    pub target_change: f64,
    /// `base_nox_kg`, `base_pm25_kg`, `base_pm10_kg`: the base year's figures.
    pub base_kg: BTreeMap<Pollutant, f64>,
    /// `base_from`, `base_to`: a base stretch whose activity is in the store, where no figures are given.
    pub base_days: Option<(Day, Day)>,
}

impl Default for AirConfig {
    fn default() -> Self {
        Self {
            // Urban, rural, motorway: an assumption of the reference (emissions.md section 2).
            speed_mix: [0.4, 0.4, 0.2],
            include_non_exhaust: true,
            credit_regeneration: false,
            tracked: vec![Pollutant::Nox, Pollutant::Pm25],
            // Green Plan 3.2.2: air pollution of fleet and business mileage -20 % by March 2024.
            target_change: -0.2,
            base_kg: BTreeMap::new(),
            base_days: None,
        }
    }
}

/// Sums of kilometres, grams.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct AirSums {
    /// m.
    pub distance_m: i64,
    /// NOx, all of it exhaust.
    pub nox_g: f64,
    /// PM2.5 of exhaust, which PM10 of exhaust is equal to.
    pub pm_exhaust_g: f64,
    /// PM2.5 of tyres, brakes and road.
    pub pm25_wear_g: f64,
    /// PM10 of the same.
    pub pm10_wear_g: f64,
}

impl AirSums {
    /// Adds another's sums.
    pub fn add(&mut self, other: &Self) {
        self.distance_m += other.distance_m;
        self.nox_g += other.nox_g;
        self.pm_exhaust_g += other.pm_exhaust_g;
        self.pm25_wear_g += other.pm25_wear_g;
        self.pm10_wear_g += other.pm10_wear_g;
    }

    /// One pollutant in grams, with or without wear.
    pub fn grams(&self, pollutant: Pollutant, with_wear: bool) -> f64 {
        let wear = |grams| if with_wear { grams } else { 0.0 };
        match pollutant {
            Pollutant::Nox => self.nox_g,
            Pollutant::Pm25 => self.pm_exhaust_g + wear(self.pm25_wear_g),
            Pollutant::Pm10 => self.pm_exhaust_g + wear(self.pm10_wear_g),
        }
    }
}

/// The pollutants of a stretch of days.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AirInventory {
    /// By organisation and DESNZ class.
    pub lines: BTreeMap<(Arc<str>, &'static str), AirSums>,
    /// Vehicles with kilometres but without a factor: no class, fuel or Euro stage known, or older than Euro 3.
    pub not_computed: BTreeSet<Arc<str>>,
    /// Their kilometres, m.
    pub not_computed_m: i64,
    /// Kilometres under the factor of a neighbouring class or of an average car, m.
    pub proxy_m: i64,
    /// Kilometres of plug-in hybrids counted as if the engine ran all the time, because no meter tells their electric share, m.
    pub phev_engine_on_m: i64,
}

impl AirInventory {
    /// The rows of the day that starts at an instant.
    pub fn rows(&self, at: UtcMs, config: &AirConfig) -> Vec<AirFact> {
        let row = |((fleet, class), sums): (&(Arc<str>, &'static str), &AirSums)| AirFact {
            fleet: fleet.clone(),
            vehicle_class: Arc::from(*class),
            at,
            distance_m: sums.distance_m,
            grams: Pollutant::ALL
                .map(|pollutant| sums.grams(pollutant, config.include_non_exhaust)),
            pm_exhaust_g: sums.pm_exhaust_g,
        };
        self.lines.iter().map(row).collect()
    }

    /// All lines.
    pub fn total(&self) -> AirSums {
        let mut total = AirSums::default();
        self.lines.values().for_each(|sums| total.add(sums));
        total
    }
}

/// Grams of so many metres of a class.
pub fn grams(
    class: &AirClass,
    metres: i64,
    electric_share: f64,
    factors: &FactorSets,
    config: &AirConfig,
) -> Option<AirSums> {
    let km = metres as f64 / 1000.0;
    let exhaust = factors.exhaust(class.exhaust, class.fuel, class.stage.name())?;
    let burnt = km * (1.0 - electric_share);
    let Exhaust { nox, pm25 } = exhaust;
    let mut sums = AirSums {
        distance_m: metres,
        nox_g: burnt * at_mix(nox, config.speed_mix),
        pm_exhaust_g: burnt * at_mix(pm25, config.speed_mix),
        ..AirSums::default()
    };
    let mut parts = 0;
    for wear in factors.wear(class.group) {
        // Only battery-electric vehicles are heavier and brake otherwise; a plug-in hybrid is taken as an ordinary one.
        let multiplier = if class.fuel == "bev" {
            wear.bev[usize::from(config.credit_regeneration)]
        } else {
            1.0
        };
        sums.pm25_wear_g += km * wear.pm25 * multiplier;
        sums.pm10_wear_g += km * wear.pm10 * multiplier;
        parts += 1;
    }
    (parts == 3).then_some(sums)
}

/// At the mix of the file, its own rounded value holds, so that figures are the published ones.
fn at_mix(values: [f64; 4], mix: [f64; 3]) -> f64 {
    if mix == AirConfig::default().speed_mix {
        return values[0];
    }
    values[1..]
        .iter()
        .zip(mix)
        .map(|(value, share)| value * share)
        .sum()
}

/// Computes the pollutants of activity sums. Grey fleet counts too: the target is of fleet and business mileage.
pub fn air(
    activity: &BTreeMap<ActivityKey, Activity>,
    register: &Register,
    factors: &FactorSets,
    months: &Months,
    config: &AirConfig,
) -> AirInventory {
    let mut inventory = AirInventory::default();
    let energy = energy_of_vehicles(activity);
    // Kilometres by vehicle first: the electric share is of the stretch.
    let mut driven: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
    for (key, sums) in activity {
        match &key.subject {
            Subject::Vehicle(id) => {
                let odometer = months
                    .get(id, Month::of_day(key.day))
                    .is_some_and(|month| month.distance_m != 0);
                *driven.entry(id).or_default() += if odometer || sums.distance_m != 0 {
                    sums.distance_m
                } else {
                    sums.claimed_m
                };
            }
            Subject::GreyFleet {
                organisation,
                vehicle_class,
                ..
            } => {
                let class = AirClass::AVERAGE_CAR;
                inventory.proxy_m += sums.claimed_m;
                let ghg_class = super::emissions::FACTOR_CLASSES
                    .iter()
                    .find(|known| ***known == **vehicle_class);
                match grams(&class, sums.claimed_m, 0.0, factors, config) {
                    Some(found) => {
                        let key = (
                            organisation.clone(),
                            ghg_class.copied().unwrap_or("car_average"),
                        );
                        inventory.lines.entry(key).or_default().add(&found);
                    }
                    None => inventory.not_computed_m += sums.claimed_m,
                }
            }
            Subject::Charging { .. } => {}
        }
    }
    let last = activity.keys().map(|key| key.day).max().unwrap_or_default();
    for (id, metres) in driven.into_iter().filter(|(_, metres)| *metres != 0) {
        let found = register
            .vehicle(id)
            .and_then(|vehicle| Some((vehicle, air_class(vehicle)?, factor_class(vehicle)?)));
        let computed = found.and_then(|(vehicle, class, ghg_class)| {
            let share = match energy.get(id).filter(|_| class.plug_in) {
                Some(dwh) => electric_share(*dwh, metres, ghg_class, factors, last),
                None => class.plug_in.then_some(0.0),
            };
            let sums = grams(&class, metres, share.unwrap_or(0.0), factors, config)?;
            Some((vehicle, class, ghg_class, share, sums))
        });
        let Some((vehicle, class, ghg_class, share, sums)) = computed else {
            inventory.not_computed.insert(id.clone());
            inventory.not_computed_m += metres;
            continue;
        };
        inventory.proxy_m += if class.proxy { metres } else { 0 };
        inventory.phev_engine_on_m += if share == Some(0.0) { metres } else { 0 };
        let organisation = vehicle
            .organisation
            .clone()
            .unwrap_or_else(|| Arc::from("unknown"));
        inventory
            .lines
            .entry((organisation, ghg_class))
            .or_default()
            .add(&sums);
    }
    inventory
}

/// Metered energy by vehicle, its own register before the charge points', day by day.
fn energy_of_vehicles(activity: &BTreeMap<ActivityKey, Activity>) -> BTreeMap<&Arc<str>, i64> {
    let mut days: BTreeMap<(&Arc<str>, Day), (i64, i64)> = BTreeMap::new();
    for (key, sums) in activity {
        match &key.subject {
            Subject::Vehicle(id) if sums.vehicle_grid_dwh != 0 => {
                days.entry((id, key.day)).or_default().0 += sums.vehicle_grid_dwh;
            }
            Subject::Charging { user, .. } => {
                if let Some(id) = user.vehicle() {
                    days.entry((id, key.day)).or_default().1 += sums.charged_dwh;
                }
            }
            _ => {}
        }
    }
    let mut vehicles = BTreeMap::new();
    for ((id, _), (own, charged)) in days {
        *vehicles.entry(id).or_default() += if own != 0 { own } else { charged };
    }
    vehicles
}

/// The electric share of a plug-in hybrid's kilometres by its energy, at most all of them (G4).
fn electric_share(
    dwh: i64,
    metres: i64,
    class: &str,
    factors: &FactorSets,
    day: Day,
) -> Option<f64> {
    let per_km = factors.kwh_per_km(class, "bev", day)?.value;
    let km = metres as f64 / 1000.0;
    (km > 0.0).then(|| (dwh as f64 / 10_000.0 / (per_km * km)).clamp(0.0, 1.0))
}
