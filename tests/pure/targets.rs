//! What holds for targets whatever the fleet: bounds, sums, monotone projections and chances. A seed is the whole story and stands in the
//! failure; `FLEETGAUGE_SEEDS=2000 cargo test --test targets` for a longer run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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
    TargetStatus, YearFigure, assess, headline, month_end_at, month_scale,
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

#[test]
fn shares_bounds_and_sums() {
    for seed in seeds() {
        let mut random = Random(seed);
        let register = fleet(&mut random);
        let as_of = Day(day("2024-01-01").0 + random.below(1_200) as i32);
        for name in ["nhs_sdu", "ulev_or_better", "zev_only"] {
            let profile = Profile::by_name(name).unwrap();
            let record = assess(&goal(), &profile, &register, &Figures::default(), as_of);
            let context = format!("seed {seed}, {name}, {as_of}: {record:?}");
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
            // The parts of a fleet add up to it, and so do the changes of its months.
            let (from, to) = ("2023-01".parse::<Month>().unwrap(), Month::of_day(as_of));
            let all = month_end_counts(&register, &profile, &Population::default(), from, to);
            let changes: i64 = all
                .windows(2)
                .map(|w| {
                    i64::from(w[1].counts.counted(&profile))
                        - i64::from(w[0].counts.counted(&profile))
                })
                .sum();
            let ends = [all.first(), all.last()]
                .map(|end| end.map_or(0, |end| i64::from(end.counts.counted(&profile))));
            assert_eq!(changes, ends[1] - ends[0], "{context}");
            for end in &all {
                let day = end.month.last_day();
                let role = |role| Population {
                    roles: vec![role],
                    ..Population::default()
                };
                let parts: u32 = [Role::Emergency, Role::NonEmergency, Role::Support]
                    .map(|r| role(r).counts(&register, &profile, day).total())
                    .iter()
                    .sum();
                let open = role(Role::Support).undated(&register, day).not_placed;
                assert_eq!(parts + open, end.counts.total(), "{context} {day}");
            }
        }
    }
}

