//! All factors of all years, looked up by day. Each lookup returns a factor of the unit of its activity.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::row::{EmissionFactor, Exhaust, FactorKey, FactorRow, FactorValue, Wear};
use super::table::{FactorError, FactorMistake, FactorTable};
use super::year_policy::{Dated, MeanByDays, Printed, YearPolicy, Years};
use crate::jurisdiction::Jurisdiction;
use crate::units::{
    Day, KgCo2e, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KgCo2ePerUnit, KwhPerKm, TenthWattHours,
};

/// By vehicle class or fuel, then by what distinguishes the factors of one.
type Nested<T> = BTreeMap<String, BTreeMap<String, T>>;

/// The factors in force.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorSets {
    /// The country by whose fiscal years a set is selected.
    jurisdiction: &'static Jurisdiction,
    policy: YearPolicy,
    /// Factors of electricity by component.
    electricity: BTreeMap<String, Years<EmissionFactor<KgCo2ePerKwh>>>,
    /// By fuel, then component.
    fuels: Nested<Years<EmissionFactor<KgCo2ePerLitre>>>,
    /// By class, then `fuel component`.
    distances: Nested<Years<EmissionFactor<KgCo2ePerKm>>>,
    /// By class, then fuel.
    kwh_per_km: Nested<Years<KwhPerKm>>,
    /// By class, then `fuel euro`.
    exhaust: Nested<Exhaust>,
    /// By vehicle group, then part.
    wear: Nested<Wear>,
    rows: usize,
    /// The same without the corrections of a folder, where there is a folder.
    published: Option<Arc<FactorSets>>,
}

impl FactorSets {
    /// The factors of files, each given with its name.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, FactorError> {
        let table = FactorTable::parse(files, &[])?;
        let sets = Self::from_table(&table);
        if sets.electricity.is_empty() || sets.fuels.is_empty() || sets.distances.is_empty() {
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
    pub fn from_table(table: &FactorTable) -> Self {
        let mut sets = Self {
            rows: table.rows.len(),
            ..Self::default()
        };
        for row in table.rows.values() {
            sets.insert(row);
        }
        sets.electricity.values_mut().for_each(sort);
        sort_nested(&mut sets.fuels);
        sort_nested(&mut sets.distances);
        sort_nested(&mut sets.kwh_per_km);
        sets
    }

    /// The same factors by the fiscal years of another country.
    pub fn with_jurisdiction(self, jurisdiction: &'static Jurisdiction) -> Self {
        Self {
            jurisdiction,
            ..self
        }
    }

    /// The same factors under another rule for the year.
    pub fn with_policy(self, policy: YearPolicy) -> Self {
        Self { policy, ..self }
    }

    /// The same factors with those from before the corrections of a folder, for restatements.
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

    /// Number of rows behind the factors.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns true without a single row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn insert(&mut self, row: &FactorRow) {
        let FactorKey {
            vehicle_class: class,
            fuel,
            euro,
            component,
            ..
        } = &row.key;
        match row.value {
            FactorValue::Gases(factor) => self.insert_gases(row, factor),
            FactorValue::KwhPerKm(value) => {
                push(
                    nested(&mut self.kwh_per_km, class, fuel.clone()),
                    row,
                    value,
                );
            }
            FactorValue::Exhaust(value) => {
                let by_fuel = self.exhaust.entry(class.clone()).or_default();
                by_fuel.insert(format!("{fuel} {euro}"), value);
            }
            FactorValue::Wear(value) => {
                let by_part = self.wear.entry(class.clone()).or_default();
                by_part.insert(component.clone(), value);
            }
        }
    }

    /// The unit of the row decides the type of its factor. Units that no activity is counted in (tonnes, miles, kWh net CV) are left out.
    fn insert_gases(&mut self, row: &FactorRow, factor: EmissionFactor<KgCo2ePerUnit>) {
        let FactorKey {
            vehicle_class: class,
            fuel,
            unit,
            component,
            ..
        } = &row.key;
        match unit.as_str() {
            "kWh" => {
                let years = self.electricity.entry(component.clone()).or_default();
                push(years, row, factor.map(KgCo2ePerUnit::per_kwh));
            }
            "litre" => {
                let years = nested(&mut self.fuels, fuel, component.clone());
                push(years, row, factor.map(KgCo2ePerUnit::per_litre));
            }
            "km" => {
                let years = nested(&mut self.distances, class, format!("{fuel} {component}"));
                push(years, row, factor.map(KgCo2ePerUnit::per_km));
            }
            _ => {}
        }
    }

