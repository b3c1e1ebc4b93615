//! The alert book: what fires, what is notified, what is held back, and what a restart changes. A failure names its seed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use crate::support::alert_book::{DAY, Desk, HOUR, MINUTE, Random};
use fleetgauge::ledger::alerts::{Matcher, Reading, Stage};
use fleetgauge::model::{Notice, NoticeKind};
use fleetgauge::units::UtcMs;

#[test]
fn an_alert_lives_by_its_levels_and_times() {
    let mut desk = Desk::default();
    let rule = desk.rule("data_completeness");
    (rule.for_ms, rule.keep_firing_ms, rule.repeat_ms) = (2 * MINUTE, 3 * MINUTE, DAY);
    // Raised below 0.9, over at 0.95.
    let values = [
        0.99, 0.89, 0.92, 0.89, 0.89, 0.89, 0.92, 0.96, 0.89, 0.96, 0.96, 0.96, 0.96, 0.96,
    ];
    for (minute, value) in values.into_iter().enumerate() {
        let at = minute as i64 * MINUTE;
        desk.observe(
            "data_completeness",
            &[("fleet", "all")],
            Reading::Value(value),
            at,
        );
        desk.settle(at);
    }
    let rows: Vec<(i64, u8)> = desk
        .rows
        .iter()
        .map(|row| (row.at.0 / MINUTE, row.state_code))
        .collect();
    // Pending, not lasting, pending again, firing after two minutes, resolved three minutes after it was over for good.
    assert_eq!(rows, [(1, 1), (2, 0), (3, 1), (5, 2), (12, 3)]);
    assert_eq!(
        desk.sent(),
        [
            (5 * MINUTE, NoticeKind::Firing, 1),
            (12 * MINUTE, NoticeKind::Resolved, 1)
        ]
    );
    assert_eq!(desk.rows[3].threshold, 0.9);
    assert_eq!(
        desk.notices[0].alerts[0].fingerprint,
        desk.notices[1].alerts[0].fingerprint
    );
    assert_eq!(desk.notices[1].alerts[0].ends_at, Some(UtcMs(12 * MINUTE)));
}

#[test]
fn missing_data_does_not_end_an_alert() {
    let mut desk = Desk::default();
    desk.rule("charger_faulted").for_ms = 5 * MINUTE;
    desk.fault("CP1", "A", true, 0);
    desk.settle(0);
    // No more rows; rules of many series write changes only.
    for minute in 1..600 {
        desk.observe(
            "charger_faulted",
            &[("charge_point_id", "CP1"), ("site", "A")],
            Reading::Unknown,
            minute * MINUTE,
        );
        desk.settle(minute * MINUTE);
    }
    assert_eq!(desk.sent(), [(5 * MINUTE, NoticeKind::Firing, 1)]);
    assert!(desk.book.alerts().all(|alert| alert.stage == Stage::Firing));
    // Its subject is taken off the register: that is an end.
    desk.book
        .keep("charger_faulted", UtcMs(600 * MINUTE), |_| false);
    desk.settle(600 * MINUTE);
    assert_eq!(
        desk.sent().last(),
        Some(&(600 * MINUTE, NoticeKind::Resolved, 1))
    );
}

#[test]
fn months_of_flapping_are_not_a_flood() {
    const DAYS: i64 = 30;
    for seed in 1..=2 {
        let mut desk = Desk::default();
        let mut random = Random(seed);
        let mut at = 0;
        while at < DAYS * DAY {
            // Ten points that fault for some seconds, or some minutes, day and night.
            for point in 0..10 {
                desk.fault(&format!("CP{point}"), "DERBY", random.below(3) == 0, at);
            }
            desk.settle(at);
            at += MINUTE * (1 + random.below(3) as i64);
        }
        // Without the longer and longer `keep_firing_for` of what flaps, it would be 256 a day.
        let a_day = desk.notices.len() as f64 / DAYS as f64;
        assert!(a_day < 10.0, "seed {seed}: {a_day} notifications a day");
        assert!(worst_hour(&desk.notices) <= 30, "seed {seed}");
    }
}

