//! Rules on monthly figures over years: levels by the golden numbers, and false alarms beside the theoretical run lengths.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::alert_book::{DAY, Desk, Random};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::alerts::{Cusum, MonthlyBook, Stage, TargetSample};
use fleetgauge::ledger::targets::drift::{Evaluation, Level, LevelRules, LevelState};
use fleetgauge::model::EmissionsSample;
use fleetgauge::model::NoticeKind;
use fleetgauge::units::{Month, UtcMs};

/// Golden G13: drift in percentage points, month by month from April 2025, and the level that it means.
const G13_DRIFT_PP: [f64; 17] = [
    0.2, -0.8, -1.1, -0.9, -1.2, -1.3, -0.7, -0.6, -2.6, -2.4, -2.6, -2.7, -2.2, -2.1, -1.9, -1.2,
    -0.4,
];
const G13_LEVELS: &str = "g g g g g a a a a a a r r r a a g";

fn is_firing(desk: &Desk, rule: &str) -> bool {
    desk.book
        .alerts()
        .any(|alert| *alert.rule == *rule && alert.stage == Stage::Firing)
}

/// Evaluates the months of G13 and the days in between; the level after each month.
fn run_g13(desk: &mut Desk) -> Vec<&'static str> {
    let mut monthly = MonthlyBook::default();
    let mut levels = Vec::new();
    let first = Month::from_ym(2025, 4).unwrap();
    for (number, drift_pp) in G13_DRIFT_PP.into_iter().enumerate() {
        let month = first.plus(number as i32);
        let at = month.end(UK.zone());
        monthly.target(
            &target_sample(month, Some(drift_pp)),
            &desk.config,
            &mut desk.book,
            at,
        );
        // The days in between, on which nothing is evaluated.
        (0..28).for_each(|day| desk.settle(at.0 + day * DAY));
        levels.push(if is_firing(desk, "target_off_path") {
            "r"
        } else if is_firing(desk, "target_drift") {
            "a"
        } else {
            "g"
        });
    }
    levels
}

#[test]
fn levels_of_a_target_follow_golden_g13() {
    assert_eq!(run_g13(&mut Desk::default()).join(" "), G13_LEVELS);
}

#[test]
fn repeats_of_a_target_are_a_month_apart_and_amber_is_silent_while_red() {
    let mut desk = Desk::default();
    run_g13(&mut desk);
    let notices = |rule: &'static str| {
        desk.notices
            .iter()
            .filter(move |notice| notice.rule == rule)
    };
    let repeats: Vec<i64> = notices("target_drift").map(|notice| notice.at.0).collect();
    assert!(
        repeats.windows(2).all(|pair| pair[1] - pair[0] >= 28 * DAY),
        "{:?}",
        desk.sent()
    );
    let red: Vec<_> = notices("target_off_path")
        .map(|notice| notice.kind)
        .collect();
    assert_eq!(
        red,
        [
            NoticeKind::Firing,
            NoticeKind::Repeat,
            NoticeKind::Repeat,
            NoticeKind::Resolved
        ][..red.len()]
    );
}

fn target_sample(month: Month, drift_pp: Option<f64>) -> TargetSample {
    TargetSample {
        target: "low_emission_share".into(),
        month,
        drift_pp,
        p_hit: None,
        projected_months_late: None,
        conversions: None,
        plan: None,
        sigma: None,
        unknown: 0.0,
    }
}

