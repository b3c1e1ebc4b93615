//! Dated emission factors: which UK Government conversion factor holds for a day, and from which year's set it is.
//!
//! April-March years use the set of the year they start in (the "majority" way of the 2025 full set's introduction). Where that
//! set has no such factor yet, the newest earlier one holds, marked provisional.

use std::collections::BTreeMap;
use std::fmt;

use crate::units::{Day, KgCo2e, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KilowattHours};

/// The year of a set, and whether it was carried forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactorSetId {
    /// As printed on the set.
    pub year: i32,
    /// The day's own set lacks the factor; this one was carried forward.
    pub provisional: bool,
}

impl fmt::Display for FactorSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "desnz{}{}", self.year, if self.provisional { "+provisional" } else { "" })
    }
}

/// A factor with its origin.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dated<T> {
    /// The factor.
    pub value: T,
    /// Where it is from.
    pub set: FactorSetId,
}

/// A line of a factor file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file} line {line}: {reason}\n  hint: `config/factors/README.md` describes the columns")]
pub struct FactorError {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// One factor over the years, sorted.
type Years = Vec<(i32, f64)>;

/// Everything needed for scope 1 and location-based scope 2.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorSets {
    electricity: Years,
    /// By fuel.
    litres: BTreeMap<String, Years>,
    /// By vehicle class and fuel.
    kilometres: BTreeMap<(String, String), Years>,
}

/// The columns that are read; others (gas split, confidence) are for people and later versions.
#[derive(serde::Deserialize)]
struct Line {
    year: i32,
    #[serde(default)]
    vehicle_class: String,
    #[serde(default)]
    fuel: String,
    unit: String,
    component: String,
    kgco2e: f64,
}

impl FactorSets {
    /// Reads `ghg_electricity.csv`, `ghg_fuel.csv` and `ghg_distance.csv`, each given with its name.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, FactorError> {
        let mut sets = Self::default();
        for (file, text) in files {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            for line in reader.deserialize::<Line>() {
                let refuse = |line, reason| FactorError { file: (*file).to_owned(), line, reason };
                let line = line.map_err(|error| refuse(error.position().map_or(0, csv::Position::line), error.to_string()))?;
                if !line.kgco2e.is_finite() || line.kgco2e < 0.0 {
                    return Err(refuse(
                        0,
                        format!("{} {} {}: a factor of {} cannot be", line.year, line.fuel, line.unit, line.kgco2e),
                    ));
                }
                sets.take(line);
            }
        }
        let all = sets.litres.values_mut().chain(sets.kilometres.values_mut()).chain([&mut sets.electricity]);
        for years in all {
            years.sort_by_key(|(year, _)| *year);
        }
        if sets.electricity.is_empty() || sets.litres.is_empty() || sets.kilometres.is_empty() {
            let reason = "no factor for electricity, fuel by the litre, or kilometres was found in the files together".to_owned();
            return Err(FactorError {
                file: files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
                line: 0,
                reason,
            });
        }
        Ok(sets)
    }

    fn take(&mut self, line: Line) {
        let years = match (line.unit.as_str(), line.component.as_str()) {
            ("kWh", "generation") => &mut self.electricity,
            ("litre", "ttw") => self.litres.entry(line.fuel).or_default(),
            ("km", "ttw") => self.kilometres.entry((line.vehicle_class, line.fuel)).or_default(),
            _ => return,
        };
        years.push((line.year, line.kgco2e));
    }

    /// UK grid generation, location-based.
    pub fn electricity(&self, day: Day) -> Option<Dated<KgCo2ePerKwh>> {
        let dated = dated(&self.electricity, day)?;
        Some(Dated { value: KgCo2ePerKwh::new(dated.value)?, set: dated.set })
    }

    /// A litre of fuel (`diesel_avg_blend`, ...), tank to wheel.
    pub fn litre(&self, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerLitre>> {
        let dated = dated(self.litres.get(fuel)?, day)?;
        Some(Dated { value: KgCo2ePerLitre::new(dated.value)?, set: dated.set })
    }

    /// A kilometre of a DESNZ class, tank to wheel.
    pub fn kilometre(&self, class: &str, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerKm>> {
        let dated = dated(self.kilometres.get(&(class.to_owned(), fuel.to_owned()))?, day)?;
        Some(Dated { value: KgCo2ePerKm::new(dated.value)?, set: dated.set })
    }

    /// Location-based scope 2 of energy in tenths of Wh.
    pub fn electricity_kgco2e(&self, day: Day, dwh: i64) -> Option<f64> {
        let energy = KilowattHours::new(dwh as f64 / 10_000.0)?;
        let emissions: KgCo2e = energy * self.electricity(day)?.value;
        Some(emissions.get())
    }
}

/// The newest set not after the day's April-March year; `None` before the first one.
fn dated(years: &Years, day: Day) -> Option<Dated<f64>> {
    let wanted = day.financial_year().0;
    let (year, value) = years.iter().rev().find(|(year, _)| *year <= wanted)?;
    Some(Dated { value: *value, set: FactorSetId { year: *year, provisional: *year < wanted } })
}
