//! Worked numbers of drift: levels with hysteresis (G13), the cumulative sum and its run lengths (G12), and what they do on odd input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::ledger::targets::drift::{
    CusumRules, CusumState, Evaluation, Level, LevelRules, LevelState, sigma,
};
use fleetgauge::ledger::targets::normal;

fn levels(drift: &[f64]) -> Vec<Level> {
    let mut state = LevelState::default();
    let month = |drift_pp: &f64| Evaluation {
        drift_pp: *drift_pp,
        ..Evaluation::default()
    };
    drift
        .iter()
        .map(|drift| state.step(&LevelRules::default(), &month(drift)))
        .collect()
}

#[test]
fn g13_levels_have_hysteresis() {
    use Level::{Amber, Green, Red};
    let drift = [
        0.2, -0.8, -1.1, -0.9, -1.2, -1.3, -0.7, -0.6, -2.6, -2.4, -2.6, -2.7, -2.2, -2.1, -1.9,
        -1.2, -0.4,
    ];
    let want = [
        Green, Green, Green, Green, Green, Amber, Amber, Amber, Amber, Amber, Amber, Red, Red, Red,
        Amber, Amber, Green,
    ];
    assert_eq!(levels(&drift), want);
}

#[test]
fn a_level_is_red_when_hopeless_and_returns_by_amber() {
    let rules = LevelRules::default();
    let mut state = LevelState::default();
    let hopeless = Evaluation {
        drift_pp: 0.0,
        p_hit: Some(0.1),
        ..Evaluation::default()
    };
    let late = Evaluation {
        drift_pp: 0.0,
        months_late: Some(7.0),
        ..Evaluation::default()
    };
    let good = Evaluation {
        drift_pp: 0.0,
        p_hit: Some(0.9),
        months_late: Some(6.0),
        unsure: false,
    };
    assert_eq!(
        state.step(&rules, &hopeless),
        Level::Green,
        "one evaluation is not enough"
    );
    assert_eq!(state.step(&rules, &late), Level::Red);
    assert_eq!(
        state.step(
            &rules,
            &Evaluation {
                unsure: true,
                ..good
            }
        ),
        Level::Red,
        "too much is unknown to change it"
    );
    assert_eq!(state.step(&rules, &good), Level::Amber);
    assert_eq!(state.step(&rules, &good), Level::Green);
    let kept: LevelState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
    assert_eq!(kept, state);
}

#[test]
fn g12_cusum_watches_monthly_conversions() {
    let rules = CusumRules::default();
    let want = [
        0.0, 0.0, 0.0, 0.0, 0.394_427, 0.788_854, 1.630_495, 1.577_709, 2.41935, 2.813_777,
        4.102_631, 4.944_272,
    ];
    let mut state = CusumState::default();
    let mut first_alarm = None;
    for (index, (done, want)) in [5, 6, 4, 5, 3, 3, 2, 4, 2, 3, 1, 2]
        .into_iter()
        .zip(want)
        .enumerate()
    {
        let alarm = state.step(&rules, f64::from(done), 5.0, sigma(&[], 5.0));
        assert!(
            (state.sum - want).abs() < 1e-6,
            "month {}: {} is not {want}",
            index + 1,
            state.sum
        );
        first_alarm = first_alarm.or(alarm.then_some(index + 1));
    }
    assert_eq!(first_alarm, Some(11));
    // Latched until it is acknowledged and the sum is back at zero.
    let mut ignored = state;
    for _ in 0..20 {
        ignored.step(&rules, 8.0, 5.0, 1.0);
    }
    assert!(ignored.sum == 0.0 && ignored.alarm);
    ignored.acknowledge();
    assert!(!ignored.alarm);
    state.acknowledge();
    assert!(state.alarm, "the shortfall is still there");
    for _ in 0..20 {
        state.step(&rules, 8.0, 5.0, 1.0);
    }
    assert!(!state.alarm);
}

