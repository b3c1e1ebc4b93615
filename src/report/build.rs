//! Gathers a report: the store's activity and sessions of the period and of the year before, through the ledger. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Method, PeriodRow, Report, Restatements};
use super::period::Period;
use super::{charging, emissions, league, quality};
use crate::engine::EngineConfig;
use crate::engine::views::UptimeView;
use crate::ledger::air::{AirInventory, AirSums, air};
use crate::ledger::emissions::{
    DeclaredRestatement, FactorSets, Figures as Totals, Inventory, InventoryContext,
    METHOD_VERSION, Months, RESTATEMENT_THRESHOLD, inventory,
};
use crate::ledger::factors::YearPolicy;
use crate::ledger::targets::{
    self, Figures, Target, TargetRecord, assess, headline, last_full_month, with_headline,
};
use crate::ledger::transition::Profile;
use crate::model::register::Register;
use crate::model::{ActivityData, ActivityKey, ClosedSession};
use crate::store::{Reader, stored_activity};
use crate::units::{Day, KgCo2ePerKwh, Month, UtcMs};

/// What a report is made of.
pub struct Input<'a> {
    /// The days that the report covers.
    pub period: &'a Period,
    /// The instant at which the report is made.
    pub now: UtcMs,
    /// The settings that the figures depend on.
    pub engine: &'a EngineConfig,
    /// Definition of "low emission".
    pub profile: &'a Profile,
    /// The vehicles, sites and organisations.
    pub register: &'a Register,
    /// Factors in force.
    pub factors: &'a FactorSets,
    /// Those compiled in, without a folder's corrections; `None` if there are none.
    pub published: Option<&'a FactorSets>,
    /// Which set holds when.
    pub year_policy: YearPolicy,
    /// The list of targets.
    pub targets: &'a [Target],
    /// What was declared of base years.
    pub declared: &'a [DeclaredRestatement],
    /// What targets are compared with.
    pub figures: &'a Figures,
    /// The store; `None` if there is none.
    pub reader: Option<&'a Reader>,
    /// Uptime by the engine.
    pub uptime: Uptime,
    /// What is known to be missing so far.
    pub missing: Vec<String>,
}

/// `/api/v1/uptime` of the period's months, or why there is none.
#[derive(Clone, PartialEq, Debug)]
pub enum Uptime {
    /// The answer of the engine.
    Known(Box<UptimeView>),
    /// Why the engine has none.
    Unknown(String),
}

/// Days with what was computed of them.
pub(super) struct PeriodFigures {
    pub from: Day,
    pub to: Day,
    pub activity: BTreeMap<ActivityKey, ActivityData>,
    pub months: Months,
    pub inventory: Inventory,
    /// All lines of each month of it, or of the part of a month that is in it.
    pub by_month: Vec<(Month, Totals)>,
    pub air: AirInventory,
    pub sessions: Vec<ClosedSession>,
}

impl PeriodFigures {
    fn read(input: &Input<'_>, (from, to): (Day, Day), missing: &mut Vec<String>) -> Self {
        let mut stretch = Self {
            from,
            to,
            activity: BTreeMap::new(),
            months: Months::default(),
            inventory: Inventory::default(),
            by_month: Vec::new(),
            air: AirInventory::default(),
            sessions: Vec::new(),
        };
        let Some(reader) = input.reader else {
            return stretch;
        };
        match stored_activity(reader, from, to, &input.register.jurisdiction.calendar) {
            Ok(stored) => {
                stretch.months = stored.months;
                for row in stored.rows {
                    stretch
                        .activity
                        .entry(row.key)
                        .or_default()
                        .add(&row.activity);
                }
            }
            Err(error) => missing.push(format!("activity from {from} to {to}: {error}")),
        }
        let (start, end) = (
            from.start(input.register.zone()),
            to.end(input.register.zone()),
        );
        match reader.sessions(Some(start), Some(end), None, None, i64::MAX as usize) {
            // The store finds what overlaps; a session belongs to the day on which it ended.
            Ok(sessions) => {
                stretch.sessions = sessions
                    .into_iter()
                    .filter(|found| found.record.ended_at.is_some_and(|at| at < end))
                    .collect()
            }
            Err(error) => missing.push(format!("charging sessions from {from} to {to}: {error}")),
        }
        // Month by month, and the whole from those: each day stands for itself, and none is computed twice.
        let (first, last) = (Month::of_day(from), Month::of_day(to));
        for month in (0..=last.since(first)).map(|count| first.plus(count)) {
            let days = (month.first_day().max(from), month.last_day().min(to));
            let of_month = stretch.compute(input, input.factors, days);
            stretch.by_month.push((month, of_month.total()));
            stretch.inventory.join(of_month);
        }
        stretch.air = air(
            &stretch.activity,
            input.register,
            input.factors,
            &stretch.months,
            &input.engine.air,
        );
        stretch
    }

