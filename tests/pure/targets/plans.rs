//! Chances of reaching a target, and what plans and successors change.

use crate::targets::*;

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

/// Twenty ambulances with diesel engines, of which 18 count as low-emission.
fn twenty_ambulances() -> Register {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from\n".to_owned();
    for index in 0..20 {
        let euro = if index < 18 { "EURO 6" } else { "EURO 5" };
        csv.push_str(&format!(
            "V{index},emergency,van,DIESEL,{euro},2020-01,2020-01-01\n"
        ));
    }
    parse(&csv)
}

fn convert_all(per_month: f64) -> Conversion {
    Conversion {
        which: Selector::All,
        per_month,
        successor: EmissionClass::Zero,
    }
}

#[test]
fn conversions_begin_with_the_first_whole_month() {
    let (register, profile) = (twenty_ambulances(), Profile::by_name("nhs_sdu").unwrap());
    for (as_of, first) in [
        ("2026-11-25", "2026-12-31"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-01", "2027-01-31"),
    ] {
        let plan = convert(&register, &profile, &[convert_all(5.0)], &[], day(as_of));
        assert_eq!(
            (plan[4].date, plan[5].date > day(first)),
            (day(first), true),
            "{as_of}"
        );
    }
}

/// 18 of 20 count today: 90 % is not reached by the plan, it is there; 95 % is.
#[test]
fn a_plan_reaches_only_what_is_not_there_yet() {
    let (register, profile) = (twenty_ambulances(), Profile::by_name("nhs_sdu").unwrap());
    let as_of = day("2026-11-25");
    let plan = convert(&register, &profile, &[convert_all(20.0)], &[], as_of);
    for (share, reached) in [(0.9, "2026-11-25"), (0.95, "2026-12-31")] {
        let target = Target {
            goal: share,
            ..goal()
        };
        let share = FleetShare {
            target: &target,
            profile: &profile,
            population: &Population::default(),
            successor: &Successor::ALWAYS,
        };
        assert_eq!(
            outcome(share, &register, &plan, as_of).reached.as_deref(),
            Some(reached)
        );
    }
}

/// A plan that converts one van a month to low-emission, and beside it any vehicles at a random rate to zero-emission.
fn random_plan(
    random: &mut Random,
    register: &Register,
    profile: &Profile,
    as_of: Day,
) -> Vec<Replacement> {
    let rate = 0.5 + random.below(8) as f64 / 2.0;
    let van = Conversion {
        which: Selector::Class("van".into()),
        per_month: 1.0,
        successor: EmissionClass::Low,
    };
    let vans = convert(register, profile, &[van], &[], as_of);
    let others = convert(register, profile, &[convert_all(rate)], &vans, as_of);
    [vans, others].concat()
}

#[test]
fn a_plan_moves_only_the_path() {
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let as_of = day("2026-11-24");
    for seed in seeds() {
        let mut random = Random(seed);
        let register = fleet(&mut random);
        let plan = random_plan(&mut random, &register, &profile, as_of);
        let share = FleetShare {
            target: &goal(),
            profile: &profile,
            population: &Population::default(),
            successor: &Successor::ALWAYS,
        };
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
    }
}

#[test]
fn a_plan_replaces_each_vehicle_once_and_counts_its_tonnes_once() {
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let tonnes = BTreeMap::from([("van".to_owned(), 7.0)]);
    for seed in seeds() {
        let mut random = Random(seed);
        let register = fleet(&mut random);
        let plan = random_plan(&mut random, &register, &profile, day("2026-11-24"));
        let vehicles: std::collections::BTreeSet<_> = plan
            .iter()
            .map(|replacement| &replacement.vehicle)
            .collect();
        assert_eq!(
            vehicles.len(),
            plan.len(),
            "seed {seed}: a vehicle is replaced once"
        );
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
