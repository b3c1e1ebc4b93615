//! The first page's sentence: the share, the path and the present pace in words, the same for page, API and screen reader.

use crate::ledger::targets::{Amount, TargetRecord, TargetStatus};
use crate::ledger::transition::Counts;
use crate::units::{Day, Month};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const NUMBERS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// The sentence about a share of vehicles.
pub(super) fn headline(target: &TargetRecord, counts: Counts, counted: u32) -> String {
    let total = counts.total();
    let Some(share) = target.current.filter(|_| total > 0) else {
        return "No vehicle in the register is in service: give the daemon a register (register.directory) and the share appears here"
            .to_owned();
    };
    let verb = if counted == 1 { "is" } else { "are" };
    let on = target
        .as_of
        .parse::<Day>()
        .map_or_else(|_| target.as_of.clone(), day);
    let mut text = format!(
        "On {on} {counted} of {total} vehicles ({}) {verb} low emission",
        percent(share)
    );
    match target.plan {
        Some(plan) => text.push_str(&format!("; the path asks for {}", percent(plan))),
        None => text.push_str("; no path is set"),
    }
    text.push_str("; ");
    text.push_str(&pace(target));
    text
}

fn pace(target: &TargetRecord) -> String {
    let goal = goal(target.goal);
    if target.status == TargetStatus::Met {
        return format!("the goal of {goal} is met");
    }
    if target.gap.is_some_and(Amount::is_zero) {
        return match target.p_hit {
            Some(chance) if chance < 0.5 => {
                format!(
                    "as many count today as {goal} of the planned fleet asks for, but not all of them stay"
                )
            }
            _ => format!("{goal} is reached once the planned vehicles have left"),
        };
    }
    let reached = target
        .projected_date
        .as_deref()
        .and_then(|text| text.parse::<Day>().ok());
    match (reached, target.recent_per_month) {
        (Some(reached), _) => {
            let (year, month) = Month::of_day(reached).ym();
            let mut text = format!(
                "at the pace of the last twelve months {goal} is reached in {} {year}",
                MONTHS[usize::from(month.clamp(1, 12)) - 1]
            );
            match target.months_late {
                Some(0) => text.push_str(", in time"),
                Some(late) => text.push_str(&format!(
                    ", {} {}",
                    months(late),
                    if late > 0 { "late" } else { "early" }
                )),
                None => {}
            }
            text
        }
        (None, Some(_)) => format!("at the pace of the last twelve months {goal} is not reached"),
        (None, None) => format!("too few months are known to say when {goal} is reached"),
    }
}

fn months(count: i32) -> String {
    let count = count.unsigned_abs();
    let word = NUMBERS
        .get(count as usize)
        .map_or_else(|| count.to_string(), |word| (*word).to_owned());
    format!("{word} month{}", if count == 1 { "" } else { "s" })
}

fn day(day: Day) -> String {
    let (year, month, day) = day.ymd();
    format!(
        "{day} {} {year}",
        &MONTHS[usize::from(month.clamp(1, 12)) - 1][..3]
    )
}

fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// A goal is a round number, and written as one.
fn goal(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}\u{a0}%", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use crate::engine::views::headline::*;
    use crate::ledger::targets::{Kind, headline as target, vehicles_needed};
    use crate::ledger::transition::Profile;
    use crate::model::register::Register;

    fn record() -> TargetRecord {
        let due = Day::from_ymd(2028, 3, 31);
        let first = target(0.9, due.expect("a date"), None);
        let profile = Profile::by_name("nhs_sdu").expect("a profile");
        let today = Day::from_ymd(2026, 11, 23).expect("a date");
        let figures = crate::ledger::targets::Figures::default();
        crate::ledger::targets::assess(&first, &profile, &Register::default(), &figures, today)
    }

    #[test]
    fn the_sentence() {
        let counts = Counts {
            low: 612,
            other: 188,
            ..Counts::default()
        };
        let known = TargetRecord {
            current: Some(0.765),
            plan: Some(0.767),
            recent_per_month: Some(4.9),
            projected_date: Some("2028-09-30".into()),
            months_late: Some(6),
            status: TargetStatus::BelowPath,
            kind: Kind::Share,
            ..record()
        };
        assert_eq!(vehicles_needed(known.goal, 800), 720);
        assert_eq!(
            headline(&known, counts, 612),
            "On 23 Nov 2026 612 of 800 vehicles (76.5\u{a0}%) are low emission; the path asks for 76.7\u{a0}%; at the pace of the last \
             twelve months 90\u{a0}% is reached in September 2028, six months late"
        );
        let early = TargetRecord {
            months_late: Some(-1),
            plan: None,
            ..known.clone()
        };
        assert!(headline(&early, counts, 612).ends_with(
            "no path is set; at the pace of the last twelve months 90\u{a0}% is reached in September 2028, one month early"
        ));
        let still = TargetRecord {
            projected_date: None,
            recent_per_month: Some(0.0),
            ..known.clone()
        };
        assert!(
            headline(&still, counts, 612)
                .ends_with("at the pace of the last twelve months 90\u{a0}% is not reached")
        );
        let planned = TargetRecord {
            gap: Some(Amount::Whole(0)),
            p_hit: Some(1.0),
            ..still.clone()
        };
        assert!(
            headline(&planned, counts, 612)
                .ends_with("90\u{a0}% is reached once the planned vehicles have left")
        );
        let leaving = TargetRecord {
            p_hit: Some(0.0),
            ..planned
        };
        assert!(headline(&leaving, counts, 612).ends_with("but not all of them stay"));
        let new = TargetRecord {
            projected_date: None,
            recent_per_month: None,
            ..known.clone()
        };
        assert!(
            headline(&new, counts, 612)
                .ends_with("too few months are known to say when 90\u{a0}% is reached")
        );
        let met = TargetRecord {
            status: TargetStatus::Met,
            ..known
        };
        assert!(headline(&met, counts, 612).ends_with("the goal of 90\u{a0}% is met"));
        assert!(
            headline(&record(), Counts::default(), 0).starts_with("No vehicle in the register")
        );
    }
}
