//! Counters case by case.

use crate::counters::*;

#[test]
fn recorded_cases_give_the_totals_and_events_of_the_reference() {
    let mut seen = 0;
    for line in include_str!("../../samples/counter_cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let params = &case["params"];
        let limits = CounterLimits {
            max_rate_per_hour: params.get("max_rate_h").map(thousandths),
            resolution: params.get("resolution").map_or(0, thousandths),
            significant_digits: None,
            modulus: params.get("modulus").map(thousandths),
            session: params["session"].as_bool().unwrap_or(false),
        };
        let samples: Vec<Sample> = case["points"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|point| !point["value"].is_null())
            .map(|point| Sample {
                value: thousandths(&point["value"]),
                at: UtcMs(point["t"].as_i64().unwrap() * 1000),
                arrived: UtcMs(point["t"].as_i64().unwrap() * 1000),
                own_time: point["own_ts"].as_bool().unwrap_or(true),
                retained: point["retain"].as_bool().unwrap_or(false),
            })
            .collect();
        let (total, events, applied) = run(&samples, &limits);
        let expect = &case["expect"];
        assert_eq!(total, thousandths(&expect["total"]), "{}", case["case"]);
        let want: Vec<&str> = expect["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e.as_str().unwrap())
            .collect();
        assert_eq!(events, want, "{}", case["case"]);
        let sessions: Vec<i64> = applied.iter().filter_map(|a| a.session_closed).collect();
        let want: Vec<i64> = expect["sessions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(thousandths)
            .collect();
        assert_eq!(sessions, want, "{}", case["case"]);
        seen += 1;
    }
    assert_eq!(seen, 14);
}

/// Name, readings, total in thousandths, events.
type Case = (&'static str, Vec<Sample>, i64, &'static [&'static str]);

/// Rules of the reference that its cases do not show.
#[test]
fn totals_and_events_follow_the_rules() {
    let cases = [zeros(), jumps(), falls(), delays()].concat();
    for (name, samples, total, events) in cases {
        let (got, names, _) = run(&samples, &odometer());
        assert_eq!((got, names.as_slice()), (total, events), "{name}");
    }
}

/// Zeros and retained values.
fn zeros() -> Vec<Case> {
    let retained = |minute, km| Sample {
        retained: true,
        ..arrived(minute, km)
    };
    vec![
        (
            "first zero is no baseline",
            vec![own(0, 0.0), own(1, 45_210.0), own(2, 45_211.0)],
            1_000,
            &["drop_zero", "baseline"],
        ),
        (
            "new meter near zero counts from zero",
            vec![
                own(0, 5_000.0),
                own(60, 0.0),
                own(70, 5.0),
                own(80, 10.0),
                own(90, 12.0),
            ],
            12_000,
            &["baseline", "drop_zero", "reset"],
        ),
        (
            "retained and higher: driven while we were away",
            vec![arrived(0, 1_000.0), retained(600, 1_300.0)],
            300_000,
            &["baseline"],
        ),
        (
            "retained with its own time is an ordinary reading",
            vec![
                own(0, 10.0),
                Sample {
                    retained: true,
                    ..own(60, 20.0)
                },
            ],
            10_000,
            &["baseline"],
        ),
        (
            "a stuck zero never resets",
            (0..200)
                .map(|i| own(i, if i == 0 || i == 199 { 500.0 } else { 0.0 }))
                .collect(),
            0,
            &["baseline", "drop_zero", "glitch_dropped"],
        ),
    ]
}

/// Jumps, and what confirms a new base.
fn jumps() -> Vec<Case> {
    vec![
        (
            "a stuck spike is not believed when time has made it plausible",
            (0..600)
                .map(|i| own(i, if i == 0 { 1_000.0 } else { 1_900.0 }))
                .collect(),
            0,
            &["baseline"],
        ),
        (
            "a jump that stays and rises is a new base",
            vec![
                own(0, 1_000.0),
                own(1, 7_000.0),
                own(8, 7_001.0),
                own(16, 7_002.0),
                own(20, 7_003.0),
            ],
            3_000,
            &["baseline", "rebase"],
        ),
        (
            "redelivery does not confirm",
            vec![
                own(0, 5_000.0),
                own(60, 4_000.0),
                own(60, 4_000.0),
                own(75, 4_001.0),
                own(75, 4_001.0),
                own(90, 5_001.0),
            ],
            1_000,
            &["baseline", "late", "late", "glitch_dropped"],
        ),
        (
            "three rising readings within minutes are not enough",
            vec![
                own(0, 5_000.0),
                own(60, 4_000.0),
                own(62, 4_001.0),
                own(64, 4_002.0),
                own(66, 5_001.0),
            ],
            1_000,
            &["baseline", "glitch_dropped"],
        ),
    ]
}

/// Falls, and other units.
fn falls() -> Vec<Case> {
    vec![
        (
            "near zero, but more than can have been driven since: a new base",
            vec![
                own(0, 5_000.0),
                own(1, 400.0),
                own(8, 401.0),
                own(16, 402.0),
            ],
            2_000,
            &["baseline", "rebase"],
        ),
        (
            "could have been driven since, but not near zero: a new base",
            vec![
                own(0, 5_000.0),
                own(4_320, 4_000.0),
                own(4_330, 4_001.0),
                own(4_340, 4_002.0),
            ],
            2_000,
            &["baseline", "rebase"],
        ),
        (
            "kilometres become miles",
            vec![
                own(0, 100_000.0),
                own(60, 62_140.0),
                own(70, 62_145.0),
                own(80, 62_150.0),
            ],
            10_000,
            &["baseline", "unit_suspect"],
        ),
    ]
}

/// Delays, bursts and clocks.
fn delays() -> Vec<Case> {
    vec![
        (
            "a good reading delayed behind a spike still counts",
            vec![
                own(0, 1_000.0),
                own(10, 9_000.0),
                own(5, 1_004.0),
                own(12, 1_005.0),
            ],
            5_000,
            &["baseline", "glitch_dropped"],
        ),
        (
            "a backlog without times comes in one burst",
            (0..=30)
                .map(|i| arrived(if i == 0 { 0 } else { 300 }, 1_000.0 + f64::from(i) * 8.0))
                .collect(),
            240_000,
            &["baseline"],
        ),
        (
            "a fall within the resolution keeps the maximum",
            vec![own(0, 215.7), own(1, 215.6), own(2, 215.7), own(3, 215.9)],
            200,
            &["baseline"],
        ),
        (
            "our clock was set back",
            vec![arrived(100, 50.0), arrived(40, 51.0), arrived(41, 52.0)],
            2_000,
            &["baseline"],
        ),
        (
            "negative is no reading",
            vec![own(0, -5.0), own(1, 50.0), own(2, -1.0), own(3, 51.0)],
            1_000,
            &["baseline"],
        ),
    ]
}

#[test]
fn retained_growth_is_marked_uncertain_and_late_values_are_not_live() {
    let (_, _, applied) = run(
        &[
            arrived(0, 100.0),
            Sample {
                retained: true,
                ..arrived(60, 120.0)
            },
            own(30, 110.0),
        ],
        &odometer(),
    );
    assert!(applied[1].uncertain && applied[1].is_live);
    assert_eq!((applied[1].from, applied[1].to), (UtcMs(0), UtcMs(HOUR)));
    assert!(!applied[2].is_live);
}

#[test]
fn a_coarse_register_may_jump_by_its_step() {
    // 10 km is OVMS's step from a million kilometres on, and comes within seconds.
    let limits = CounterLimits::for_quantity(
        Quantity::Odometer,
        FeedFormat {
            number: 1,
            digits: 6,
        },
        &CounterRates::default(),
    )
    .unwrap();
    let mut counter = Counter::default();
    for (second, km) in [
        (0, 1_000_000),
        (5, 1_000_010),
        (10, 1_000_010),
        (500, 1_000_020),
    ] {
        counter.apply(
            Sample {
                value: km * 1000,
                at: UtcMs(second * 1000),
                arrived: UtcMs(second * 1000),
                own_time: false,
                retained: false,
            },
            &limits,
        );
    }
    assert_eq!(counter.total(), 20_000);
}

#[test]
fn extreme_values_neither_panic_nor_count() {
    let extremes = [i64::MIN, -1, 0, 1, i64::MAX / 2, i64::MAX];
    for session in [false, true] {
        for modulus in [None, Some(0), Some(-1), Some(i64::MAX)] {
            let limits = CounterLimits {
                modulus,
                session,
                ..odometer()
            };
            let mut counter = Counter::default();
            for value in extremes.iter().chain(extremes.iter().rev()) {
                for at in extremes {
                    for own_time in [false, true] {
                        let applied = counter.apply(
                            Sample {
                                value: *value,
                                at: UtcMs(at),
                                arrived: UtcMs(at),
                                own_time,
                                retained: false,
                            },
                            &limits,
                        );
                        assert!(applied.gained >= 0);
                    }
                }
            }
        }
    }
}

/// A snapshot in the middle changes nothing.
#[test]
fn a_snapshot_continues_where_it_stopped() {
    let samples = [
        own(0, 5_000.0),
        own(60, 0.0),
        own(70, 5.0),
        own(80, 10.0),
        own(90, 12.0),
    ];
    for cut in 0..samples.len() {
        let mut counter = Counter::default();
        for (index, sample) in samples.iter().enumerate() {
            if index == cut {
                let bytes = postcard::to_stdvec(&counter).unwrap();
                assert!(bytes.len() < 64, "{} bytes", bytes.len());
                counter = postcard::from_bytes(&bytes).unwrap();
            }
            counter.apply(*sample, &odometer());
        }
        assert_eq!(
            (counter.total(), counter.epoch()),
            (12_000, 1),
            "cut before reading {cut}"
        );
    }
}

#[test]
fn a_register_that_is_higher_at_an_older_time_counts_at_its_arrival() {
    let sample = |at: i64, arrived: i64, km: f64| Sample {
        arrived: UtcMs(arrived * MINUTE),
        ..own(at, km)
    };
    for (name, second, want) in [
        ("ninety minutes behind", sample(420, 510, 105.0), 5_000),
        ("the same time", sample(500, 510, 105.0), 5_000),
        ("a late value that was lower", sample(420, 510, 95.0), 0),
        ("within the rounding", sample(420, 510, 100.9), 0),
        ("faster than a vehicle drives", sample(420, 510, 190.0), 0),
        (
            "a stored copy",
            Sample {
                retained: true,
                ..sample(420, 510, 105.0)
            },
            0,
        ),
    ] {
        let (total, _, applied) = run(&[sample(500, 500, 100.0), second], &odometer());
        assert_eq!(total, want, "{name}");
        if want > 0 {
            assert_eq!(applied[1].to, UtcMs(510 * MINUTE), "{name}");
        }
    }
}
