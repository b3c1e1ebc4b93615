//! Targets at the end of each month, for the rules that go by whole months.

use super::Alerting;
use crate::engine::Engine;
use crate::engine::reference::Reference;
use crate::ledger::alerts::TargetSample;
use crate::ledger::targets::{Kind, TargetRecord, TargetStatus};
use crate::units::{Day, Month, UtcMs};

/// Months judged at once after a long absence.
const MAX_MONTHS: i32 = 24;

impl Alerting {
    fn judge_target(&mut self, sample: &TargetSample, reference: &Reference, now: UtcMs) {
        self.monthly
            .target(sample, &reference.config.alerts, &mut self.book, now);
    }
}

impl Engine {
    /// Shares at the end of each month that has passed since `last`, by the register as it is now.
    pub(in crate::engine) fn judge_months(&mut self, last: Day, now: UtcMs) {
        let zone = self.reference.zone();
        let (mut month, running) = (Month::of(last.start(zone), zone), Month::of(now, zone));
        month = month.max(running.plus(-MAX_MONTHS));
        while month < running {
            let before = self.target_records(month.plus(-1).last_day()).into_owned();
            let records = self.target_records(month.last_day()).into_owned();
            let lost = self.fleet.lost_at(&self.reference, month.end(zone), now);
            for record in records.iter().filter(|record| record.kind == Kind::Share) {
                // One target under two names raises one alert.
                if !records
                    .iter()
                    .any(|other| other.alias_of.as_ref() == Some(&record.id))
                {
                    let earlier = before.iter().find(|earlier| earlier.id == record.id);
                    let unknown = self.targets.poor_share(
                        &self.reference,
                        &record.id,
                        month.last_day(),
                        &lost,
                    );
                    let sample = TargetSample {
                        unknown: unknown.unwrap_or(0.0),
                        ..sample(record, earlier, month)
                    };
                    self.alerting.judge_target(&sample, &self.reference, now);
                }
            }
            month = month.plus(1);
        }
    }
}

/// The figures of a share at the end of a month that the rules evaluate.
fn sample(record: &TargetRecord, before: Option<&TargetRecord>, month: Month) -> TargetSample {
    let change = |of: fn(&TargetRecord) -> Option<f64>| Some(of(record)? - of(before?)?);
    let missing = record.gap.is_some_and(|gap| !gap.is_zero());
    // At a rate that leads away from it, it is never reached.
    let never = missing
        && record.projected_date.is_none()
        && record.recent_per_month.is_some_and(|rate| rate <= 0.0);
    // Where only planned disposals are awaited, no rate is needed, and nothing is late by one.
    let planned = record.gap.is_some() && !missing;
    let late = record
        .months_late
        .map(f64::from)
        .or(never.then_some(f64::INFINITY))
        .or(planned.then_some(0.0));
    TargetSample {
        target: record.id.clone(),
        month,
        drift_pp: record.drift.map(|drift| drift * 100.0),
        p_hit: record.p_hit,
        projected_months_late: late.filter(|_| record.status != TargetStatus::Met),
        conversions: change(|record| record.value),
        plan: change(|record| record.plan_value),
        sigma: record.cusum.map(|cusum| cusum.sigma),
        unknown: 0.0,
    }
}