#[test]
fn targets_are_not_judged_while_too_much_is_unknown() {
    let mut desk = Desk::default();
    let mut monthly = MonthlyBook::default();
    let first = Month::from_ym(2026, 1).unwrap();
    for number in 0..4 {
        let sample = TargetSample {
            unknown: 0.06,
            p_hit: Some(0.1),
            projected_months_late: Some(f64::INFINITY),
            ..target_sample(first.plus(number), Some(-9.0))
        };
        monthly.target(
            &sample,
            &desk.config,
            &mut desk.book,
            first.plus(number).end(UK.zone()),
        );
        desk.settle(first.plus(number).end(UK.zone()).0);
    }
    let rules: Vec<&str> = desk
        .notices
        .iter()
        .map(|notice| notice.rule.as_str())
        .collect();
    assert!(
        !rules.is_empty() && rules.iter().all(|rule| *rule == "target_data_poor"),
        "{rules:?}"
    );
    for number in 4..6 {
        let sample = TargetSample {
            p_hit: Some(0.1),
            projected_months_late: Some(f64::INFINITY),
            ..target_sample(first.plus(number), Some(-9.0))
        };
        monthly.target(
            &sample,
            &desk.config,
            &mut desk.book,
            first.plus(number).end(UK.zone()),
        );
        desk.settle(first.plus(number).end(UK.zone()).0);
    }
    for rule in ["target_off_path", "target_unlikely", "target_late"] {
        assert!(
            desk.notices.iter().any(|notice| notice.rule == rule),
            "{rule}"
        );
    }
}

#[test]
fn cusum_alarms_as_often_as_theory_predicts() {
    // Run lengths of G12, one-sided, k = 0.5, by Markov chain for normal deviations.
    for (h, shift, theory, runs) in [
        (4.0, 0.0, 335.37, 3_000),
        (4.0, 0.5, 26.68, 6_000),
        (4.0, 1.0, 8.38, 10_000),
        (4.0, 2.0, 3.34, 10_000),
        (5.0, 0.0, 930.88, 2_000),
        (5.0, 0.5, 38.01, 6_000),
        (5.0, 1.0, 10.38, 10_000),
        (5.0, 2.0, 4.01, 10_000),
    ] {
        let mut random = Random(20_261_125);
        let mut months = 0_u64;
        for _ in 0..runs {
            let mut cusum = Cusum::default();
            loop {
                months += 1;
                if cusum.step(random.normal() - shift) > h {
                    break;
                }
            }
        }
        let found = months as f64 / f64::from(runs);
        // Run lengths are nearly exponential: the mean of n has a relative error of 1/sqrt(n). Four of them.
        let allowed = theory * 4.0 / f64::from(runs).sqrt();
        assert!(
            (found - theory).abs() < allowed,
            "h {h}, shift {shift}: {found:.2} months, theory says {theory} +- {allowed:.2}"
        );
    }
}

#[test]
fn a_trend_latches_until_it_is_acknowledged_and_back_at_zero() {
    let mut desk = Desk::default();
    let mut monthly = MonthlyBook::default();
    let mut month = Month::from_ym(2026, 1).unwrap();
    let mut step = |desk: &mut Desk, conversions: f64| {
        let sample = TargetSample {
            conversions: Some(conversions),
            plan: Some(5.0),
            ..target_sample(month, None)
        };
        monthly.target(&sample, &desk.config, &mut desk.book, month.end(UK.zone()));
        // Told twice of the same month, it counts once.
        monthly.target(&sample, &desk.config, &mut desk.book, month.end(UK.zone()));
        desk.settle(month.end(UK.zone()).0);
        month = month.plus(1);
        let found = desk
            .book
            .alerts()
            .find(|alert| &*alert.rule == "target_trend");
        found.map(|alert| (alert.stage, alert.fingerprint))
    };
    // G12: the eleventh month alarms.
    for conversions in [5, 6, 4, 5, 3, 3, 2, 4, 2, 3] {
        assert_eq!(step(&mut desk, conversions.into()), None);
    }
    assert_eq!(
        step(&mut desk, 1.0).map(|(stage, _)| stage),
        Some(Stage::Firing)
    );
    assert_eq!(
        step(&mut desk, 2.0).map(|(stage, _)| stage),
        Some(Stage::Firing)
    );
    // Back at zero, but not acknowledged.
    let (stage, fingerprint) = step(&mut desk, 40.0).unwrap();
    assert_eq!(stage, Stage::Firing);
    desk.book
        .ack(fingerprint, "fleet manager", month.start(UK.zone()));
    desk.settle(month.start(UK.zone()).0);
    assert!(
        desk.book
            .alerts()
            .all(|alert| alert.stage == Stage::Resolved)
    );
}

