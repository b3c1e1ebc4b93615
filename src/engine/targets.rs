//! Targets in the engine: assessed once for each day, register and set of figures, for the forecast is too dear to be made for every look.

use std::borrow::Cow;
use std::sync::Arc;

use super::Engine;
use crate::ledger::air::AirConfig;
use crate::ledger::factors::FactorSets;
use crate::ledger::targets::{Figures, Kind, Target, TargetRecord, TargetStatus, assess, headline, project, with_headline};
use crate::model::{Fact, ProjectionFact, TargetFact};
use crate::units::Day;

/// The targets, what is known for them, and how they stood when last asked.
#[derive(Debug, Default)]
pub(super) struct Targets {
    list: Arc<[Target]>,
    figures: Figures,
    assessed: Option<(Day, Vec<TargetRecord>)>,
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

    /// The targets beside the one that `[target]` sets.
    pub fn set_targets(&mut self, targets: Arc<[Target]>) {
        self.targets.list = targets;
        self.forget_assessment();
    }

    /// Yearly tonnes, air pollutants and indicators: all that is known now, in place of what was known before.
    pub fn set_figures(&mut self, figures: Figures) {
        self.targets.figures = figures;
        self.forget_assessment();
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

    fn assess_targets(&self, day: Day) -> Vec<TargetRecord> {
        self.all_targets()
            .iter()
            .map(|target| assess(target, &self.profile, &self.register, &self.targets.figures, day))
            .collect()
    }

    /// That of `[target]` first.
    fn all_targets(&self) -> Vec<Target> {
        let config = &self.config;
        let start = config.target_start.zip(config.target_start_share);
        with_headline(headline(config.target_share, config.target_due, start), &self.targets.list)
    }

    /// Rows of `target_progress`.
    pub(super) fn write_targets(&mut self, day: Day) {
        if self.targets.assessed.as_ref().is_none_or(|(assessed, _)| *assessed != day) {
            self.targets.assessed = Some((day, self.assess_targets(day)));
        }
        let records = self.targets.assessed.iter().flat_map(|(_, records)| records);
        self.output.extend(records.filter_map(|record| fact(record, day)).map(Fact::Target));
    }

    /// Rows of `target_projection`.
    pub(super) fn write_projections(&mut self, day: Day) {
        let targets = self.all_targets();
        let records = self.target_records(day);
        let found = targets.iter().zip(records.iter());
        let found: Vec<_> = found
            .map(|(target, record)| (record.id.clone(), project(target, &self.profile, &self.register, record, day)))
            .collect();
        for (target, ahead) in found {
            self.output.extend(ahead.into_iter().map(|ahead| {
                Fact::Projection(ProjectionFact {
                    fleet: Arc::from("all"),
                    target: target.clone(),
                    // Within its day, so that a day's interval holds it.
                    at: ahead.day.end().plus(-1),
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

/// The row of a target; none while there is no figure.
fn fact(record: &TargetRecord, day: Day) -> Option<TargetFact> {
    let current = record.current?;
    if record.status == TargetStatus::NotSet {
        return None;
    }
    let ratio = matches!(record.kind, Kind::Share | Kind::Relative);
    let vehicles = record.counts.is_some();
    Some(TargetFact {
        fleet: Arc::from("all"),
        target: record.id.clone(),
        at: day.start(),
        share: ratio.then_some(current),
        goal: ratio.then_some(record.goal),
        path: record.plan.filter(|_| ratio),
        value: record.value,
        path_value: record.plan_value,
        missing: record.gap.map(|gap| gap.value()),
        vehicles_needed: record.gap.filter(|_| vehicles).map(|gap| gap.value() as u32),
        slope_per_year: record.recent_per_month.map(|rate| rate * 12.0),
        projected_at: record.projected_date.as_deref().and_then(|text| text.parse::<Day>().ok()).map(Day::start),
        days_late: record.days_late,
        p_hit: record.p_hit,
        band_at_due: record.forecast.as_ref().zip(record.counts).filter(|(_, counts)| counts.total() > 0).map(
            |(forecast, counts)| {
                [forecast.p05, forecast.p50, forecast.p95].map(|counted| f64::from(counted) / f64::from(counts.total()))
            },
        ),
        state_code: record.state_code(),
    })
}
