//! Dated emission factors: which factor holds for a day, and from which year's set it is. Files are read by `table`.
//!
//! Where a day's own set has no such factor yet, the newest earlier one holds, marked provisional; before the first there is none.

mod diff;
mod read;
mod table;

pub use diff::{Change, FactorChange, diff};
pub use table::{
    Exhaust, FactorError, FactorKey, FactorKind, FactorMistake, FactorRow, FactorTable,
    FactorValue, Gases, Wear,
};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::jurisdiction::Jurisdiction;
use crate::units::{
    Calendar, Day, FinancialYear, KgCo2e, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KilowattHours,
    Month,
};

/// Which set holds for a day of a fiscal year (UK Government conversion factors 2025, Introduction: two ways, to be stated and kept
/// to).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum YearPolicy {
    /// The set of the year in which most of the days lie: the one it starts in.
    #[default]
    Majority,
    /// The mean of both sets, weighted by days.
    Blended,
    /// Each day the set of its own calendar year; not one of the two ways, for comparison with calendar-year reports.
    Calendar,
}

/// The year of a set, and what was done to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FactorSetId {
    /// As printed on the set; of a blend, the first.
    pub year: i32,
    /// Blended with the following year's.
    pub blended: bool,
    /// The day's own set lacks the factor and an older one was carried forward, or it is confirmed by second hand only.
    pub provisional: bool,
    /// 1 as first published; more for a correction.
    pub version: u8,
    /// Whose sets they are, as results name them: [`Jurisdiction::factor_family`].
    pub family: &'static str,
}

impl fmt::Display for FactorSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.family, self.year)?;
        if self.blended {
            write!(f, "-{}", self.year + 1)?;
        }
        if self.version > 1 {
            write!(f, "+v{}", self.version)?;
        }
        f.write_str(if self.provisional { "+provisional" } else { "" })
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

#[derive(Clone, Copy, PartialEq, Debug)]
struct Printed<T> {
    year: i32,
    version: u8,
    provisional: bool,
    value: T,
}

/// One factor over the years, sorted.
type Years<T> = Vec<Printed<T>>;
/// By vehicle class, then by fuel.
type ByClass<T> = BTreeMap<String, BTreeMap<String, T>>;

/// All factors, ready to be asked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorSets {
    /// The country whose fiscal years choose a set.
    jurisdiction: &'static Jurisdiction,
    policy: YearPolicy,
    /// By component.
    electricity: BTreeMap<String, Years<Gases>>,
    /// By fuel, then component.
    litres: ByClass<Years<Gases>>,
    /// By class, then `fuel component`.
    kilometres: ByClass<Years<Gases>>,
    kwh_per_km: ByClass<Years<f64>>,
    /// By class, then `fuel euro`.
    exhaust: ByClass<Exhaust>,
    /// By vehicle group, then part.
    wear: ByClass<Wear>,
    rows: usize,
    /// The same without a folder's corrections, where there is a folder.
    published: Option<Arc<FactorSets>>,
}