    /// The inventory of some of the days. Each day stands for itself, so that parts add up.
    pub(super) fn compute(
        &self,
        input: &Input<'_>,
        factors: &FactorSets,
        (from, to): (Day, Day),
    ) -> Inventory {
        // Silence is filled once the month is over, as /api/v1/emissions does.
        let filled_to = to
            .min(last_full_month(Day(Day::of(input.now, input.register.zone()).0 - 1)).last_day());
        let setting = InventoryContext {
            per_vehicle: true,
            residual_factor: input.engine.residual_factor,
            fill: (from <= filled_to && !self.activity.is_empty()).then_some((from, filled_to)),
            ..InventoryContext::new(input.register, factors, &self.months)
        };
        if (from, to) == (self.from, self.to) {
            return inventory(&self.activity, &setting);
        }
        let days = self
            .activity
            .iter()
            .filter(|(key, _)| (from..=to).contains(&key.day));
        inventory(
            &days.map(|(key, sums)| (key.clone(), *sums)).collect(),
            &setting,
        )
    }

    /// Factor sets behind the figures.
    pub(super) fn factor_sets(&self) -> Vec<String> {
        let sets: BTreeSet<String> = self
            .inventory
            .lines
            .keys()
            .flat_map(|key| [Some(key.factor_set), key.chain_set])
            .flatten()
            .map(|set| set.to_string())
            .collect();
        sets.into_iter().collect()
    }
}

/// The days of the period so far, and of the year before.
pub(super) fn stretches(
    input: &Input<'_>,
    missing: &mut Vec<String>,
) -> (PeriodFigures, PeriodFigures) {
    let until = input
        .period
        .until(Day::of(input.now, input.register.zone()));
    let period = until.as_ref().unwrap_or(input.period);
    let now = PeriodFigures::read(input, (period.from, period.to), missing);
    // While the period runs, last year is cut at the same day.
    let before = PeriodFigures::read(input, period.year_before(), missing);
    (now, before)
}

/// Days and pollutants of `air.base_from` to `air.base_to`, if they are set and the store has any of it.
fn air_base(input: &Input<'_>, missing: &mut Vec<String>) -> Option<(i32, AirSums)> {
    let ((from, to), reader) = input.engine.air.base_days.zip(input.reader)?;
    let stored = match stored_activity(reader, from, to, &input.register.jurisdiction.calendar) {
        Ok(stored) => stored,
        Err(error) => {
            missing.push(format!("pollutants of the base, {from} to {to}: {error}"));
            return None;
        }
    };
    let mut activity: BTreeMap<ActivityKey, ActivityData> = BTreeMap::new();
    for row in stored.rows {
        activity.entry(row.key).or_default().add(&row.activity);
    }
    let found = air(
        &activity,
        input.register,
        input.factors,
        &stored.months,
        &input.engine.air,
    );
    if found.lines.is_empty() {
        missing.push(format!(
            "pollutants of the base: the store has no kilometres from {from} to {to}"
        ));
    }
    (!found.lines.is_empty()).then(|| (to.0 - from.0 + 1, found.total()))
}

