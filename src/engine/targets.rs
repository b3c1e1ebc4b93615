//! Targets in the engine: assessed once for each day, register and set of figures, for the forecast is too dear to be made for every look.

use std::borrow::Cow;
use std::sync::Arc;

use super::Engine;
use super::uptime::ROWS_MS;
use crate::ledger::air::AirConfig;
use crate::ledger::emissions::Declared;
use crate::ledger::factors::FactorSets;
use crate::ledger::targets::{
    Figures, Kind, Measure, Target, TargetRecord, TargetStatus, assess, headline, project,
    with_headline,
};
use crate::ledger::transition::classify;
use crate::model::register::EmissionClass;
use crate::model::{Fact, ProjectionFact, TargetFact};
use crate::units::{Day, UtcMs, Zone};

/// The targets, what is known for them, and how they stood when last asked.
#[derive(Debug, Default)]
pub(super) struct Targets {
    list: Arc<[Target]>,
    declared: Arc<[Declared]>,
    figures: Figures,
    assessed: Option<(Day, Vec<TargetRecord>)>,
    /// Figures are newer than the rows of what is ahead.
    figures_are_new: bool,
    /// Such rows are not written before: a published figure may change every minute.
    next_ahead: UtcMs,
}

impl Engine {
    /// The factors in force, for figures that are computed elsewhere.
    pub fn factors(&self) -> &Arc<FactorSets> {
        &self.factors
    }

    /// How pollutants are computed.
    pub fn air_config(&self) -> &AirConfig {
        &self.config.air
    }

    /// The targets beside the one that `[target]` sets. Given before what was heard is told again: no row is due by it, the start's are.
    pub fn set_targets(&mut self, targets: Arc<[Target]>) {
        self.targets.list = targets;
        self.targets.assessed = None;
    }

    /// What was declared of base years.
    pub fn set_declared(&mut self, declared: Arc<[Declared]>) {
        self.targets.declared = declared;
    }

    pub(super) fn declared(&self) -> &[Declared] {
        &self.targets.declared
    }

    /// Factor of electricity without a contract, for the market-based view.
    pub fn residual_kgco2e_per_kwh(&self) -> Option<f64> {
        self.config.residual_kgco2e_per_kwh
    }

    /// Days from the end of a year to its freeze.
    pub fn freeze_after_days(&self) -> i32 {
        i32::try_from(self.config.freeze_after.as_secs() / 86_400).unwrap_or(i32::MAX)
    }

    /// Yearly tonnes, air pollutants and indicators: all that is known now, in place of what was known before.
    pub fn set_figures(&mut self, figures: Figures) {
        self.targets.figures = figures;
        self.targets.figures_are_new = true;
        // Shares of vehicles do not rest on them, and are dear.
        let Some((day, mut records)) = self.targets.assessed.take() else {
            return;
        };
        for (target, record) in self
            .targets_in_force()
            .iter()
            .zip(&mut records)
            .filter(|(target, _)| !of_vehicles(target))
        {
            *record = assess(
                target,
                &self.profile,
                &self.register,
                &self.targets.figures,
                day,
            );
        }
        self.targets.assessed = Some((day, records));
    }

    /// Something changed that records rest on.
    pub(super) fn forget_assessment(&mut self) {
        self.targets.assessed = None;
        self.write_all_anew();
    }

