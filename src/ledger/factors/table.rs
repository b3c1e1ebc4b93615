//! Factor files to one table of dated rows with source and confidence: the compiled-in base, and a folder's rows on top of it.
//!
//! A row of the folder replaces the base's row of the same `factor_id`; within the folder the highest `version` holds. Every mistake of
//! every file is reported at once; a value that is not there stays not there and never becomes 0.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::read;

/// What a factor is of; told from a file's header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FactorKind {
    /// Greenhouse gases per litre, kWh, kilometre: UK Government conversion factors.
    Ghg,
    /// Energy of electric kilometres.
    EvEnergy,
    /// Pollutants out of the exhaust: EMEP/EEA.
    AirExhaust,
    /// Particles of tyres, brakes and road: EMEP/EEA.
    AirNonExhaust,
}

impl FactorKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ghg => "ghg",
            Self::EvEnergy => "ev_energy",
            Self::AirExhaust => "air_exhaust",
            Self::AirNonExhaust => "air_nonexhaust",
        }
    }
}

/// Greenhouse gases, all as kgCO2e (AR4 in sets to 2022, AR5 from 2023: never recomputed with another GWP).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gases {
    /// All of them.
    pub kgco2e: f64,
    /// CO2, CH4, N2O, where the set gives the split.
    pub split: Option<[f64; 3]>,
}

/// Exhaust of a class, fuel and Euro stage in g/km: at the guidebook's mix of speeds, and at 30, 60, 100 km/h.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Exhaust {
    /// NOx.
    pub nox: [f64; 4],
    /// PM2.5, which exhaust PM10 is equal to.
    pub pm25: [f64; 4],
}

/// Wear of one part in g/km.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wear {
    /// PM10.
    pub pm10: f64,
    /// PM2.5.
    pub pm25: f64,
    /// Multiplier of battery-electric vehicles, by default and with regenerative braking credited (an assumption).
    pub bev: [f64; 2],
}

/// A row's figures.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum FactorValue {
    /// Per unit.
    Gases(Gases),
    /// kWh per kilometre.
    KwhPerKm(f64),
    /// g per kilometre.
    Exhaust(Exhaust),
    /// g per kilometre.
    Wear(Wear),
}

impl FactorValue {
    /// The one figure to compare years by: kgCO2e, kWh, g NOx, g PM10.
    pub fn main(&self) -> f64 {
        match self {
            Self::Gases(gases) => gases.kgco2e,
            Self::KwhPerKm(kwh) => *kwh,
            Self::Exhaust(exhaust) => exhaust.nox[0],
            Self::Wear(wear) => wear.pm10,
        }
    }
}

/// What tells one factor from another, whatever the year.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactorKey {
    /// What it is of.
    pub kind: FactorKind,
    /// DESNZ or EMEP class, `any`; the vehicle group for wear.
    pub vehicle_class: String,
    /// Fuel.
    pub fuel: String,
    /// Euro stage, mostly empty.
    pub euro: String,
    /// Per what.
    pub unit: String,
    /// `ttw`, `wtt`, `generation`, ...; the part for wear.
    pub component: String,
}

/// One factor of one year.
#[derive(Clone, PartialEq, Debug)]
pub struct FactorRow {
    /// `factor_id`.
    pub id: String,
    /// What it is.
    pub key: FactorKey,
    /// The year printed on its set.
    pub year: i32,
    /// Its figures.
    pub value: FactorValue,
    /// 1 as first published; more for a correction.
    pub version: u8,
    /// Confirmed by second hand only: results are marked.
    pub provisional: bool,
    /// Where it is from.
    pub source: Arc<str>,
    /// How sure that is.
    pub confidence: Arc<str>,
    /// File and line.
    pub place: (Arc<str>, u64),
    /// The figure it replaced, if it is a correction.
    pub replaced: Option<f64>,
}

/// Something wrong in one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorMistake {
    /// The file.
    pub file: String,
    /// From 1; 0 is the file as a whole.
    pub line: u64,
    /// The column; may be empty.
    pub column: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// Everything that is wrong with factor files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorError(pub Vec<FactorMistake>);

impl fmt::Display for FactorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            write!(f, "{}", mistake.file)?;
            if mistake.line > 0 {
                write!(f, " line {}", mistake.line)?;
            }
            if !mistake.column.is_empty() {
                write!(f, ", column `{}`", mistake.column)?;
            }
            writeln!(f, ": {}", mistake.reason)?;
        }
        write!(
            f,
            "  hint: config/factors/README.md describes the columns of every kind"
        )
    }
}

impl std::error::Error for FactorError {}

/// All factors, by id.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorTable {
    /// The rows in force.
    pub rows: BTreeMap<String, FactorRow>,
    /// Rows whose value was not published, by id.
    pub missing: Vec<String>,
}

impl FactorTable {
    /// The base's files, then a folder's files on top, each given with its name.
    pub fn parse(base: &[(&str, &str)], own: &[(&str, &str)]) -> Result<Self, FactorError> {
        let mut mistakes = Vec::new();
        let mut table = Self::default();
        for layer in [base, own] {
            let mut rows: BTreeMap<String, FactorRow> = BTreeMap::new();
            for (name, text) in layer {
                read::file(
                    name,
                    text,
                    &mut table.missing,
                    &mut mistakes,
                    |row, mistakes| take(&mut rows, row, mistakes),
                );
            }
            table.lay_over(rows, &mut mistakes);
        }
        table.missing.sort();
        table.missing.dedup();
        table.missing.retain(|id| !table.rows.contains_key(id));
        if mistakes.is_empty() {
            Ok(table)
        } else {
            Err(FactorError(mistakes))
        }
    }

    fn lay_over(&mut self, rows: BTreeMap<String, FactorRow>, mistakes: &mut Vec<FactorMistake>) {
        let mut ids: BTreeMap<(FactorKey, i32), String> = self
            .rows
            .values()
            .map(|row| ((row.key.clone(), row.year), row.id.clone()))
            .collect();
        for (id, mut row) in rows {
            if let Some(other) = ids
                .insert((row.key.clone(), row.year), id.clone())
                .filter(|other| *other != id)
            {
                mistakes.push(mistake(
                    &row,
                    format!(
                        "the set of {} has this factor as `{other}` already: use that id",
                        row.year
                    ),
                ));
                continue;
            }
            if let Some(before) = self
                .rows
                .get(&id)
                .filter(|before| before.value != row.value)
            {
                row.replaced = Some(before.value.main());
                // The found-secondary figure of a set that was not out yet is not corrected but confirmed.
                row.version = row.version.max(if before.provisional {
                    before.version
                } else {
                    before.version.saturating_add(1)
                });
            }
            self.rows.insert(id, row);
        }
    }
}

fn take(rows: &mut BTreeMap<String, FactorRow>, row: FactorRow, mistakes: &mut Vec<FactorMistake>) {
    match rows.get(&row.id) {
        Some(other) if other.version == row.version => mistakes.push(mistake(
            &row,
            format!(
                "`{}` is already in {} line {}; a correction needs a higher `version`",
                row.id, other.place.0, other.place.1
            ),
        )),
        Some(other) if other.version > row.version => {}
        _ => {
            rows.insert(row.id.clone(), row);
        }
    }
}

fn mistake(row: &FactorRow, reason: String) -> FactorMistake {
    FactorMistake {
        file: row.place.0.to_string(),
        line: row.place.1,
        column: "factor_id",
        reason,
    }
}
