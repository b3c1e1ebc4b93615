//! Targets judged by the engine over months: a register with dates in and out of service, simulated time, restarts in between.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::factors::FactorSets;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    AssetKind, FeedFormat, NoticeKind, Observation, Quantity, Reading, ReadingEntry, TokenHasher,
    Value,
};
use fleetgauge::units::{Day, Month, Thousandths, UtcMs};

const DAY_MS: i64 = 86_400_000;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// `low` low-emission vans and `old` old ones; in each month so many of the old ones are replaced on its last day.
fn fleet(low: u32, old: u32, first: Month, conversions: &[u32]) -> Arc<Register> {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to\n"
            .to_owned();
    for index in 0..low {
        writeln!(
            csv,
            "L{index},emergency,van,DIESEL,EURO 6,2019-01,2019-01-01,"
        )
        .unwrap();
    }
    let ends = conversions.iter().enumerate().flat_map(|(index, count)| {
        let last = first.plus(index as i32).last_day();
        std::iter::repeat_n(last, *count as usize)
    });
    let mut ends = ends.map(|day| day.to_string());
    for index in 0..old {
        let end = ends.next().unwrap_or_default();
        writeln!(
            csv,
            "O{index},emergency,van,DIESEL,EURO 5,2019-01,2019-01-01,{end}"
        )
        .unwrap();
        if !end.is_empty() {
            writeln!(csv, "N{index},emergency,van,DIESEL,EURO 6,2026-01,{end},").unwrap();
        }
    }
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), csv.into_bytes());
    Arc::new(Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap())
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

struct Office {
    engine: Engine,
    config: EngineConfig,
    register: Arc<Register>,
    factors: Arc<FactorSets>,
    now: UtcMs,
    notices: Vec<(String, NoticeKind, Day)>,
}

impl Office {
    fn open(config: EngineConfig, register: Arc<Register>, at: Day) -> Self {
        let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
        let now = at.start(UK.zone());
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let engine = Engine::new(
            config.clone(),
            profile,
            register.clone(),
            factors.clone(),
            1,
            now,
        );
        Self {
            engine,
            config,
            register,
            factors,
            now,
            notices: Vec::new(),
        }
    }

