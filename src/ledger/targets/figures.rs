//! Figures that targets are compared with and that others compute or import: yearly tonnes, air pollutants, monthly indicators.
//! Plain values; a figure that is not there is missing, not zero.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::calendar::last_full_month;
use crate::jurisdiction::Jurisdiction;
use crate::model::Indicator;
use crate::model::register::Register;
use crate::units::{Day, FinancialYear, Month};

/// Names of yearly figures, with their units.
pub const YEARLY: &[(&str, &str)] = &[
    ("direct_tco2e", "t CO2e"),
    ("indirect_tco2e", "t CO2e"),
    ("fleet_tco2e", "t CO2e"),
    ("staff_travel_tco2e", "t CO2e"),
    ("renewable_electricity_share", "share"),
];

/// Yearly figures of which only a part is known here, and what that part is: never shown without it.
pub const PROXIES: &[(&str, &str)] = &[(
    "staff_travel_tco2e",
    "mileage claims, staff's own cars and hires of up to five days; travel by rail, taxi and air and commuting are not in it",
)];

/// A figure of an April-March year.
#[derive(Clone, PartialEq, Debug)]
pub struct YearFigure {
    /// One of [`YEARLY`].
    pub name: Arc<str>,
    /// The year that the figure is of.
    pub year: FinancialYear,
    /// In its unit.
    pub value: f64,
    /// All of the year is in it; a part of a year is compared with nothing.
    pub complete: bool,
    /// Emission factors behind it.
    pub factor_set: Option<String>,
}

/// Kilograms of a pollutant in an April-March year.
#[derive(Clone, PartialEq, Debug)]
pub struct AirFigure {
    /// `nox`, `pm25`, `pm10`.
    pub pollutant: Arc<str>,
    /// The year that the figure is of.
    pub year: FinancialYear,
    /// Kilograms emitted in the year.
    pub kg: f64,
    /// All of the year is in it.
    pub complete: bool,
}

/// A monthly figure from elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct IndicatorFigure {
    /// Id of the organisation that the figure is of.
    pub organisation: Arc<str>,
    /// Name of the indicator.
    pub name: Arc<str>,
    /// The month that the figure is of.
    pub month: Month,
    /// At its end, or in it, as the indicator is defined.
    pub value: f64,
}

impl From<Indicator> for IndicatorFigure {
    fn from(Indicator { key, value, .. }: Indicator) -> Self {
        Self {
            organisation: key.organisation,
            name: key.name,
            month: key.month,
            value,
        }
    }
}

/// Figures that the register does not have.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Figures {
    /// The country that defines the fiscal years.
    pub jurisdiction: &'static Jurisdiction,
    /// Figures of fiscal years, each with its name.
    pub yearly: Vec<YearFigure>,
    /// By pollutant and year.
    pub air: Vec<AirFigure>,
    /// By month. Of several of the same month, the last counts.
    pub indicators: Vec<IndicatorFigure>,
}

/// A figure's history: the day each value stands for (the end of a month or year), rising.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// Days and values.
    pub points: Vec<(Day, f64)>,
    /// Emission factors behind the last.
    pub factor_set: Option<String>,
}

impl Series {
    fn put(&mut self, day: Day, value: f64) {
        match self.points.binary_search_by_key(&day, |point| point.0) {
            Ok(at) => self.points[at].1 = value,
            Err(at) => self.points.insert(at, (day, value)),
        }
    }
}

impl Figures {
    /// The complete years of a figure that have ended by a day.
    pub fn yearly(&self, name: &str, as_of: Day) -> Series {
        let mut series = Series::default();
        let ended = |figure: &&YearFigure| {
            *figure.name == *name
                && figure.complete
                && figure.year.last_day(&self.jurisdiction.calendar) <= as_of
        };
        for figure in self.yearly.iter().filter(ended) {
            series.put(
                figure.year.last_day(&self.jurisdiction.calendar),
                figure.value,
            );
            if series
                .points
                .last()
                .is_some_and(|last| last.0 == figure.year.last_day(&self.jurisdiction.calendar))
            {
                series.factor_set.clone_from(&figure.factor_set);
            }
        }
        series
    }

    /// The months of an indicator that have ended by a day; an error names what is ambiguous.
    pub fn indicator(
        &self,
        organisation: Option<&str>,
        name: &str,
        as_of: Day,
    ) -> Result<Series, String> {
        let mut series = Series::default();
        let mut owners = BTreeSet::new();
        let wanted = |figure: &&IndicatorFigure| {
            *figure.name == *name
                && organisation.is_none_or(|organisation| *figure.organisation == *organisation)
                && figure.month.last_day() <= as_of
        };
        for figure in self.indicators.iter().filter(wanted) {
            owners.insert(&*figure.organisation);
            series.put(figure.month.last_day(), figure.value);
        }
        if owners.len() > 1 {
            let owners: Vec<&str> = owners.into_iter().collect();
            return Err(format!(
                "organisation: `{name}` comes from several ({}); name one in the target",
                owners.join(", ")
            ));
        }
        Ok(series)
    }

    /// Kilograms of a pollutant in the last complete year that has ended by a day.
    pub fn air(&self, pollutant: &str, as_of: Day) -> Option<&AirFigure> {
        let ended = |figure: &&AirFigure| {
            *figure.pollutant == *pollutant
                && figure.complete
                && figure.year.last_day(&self.jurisdiction.calendar) <= as_of
        };
        self.air
            .iter()
            .filter(ended)
            .max_by_key(|figure| figure.year)
    }
}

/// Charge points of the register in service at the last month ends, and on the day itself.
pub fn charge_points(register: &Register, organisation: Option<&str>, as_of: Day) -> Series {
    let count = |day: Day| {
        let counted = register.charge_points.iter().filter(|point| {
            organisation.is_none_or(|wanted| point.organisation.as_deref() == Some(wanted))
                && point.in_service_from.is_none_or(|from| from <= day)
                && point.in_service_to.is_none_or(|to| day < to)
        });
        counted.count() as f64
    };
    let last = last_full_month(as_of);
    let mut series = Series::default();
    // Without a single date the past is not known.
    if register
        .charge_points
        .iter()
        .any(|point| point.in_service_from.is_some())
    {
        for back in 0..13 {
            let day = last.plus(-back).last_day();
            series.put(day, count(day));
        }
    }
    if !register.charge_points.is_empty() {
        series.put(as_of, count(as_of));
    }
    series
}
