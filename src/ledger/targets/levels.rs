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
    let months = month_end_counts(register, profile, population, first, last);
    // The same for every month before the due date.
    let at_due = vehicles_at_due(share, register, first.last_day());
    let at_due = |day: Day| at_due.filter(|_| target.due.is_some_and(|due| due > day));
    let (rules, sums) = (LevelRules::default(), CusumRules::default());
    let (mut level, mut sum, mut done, mut spread) = (
        LevelState::default(),
        CusumState::default(),
        Vec::new(),
        1.0,
    );
    for (index, pair) in months.windows(2).enumerate() {
        let standing = |end: &MonthEnd| Standing::of(share, end, at_due(end.month.last_day()));
        let Some((before, now)) = standing(&pair[0]).zip(standing(&pair[1])) else {
            continue;
        };
        // At a rate that does not lead there, it is later than any date: as the rule `target_late` has it.
        let late = trend(&points(&months[..index + 2], profile))
            .filter(|_| now.gap > 0.0)
            .zip(target.due)
            .map(|(trend, due)| {
                let projected = projected(now.gap, trend.theil_sen, pair[1].month.last_day());
                projected.map_or(f64::INFINITY, |day| {
                    f64::from(Month::of_day(day).since(Month::of_day(due)))
                })
            });
        // Only the last two evaluations can raise a level that is seen today; a forecast for each month would be costly.
        let recent =
            last.since(pair[1].month) < i32::try_from(rules.evaluations).unwrap_or(i32::MAX);
        let p_hit = Some(()).filter(|()| recent && population.new_in_months.is_none());
        let counts = pair[1].counts;
        level.step(
            &rules,
            &Evaluation {
                drift_pp: (now.counted / now.n - now.plan) * 100.0,
                p_hit: p_hit
                    .filter(|()| now.gap > 0.0)
                    .and_then(|()| super::fleet::p_hit(share, register, pair[1].month.last_day())),
                months_late: late,
                unsure: f64::from(counts.unknown) > MAX_OPEN * f64::from(counts.total()),
            },
        );
        let (conversions, planned) = (
            now.counted - before.counted,
            now.plan * now.n - before.plan * before.n,
        );
        spread = sigma(&done, planned);
        sum.step(&sums, conversions, planned, spread);
        // An alarm that is counted anew each time cannot be acknowledged: it stands until the sum is back at zero.
        sum.acknowledge();
        done.push(conversions);
    }
    if !done.is_empty() {
        record.level = Some(level.level);
        // Of what came in the last twelve months nothing is converted.
        record.cusum = population
            .new_in_months
            .is_none()
            .then(|| CusumRecord::of(sum, done.len() as u32, spread));
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
