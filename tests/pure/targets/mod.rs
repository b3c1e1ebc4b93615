//! What holds for targets whatever the fleet: bounds, sums, monotone projections and chances. A seed is the whole story and stands in the
//! failure; `FLEETGAUGE_SEEDS=2000 cargo test --test pure targets` for a longer run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod figures;
mod plans;

use std::collections::BTreeMap;

use fleetgauge::ledger::targets::forecast::{
    COMMON_DELAYS, Candidate, Distribution, ReplacementAge,
};
use fleetgauge::ledger::targets::trend::time_to_close;
use fleetgauge::ledger::targets::whatif::{
    Conversion, Replacement, Selector, avoided, convert, outcome,
};
use fleetgauge::ledger::targets::{
    AirFigure, Baseline, Comparison, Figures, FleetShare, Kind, Measure, Plan, Successor, Target,
    TargetRecord, TargetStatus, YearFigure, assess, headline, month_end_at, month_scale,
};
use fleetgauge::ledger::transition::{Population, Profile, month_end_counts};
use fleetgauge::model::TokenHasher;
use fleetgauge::model::register::{EmissionClass, Ownership, Register, RegisterFiles, Role};
use fleetgauge::units::{Day, FinancialYear, Month};

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("FLEETGAUGE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(40)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn parse(vehicles: &str) -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), vehicles.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn fleet(random: &mut Random) -> Register {
    let mut csv = "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to,ownership\n".to_owned();
    for index in 0..random.below(60) {
        let role = random.one_of(&["emergency", "non_emergency", "support", ""]);
        let category = random.one_of(&["car", "van", "heavy", ""]);
        let fuel = random.one_of(&[
            "DIESEL",
            "PETROL",
            "ELECTRICITY",
            "HYBRID ELECTRIC",
            "STEAM",
        ]);
        let euro = random.one_of(&["EURO 6", "EURO 5", ""]);
        let start = day("2016-01-01").0 + random.below(3_900) as i32;
        let from = if random.below(12) == 0 {
            String::new()
        } else {
            Day(start).to_string()
        };
        let to = if random.below(3) == 0 {
            Day(start + 1 + random.below(2_500) as i32).to_string()
        } else {
            String::new()
        };
        let owner = random.one_of(&["owned", "leased", "hired", "grey", ""]);
        csv.push_str(&format!(
            "V{index},{role},{category},{fuel},{euro},{},{from},{to},{owner}\n",
            Day(start - 60)
        ));
    }
    parse(&csv)
}

fn goal() -> Target {
    headline(0.9, day("2028-03-31"), Some((day("2022-04-01"), 0.5)))
}

/// Calls `check` with each profile, and a fleet and a day of each seed.
fn for_fleets(check: impl Fn(&Register, &Profile, Day, &str)) {
    for seed in seeds() {
        let mut random = Random(seed);
        let register = fleet(&mut random);
        let as_of = Day(day("2024-01-01").0 + random.below(1_200) as i32);
        for name in ["nhs_sdu", "ulev_or_better", "zev_only"] {
            let profile = Profile::by_name(name).unwrap();
            check(
                &register,
                &profile,
                as_of,
                &format!("seed {seed}, {name}, {as_of}"),
            );
        }
    }
}

#[test]
fn chances_and_bounds_are_ordered_shares() {
    for_fleets(|register, profile, as_of, case| {
        let record = assess(&goal(), profile, register, &Figures::default(), as_of);
        let context = format!("{case}: {record:?}");
        for chance in record.p_hit.iter().chain(
            record
                .forecast
                .iter()
                .map(|forecast| &forecast.p_hit_without_delay),
        ) {
            assert!((0.0..=1.0).contains(chance), "{context}");
        }
        if let Some(forecast) = &record.forecast {
            assert!(
                forecast.p05 <= forecast.p50 && forecast.p50 <= forecast.p95,
                "{context}"
            );
        }
        if let (Some(lower), Some(current), Some(upper)) =
            (record.lower, record.current, record.upper)
        {
            assert!(
                0.0 <= lower && lower <= current && current <= upper && upper <= 1.0,
                "{context}"
            );
        } else {
            assert_eq!(
                (record.status, record.gap),
                (TargetStatus::NotComputable, None),
                "{context}"
            );
        }
        assert!(
            record
                .projected_date
                .as_deref()
                .is_none_or(|date| day(date) >= as_of),
            "{context}"
        );
    });
}

#[test]
fn the_changes_of_its_months_add_up_to_the_fleet() {
    for_fleets(|register, profile, as_of, case| {
        let (from, to) = ("2023-01".parse::<Month>().unwrap(), Month::of_day(as_of));
        let all = month_end_counts(register, profile, &Population::default(), from, to);
        let changes: i64 = all
            .windows(2)
            .map(|w| {
                i64::from(w[1].counts.counted(profile)) - i64::from(w[0].counts.counted(profile))
            })
            .sum();
        let ends = [all.first(), all.last()]
            .map(|end| end.map_or(0, |end| i64::from(end.counts.counted(profile))));
        assert_eq!(changes, ends[1] - ends[0], "{case}");
    });
}

