//! Level and cumulative sum of a share of vehicles, followed month by month from the baseline to today.

use super::calendar::last_full_month;
use super::drift::{CusumRules, CusumState, Evaluation, LevelRules, LevelState, sigma};
use super::fleet::{FleetShare, MAX_OPEN, points, projected, vehicles_at_due, vehicles_needed};
use super::record::{CusumRecord, TargetRecord};
use super::trend::trend;
use crate::ledger::transition::{MonthEnd, month_end_counts};
use crate::model::register::Register;
use crate::units::{Day, Month};

/// The longest history that levels and sums are followed over, in months.
const MAX_MONTHS: i32 = 120;

/// Steps the level and the cumulative sum over every month that has ended since the baseline.
pub(super) fn add_levels(
    record: &mut TargetRecord,
    share: FleetShare<'_>,
    register: &Register,
    as_of: Day,
) {
    let FleetShare {
        target,
        profile,
        population,
        ..
    } = share;
    let (Some(_), Some(start)) = (record.plan, target.baseline.date) else {
        return;
    };
    let last = last_full_month(as_of);
    let first = last_full_month(start).max(last.plus(-MAX_MONTHS));
    if last <= first {
        return;
    }
    let history = History {
        share,
        register,
        months: month_end_counts(register, profile, population, first, last),
        at_due: vehicles_at_due(share, register, first.last_day()),
        rules: LevelRules::default(),
    };
    let (mut level, mut sum) = (LevelState::default(), CusumState::default());
    let (mut done, mut spread) = (Vec::new(), 1.0);
    for (index, pair) in history.months.windows(2).enumerate() {
        let Some((before, now)) = history.standing(&pair[0]).zip(history.standing(&pair[1])) else {
            continue;
        };
        level.step(&history.rules, &history.evaluation(index + 1, &now));
        let (conversions, planned) = (
            now.counted - before.counted,
            now.plan * now.n - before.plan * before.n,
        );
        spread = sigma(&done, planned);
        sum.step(&CusumRules::default(), conversions, planned, spread);
        // An alarm that is counted anew each time cannot be acknowledged: it stands until the sum is back at zero.
        sum.acknowledge();
        done.push(conversions);
    }
    if !done.is_empty() {
        record.level = Some(level.level);
        // A target on the vehicles of the last twelve months converts none.
        record.cusum = population
            .new_in_months
            .is_none()
            .then(|| CusumRecord::of(sum, done.len() as u32, spread));
    }
}

/// The month ends that a level is followed over; there is at least one.
struct History<'a> {
    share: FleetShare<'a>,
    register: &'a Register,
    months: Vec<MonthEnd>,
    /// Vehicles at the due date: the same for every month before it.
    at_due: Option<u32>,
    rules: LevelRules,
}

impl History<'_> {
    fn standing(&self, end: &MonthEnd) -> Option<Standing> {
        let day = end.month.last_day();
        let before_due = self.share.target.due.is_some_and(|due| due > day);
        Standing::of(self.share, end, self.at_due.filter(|_| before_due))
    }

    fn evaluation(&self, index: usize, now: &Standing) -> Evaluation {
        let counts = self.months[index].counts;
        Evaluation {
            drift_pp: (now.counted / now.n - now.plan) * 100.0,
            p_hit: self.p_hit(index, now),
            months_late: self.months_late(index, now),
            unsure: f64::from(counts.unknown) > MAX_OPEN * f64::from(counts.total()),
        }
    }

    /// Months between the due date and the date that the trend up to a month leads to. A trend that never leads to the goal is infinitely
    /// late, as in the alert rule `target_late`.
    fn months_late(&self, index: usize, now: &Standing) -> Option<f64> {
        let day = self.months[index].month.last_day();
        trend(&points(&self.months[..=index], self.share.profile))
            .filter(|_| now.gap > 0.0)
            .zip(self.share.target.due)
            .map(|(trend, due)| {
                projected(now.gap, trend.theil_sen, day).map_or(f64::INFINITY, |day| {
                    f64::from(Month::of_day(day).since(Month::of_day(due)))
                })
            })
    }

    /// The chance of reaching the goal, only for the newest months, which can still raise the level of today: a forecast for each month
    /// would be costly.
    fn p_hit(&self, index: usize, now: &Standing) -> Option<f64> {
        let evaluations = usize::try_from(self.rules.evaluations).unwrap_or(usize::MAX);
        let recent = self.months.len() - 1 - index < evaluations;
        if !recent || now.gap <= 0.0 || self.share.population.new_in_months.is_some() {
            return None;
        }
        super::fleet::p_hit(
            self.share,
            self.register,
            self.months[index].month.last_day(),
        )
    }
}

/// A month's end beside the path.
struct Standing {
    n: f64,
    counted: f64,
    plan: f64,
    gap: f64,
}

impl Standing {
    fn of(share: FleetShare<'_>, end: &MonthEnd, at_due: Option<u32>) -> Option<Self> {
        let target = share.target;
        let n = end.counts.total();
        let plan = target.plan.at(
            &target.baseline,
            target.goal,
            target.due,
            end.month.last_day(),
            n,
        )?;
        let counted = end.counts.counted(share.profile);
        let gap = vehicles_needed(target.goal, at_due.unwrap_or(n)).saturating_sub(counted);
        (n > 0).then(|| Self {
            n: n.into(),
            counted: counted.into(),
            plan,
            gap: gap.into(),
        })
    }
}