    fn dated<T: MeanByDays>(&self, years: &Years<T>, day: Day) -> Option<Dated<T>> {
        self.policy.factor(years, day, self.jurisdiction)
    }

    /// A kilowatt-hour from the grid: `generation`, `td_losses`, `wtt_generation`, `wtt_td`.
    pub fn kwh(&self, component: &str, day: Day) -> Option<Dated<EmissionFactor<KgCo2ePerKwh>>> {
        self.dated(self.electricity.get(component)?, day)
    }

    /// A litre of fuel: `ttw`, `wtt`, `biogenic_co2`.
    pub fn fuel(
        &self,
        fuel: &str,
        component: &str,
        day: Day,
    ) -> Option<Dated<EmissionFactor<KgCo2ePerLitre>>> {
        self.dated(self.fuels.get(fuel)?.get(component)?, day)
    }

    /// A kilometre of a class, with its component behind the fuel: `diesel ttw`, `phev elec_generation`.
    pub fn km(
        &self,
        class: &str,
        fuel_and_component: &str,
        day: Day,
    ) -> Option<Dated<EmissionFactor<KgCo2ePerKm>>> {
        let years = self.distances.get(class)?.get(fuel_and_component)?;
        self.dated(years, day)
    }

    /// Electricity of a kilometre, `bev` or `phev` (the electric part per total kilometre), charging losses included.
    pub fn kwh_per_km(&self, class: &str, fuel: &str, day: Day) -> Option<Dated<KwhPerKm>> {
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

    /// The grid's generation, as location-based scope 2 uses it.
    pub fn electricity(&self, day: Day) -> Option<Dated<KgCo2ePerKwh>> {
        let dated = self.kwh("generation", day)?;
        Some(Dated {
            value: dated.value.kgco2e,
            set: dated.set,
        })
    }

    /// The grid's generation with the losses up to the meter, to compare half-hourly carbon intensities with, which contain losses.
    /// Reported figures never use it: there losses are scope 3.
    pub fn electricity_with_losses(&self, day: Day) -> Option<Dated<KgCo2ePerKwh>> {
        let generation = self.kwh("generation", day)?;
        let losses = self.kwh("td_losses", day)?;
        Some(Dated {
            value: generation.value.kgco2e + losses.value.kgco2e,
            set: generation.set,
        })
    }

    /// A litre of fuel (`diesel_avg_blend`, ...), tank to wheel.
    pub fn litre(&self, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerLitre>> {
        let dated = self.fuel(fuel, "ttw", day)?;
        Some(Dated {
            value: dated.value.kgco2e,
            set: dated.set,
        })
    }

    /// A kilometre of a class, tank to wheel.
    pub fn kilometre(&self, class: &str, fuel: &str, day: Day) -> Option<Dated<KgCo2ePerKm>> {
        let dated = self.km(class, &format!("{fuel} ttw"), day)?;
        Some(Dated {
            value: dated.value.kgco2e,
            set: dated.set,
        })
    }

    /// Location-based scope 2 of an energy.
    pub fn electricity_kgco2e(&self, day: Day, energy: TenthWattHours) -> Option<KgCo2e> {
        Some(energy.kilowatt_hours() * self.electricity(day)?.value)
    }
}

fn nested<'a, T: Default>(map: &'a mut Nested<T>, outer: &str, inner: String) -> &'a mut T {
    map.entry(outer.to_owned())
        .or_default()
        .entry(inner)
        .or_default()
}

fn push<T>(years: &mut Years<T>, row: &FactorRow, value: T) {
    years.push(Printed {
        year: row.year,
        version: row.version,
        provisional: row.provisional,
        value,
    });
}

fn sort<T>(years: &mut Years<T>) {
    years.sort_by_key(|printed| printed.year);
}

fn sort_nested<T>(map: &mut Nested<Years<T>>) {
    map.values_mut()
        .flat_map(BTreeMap::values_mut)
        .for_each(sort);
}
