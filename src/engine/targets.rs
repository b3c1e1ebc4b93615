//! Targets in the engine. A forecast is too expensive to be made for every request, so each day, register and set of figures is
//! assessed once.

use std::borrow::Cow;
use std::sync::Arc;

use super::Engine;
use super::indicators::Indicators;
use super::output::Output;
use super::reference::Reference;
use super::schedule::FULL_ROWS_MS;
use crate::ledger::air::AirConfig;
use crate::ledger::emissions::DeclaredRestatement;
use crate::ledger::factors::FactorSets;
use crate::ledger::targets::{
    Figures, Kind, Measure, Target, TargetRecord, TargetStatus, assess, headline, project,
    with_headline,
};
use crate::ledger::transition::classify;
use crate::model::register::EmissionClass;
use crate::model::{Fact, Indicator, ProjectionFact, TargetFact};
use crate::units::{Day, KgCo2ePerKwh, UtcMs, Zone};

/// The targets, the figures that they are measured by, and the newest assessment.
#[derive(Debug, Default)]
pub(super) struct Targets {
    list: Arc<[Target]>,
    declared: Arc<[DeclaredRestatement]>,
    figures: Figures,
    assessed: Option<(Day, Vec<TargetRecord>)>,
    /// Figures are newer than the rows of what is ahead.
    figures_are_new: bool,
    /// Such rows are not written before: a published figure may change every minute.
    next_ahead: UtcMs,
    /// Monthly figures that were published.
    indicators: Indicators,
}

impl Targets {
    pub(super) fn set_list(&mut self, list: Arc<[Target]>) {
        self.list = list;
        self.assessed = None;
    }

    pub(super) fn set_declared(&mut self, declared: Arc<[DeclaredRestatement]>) {
        self.declared = declared;
    }

    pub(super) fn declared(&self) -> &[DeclaredRestatement] {
        &self.declared
    }

    pub(super) fn indicators(&self) -> &Indicators {
        &self.indicators
    }

    pub(super) fn indicators_mut(&mut self) -> &mut Indicators {
        &mut self.indicators
    }

    /// Yearly tonnes, air pollutants and indicators: replaces all figures.
    pub(super) fn set_figures(&mut self, figures: Figures, reference: &Reference) {
        self.figures = figures;
        self.figures_are_new = true;
        // Shares of vehicles do not depend on figures and are expensive: they stay.
        let Some((day, mut records)) = self.assessed.take() else {
            return;
        };
        for (target, record) in self
            .in_force(reference)
            .iter()
            .zip(&mut records)
            .filter(|(target, _)| !of_vehicles(target))
        {
            *record = self.assess_one(target, reference, day);
        }
        self.assessed = Some((day, records));
    }

    /// Something changed that records depend on.
    pub(super) fn forget_assessment(&mut self) {
        self.assessed = None;
    }