/// Average run length of the one-sided scheme on normal data with a shortfall of `shift` standard deviations, by the Markov chain of
/// Brook and Evans (Biometrika 59, 1972): the sum's range in `cells` states, solved by Gauss.
fn average_run_length(rules: &CusumRules, shift: f64, cells: usize) -> f64 {
    let width = 2.0 * rules.h / (2 * cells - 1) as f64;
    let below = |x: f64| 1.0 - normal::upper(x + rules.k - shift);
    let mut rows: Vec<Vec<f64>> = (0..cells)
        .map(|from| {
            let mut row: Vec<f64> = (0..cells)
                .map(|to| {
                    let step = (to as f64 - from as f64) * width;
                    let up_to = below(step + width / 2.0);
                    let chance = if to == 0 {
                        up_to
                    } else {
                        up_to - below(step - width / 2.0)
                    };
                    f64::from(u8::from(from == to)) - chance
                })
                .collect();
            row.push(1.0);
            row
        })
        .collect();
    for pivot in 0..cells {
        let head = rows[pivot].clone();
        for row in rows.iter_mut().skip(pivot + 1) {
            let factor = row[pivot] / head[pivot];
            row.iter_mut()
                .zip(&head)
                .skip(pivot)
                .for_each(|(cell, head)| *cell -= factor * head);
        }
    }
    let mut lengths = vec![0.0; cells];
    for row in (0..cells).rev() {
        let known: f64 = (row + 1..cells)
            .map(|column| rows[row][column] * lengths[column])
            .sum();
        lengths[row] = (rows[row][cells] - known) / rows[row][row];
    }
    lengths[0]
}

#[test]
fn g12_run_lengths_are_those_of_theory() {
    for (h, shift, want) in [
        (4.0, 0.0, 335.37),
        (4.0, 0.5, 26.68),
        (4.0, 1.0, 8.38),
        (4.0, 2.0, 3.34),
        (5.0, 0.0, 930.88),
        (5.0, 0.5, 38.01),
        (5.0, 1.0, 10.38),
        (5.0, 2.0, 4.01),
    ] {
        let found = average_run_length(
            &CusumRules {
                h,
                ..CusumRules::default()
            },
            shift,
            100,
        );
        assert!(
            (found / want - 1.0).abs() < 0.01,
            "h {h}, shift {shift}: {found} is not {want}"
        );
    }
}

/// The scheme itself, stepped over simulated months, has about the run length that the chain computes.
#[test]
fn run_lengths_of_the_scheme_itself() {
    let mut seed = 20_261_123_u64;
    let mut uniform = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    let rules = CusumRules::default();
    let runs = 4_000;
    let mut months = 0u32;
    for _ in 0..runs {
        let mut state = CusumState::default();
        loop {
            months += 1;
            let normal = (-2.0 * uniform().max(1e-300).ln()).sqrt()
                * (2.0 * std::f64::consts::PI * uniform()).cos();
            // A shortfall of one standard deviation.
            if state.step(&rules, normal - 1.0, 0.0, 1.0) {
                break;
            }
        }
    }
    let mean = f64::from(months) / f64::from(runs);
    assert!((mean / 8.38 - 1.0).abs() < 0.05, "{mean}");
}

#[test]
fn spread_of_conversions() {
    assert!((sigma(&[], 5.0) - 5f64.sqrt()).abs() < 1e-12);
    assert_eq!(sigma(&[], 0.2), 1.0, "at least one vehicle");
    assert_eq!(sigma(&[], -3.0), 1.0);
    let steady: Vec<f64> = (0..24)
        .map(|month| if month % 2 == 0 { 2.0 } else { 8.0 })
        .collect();
    assert!(
        (sigma(&steady, 5.0) - (9.0f64 * 24.0 / 23.0).sqrt()).abs() < 1e-12,
        "two years of history"
    );
    assert!((sigma(&steady[1..], 5.0) - 5f64.sqrt()).abs() < 1e-12);
}