fn worst_hour(notices: &[Notice]) -> usize {
    let times: Vec<i64> = notices.iter().map(|notice| notice.at.0).collect();
    (0..times.len())
        .map(|from| {
            times[from..]
                .iter()
                .take_while(|at| **at < times[from] + HOUR)
                .count()
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn the_hourly_cap_delays_and_sends_the_worst_first() {
    let mut desk = Desk::default();
    desk.config.max_per_hour = 3;
    desk.rule("charger_faulted").for_ms = 0;
    for site in 0..5 {
        desk.fault("CP1", &format!("S{site}"), true, 0);
    }
    desk.observe("disk_near_full", &[], Reading::Value(0.05), 0);
    desk.rule("disk_near_full").for_ms = 0;
    for minute in 0..180 {
        // One is over before its turn: it is never notified.
        if minute == 30 {
            desk.fault("CP1", "S4", false, minute * MINUTE);
        }
        desk.settle(minute * MINUTE);
    }
    assert!(worst_hour(&desk.notices) <= 3, "{:?}", desk.sent());
    assert_eq!(desk.notices[0].rule, "disk_near_full");
    let sites = desk
        .notices
        .iter()
        .filter(|notice| notice.rule == "charger_faulted")
        .count();
    assert_eq!((sites, desk.book.waiting()), (4, 0));
}

#[test]
fn quiet_hours_hold_back_alerts_that_are_not_critical() {
    let mut desk = Desk::default();
    desk.config.quiet_hours = Some("Mon-Sun 22:00-06:00".parse().unwrap());
    desk.rule("charger_faulted").for_ms = 0;
    desk.rule("charger_faulted").keep_firing_ms = 0;
    desk.rule("site_offline").for_ms = 0;
    let at = |text: &str| text.parse::<UtcMs>().unwrap().0;
    let night = at("2026-11-25T23:00:00Z");
    desk.fault("CP1", "A", true, night);
    desk.fault("CP2", "B", true, night);
    desk.observe(
        "site_offline",
        &[("site", "C")],
        Reading::Holds(true),
        night,
    );
    desk.settle(night);
    assert_eq!(desk.sent(), [(night, NoticeKind::Firing, 1)]);
    desk.fault("CP2", "B", false, night + HOUR);
    (1..9).for_each(|hour| desk.settle(night + hour * HOUR));
    assert_eq!(
        desk.sent()[1..],
        [(at("2026-11-26T06:00:00Z"), NoticeKind::Firing, 1)],
        "the one that is still so"
    );
    assert_eq!(desk.notices[1].alerts[0].labels[1].1, "A");
}

#[test]
fn a_site_without_links_hides_its_charge_points() {
    let mut desk = Desk::default();
    let offline = |desk: &mut Desk, holds: bool, at: i64| {
        for point in ["CP1", "CP2", "CP3"] {
            desk.observe(
                "charger_offline",
                &[("charge_point_id", point), ("site", "A")],
                Reading::Holds(holds),
                at,
            );
        }
        desk.observe(
            "charger_offline",
            &[("charge_point_id", "CP9"), ("site", "B")],
            Reading::Holds(holds),
            at,
        );
        desk.observe("site_offline", &[("site", "A")], Reading::Holds(holds), at);
    };
    for minute in 0..60 {
        offline(&mut desk, minute < 40, minute * MINUTE);
        desk.settle(minute * MINUTE);
    }
    let sent: Vec<_> = desk
        .notices
        .iter()
        .map(|notice| (notice.rule.as_str(), notice.kind, notice.group.clone()))
        .collect();
    let site = |name: &str| vec![("site".to_owned(), name.to_owned())];
    assert_eq!(
        sent,
        [
            ("site_offline", NoticeKind::Firing, vec![]),
            ("charger_offline", NoticeKind::Firing, site("B")),
            ("site_offline", NoticeKind::Resolved, vec![]),
            ("charger_offline", NoticeKind::Resolved, site("B")),
        ]
    );
}

fn matcher(name: &str, value: &str) -> Matcher {
    Matcher {
        name: name.into(),
        value: value.into(),
    }
}

/// A desk with a rule for faults that fires at once and repeats every hour.
fn desk_of_faults() -> Desk {
    let mut desk = Desk::default();
    let rule = desk.rule("charger_faulted");
    (rule.for_ms, rule.keep_firing_ms, rule.repeat_ms) = (0, 0, HOUR);
    desk
}

#[test]
fn a_silence_hides_an_alert_until_it_expires() {
    let mut desk = desk_of_faults();
    let matchers = vec![matcher("charge_point_id", "CP*")];
    let check = |desk: &Desk, matchers: &[Matcher], until| {
        desk.book.check_silence(matchers, UtcMs(until), UtcMs(0))
    };
    assert!(check(&desk, &[matcher("site", "*")], HOUR).is_err());
    assert!(check(&desk, &matchers, 0).is_err());
    assert_eq!(check(&desk, &matchers, 3 * HOUR), Ok(1));
    desk.book
        .silence(matchers, UtcMs(3 * HOUR), "ann", "new cable", UtcMs(0));
    desk.fault("CP1", "A", true, MINUTE);
    (1..300).for_each(|minute| desk.settle(minute * MINUTE));
    let states: Vec<_> = desk.rows.iter().map(|row| row.state_code).collect();
    assert_eq!(states, [4, 2]);
    assert_eq!(
        desk.sent()[0],
        (3 * HOUR, NoticeKind::Firing, 1),
        "as soon as it has expired"
    );
    assert_eq!(desk.sent()[1], (4 * HOUR, NoticeKind::Repeat, 1));
}

#[test]
fn an_acknowledgement_holds_until_the_alert_is_over() {
    let mut desk = desk_of_faults();
    desk.fault("CP1", "A", true, MINUTE);
    (1..120).for_each(|minute| desk.settle(minute * MINUTE));
    let repeated = (HOUR + MINUTE, NoticeKind::Repeat, 1);
    assert_eq!(desk.sent(), [(MINUTE, NoticeKind::Firing, 1), repeated]);
    let fingerprint = desk.book.alerts().next().unwrap().fingerprint;
    desk.book.check_ack(fingerprint).unwrap();
    desk.book.ack(fingerprint, "ann", UtcMs(120 * MINUTE));
    (120..900).for_each(|minute| desk.settle(minute * MINUTE));
    assert_eq!(desk.sent().len(), 2, "no more repeats");
    desk.fault("CP1", "A", false, 900 * MINUTE);
    desk.settle(900 * MINUTE);
    assert_eq!(desk.sent()[2], (900 * MINUTE, NoticeKind::Resolved, 1));
    assert!(desk.book.check_ack(fingerprint).is_err(), "it is over");
    desk.fault("CP1", "A", true, 901 * MINUTE);
    desk.settle(901 * MINUTE);
    assert_eq!(
        desk.sent()[3],
        (901 * MINUTE, NoticeKind::Firing, 1),
        "a new one is sent again"
    );
}

#[test]
fn the_number_of_alerts_is_bounded_and_the_rest_is_counted() {
    let mut desk = Desk::default();
    desk.config.max_series = 5;
    for point in 0..8 {
        desk.fault(&format!("CP{point}"), "A", true, 0);
    }
    assert_eq!(
        (
            desk.book.alerts().count(),
            desk.book.take_refused(),
            desk.book.take_refused()
        ),
        (5, 3, 0)
    );
    desk.rule("charger_faulted").enabled = false;
    desk.settle(MINUTE);
    assert_eq!(
        desk.book.alerts().count(),
        0,
        "a rule that is switched off has none"
    );
}

#[test]
fn a_restart_at_any_moment_changes_no_result() {
    let run = |seed: u64, restarts: bool| {
        let mut desk = Desk::default();
        desk.config.quiet_hours = Some("Mon-Sun 22:00-06:00".parse().unwrap());
        desk.config.max_per_hour = 4;
        let (mut random, mut moments) = (Random(seed), Random(seed + 1_000));
        for minute in 0..3 * 1_440 {
            let at = minute * MINUTE;
            for point in 0..6 {
                if random.below(20) == 0 {
                    let site = if point < 3 { "A" } else { "B" };
                    desk.fault(&format!("CP{point}"), site, random.below(2) == 0, at);
                }
            }
            match random.below(400) {
                0 => {
                    let matchers = vec![Matcher {
                        name: "site".into(),
                        value: "A".into(),
                    }];
                    desk.book
                        .silence(matchers, UtcMs(at + HOUR), "ann", "", UtcMs(at));
                }
                1 => {
                    let first = desk.book.alerts().next().map(|alert| alert.fingerprint);
                    first
                        .into_iter()
                        .for_each(|fingerprint| desk.book.ack(fingerprint, "ann", UtcMs(at)));
                }
                _ => {}
            }
            desk.settle(at);
            if restarts && moments.below(10) == 0 {
                desk.book =
                    postcard::from_bytes(&postcard::to_stdvec(&desk.book).unwrap()).unwrap();
            }
        }
        (desk.rows, desk.notices)
    };
    for seed in 1..=20 {
        let (plain, restarted) = (run(seed, false), run(seed, true));
        assert!(plain == restarted && !plain.1.is_empty(), "seed {seed}");
    }
}

/// Holds in any history: no end is notified before its beginning, and neither is notified twice.
#[test]
fn notices_of_one_alert_alternate() {
    for seed in 1..=20 {
        let mut desk = Desk::default();
        desk.config.max_per_hour = 6;
        let mut random = Random(seed);
        for minute in 0..5_000 {
            for point in 0..8 {
                desk.fault(
                    &format!("CP{point}"),
                    "A",
                    random.below(3) > 0,
                    minute * 7 * MINUTE,
                );
            }
            desk.settle(minute * 7 * MINUTE);
        }
        let mut sent = std::collections::BTreeMap::<Arc<str>, bool>::new();
        for notice in &desk.notices {
            for alert in &notice.alerts {
                let firing = sent.entry(alert.fingerprint.as_str().into()).or_default();
                match notice.kind {
                    NoticeKind::Firing => assert!(!std::mem::replace(firing, true), "seed {seed}"),
                    NoticeKind::Repeat => assert!(*firing, "seed {seed}"),
                    NoticeKind::Resolved => {
                        assert!(std::mem::replace(firing, false), "seed {seed}")
                    }
                }
            }
        }
        assert!(sent.len() == 8, "seed {seed}");
    }
}