impl FactorSets {
    /// The factors of files, each given with its name.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, FactorError> {
        let table = FactorTable::parse(files, &[])?;
        let sets = Self::of(&table);
        if sets.electricity.is_empty() || sets.litres.is_empty() || sets.kilometres.is_empty() {
            let reason = "no factor for electricity, fuel by the litre, or kilometres was found in the files together".to_owned();
            let file = files
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(FactorError(vec![FactorMistake {
                file,
                line: 0,
                column: "",
                reason,
            }]));
        }
        Ok(sets)
    }

    /// The factors of a table.
    pub fn of(table: &FactorTable) -> Self {
        let mut sets = Self {
            rows: table.rows.len(),
            ..Self::default()
        };
        for row in table.rows.values() {
            sets.take(row);
        }
        let gases = sets
            .electricity
            .values_mut()
            .chain(sets.litres.values_mut().flat_map(BTreeMap::values_mut));
        for years in gases.chain(sets.kilometres.values_mut().flat_map(BTreeMap::values_mut)) {
            years.sort_by_key(|printed| printed.year);
        }
        for years in sets.kwh_per_km.values_mut().flat_map(BTreeMap::values_mut) {
            years.sort_by_key(|printed| printed.year);
        }
        sets
    }

    /// The same by the fiscal years of another country.
    pub fn with_jurisdiction(self, jurisdiction: &'static Jurisdiction) -> Self {
        Self {
            jurisdiction,
            ..self
        }
    }

    /// The same with another way to choose the year.
    pub fn with_policy(self, policy: YearPolicy) -> Self {
        Self { policy, ..self }
    }

    /// The same with what they were before a folder corrected them, for restatements.
    pub fn with_published(self, published: Self) -> Self {
        Self {
            published: Some(Arc::new(published)),
            ..self
        }
    }

    /// The factors before corrections; `None` where nothing could be corrected.
    pub fn published(&self) -> Option<&Self> {
        self.published.as_deref()
    }

    /// How many rows they were made of.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Nothing is in them.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn take(&mut self, row: &FactorRow) {
        let FactorKey {
            vehicle_class: class,
            fuel,
            euro,
            unit,
            component,
            ..
        } = &row.key;
        let (year, version, provisional) = (row.year, row.version, row.provisional);
        match row.value {
            FactorValue::Gases(value) => {
                let years = match unit.as_str() {
                    "kWh" => self.electricity.entry(component.clone()).or_default(),
                    "litre" => self
                        .litres
                        .entry(fuel.clone())
                        .or_default()
                        .entry(component.clone())
                        .or_default(),
                    "km" => self
                        .kilometres
                        .entry(class.clone())
                        .or_default()
                        .entry(format!("{fuel} {component}"))
                        .or_default(),
                    _ => return,
                };
                years.push(Printed {
                    year,
                    version,
                    provisional,
                    value,
                });
            }
            FactorValue::KwhPerKm(value) => self
                .kwh_per_km
                .entry(class.clone())
                .or_default()
                .entry(fuel.clone())
                .or_default()
                .push(Printed {
                    year,
                    version,
                    provisional,
                    value,
                }),
            FactorValue::Exhaust(value) => {
                self.exhaust
                    .entry(class.clone())
                    .or_default()
                    .insert(format!("{fuel} {euro}"), value);
            }
            FactorValue::Wear(value) => {
                self.wear
                    .entry(class.clone())
                    .or_default()
                    .insert(component.clone(), value);
            }
        }
    }

    /// A kWh from the grid: `generation`, `td_losses`, `wtt_generation`, `wtt_td`.
    pub fn kwh(&self, component: &str, day: Day) -> Option<Dated<Gases>> {
        self.dated(self.electricity.get(component)?, day)
    }

    /// A litre of fuel: `ttw`, `wtt`, `biogenic_co2`.
    pub fn fuel(&self, fuel: &str, component: &str, day: Day) -> Option<Dated<Gases>> {
        self.dated(self.litres.get(fuel)?.get(component)?, day)
    }

    /// A kilometre of a class, with its component behind the fuel: `diesel ttw`, `phev elec_generation`.
    pub fn km(&self, class: &str, fuel_and_component: &str, day: Day) -> Option<Dated<Gases>> {
        self.dated(self.kilometres.get(class)?.get(fuel_and_component)?, day)
    }

    /// Energy of a kilometre, `bev` or `phev` (the electric part per total kilometre). It includes charging losses.
    pub fn kwh_per_km(&self, class: &str, fuel: &str, day: Day) -> Option<Dated<f64>> {
        self.dated(self.kwh_per_km.get(class)?.get(fuel)?, day)
    }

    /// Exhaust of a class, fuel and Euro stage.
    pub fn exhaust(&self, class: &str, fuel: &str, euro: &str) -> Option<Exhaust> {
        self.exhaust
            .get(class)?
            .get(format!("{fuel} {euro}").as_str())
            .copied()
    }

    /// Wear of a vehicle group by part.
    pub fn wear(&self, group: &str) -> impl Iterator<Item = &Wear> {
        self.wear.get(group).into_iter().flat_map(BTreeMap::values)
    }

    /// Grid generation, location-based.
    pub fn electricity(&self, day: Day) -> Option<Dated<KgCo2ePerKwh>> {
        let dated = self.kwh("generation", day)?;
        Some(Dated {
            value: KgCo2ePerKwh::new(dated.value.kgco2e)?,
            set: dated.set,
        })
    }

    /// Grid generation with the losses on the way to the meter: what operational intensities, which hold losses, are compared with.
    /// Reported figures never use it: there losses are scope 3.
    pub fn electricity_with_losses(&self, day: Day) -> Option<Dated<KgCo2ePerKwh>> {
        let generation = self.kwh("generation", day)?;
        let losses = self.kwh("td_losses", day)?;
        Some(Dated {
            value: KgCo2ePerKwh::new(generation.value.kgco2e + losses.value.kgco2e)?,
            set: generation.set,
        })
    }

    /// A litre of fuel (`diesel_avg_blend`, ...), tank to wheel.
    pub fn litre(&self, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerLitre>> {
        let dated = self.fuel(fuel, "ttw", day)?;
        Some(Dated {
            value: KgCo2ePerLitre::new(dated.value.kgco2e)?,
            set: dated.set,
        })
    }

    /// A kilometre of a class, tank to wheel.
    pub fn kilometre(&self, class: &str, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerKm>> {
        let dated = self.km(class, &format!("{fuel} ttw"), day)?;
        Some(Dated {
            value: KgCo2ePerKm::new(dated.value.kgco2e)?,
            set: dated.set,
        })
    }

    /// Location-based scope 2 of energy in tenths of Wh.
    pub fn electricity_kgco2e(&self, day: Day, dwh: i64) -> Option<f64> {
        let energy = KilowattHours::new(dwh as f64 / 10_000.0)?;
        let emissions: KgCo2e = energy * self.electricity(day)?.value;
        Some(emissions.get())
    }

    fn dated<T: Mean>(&self, years: &Years<T>, day: Day) -> Option<Dated<T>> {
        let (calendar, family) = (&self.jurisdiction.calendar, self.jurisdiction.factor_family);
        let year = day.financial_year(calendar);
        match self.policy {
            YearPolicy::Majority => newest(years, year.0, family),
            YearPolicy::Calendar => newest(years, day.ymd().0, family),
            YearPolicy::Blended => {
                let (first, second) = (
                    newest(years, year.0, family)?,
                    newest(years, year.0 + 1, family)?,
                );
                let set = FactorSetId {
                    year: year.0,
                    blended: true,
                    provisional: first.set.provisional || second.set.provisional,
                    version: first.set.version.max(second.set.version),
                    family,
                };
                Some(Dated {
                    value: T::mean(first.value, second.value, days(year, calendar)),
                    set,
                })
            }
        }
    }
}

/// Days of a fiscal year in its first and in its second calendar year.
fn days(year: FinancialYear, calendar: &Calendar) -> (f64, f64) {
    let (first, last) = (year.first_day(calendar), year.last_day(calendar));
    let new_year = Month::of_day(first).first_of_year().plus(12).first_day();
    let before = new_year.0 - first.0;
    (f64::from(before), f64::from(last.0 + 1 - first.0 - before))
}

trait Mean: Copy {
    fn mean(first: Self, second: Self, days: (f64, f64)) -> Self;
}

impl Mean for f64 {
    fn mean(first: Self, second: Self, (before, after): (f64, f64)) -> Self {
        (first * before + second * after) / (before + after)
    }
}

impl Mean for Gases {
    fn mean(first: Self, second: Self, days: (f64, f64)) -> Self {
        let split = first.split.zip(second.split);
        Self {
            kgco2e: f64::mean(first.kgco2e, second.kgco2e, days),
            split: split.map(|(a, b)| [0, 1, 2].map(|gas| f64::mean(a[gas], b[gas], days))),
        }
    }
}

/// The newest set not after the wanted year; `None` before the first one.
fn newest<T: Copy>(years: &Years<T>, wanted: i32, family: &'static str) -> Option<Dated<T>> {
    let found = years.iter().rev().find(|printed| printed.year <= wanted)?;
    let provisional = found.provisional || found.year < wanted;
    Some(Dated {
        value: found.value,
        set: FactorSetId {
            year: found.year,
            blended: false,
            provisional,
            version: found.version,
            family,
        },
    })
}
