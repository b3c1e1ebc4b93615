//! Targets: what is measured against what, and the status record of it. Pure: register and figures in, records out.
//!
//! Shares of vehicles come from the register (`fleet`), tonnes and indicators from [`Figures`] (`series`, `air`). Nothing is guessed: a
//! missing baseline or figure leaves nulls, and `needs` lists what to supply.

mod air;
mod calendar;
mod candidates;
pub mod carbon;
pub mod drift;
mod figures;
mod fleet;
pub mod forecast;
mod levels;
pub mod normal;
mod plan;
mod projection;
mod record;
mod series;
mod target;
pub mod trend;
pub mod whatif;

pub use calendar::{last_full_month, month_end_at, month_scale};
pub use figures::{
    AirFigure, Figures, IndicatorFigure, PROXIES, Series, YEARLY, YearFigure, charge_points,
};
pub use fleet::{FleetShare, assess_counts, assess_fleet, vehicles_needed};
pub use plan::{CarbonPoint, Conversion, Plan, Tonnes};
pub use projection::{Ahead, project};
pub use record::{
    Amount, BaselineRecord, BudgetRecord, CusumRecord, ForecastRecord, METHOD_VERSION, PartRecord,
    TargetRecord, TargetStatus,
};
pub use series::assess_series;
pub use target::{Baseline, Comparison, Kind, Measure, Successor, Target, age, replacement_age};

use super::transition::{Population, Profile};
use crate::model::register::{EmissionClass, Register};
use crate::units::Day;

/// The id of the target that `[target]` sets.
pub const HEADLINE: &str = "low_emission_share";

/// The share that `[target]` sets: `start` is the first day of the path and the share at its beginning.
pub fn headline(goal: f64, due: Day, start: Option<(Day, f64)>) -> Target {
    let baseline = Baseline {
        date: start.map(|(day, _)| Day(day.0 - 1)),
        value: start.map(|(_, share)| share),
        ..Baseline::default()
    };
    Target {
        id: HEADLINE.into(),
        kind: Kind::Share,
        metric: "vehicles of the profile's classes / vehicles in scope".into(),
        measure: Measure::Fleet {
            profile: None,
            population: Population::default(),
            successor: Successor::default(),
            vehicles_at_due: None,
        },
        goal,
        comparison: Comparison::NotBelow,
        due: Some(due),
        baseline,
        plan: Plan::Linear,
        note: String::new(),
        source: "[target]".into(),
        confidence: String::new(),
        from_settings: true,
        alias_of: None,
    }
}

/// All targets to assess, that of `[target]` first. Where one of the list takes its figures from `[target]`, both are the same target: the
/// first has its plan, vehicles and successors too, and names it in `alias_of`.
pub fn with_headline(first: Target, list: &[Target]) -> Vec<Target> {
    let first = match list.iter().find(|target| target.from_settings) {
        Some(same) => Target {
            id: first.id,
            metric: first.metric,
            alias_of: Some(same.id.clone()),
            ..same.clone()
        },
        None => first,
    };
    std::iter::once(first).chain(list.iter().cloned()).collect()
}

/// How a target stands at the end of a day. `profile` is the definition in force, for targets that have none of their own.
pub fn assess(
    target: &Target,
    profile: &Profile,
    register: &Register,
    figures: &Figures,
    as_of: Day,
) -> TargetRecord {
    match &target.measure {
        Measure::Fleet {
            profile: own,
            population,
            successor,
            ..
        } => {
            let profile = own.as_ref().unwrap_or(profile);
            let share = FleetShare {
                target,
                profile,
                population,
                successor: &successors(*successor, profile),
            };
            assess_fleet(share, register, as_of)
        }
        Measure::Air(pollutants) => air::assess_air(target, pollutants, figures, as_of),
        Measure::Yearly(name) => assess_yearly(target, name, figures, as_of),
        Measure::Indicator { organisation, name } => {
            assess_indicator(target, organisation.as_deref(), name, figures, as_of)
        }
        Measure::ChargePoints { organisation } => assess_series(
            target,
            &charge_points(register, organisation.as_deref(), as_of),
            "charge points",
            "charge_points.csv: no charge point is registered",
            as_of,
        ),
    }
}

/// A figure of complete years, with a note where it stands for only a part of what the target means.
fn assess_yearly(target: &Target, name: &str, figures: &Figures, as_of: Day) -> TargetRecord {
    let unit = YEARLY
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, unit)| unit);
    let missing = format!("{name} of a complete {}", figures.jurisdiction.year_words);
    let mut record = assess_series(target, &figures.yearly(name, as_of), unit, &missing, as_of);
    let proxy = PROXIES
        .iter()
        .find(|(known, _)| *known == name)
        .filter(|_| record.value.is_some());
    record.figure_proxy = proxy.map(|(_, stands_for)| *stands_for);
    record
}

/// An imported indicator. Where its name is ambiguous there is no figure, and `needs` has the reason.
fn assess_indicator(
    target: &Target,
    organisation: Option<&str>,
    name: &str,
    figures: &Figures,
    as_of: Day,
) -> TargetRecord {
    let owner = organisation.map_or(String::new(), |organisation| format!(" of {organisation}"));
    let missing = format!("indicator `{name}`{owner}: import a monthly figure");
    match figures.indicator(organisation, name, as_of) {
        Ok(series) => assess_series(target, &series, "", &missing, as_of),
        Err(ambiguous) => assess_series(target, &Series::default(), "", &ambiguous, as_of),
    }
}

/// Under a definition that every new vehicle meets, a chance that is not given is 1; elsewhere it stays unknown.
pub fn successors(given: Successor, profile: &Profile) -> Successor {
    if profile.counts_down_to < EmissionClass::Low {
        return given;
    }
    let sure = Successor::ALWAYS;
    Successor {
        emergency: given.emergency.or(sure.emergency),
        non_emergency: given.non_emergency.or(sure.non_emergency),
        support: given.support.or(sure.support),
    }
}