#[test]
fn emissions_per_km_over_fifty_years_without_a_change_and_with_one() {
    let alarms = |seed: u64, rise: f64, years: i32| {
        let mut random = Random(seed);
        let (mut desk, mut monthly) = (Desk::default(), MonthlyBook::default());
        let first = Month::from_ym(2026, 1).unwrap();
        let mut fired = None;
        for number in 0..years * 12 {
            let month = first.plus(number);
            let sample = EmissionsSample {
                fleet: "emas".into(),
                month,
                kgco2e_per_km: 0.3 * (0.05 * random.normal() + rise).exp(),
                last_year: 0.3,
            };
            monthly.emissions(&sample, &desk.config, &mut desk.book, month.end(UK.zone()));
            desk.settle(month.end(UK.zone()).0);
            if fired.is_none() && !desk.notices.is_empty() {
                fired = Some(number + 1);
            }
        }
        fired
    };
    let seeds = 1..=200;
    // In control, the first alarm comes after 335 months in the mean: in 24 months, 1 - exp(-24/335) = 6.9 % of fleets have one.
    let false_alarms = seeds
        .clone()
        .filter(|seed| alarms(*seed, 0.0, 2).is_some())
        .count();
    assert!(
        (2..=28).contains(&false_alarms),
        "{false_alarms} of 200 within two years"
    );
    // A rise of one sigma (5 %) is found after 8.4 months in the mean.
    let found: Vec<i32> = seeds.filter_map(|seed| alarms(seed, 0.05, 5)).collect();
    let mean = f64::from(found.iter().sum::<i32>()) / found.len() as f64;
    assert!(found.len() == 200 && (mean - 8.38).abs() < 1.5, "{mean}");
}

/// The share of normal deviations below `x`, by Simpson's rule: a second opinion beside the program's own.
fn below(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let (from, steps) = (-9.0, 20_000);
    let width = (x - from) / f64::from(steps);
    let weight = |index: i32| {
        if index == 0 || index == steps {
            1.0
        } else {
            f64::from(2 + index % 2 * 2)
        }
    };
    (0..=steps)
        .map(|index| weight(index) * density(from + width * f64::from(index)))
        .sum::<f64>()
        * width
        / 3.0
}

/// Onsets a month of a level that two evaluations in a row raise, each with chance `on`, and that one of chance `off` ends: the chain
/// idle, raised once, standing. In the long run the shares of months are as 1 : on : on^2/off.
fn onsets(on: f64, off: f64) -> f64 {
    on * on / (1.0 + on + on * on / off)
}

const YEARS: i32 = 1_000;
const LEVEL_RULES: [&str; 2] = ["target_drift", "target_off_path"];

/// How often amber and red began in a thousand years, by the alerts and by the target's own record.
#[derive(Default)]
struct Onsets {
    alerts: [u32; 2],
    levels: [u32; 2],
}

/// Runs a fleet that differs from its path by chance alone, with this standard deviation in vehicles (8 are one point).
fn onsets_on_the_path(sd: f64, seed: u64) -> Onsets {
    let mut random = Random(seed);
    let (mut desk, mut monthly) = (Desk::default(), MonthlyBook::default());
    let (mut level, mut former) = (LevelState::default(), Level::Green);
    let (mut found, mut fired) = (Onsets::default(), [false; 2]);
    let first = Month::from_ym(2026, 1).unwrap();
    for number in 0..YEARS * 12 {
        let month = first.plus(number);
        let end = month.end(UK.zone());
        let drift_pp = (random.normal() * sd).round() / 8.0;
        let sample = target_sample(month, Some(drift_pp));
        monthly.target(&sample, &desk.config, &mut desk.book, end);
        desk.settle(end.0);
        desk.settle(end.0 + DAY);
        for (kind, rule) in LEVEL_RULES.into_iter().enumerate() {
            let fires = is_firing(&desk, rule);
            found.alerts[kind] += u32::from(fires && !fired[kind]);
            fired[kind] = fires;
        }
        desk.notices.clear();
        desk.rows.clear();
        // The record of a target steps the same rules by its own state.
        let evaluation = Evaluation {
            drift_pp,
            ..Evaluation::default()
        };
        let next = level.step(&LevelRules::default(), &evaluation);
        found.levels[0] += u32::from(former == Level::Green && next > Level::Green);
        found.levels[1] += u32::from(former < Level::Red && next == Level::Red);
        former = next;
    }
    found
}