/// Builds the report of a period. What could not be found out is listed in `missing`.
pub fn build_report(mut input: Input<'_>) -> Report {
    let mut missing = std::mem::take(&mut input.missing);
    let (now, before) = stretches(&input, &mut missing);
    missing.extend(period_not_over(&input));
    missing.extend(periods_without_activity(&input, &now, &before));
    let base = air_base(&input, &mut missing);
    Report {
        period: period_row(&input, &now, &before),
        generated_at: input.now.to_string(),
        targets: target_records(&input, now.to),
        emissions: emissions::emissions(&now, &before),
        air: emissions::pollutants(&input, &now, &before, base.as_ref()),
        league_organisations: league::league(&input, &now, &before, false),
        league_sites: league::league(&input, &now, &before, true),
        charging: charging::charging(&input, &now, &before),
        method: method(&input, &now, &before),
        restatements: Restatements {
            policy: quality::POLICY,
            threshold_ratio: RESTATEMENT_THRESHOLD.get(),
            effects: quality::restatements(&input, &[&now, &before]),
            years: quality::frozen_years(&input, &[&now, &before], &mut missing),
        },
        data_quality: quality::quality(&input, &now, &before),
        missing,
    }
}

/// A note for the reader if the period has not begun or has not ended; else `None`.
fn period_not_over(input: &Input<'_>) -> Option<String> {
    let today = Day::of(input.now, input.register.zone());
    let period = input.period;
    if today < period.from {
        Some(format!(
            "the period begins on {}: nothing of it has happened yet",
            period.from
        ))
    } else if today <= period.to {
        Some(format!(
            "the period runs until {}: figures go to {today}, and so do those of last year",
            period.to
        ))
    } else {
        None
    }
}

/// The periods that a store is there for and has no activity of.
fn periods_without_activity(
    input: &Input<'_>,
    now: &PeriodFigures,
    before: &PeriodFigures,
) -> Vec<String> {
    let mut missing = Vec::new();
    if input.reader.is_some() && now.activity.is_empty() {
        missing.push(format!(
            "activity: the store has none from {} to {}",
            now.from, now.to
        ));
    }
    if input.reader.is_some() && before.activity.is_empty() {
        missing.push(format!(
            "last year: the store has no activity from {} to {}, so no change can be computed",
            before.from, before.to
        ));
    }
    missing
}

fn period_row(input: &Input<'_>, now: &PeriodFigures, before: &PeriodFigures) -> PeriodRow {
    let today = Day::of(input.now, input.register.zone());
    PeriodRow {
        name: input.period.name.clone(),
        from: input.period.from.to_string(),
        to: input.period.to.to_string(),
        figures_to: now.to.to_string(),
        complete: today > input.period.to,
        last_year_from: before.from.to_string(),
        last_year_to: before.to.to_string(),
    }
}

/// Every target once: where `[target]` and an entry of the list are the same, the alias is left out.
fn target_records(input: &Input<'_>, as_of: Day) -> Vec<TargetRecord> {
    let engine = input.engine;
    let first = headline(
        engine.target_share,
        engine.target_due,
        engine.target_start.zip(engine.target_start_share),
    );
    with_headline(first, input.targets)
        .iter()
        .map(|target| assess(target, input.profile, input.register, input.figures, as_of))
        .filter(|record| record.alias_of.is_none())
        .collect()
}

fn method(input: &Input<'_>, now: &PeriodFigures, before: &PeriodFigures) -> Method {
    Method {
        program: format!("fleetgauge {}", env!("CARGO_PKG_VERSION")),
        profile: input.profile.described(),
        year_policy: match input.year_policy {
            YearPolicy::Majority => "majority",
            YearPolicy::Blended => "blended",
            YearPolicy::Calendar => "calendar",
        },
        factor_sets: now.factor_sets(),
        last_year_factor_sets: before.factor_sets(),
        emissions_method_version: METHOD_VERSION,
        targets_method_version: targets::METHOD_VERSION,
        residual_kgco2e_per_kwh: input.engine.residual_factor.map(KgCo2ePerKwh::get),
    }
}
