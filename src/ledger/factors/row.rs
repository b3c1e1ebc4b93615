//! A factor as it is published: its key, its figures per the unit that it names, and where they come from.

use std::sync::Arc;

use crate::units::{GramsPerKm, KgCo2ePerUnit, KwhPerKm, Ratio};

/// The kinds of factor files; the header of a file decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactorKind {
    /// Greenhouse gases per litre, kWh, kilometre: UK Government conversion factors.
    Ghg,
    /// Energy of electric kilometres.
    EvEnergy,
    /// Air pollutants of the exhaust: EMEP/EEA guidebook, 1.A.3.b.i-iv.
    AirExhaust,
    /// Particles of tyres, brakes and road: EMEP/EEA guidebook, 1.A.3.b.vi-vii.
    AirNonExhaust,
}

impl FactorKind {
    /// The value of `kind` in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ghg => "ghg",
            Self::EvEnergy => "ev_energy",
            Self::AirExhaust => "air_exhaust",
            Self::AirNonExhaust => "air_nonexhaust",
        }
    }
}

/// An emission factor of greenhouse gases per unit of activity, all gases as CO2e. Sets up to 2022 use the warming potentials of IPCC's
/// fourth report, sets from 2023 those of the fifth; a factor is never converted from one to the other.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct EmissionFactor<F> {
    /// All gases together.
    pub kgco2e: F,
    /// CO2, CH4, N2O, where the set gives the split.
    pub split: Option<[F; 3]>,
}

impl<F> EmissionFactor<F> {
    /// The same figures with their unit.
    pub(super) fn map<G>(self, unit: impl Fn(F) -> G) -> EmissionFactor<G> {
        EmissionFactor {
            split: self.split.map(|split| split.map(&unit)),
            kgco2e: unit(self.kgco2e),
        }
    }
}

/// A pollutant of the exhaust by speed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BySpeed {
    /// At the mix of speeds that the file is printed for.
    pub mix: GramsPerKm,
    /// At 30, 60 and 100 km/h.
    pub at: [GramsPerKm; 3],
}

/// Exhaust of a class, fuel and Euro stage.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Exhaust {
    /// Nitrogen oxides, grams per kilometre.
    pub nox: BySpeed,
    /// PM2.5. All PM10 of exhaust is PM2.5.
    pub pm25: BySpeed,
}

/// Particles that one part of a vehicle or the road wears off.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wear {
    /// Particles up to 10 um.
    pub pm10: GramsPerKm,
    /// Particles up to 2.5 um.
    pub pm25: GramsPerKm,
    /// Multiplier of battery-electric vehicles.
    pub bev: Ratio,
    /// The same with regenerative braking credited (an assumption).
    pub bev_regen: Ratio,
}

/// The figures of a row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum FactorValue {
    /// Greenhouse gases per the unit of the row's key.
    Gases(EmissionFactor<KgCo2ePerUnit>),
    /// Electricity per kilometre.
    KwhPerKm(KwhPerKm),
    /// Pollutants of the exhaust per kilometre.
    Exhaust(Exhaust),
    /// Pollutants of wear per kilometre.
    Wear(Wear),
}

impl FactorValue {
    /// The one number that stands for a row in a list or a comparison of years: kgCO2e, kWh, g NOx, g PM10.
    pub fn main(&self) -> f64 {
        match self {
            Self::Gases(gases) => gases.kgco2e.get(),
            Self::KwhPerKm(kwh) => kwh.get(),
            Self::Exhaust(exhaust) => exhaust.nox.mix.get(),
            Self::Wear(wear) => wear.pm10.get(),
        }
    }
}

/// Identifies a factor across years.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactorKey {
    /// The kind of its file.
    pub kind: FactorKind,
    /// DESNZ or EMEP class, `any`; the vehicle group for wear.
    pub vehicle_class: String,
    /// Empty for electricity and wear.
    pub fuel: String,
    /// Euro stage of exhaust factors; empty for all others.
    pub euro: String,
    /// The unit of activity: `litre`, `kWh`, `km`, ...
    pub unit: String,
    /// `ttw`, `wtt`, `generation`, ...; the part for wear.
    pub component: String,
}

/// One factor of one year.
#[derive(Clone, PartialEq, Debug)]
pub struct FactorRow {
    /// The column `factor_id`.
    pub id: String,
    /// What distinguishes it from other factors of its year.
    pub key: FactorKey,
    /// The year printed on its set.
    pub year: i32,
    /// The figures in their units.
    pub value: FactorValue,
    /// 1 as first published; more for a correction.
    pub version: u8,
    /// Confirmed by second hand only: results are marked.
    pub provisional: bool,
    /// The publication that the figure is from.
    pub source: Arc<str>,
    /// How the figure was obtained, as `config/factors/README.md` lists it.
    pub confidence: Arc<str>,
    /// File and line.
    pub position: (Arc<str>, u64),
    /// The figures it replaced, if it is a correction.
    pub replaced: Option<FactorValue>,
}