    /// Every target at the end of a day, that of `[target]` first.
    pub(super) fn records(&self, reference: &Reference, day: Day) -> Cow<'_, [TargetRecord]> {
        match &self.assessed {
            Some((assessed, records)) if *assessed == day => Cow::Borrowed(records),
            _ => Cow::Owned(self.assess(reference, day)),
        }
    }

    /// That of `[target]` first.
    fn in_force(&self, reference: &Reference) -> Vec<Target> {
        let config = &reference.config;
        let start = config.target_start.zip(config.target_start_share);
        with_headline(
            headline(config.target_share, config.target_due, start),
            &self.list,
        )
    }

    /// The share of a target's vehicles whose class is not known or that are `lost` (in the register's order), 0 to 1.
    pub(super) fn poor_share(
        &self,
        reference: &Reference,
        id: &str,
        day: Day,
        lost: &[bool],
    ) -> Option<f64> {
        let targets = self.in_force(reference);
        let Measure::Fleet {
            profile,
            population,
            ..
        } = &targets.iter().find(|target| &*target.id == id)?.measure
        else {
            return None;
        };
        let profile = profile.as_ref().unwrap_or(&reference.profile);
        let (mut all, mut poor) = (0u32, 0u32);
        for (vehicle, lost) in reference.register.vehicles.iter().zip(lost) {
            if population.holds(vehicle, day) == Some(true) {
                all += 1;
                poor += u32::from(
                    *lost || classify(vehicle, profile, day).class == EmissionClass::Unknown,
                );
            }
        }
        (all > 0).then(|| f64::from(poor) / f64::from(all))
    }

    fn assess(&self, reference: &Reference, day: Day) -> Vec<TargetRecord> {
        self.in_force(reference)
            .iter()
            .map(|target| self.assess_one(target, reference, day))
            .collect()
    }

    fn assess_one(&self, target: &Target, reference: &Reference, day: Day) -> TargetRecord {
        let (profile, register) = (&reference.profile, &reference.register);
        assess(target, profile, register, &self.figures, day)
    }

    /// Rows of `target_progress`.
    pub(super) fn write(&mut self, reference: &Reference, day: Day, output: &mut Output) {
        if self
            .assessed
            .as_ref()
            .is_none_or(|(assessed, _)| *assessed != day)
        {
            self.assessed = Some((day, self.assess(reference, day)));
        }
        let records = self.assessed.iter().flat_map(|(_, records)| records);
        output.extend(
            records
                .filter_map(|record| fact(record, day, reference.zone()))
                .map(Fact::Target),
        );
    }

    /// Rows of `target_projection` of the targets that depend on figures, after new ones, once in a while.
    pub(super) fn write_new_projections(
        &mut self,
        reference: &Reference,
        now: UtcMs,
        output: &mut Output,
    ) {
        if self.figures_are_new && now >= self.next_ahead {
            self.figures_are_new = false;
            self.next_ahead = now.plus(FULL_ROWS_MS);
            self.write_projections(
                reference,
                Day::of(now, reference.zone()),
                output,
                |target| !of_vehicles(target),
            );
        }
    }

    /// Rows of `target_projection` of the selected targets.
    pub(super) fn write_projections(
        &self,
        reference: &Reference,
        day: Day,
        output: &mut Output,
        select: fn(&Target) -> bool,
    ) {
        let targets = self.in_force(reference);
        let records = self.records(reference, day);
        for (target, record) in targets.iter().zip(records.iter()) {
            if !select(target) {
                continue;
            }
            let ahead = project(target, &reference.profile, &reference.register, record, day);
            output.extend(ahead.into_iter().map(|ahead| {
                Fact::Projection(ProjectionFact {
                    fleet: Arc::from("all"),
                    target: record.id.clone(),
                    // Within its day, so that a day's interval holds it.
                    at: ahead.day.end(reference.zone()).plus(-1),
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

impl Engine {
    /// The factors in force, for figures that are computed elsewhere.
    pub fn factors(&self) -> &Arc<FactorSets> {
        &self.reference.factors
    }

    /// How pollutants are computed.
    pub fn air_config(&self) -> &AirConfig {
        &self.reference.config.air
    }

    /// Factor of electricity without a contract, for the market-based view.
    pub fn residual_factor(&self) -> Option<KgCo2ePerKwh> {
        self.reference.config.residual_factor
    }

    /// Days from the end of a year to its freeze.
    pub fn freeze_after_days(&self) -> i32 {
        i32::try_from(self.reference.config.freeze_after.as_secs() / 86_400).unwrap_or(i32::MAX)
    }

    /// The targets beside the one that `[target]` sets. Set before the inbox is replayed: no row is due by it, the start's are.
    pub fn set_targets(&mut self, targets: Arc<[Target]>) {
        self.targets.set_list(targets);
    }

    /// What was declared of base years.
    pub fn set_declared(&mut self, declared: Arc<[DeclaredRestatement]>) {
        self.targets.set_declared(declared);
    }

    /// Yearly tonnes, air pollutants and indicators: replaces all figures.
    pub fn set_figures(&mut self, figures: Figures) {
        self.targets.set_figures(figures, &self.reference);
    }

    /// Every target at the end of a day, that of `[target]` first.
    pub fn target_records(&self, day: Day) -> Cow<'_, [TargetRecord]> {
        self.targets.records(&self.reference, day)
    }

    /// That of `[target]`.
    pub(super) fn headline_record(&self, day: Day) -> TargetRecord {
        match self.target_records(day) {
            Cow::Borrowed(records) => records[0].clone(),
            Cow::Owned(mut records) => records.swap_remove(0),
        }
    }

    /// All monthly figures by key, those published and those of the store; of two, the newer one.
    pub fn indicators(&self, stored: Vec<Indicator>) -> Vec<Indicator> {
        self.targets.indicators().join(stored)
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