    fn until(&mut self, to: Day) {
        while self.now < to.start(UK.zone()) {
            self.now = self.now.plus(DAY_MS / 2);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
    }

    /// As [`Office::until`], but only the first days of months are lived through.
    fn month_by_month(&mut self, to: Day) {
        while self.now < to.start(UK.zone()) {
            self.now = Month::of(self.now, UK.zone())
                .plus(1)
                .first_day()
                .start(UK.zone());
            for _ in 0..2 {
                self.now = self.now.plus(60_000);
                self.engine.handle_timeout(self.now);
                self.drain();
            }
        }
    }

    /// A message of each of these vehicles.
    fn send_telemetry(&mut self, ids: impl Iterator<Item = String>) {
        for id in ids {
            let entries = vec![ReadingEntry {
                quantity: Quantity::Soc,
                value: Value::Number(Thousandths(50_000)),
            }];
            let reading = Reading {
                asset: Cow::Owned(id),
                kind: AssetKind::Vehicle,
                format: FeedFormat::new(0),
                at: None,
                received_at: self.now,
                retained: false,
                historical: false,
                sequence: None,
                stale_after_s: None,
                entries: Cow::Owned(entries),
            };
            self.engine
                .handle(&Observation::Telemetry(reading), self.now);
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(notice) = self.engine.poll_notice() {
            self.notices
                .push((notice.rule, notice.kind, Day::of(notice.at, UK.zone())));
        }
        while self.engine.poll_output().is_some() {}
    }

    /// Stopped with a checkpoint, and started again some days later.
    fn restart(&mut self, days: i64) {
        let (generation, snapshot, _) = self.engine.checkpoint();
        self.engine.confirm_checkpoint(generation);
        self.now = self.now.plus(days * DAY_MS);
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let (config, register, factors) = (
            self.config.clone(),
            self.register.clone(),
            self.factors.clone(),
        );
        self.engine =
            Engine::restore(&snapshot, config, profile, register, factors, self.now).unwrap();
        self.engine.handle(&Observation::Restarted, self.now);
        self.drain();
    }

    fn of(&self, rule: &str) -> Vec<(NoticeKind, String)> {
        let wanted = self.notices.iter().filter(|(name, ..)| name == rule);
        wanted
            .map(|(_, kind, day)| (*kind, day.to_string()))
            .collect()
    }
}

fn targeting(start: &str, share: f64, due: &str) -> EngineConfig {
    EngineConfig {
        target_share: 0.9,
        target_due: day(due),
        target_start: Some(day(start)),
        target_start_share: Some(share),
        ..EngineConfig::default()
    }
}

/// 100 vehicles, 50 of them low at the start of 2026, 90 to be at the end of 2027: 1.67 a month. At the ends of January to April there are
/// 50, 52, 55, 57: 1.7 and 1.3 percentage points behind, then on the path, then 0.3 ahead.
#[test]
fn drift_is_notified_once_and_resolved_despite_restarts() {
    let run = |restarts: &[(&str, i64)]| {
        let register = fleet(50, 50, month("2026-01"), &[0, 2, 3, 2, 2, 2]);
        let mut office = Office::open(
            targeting("2026-01-01", 0.5, "2027-12-31"),
            register,
            day("2026-01-10"),
        );
        for (at, days) in restarts {
            office.until(day(at));
            office.restart(*days);
        }
        office.until(day("2026-07-10"));
        office
    };
    let plain = run(&[]);
    let sent = |days: &[(NoticeKind, &str)]| {
        days.iter()
            .map(|(kind, day)| (*kind, (*day).to_owned()))
            .collect::<Vec<_>>()
    };
    let (firing, repeat, resolved) = (NoticeKind::Firing, NoticeKind::Repeat, NoticeKind::Resolved);
    let on_time = sent(&[
        (firing, "2026-03-01"),
        (repeat, "2026-03-31"),
        (resolved, "2026-04-01"),
    ]);
    assert_eq!(
        plain.of("target_drift"),
        on_time,
        "amber after two evaluations, over at the third; thirty days between repeats"
    );
    assert_eq!(plain.of("target_off_path"), [], "never 2.5 points behind");
    // While one evaluation is counted, while it fires, and over the end of a month: notified a day later, still for that month.
    for (restarts, want) in [
        (&[("2026-02-10", 0)][..], on_time.clone()),
        (&[("2026-03-10", 0), ("2026-03-20", 2)], on_time),
        (
            &[("2026-02-27", 4)],
            sent(&[(firing, "2026-03-03"), (resolved, "2026-04-01")]),
        ),
        (
            &[("2026-01-30", 3), ("2026-03-30", 5)],
            sent(&[(firing, "2026-03-01"), (resolved, "2026-04-04")]),
        ),
    ] {
        assert_eq!(
            run(restarts).of("target_drift"),
            want,
            "restarts {restarts:?}"
        );
    }
}

/// Closed over two ends of months: both are judged, each by its own counts.
#[test]
fn months_that_passed_unseen_are_judged_one_by_one() {
    let register = fleet(50, 50, month("2026-01"), &[0, 2, 3, 2, 2, 2]);
    let mut office = Office::open(
        targeting("2026-01-01", 0.5, "2027-12-31"),
        register,
        day("2026-01-10"),
    );
    office.until(day("2026-01-20"));
    office.restart(45);
    office.until(day("2026-03-09"));
    assert_eq!(
        office.of("target_drift"),
        [(NoticeKind::Firing, "2026-03-06".to_owned())]
    );
}

/// Eighteen vehicles every four months are a steady fleet: with two years of history its own spread is taken, not the root of the plan,
/// by which three months between two batches would be beyond chance.
#[test]
fn batches_are_no_trend_once_two_years_are_known() {
    let conversions: Vec<u32> = (0..72)
        .map(|month| if month % 4 == 3 { 18 } else { 0 })
        .collect();
    let register = fleet(400, 400, month("2022-04"), &conversions);
    let mut office = Office::open(
        targeting("2022-04-01", 0.5, "2028-03-31"),
        register,
        day("2024-08-10"),
    );
    office.month_by_month(day("2026-04-10"));
    assert_eq!(office.of("target_trend"), [], "{:?}", office.notices);
    // That it stands still for good is found by the level.
    let register = fleet(400, 400, month("2022-04"), &conversions[..28]);
    let mut office = Office::open(
        targeting("2022-04-01", 0.5, "2028-03-31"),
        register,
        day("2024-08-10"),
    );
    office.month_by_month(day("2025-08-10"));
    assert_eq!(
        office.of("target_drift").first().map(|(kind, _)| *kind),
        Some(NoticeKind::Firing),
        "{:?}",
        office.notices
    );
}

/// A fifth of the path behind for good, in a fleet of 100 of which some fall silent. Suppressed is what more than 5 of them would make of it.
#[test]
fn a_month_is_not_judged_while_too_many_vehicles_are_stale() {
    let run = |silent_from: &[(u32, &str)], closed: bool| {
        let register = fleet(50, 50, month("2026-01"), &[]);
        let mut office = Office::open(
            targeting("2026-01-01", 0.7, "2027-12-31"),
            register,
            day("2026-01-10"),
        );
        let talking =
            |silent: u32| (silent..50).flat_map(|index| [format!("L{index}"), format!("O{index}")]);
        for date in [
            "2026-01-20",
            "2026-01-30",
            "2026-02-14",
            "2026-02-26",
            "2026-03-14",
            "2026-03-30",
            "2026-04-12",
        ] {
            office.until(day(date));
            let silent = silent_from
                .iter()
                .filter(|(_, from)| day(from) <= day(date))
                .map(|(count, _)| *count)
                .max();
            office.send_telemetry(talking(silent.unwrap_or(0)));
            if closed && date == "2026-02-26" {
                office.restart(6);
            }
        }
        let rules = |rule: &str| {
            office
                .of(rule)
                .into_iter()
                .find(|(kind, _)| *kind == NoticeKind::Firing)
                .map(|(_, day)| day)
        };
        (rules("target_off_path"), rules("target_data_poor"))
    };
    let at = |date: &str| Some(date.to_owned());
    assert_eq!(
        run(&[], false),
        (at("2026-03-01"), None),
        "judged at the ends of January and February"
    );
    // 2 of each kind: 4 %. 3 of each: 6 %, and February's end is not judged until they report again or are taken out of service.
    assert_eq!(run(&[(2, "2026-02-01")], false), (at("2026-03-01"), None));
    assert_eq!(run(&[(3, "2026-02-01")], false), (None, at("2026-03-01")));
    // Silent for four days at the end of a month: parked.
    assert_eq!(
        run(&[(3, "2026-02-27")], false),
        (at("2026-03-01"), at("2026-04-01"))
    );
    // The daemon was stopped over the month's end: by the classes alone.
    assert_eq!(
        run(&[(3, "2026-02-01")], true),
        (at("2026-03-04"), at("2026-04-01"))
    );
}

/// Ten vehicles that do not count leave before the due date, and nothing else is to be done: no rate is needed, and none is too slow.
#[test]
fn a_target_that_waits_for_disposals_only_is_not_late() {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to\n"
            .to_owned();
    for index in 0..50 {
        let (euro, to) = if index < 40 {
            ("EURO 6", "")
        } else {
            ("EURO 5", "2027-06-01")
        };
        writeln!(
            csv,
            "V{index},emergency,van,DIESEL,{euro},2020-01,2020-01-01,{to}"
        )
        .unwrap();
    }
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), csv.into_bytes());
    let register = Arc::new(Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap());
    let mut office = Office::open(
        targeting("2022-04-01", 0.75, "2028-03-31"),
        register,
        day("2026-01-10"),
    );
    office.month_by_month(day("2026-08-10"));
    assert_eq!(office.of("target_late"), [], "{:?}", office.notices);
    assert_eq!(
        office.of("target_off_path").first().map(|(kind, _)| *kind),
        Some(NoticeKind::Firing),
        "80 % of a path above 85 %"
    );
}