/// A fleet of 800 that is exactly on its path but for chance, which is one of its own each month (deliveries early and late), a thousand
/// years long: how often the levels of G13 fire.
#[test]
fn levels_are_as_rare_as_theory_over_a_thousand_years_on_the_path() {
    // Standard deviation of the count in vehicles; false ambers and reds a year.
    let mut table = Vec::new();
    for (sd, seed) in [(4.0, 1), (8.0, 2), (12.0, 3), (16.0, 4)] {
        let found = onsets_on_the_path(sd, seed);
        // Whole vehicles: amber is 8 or more behind and ends at 4, red is 20 and ends at 16.
        let theory = [(8.0, 4.0), (20.0, 16.0)].map(|(on, off)| {
            onsets(below(-(on - 0.5) / sd), 1.0 - below(-(off + 0.5) / sd))
                * 12.0
                * f64::from(YEARS)
        });
        for (kind, rule) in LEVEL_RULES.into_iter().enumerate() {
            let (alerts, levels, theory) = (found.alerts[kind], found.levels[kind], theory[kind]);
            // Rare onsets come as Poisson has it: four standard deviations, and one whole onset.
            let allowed = 4.0 * theory.sqrt() + 1.0;
            for found in [alerts, levels] {
                assert!(
                    (f64::from(found) - theory).abs() <= allowed,
                    "{rule}, sd {sd} vehicles: {found} in {YEARS} years, theory says {theory:.2} +- {allowed:.2}"
                );
            }
            table.push(format!(
                "{rule:16} sd {sd:4}: {alerts:4} alerts, {levels:4} by the level, {theory:8.3} expected"
            ));
        }
    }
    println!("{}", table.join("\n"));
}

/// A month is judged when it is over, and again if what comes late changes it; the months after it go on from there.
#[test]
fn late_data_correct_the_newest_month_of_emissions_per_km() {
    let first = Month::from_ym(2026, 1).unwrap();
    let (mut desk, mut monthly) = (Desk::default(), MonthlyBook::default());
    let mut observe = |number: i32, rise: f64, day: i64| {
        let month = first.plus(number);
        let sample = EmissionsSample {
            fleet: "emas".into(),
            month,
            kgco2e_per_km: 0.3 * rise.exp(),
            last_year: 0.3,
        };
        let at = UtcMs(month.end(UK.zone()).0 + day * DAY);
        monthly.emissions(&sample, &desk.config, &mut desk.book, at);
        desk.settle(at.0);
        let found = desk
            .book
            .alerts()
            .find(|alert| &*alert.rule == "emissions_per_km" && alert.stage == Stage::Firing);
        found.and_then(|alert| alert.value)
    };
    // sigma is 5 %: +10 % are 2, less the allowance of a half. Kilometres by class factors first, and then the cards give +25 %.
    assert_eq!(observe(0, 0.10, 7), None, "C = 1.5");
    assert_eq!(observe(1, 0.10, 7), None, "C = 3.0");
    assert_eq!(observe(1, 0.12, 8), None, "0.4 more are not material");
    let raised = observe(1, 0.25, 20);
    assert!(
        (raised.unwrap() - 6.0).abs() < 1e-9,
        "1.5 + 5 - 0.5, and not 3.0 + 4.5: {raised:?}"
    );
    assert!(
        (observe(1, 0.25, 21).unwrap() - 6.0).abs() < 1e-9,
        "the same again is no second month"
    );
    assert!(
        (observe(0, 0.90, 22).unwrap() - 6.0).abs() < 1e-9,
        "an older month stands"
    );
    // Corrected downwards: the sum falls back, but a notified alarm stays until it is acknowledged (latched).
    let corrected = observe(1, -0.20, 25).unwrap();
    assert!(
        corrected.abs() < 1e-9,
        "1.5 - 4.5 is below zero: {corrected}"
    );
    assert!(
        (observe(2, 0.10, 7).unwrap() - 1.5).abs() < 1e-9,
        "and goes on from there"
    );
}