    /// Every target at the end of a day, that of `[target]` first.
    pub fn target_records(&self, day: Day) -> Cow<'_, [TargetRecord]> {
        match &self.targets.assessed {
            Some((assessed, records)) if *assessed == day => Cow::Borrowed(records),
            _ => Cow::Owned(self.assess_targets(day)),
        }
    }

    /// That of `[target]`.
    pub(super) fn headline_record(&self, day: Day) -> TargetRecord {
        match self.target_records(day) {
            Cow::Borrowed(records) => records[0].clone(),
            Cow::Owned(mut records) => records.swap_remove(0),
        }
    }

    /// That of `[target]` first.
    fn targets_in_force(&self) -> Vec<Target> {
        let config = &self.config;
        let start = config.target_start.zip(config.target_start_share);
        with_headline(
            headline(config.target_share, config.target_due, start),
            &self.targets.list,
        )
    }

    /// The share of a target's vehicles whose class is not known or that are `lost` (in the register's order), 0 to 1.
    pub(super) fn poor_share(&self, id: &str, day: Day, lost: &[bool]) -> Option<f64> {
        let targets = self.targets_in_force();
        let Measure::Fleet {
            profile,
            population,
            ..
        } = &targets.iter().find(|target| &*target.id == id)?.measure
        else {
            return None;
        };
        let profile = profile.as_ref().unwrap_or(&self.profile);
        let (mut all, mut poor) = (0u32, 0u32);
        for (vehicle, lost) in self.register.vehicles.iter().zip(lost) {
            if population.holds(vehicle, day) == Some(true) {
                all += 1;
                poor += u32::from(
                    *lost || classify(vehicle, profile, day).class == EmissionClass::Unknown,
                );
            }
        }
        (all > 0).then(|| f64::from(poor) / f64::from(all))
    }

    fn assess_targets(&self, day: Day) -> Vec<TargetRecord> {
        self.targets_in_force()
            .iter()
            .map(|target| {
                assess(
                    target,
                    &self.profile,
                    &self.register,
                    &self.targets.figures,
                    day,
                )
            })
            .collect()
    }

    /// Rows of `target_progress`.
    pub(super) fn write_targets(&mut self, day: Day) {
        if self
            .targets
            .assessed
            .as_ref()
            .is_none_or(|(assessed, _)| *assessed != day)
        {
            self.targets.assessed = Some((day, self.assess_targets(day)));
        }
        let records = self
            .targets
            .assessed
            .iter()
            .flat_map(|(_, records)| records);
        let zone = self.register.zone();
        self.output.extend(
            records
                .filter_map(|record| fact(record, day, zone))
                .map(Fact::Target),
        );
    }

    /// Rows of `target_projection` after new figures: of the targets that rest on them, once in a while.
    pub(super) fn write_new_projections(&mut self, now: UtcMs) {
        if self.targets.figures_are_new && now >= self.targets.next_ahead {
            self.targets.figures_are_new = false;
            self.targets.next_ahead = now.plus(ROWS_MS);
            self.write_projections(Day::of(now, self.register.zone()), |target| {
                !of_vehicles(target)
            });
        }
    }

    /// Rows of `target_projection`.
    pub(super) fn write_projections(&mut self, day: Day, which: fn(&Target) -> bool) {
        let targets = self.targets_in_force();
        let records = self.target_records(day);
        let found = targets
            .iter()
            .zip(records.iter())
            .filter(|(target, _)| which(target));
        let found: Vec<_> = found
            .map(|(target, record)| {
                (
                    record.id.clone(),
                    project(target, &self.profile, &self.register, record, day),
                )
            })
            .collect();
        for (target, ahead) in found {
            self.output.extend(ahead.into_iter().map(|ahead| {
                Fact::Projection(ProjectionFact {
                    fleet: Arc::from("all"),
                    target: target.clone(),
                    // Within its day, so that a day's interval holds it.
                    at: ahead.day.end(self.register.zone()).plus(-1),
                    path: ahead.path,
                    trend: ahead.trend,
                    band: ahead.band,
                    path_value: ahead.path_value,
                    trend_value: ahead.trend_value,
                })
            }));
        }
    }
}

fn of_vehicles(target: &Target) -> bool {
    matches!(target.measure, Measure::Fleet { .. })
}

/// The row of a target; none while there is no figure.
fn fact(record: &TargetRecord, day: Day, zone: &Zone) -> Option<TargetFact> {
    let current = record.current?;
    if record.status == TargetStatus::NotSet {
        return None;
    }
    let ratio = matches!(record.kind, Kind::Share | Kind::Relative);
    let vehicles = record.counts.is_some();
    Some(TargetFact {
        fleet: Arc::from("all"),
        target: record.id.clone(),
        at: day.start(zone),
        share: ratio.then_some(current),
        goal: ratio.then_some(record.goal),
        path: record.plan.filter(|_| ratio),
        value: record.value,
        path_value: record.plan_value,
        missing: record.gap.map(|gap| gap.value()),
        vehicles_needed: record
            .gap
            .filter(|_| vehicles)
            .map(|gap| gap.value() as u32),
        slope_per_year: record.recent_per_month.map(|rate| rate * 12.0),
        projected_at: record
            .projected_date
            .as_deref()
            .and_then(|text| text.parse::<Day>().ok())
            .map(|day| day.start(zone)),
        days_late: record.days_late,
        p_hit: record.p_hit,
        band_at_due: record.forecast.as_ref().map(|forecast| forecast.band),
        state_code: record.state_code(),
    })
}
