//! Rules on monthly figures over years: levels by the golden numbers, and false alarms beside the theoretical run lengths.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/desk.rs"]
mod desk;

use desk::{DAY, Desk, Random};
use fleetgauge::ledger::alerts::{Cusum, MonthlyBook, Stage, TargetSample};
use fleetgauge::model::EmissionsSample;
use fleetgauge::model::NoticeKind;
use fleetgauge::units::Month;

#[test]
fn golden_g13_and_repeats_a_month_apart() {
    let drift = [0.2, -0.8, -1.1, -0.9, -1.2, -1.3, -0.7, -0.6, -2.6, -2.4, -2.6, -2.7, -2.2, -2.1, -1.9, -1.2, -0.4];
    let want = "g g g g g a a a a a a r r r a a g";
    let mut desk = Desk::default();
    let mut monthly = MonthlyBook::default();
    let mut states = Vec::new();
    let first = Month::from_ym(2025, 4).unwrap();
    for (number, drift_pp) in drift.into_iter().enumerate() {
        let month = first.plus(number as i32);
        let at = month.end();
        monthly.target(&target_sample(month, Some(drift_pp)), &desk.config, &mut desk.book, at);
        // The days in between, on which nothing is evaluated.
        (0..28).for_each(|day| desk.settle(at.0 + day * DAY));
        let firing = |rule: &str| desk.book.alerts().any(|alert| *alert.rule == *rule && alert.stage == Stage::Firing);
        states.push(if firing("target_off_path") {
            "r"
        } else if firing("target_drift") {
            "a"
        } else {
            "g"
        });
    }
    assert_eq!(states.join(" "), want);
    let repeats: Vec<i64> =
        desk.notices.iter().filter(|notice| notice.rule == "target_drift").map(|notice| notice.at.0).collect();
    assert!(repeats.windows(2).all(|pair| pair[1] - pair[0] >= 28 * DAY), "{:?}", desk.told());
    // While it is red, amber is not told.
    let red: Vec<_> = desk.notices.iter().filter(|notice| notice.rule == "target_off_path").map(|notice| notice.kind).collect();
    assert_eq!(red, [NoticeKind::Firing, NoticeKind::Repeat, NoticeKind::Repeat, NoticeKind::Resolved][..red.len()]);
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
        monthly.target(&sample, &desk.config, &mut desk.book, first.plus(number).end());
        desk.settle(first.plus(number).end().0);
    }
    let rules: Vec<&str> = desk.notices.iter().map(|notice| notice.rule.as_str()).collect();
    assert!(!rules.is_empty() && rules.iter().all(|rule| *rule == "target_data_poor"), "{rules:?}");
    for number in 4..6 {
        let sample = TargetSample {
            p_hit: Some(0.1),
            projected_months_late: Some(f64::INFINITY),
            ..target_sample(first.plus(number), Some(-9.0))
        };
        monthly.target(&sample, &desk.config, &mut desk.book, first.plus(number).end());
        desk.settle(first.plus(number).end().0);
    }
    for rule in ["target_off_path", "target_unlikely", "target_late"] {
        assert!(desk.notices.iter().any(|notice| notice.rule == rule), "{rule}");
    }
}

#[test]
fn cusum_alarms_as_often_as_theory_says() {
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
        let sample = TargetSample { conversions: Some(conversions), plan: Some(5.0), ..target_sample(month, None) };
        monthly.target(&sample, &desk.config, &mut desk.book, month.end());
        // Told twice of the same month, it counts once.
        monthly.target(&sample, &desk.config, &mut desk.book, month.end());
        desk.settle(month.end().0);
        month = month.plus(1);
        let found = desk.book.alerts().find(|alert| &*alert.rule == "target_trend");
        found.map(|alert| (alert.stage, alert.fingerprint))
    };
    // G12: the eleventh month alarms.
    for conversions in [5, 6, 4, 5, 3, 3, 2, 4, 2, 3] {
        assert_eq!(step(&mut desk, conversions.into()), None);
    }
    assert_eq!(step(&mut desk, 1.0).map(|(stage, _)| stage), Some(Stage::Firing));
    assert_eq!(step(&mut desk, 2.0).map(|(stage, _)| stage), Some(Stage::Firing));
    // Back at zero, but nobody has looked.
    let (stage, fingerprint) = step(&mut desk, 40.0).unwrap();
    assert_eq!(stage, Stage::Firing);
    desk.book.ack(fingerprint, "fleet manager", month.start());
    desk.settle(month.start().0);
    assert!(desk.book.alerts().all(|alert| alert.stage == Stage::Resolved));
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
            monthly.emissions(&sample, &desk.config, &mut desk.book, month.end());
            desk.settle(month.end().0);
            if fired.is_none() && !desk.notices.is_empty() {
                fired = Some(number + 1);
            }
        }
        fired
    };
    let seeds = 1..=200;
    // In control, the first alarm comes after 335 months in the mean: in 24 months, 1 - exp(-24/335) = 6.9 % of fleets have one.
    let false_alarms = seeds.clone().filter(|seed| alarms(*seed, 0.0, 2).is_some()).count();
    assert!((2..=28).contains(&false_alarms), "{false_alarms} of 200 within two years");
    // A rise of one sigma (5 %) is found after 8.4 months in the mean.
    let found: Vec<i32> = seeds.filter_map(|seed| alarms(seed, 0.05, 5)).collect();
    let mean = f64::from(found.iter().sum::<i32>()) / found.len() as f64;
    assert!(found.len() == 200 && (mean - 8.38).abs() < 1.5, "{mean}");
}
