//! The grams of one class of vehicle over a distance.

use super::{AirClass, AirConfig, Pollutant};
use crate::ledger::factors::{BySpeed, FactorSets, PRINTED_MIX, at_mix};
use crate::units::{Grams, GramsPerKm, Metres, Ratio};

/// Parts that wear: tyres, brakes and the road.
const WEAR_PARTS: usize = 3;

/// Pollutants of a distance.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct AirSums {
    /// Distance that the emissions are of.
    pub distance: Metres,
    /// Nitrogen oxides; all of them are exhaust.
    pub nox: Grams,
    /// PM2.5 of exhaust. All PM10 of exhaust is PM2.5.
    pub pm_exhaust: Grams,
    /// PM2.5 of tyres, brakes and road.
    pub pm25_wear: Grams,
    /// PM10 of tyres, brakes and road.
    pub pm10_wear: Grams,
}

impl AirSums {
    /// Adds the sums of another.
    pub fn add(&mut self, other: &Self) {
        self.distance += other.distance;
        self.nox += other.nox;
        self.pm_exhaust += other.pm_exhaust;
        self.pm25_wear += other.pm25_wear;
        self.pm10_wear += other.pm10_wear;
    }

    /// One pollutant, with or without wear.
    pub fn pollutant(&self, pollutant: Pollutant, with_wear: bool) -> Grams {
        let wear = |grams| if with_wear { grams } else { Grams::ZERO };
        match pollutant {
            Pollutant::Nox => self.nox,
            Pollutant::Pm25 => self.pm_exhaust + wear(self.pm25_wear),
            Pollutant::Pm10 => self.pm_exhaust + wear(self.pm10_wear),
        }
    }
}

/// What a class emits over a distance; `None` where a factor of exhaust or wear is missing.
pub fn emitted(
    class: &AirClass,
    distance: Metres,
    electric_share: Ratio,
    factors: &FactorSets,
    config: &AirConfig,
) -> Option<AirSums> {
    let km = distance.km();
    let exhaust = factors.exhaust(class.exhaust, class.fuel, class.stage.name())?;
    let burnt = km * electric_share.rest();
    let mut sums = AirSums {
        distance,
        nox: burnt * by_mix(exhaust.nox, config),
        pm_exhaust: burnt * by_mix(exhaust.pm25, config),
        ..AirSums::default()
    };
    let mut parts = 0;
    for wear in factors.wear(class.group) {
        // Only battery-electric vehicles are heavier and brake otherwise; a plug-in hybrid counts as an ordinary vehicle.
        let multiplier = match (class.fuel, config.credit_regeneration) {
            ("bev", true) => wear.bev_regen,
            ("bev", false) => wear.bev,
            _ => Ratio::ONE,
        };
        sums.pm25_wear += km * wear.pm25 * multiplier;
        sums.pm10_wear += km * wear.pm10 * multiplier;
        parts += 1;
    }
    (parts == WEAR_PARTS).then_some(sums)
}

/// The factor at the configured speeds. At the mix of the file the file's own rounded value holds, so that figures are the published ones.
fn by_mix(factor: BySpeed, config: &AirConfig) -> GramsPerKm {
    if config.speed_mix == PRINTED_MIX {
        factor.mix
    } else {
        at_mix(factor.at, config.speed_mix)
    }
}