#[test]
fn the_word_for_how_it_stands() {
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
    // Without dates in service the past is not known: no rate, no level, and it is said.
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
fn new_vehicles_and_owners() {
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
    // d has no owner and f no role: whether they are meant is open, and said.
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
fn faster_is_never_later() {
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

#[test]
fn a_delay_never_helps_and_chances_are_chances() {
    for seed in seeds() {
        let mut random = Random(seed);
        let candidates: Vec<Candidate> = (0..random.below(80))
            .map(|_| Candidate {
                counts: random.below(4) == 0,
                age: random.below(200) as f64 / 10.0,
                replacement: ReplacementAge {
                    mu: 4.0 + random.below(60) as f64 / 10.0,
                    sigma: 0.5 + random.below(20) as f64 / 10.0,
                },
                // Low vehicles stay low here, or a later date could be better.
                qualifies: 1.0,
            })
            .collect();
        let needed = random.below(candidates.len() as u64 + 1) as u32;
        let mut last = f64::INFINITY;
        for delay in 0..12 {
            let found =
                Distribution::under_delays(&candidates, 2.0, &[(f64::from(delay) / 4.0, 1.0)]);
            let chance = found.at_least(needed);
            assert!(
                (0.0..=1.0).contains(&chance) && chance <= last + 1e-12,
                "seed {seed}, delay {delay}: {chance} after {last}"
            );
            assert!(
                (found.at_least(0) - 1.0).abs() < 1e-9,
                "seed {seed}: chances add up to 1"
            );
            assert!(found.quantile(0.05) <= found.quantile(0.95));
            last = chance;
        }
        let mixed = Distribution::under_delays(&candidates, 2.0, &COMMON_DELAYS).at_least(needed);
        assert!(
            mixed
                <= Distribution::under_delays(&candidates, 2.0, &[(0.0, 1.0)]).at_least(needed)
                    + 1e-12,
            "seed {seed}"
        );
    }
    // Thousands of vehicles are summed up by the normal approximation, near the exact figure.
    let exact = Distribution::of((0..4_000).map(|i| f64::from(i % 90 + 5) / 100.0));
    let near = Distribution::of((0..4_001).map(|i| {
        if i == 4_000 {
            1e-6
        } else {
            f64::from(i % 90 + 5) / 100.0
        }
    }));
    assert!(
        (exact.at_least(2_000) - near.at_least(2_000)).abs() < 1e-3
            && (exact.mean() - near.mean()).abs() < 0.1
    );
}

#[test]
fn successors_that_do_not_count_lose_what_there_is() {
    let mut csv = "vehicle_id,role,category,fuel,first_registered,in_service_from\n".to_owned();
    for index in 0..40 {
        let fuel = if index < 30 { "ELECTRICITY" } else { "DIESEL" };
        csv.push_str(&format!(
            "V{index},emergency,van,{fuel},2022-01,2022-01-01\n"
        ));
    }
    let register = parse(&csv);
    let zev = Profile::by_name("zev_only").unwrap();
    let with = |chance| {
        let successor = Successor {
            emergency: chance,
            ..Successor::default()
        };
        let measure = Measure::Fleet {
            profile: None,
            population: Population::default(),
            successor,
            vehicles_at_due: None,
        };
        assess(
            &Target {
                measure,
                goal: 0.7,
                due: Some(day("2032-03-31")),
                ..goal()
            },
            &zev,
            &register,
            &Figures::default(),
            day("2026-11-24"),
        )
    };
    let (all, half) = (with(Some(1.0)), with(Some(0.5)));
    assert!(
        all.p_hit.unwrap() > 0.99 && half.p_hit.unwrap() < 0.05,
        "{:?} {:?}",
        all.p_hit,
        half.p_hit
    );
    let unknown = with(None);
    assert!(
        unknown.p_hit.is_none()
            && unknown
                .needs
                .iter()
                .any(|need| need.starts_with("successor:")),
        "{:?}",
        unknown.needs
    );
}

#[test]
fn air_is_met_only_when_every_pollutant_is() {
    // Golden G9: NOx has fallen by 42 %, PM2.5 by 2 % only.
    let pollutants = vec!["nox".into(), "pm25".into()];
    let target = |kg: &[(&str, f64)]| Target {
        kind: Kind::Relative,
        measure: Measure::Air(pollutants.clone()),
        goal: -0.2,
        comparison: Comparison::NotAbove,
        due: Some(day("2024-03-31")),
        baseline: Baseline {
            pollutants: kg.iter().map(|(name, kg)| ((*name).into(), *kg)).collect(),
            ..Baseline::default()
        },
        ..goal()
    };
    let figure = |name: &str, kg| AirFigure {
        pollutant: name.into(),
        year: FinancialYear(2023),
        kg,
        complete: true,
    };
    let figures = Figures {
        air: vec![figure("nox", 2501.254), figure("pm25", 64.072)],
        ..Figures::default()
    };
    let on = |target: &Target, figures: &Figures, date| {
        assess(
            target,
            &Profile::by_name("nhs_sdu").unwrap(),
            &Register::default(),
            figures,
            day(date),
        )
    };
    let record = on(
        &target(&[("nox", 4311.53), ("pm25", 65.44)]),
        &figures,
        "2024-03-31",
    );
    assert!((record.current.unwrap() * 100.0 + 2.090_465).abs() < 1e-4);
    assert_eq!(
        record.parts.iter().map(|part| part.met).collect::<Vec<_>>(),
        [Some(true), Some(false)]
    );
    assert_eq!(
        on(
            &target(&[("nox", 4311.53), ("pm25", 65.44)]),
            &figures,
            "2024-04-01"
        )
        .status,
        TargetStatus::Missed
    );
    assert_eq!(
        on(
            &target(&[("nox", 4311.53), ("pm25", 90.0)]),
            &figures,
            "2026-04-01"
        )
        .status,
        TargetStatus::Met
    );
    let open = on(&target(&[("nox", 4311.53)]), &figures, "2026-04-01");
    assert_eq!((open.status, open.current), (TargetStatus::NotSet, None));
    assert!(open.needs[0].contains("baseline.pm25"), "{:?}", open.needs);
    assert_eq!(
        on(
            &target(&[("nox", 1.0), ("pm25", 1.0)]),
            &Figures::default(),
            "2026-04-01"
        )
        .status,
        TargetStatus::NotComputable
    );
}

#[test]
fn a_part_of_a_year_is_compared_with_nothing() {
    let figure = |year, complete| YearFigure {
        name: "fleet_tco2e".into(),
        year: FinancialYear(year),
        value: 100.0,
        complete,
        factor_set: None,
    };
    let target = Target {
        kind: Kind::Level,
        measure: Measure::Yearly("fleet_tco2e".into()),
        goal: 90.0,
        comparison: Comparison::NotAbove,
        plan: Plan::Points(vec![(day("2025-03-31"), 120.0), (day("2027-03-31"), 80.0)]),
        ..goal()
    };
    let with = |yearly| {
        assess(
            &target,
            &Profile::by_name("nhs_sdu").unwrap(),
            &Register::default(),
            &Figures {
                yearly,
                ..Figures::default()
            },
            day("2026-11-24"),
        )
    };
    assert_eq!(
        with(vec![figure(2025, false), figure(2026, true)]).status,
        TargetStatus::NotComputable
    );
    let record = with(vec![figure(2025, true)]);
    assert_eq!(
        (record.plan, record.drift, record.status),
        (Some(100.0), Some(0.0), TargetStatus::OnPath)
    );
    assert!(
        record
            .needs
            .iter()
            .any(|need| need.starts_with("history: 1 of 6")),
        "{:?}",
        record.needs
    );
    // Six years of a steady fall: 5 t a year are 10 t in two.
    let years = (2020..=2025)
        .map(|year| YearFigure {
            value: 125.0 - 5.0 * f64::from(year - 2020),
            ..figure(year, true)
        })
        .collect();
    let record = with(years);
    assert!((record.recent_per_month.unwrap() - 5.0 / 12.0).abs() < 1e-9);
    assert_eq!(record.projected_date.as_deref(), Some("2028-03-31"));
}

#[test]
fn conversions_begin_with_the_first_whole_month() {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from\n".to_owned();
    for index in 0..20 {
        let euro = if index < 18 { "EURO 6" } else { "EURO 5" };
        csv.push_str(&format!(
            "V{index},emergency,van,DIESEL,{euro},2020-01,2020-01-01\n"
        ));
    }
    let (register, profile) = (parse(&csv), Profile::by_name("nhs_sdu").unwrap());
    let all = Conversion {
        which: Selector::All,
        per_month: 5.0,
        successor: EmissionClass::Zero,
    };
    for (as_of, first) in [
        ("2026-11-25", "2026-12-31"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-01", "2027-01-31"),
    ] {
        let plan = convert(
            &register,
            &profile,
            std::slice::from_ref(&all),
            &[],
            day(as_of),
        );
        assert_eq!(
            (plan[4].date, plan[5].date > day(first)),
            (day(first), true),
            "{as_of}"
        );
    }
    // 18 of 20 count today: 90 % is not reached by the plan, it is there; 95 % is.
    let (population, successor) = (Population::default(), Successor::ALWAYS);
    let plan = convert(
        &register,
        &profile,
        &[Conversion {
            per_month: 20.0,
            ..all
        }],
        &[],
        day("2026-11-25"),
    );
    for (share, reached) in [(0.9, "2026-11-25"), (0.95, "2026-12-31")] {
        let target = Target {
            goal: share,
            ..goal()
        };
        let share = FleetShare {
            target: &target,
            profile: &profile,
            population: &population,
            successor: &successor,
        };
        assert_eq!(
            outcome(share, &register, &plan, day("2026-11-25"))
                .reached
                .as_deref(),
            Some(reached)
        );
    }
}

#[test]
fn a_plan_moves_the_path_and_nothing_else() {
    for seed in seeds() {
        let mut random = Random(seed);
        let register = fleet(&mut random);
        let as_of = day("2026-11-24");
        let profile = Profile::by_name("nhs_sdu").unwrap();
        let (target, population, successor) = (goal(), Population::default(), Successor::ALWAYS);
        let share = FleetShare {
            target: &target,
            profile: &profile,
            population: &population,
            successor: &successor,
        };
        let rate = 0.5 + random.below(8) as f64 / 2.0;
        let all = Conversion {
            which: Selector::All,
            per_month: rate,
            successor: EmissionClass::Zero,
        };
        let van = Conversion {
            which: Selector::Class("van".into()),
            per_month: 1.0,
            successor: EmissionClass::Low,
        };
        let planned: Vec<Replacement> = convert(&register, &profile, &[van], &[], as_of);
        let plan = [
            planned.clone(),
            convert(&register, &profile, &[all], &planned, as_of),
        ]
        .concat();
        let once: std::collections::BTreeSet<_> = plan
            .iter()
            .map(|replacement| replacement.vehicle.clone())
            .collect();
        assert_eq!(
            once.len(),
            plan.len(),
            "seed {seed}: a vehicle is replaced once"
        );
        let (before, after) = (
            outcome(share, &register, &[], as_of),
            outcome(share, &register, &plan, as_of),
        );
        assert_eq!(
            before.path[0], after.path[0],
            "seed {seed}: what has been stays"
        );
        for (without, with) in before.path.iter().zip(&after.path) {
            assert!(
                with.counted >= without.counted && with.counted <= with.in_scope,
                "seed {seed}: {without:?} {with:?}"
            );
        }
        let tonnes = BTreeMap::from([("van".to_owned(), 7.0)]);
        let saved = avoided(&register, &plan, &tonnes, day("2040-03-31"));
        let left: u32 = saved.without_factor.values().sum();
        assert_eq!(
            saved.vehicles + left,
            plan.iter().filter(|r| r.date <= day("2040-03-31")).count() as u32,
            "seed {seed}"
        );
        assert_eq!(saved.tonnes.is_some(), saved.vehicles > 0, "seed {seed}");
    }
}