#[test]
fn the_roles_add_up_to_the_fleet() {
    for_fleets(|register, profile, as_of, case| {
        let (from, to) = ("2023-01".parse::<Month>().unwrap(), Month::of_day(as_of));
        for end in month_end_counts(register, profile, &Population::default(), from, to) {
            let day = end.month.last_day();
            let role = |role| Population {
                roles: vec![role],
                ..Population::default()
            };
            let parts: u32 = [Role::Emergency, Role::NonEmergency, Role::Support]
                .map(|r| role(r).counts(register, profile, day).total())
                .iter()
                .sum();
            let open = role(Role::Support).undated(register, day).not_placed;
            assert_eq!(parts + open, end.counts.total(), "{case} {day}");
        }
    });
}

#[test]
fn the_status_is_the_word_for_how_a_target_stands() {
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let half = parse("vehicle_id,fuel,euro\na,DIESEL,EURO 6\nb,DIESEL,EURO 5\n");
    let on = |target: &Target, register: &Register, date: &str| {
        assess(target, &profile, register, &Figures::default(), day(date))
    };
    let no_path = headline(0.9, day("2028-03-31"), None);
    let low = headline(0.5, day("2028-03-31"), None);
    for (target, register, date, want) in [
        (&goal(), &half, "2026-03-31", TargetStatus::BelowPath),
        (&goal(), &half, "2022-03-31", TargetStatus::OnPath),
        (&goal(), &half, "2028-03-31", TargetStatus::BelowPath),
        (&goal(), &half, "2028-04-01", TargetStatus::Missed),
        (&no_path, &half, "2026-03-31", TargetStatus::PathNotSet),
        (&low, &half, "2026-03-31", TargetStatus::Met),
        (
            &goal(),
            &Register::default(),
            "2026-03-31",
            TargetStatus::NotComputable,
        ),
    ] {
        let record = on(target, register, date);
        assert_eq!(record.status, want, "{date}: {record:?}");
        assert_eq!(
            record.required_per_month.is_some(),
            date < "2028-03-31" && record.gap.is_some(),
            "{date}"
        );
    }
    // Without dates in service the past is not known: no rate, no level, and the needs state it.
    let record = on(&goal(), &half, "2026-03-31");
    assert!(record.recent_per_month.is_none() && record.level.is_none() && record.p_hit.is_none());
    assert!(
        record
            .needs
            .iter()
            .any(|need| need.starts_with("in_service_from of 2")),
        "{:?}",
        record.needs
    );
    assert!(
        record
            .needs
            .iter()
            .any(|need| need.starts_with("first_registered and role")),
        "{:?}",
        record.needs
    );
}

#[test]
fn intervals_are_half_open_and_a_month_is_its_last_instant() {
    let register = parse(
        "vehicle_id,fuel,in_service_from,in_service_to\na,ELECTRICITY,2026-01-31,2026-03-31\nb,ELECTRICITY,2026-02-01,2026-03-01\nc,DIESEL,,\n",
    );
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let (from, to) = ("2025-12".parse().unwrap(), "2026-04".parse().unwrap());
    let months = month_end_counts(&register, &profile, &Population::default(), from, to);
    let found: Vec<_> = months
        .iter()
        .map(|end| (end.counts.zero, end.counts.total()))
        .collect();
    assert_eq!(found, [(0, 1), (1, 2), (2, 3), (0, 1), (0, 1)]);
    assert_eq!(
        Population::default()
            .undated(&register, day("2026-02-28"))
            .without_start,
        1
    );
}

#[test]
fn new_vehicles_and_owners_are_counted_by_their_dates() {
    let register = parse(
        "vehicle_id,fuel,in_service_from,ownership,role\na,ELECTRICITY,2026-01-31,owned,support\nb,DIESEL,2024-02-01,leased,support\nc,ELECTRICITY,2026-02-01,hired,support\nd,ELECTRICITY,2026-02-01,,support\ne,DIESEL,2026-02-01,owned,emergency\nf,DIESEL,2026-02-01,owned,\n",
    );
    let new = Population {
        exclude_roles: vec![Role::Emergency],
        ownership: vec![Ownership::Owned, Ownership::Leased],
        new_in_months: Some(12),
        ..Population::default()
    };
    let profile = Profile::by_name("zev_only").unwrap();
    let counts = new.counts(&register, &profile, day("2026-11-24"));
    assert_eq!((counts.zero, counts.total()), (1, 1));
    // d has no owner and f no role: whether they belong is open, and the needs state it.
    assert_eq!(new.undated(&register, day("2026-11-24")).not_placed, 2);
    assert_eq!(
        new.counts(&register, &profile, day("2027-01-30")).total(),
        1
    );
    assert_eq!(
        new.counts(&register, &profile, day("2027-01-31")).total(),
        0
    );
}

#[test]
fn a_faster_plan_is_never_later() {
    let start = month_scale(day("2026-11-24"));
    for seed in seeds() {
        let mut random = Random(seed);
        let gap = random.below(500) as f64 + 1.0;
        let mut last = None;
        for rate in 1..200 {
            let found = time_to_close(gap, f64::from(rate) / 20.0)
                .and_then(|months| month_end_at(start + months));
            assert!(
                last.is_none_or(|last: Option<Day>| last.is_none() || found <= last),
                "seed {seed}: {gap} at {rate}"
            );
            last = Some(found);
        }
    }
}
