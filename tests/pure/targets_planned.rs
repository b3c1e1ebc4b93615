//! A fleet whose size is planned to change: goal and gap count the vehicles of the due date, by the register or a plan.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use fleetgauge::app::config::{Config, parse_targets};
use fleetgauge::ledger::targets::drift::Level;
use fleetgauge::ledger::targets::{
    Ahead, Amount, Figures, ForecastRecord, Measure, Successor, Target, TargetRecord, TargetStatus,
    assess, headline, project,
};
use fleetgauge::ledger::transition::{Population, Profile};
use fleetgauge::model::TokenHasher;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::units::Day;

const AS_OF: &str = "2026-03-31";
const DUE: &str = "2028-03-31";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Vehicles by euro standard and dates in service.
fn register(groups: &[(u32, &str, &str, &str)]) -> Register {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to\n"
            .to_owned();
    for (group, (count, euro, from, to)) in groups.iter().enumerate() {
        for index in 0..*count {
            writeln!(
                csv,
                "V{group}-{index},emergency,van,DIESEL,{euro},2020-01,{from},{to}"
            )
            .unwrap();
        }
    }
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), csv.into_bytes());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn target() -> Target {
    headline(0.9, day(DUE), Some((day("2022-04-01"), 0.5)))
}

fn record(target: &Target, register: &Register, as_of: &str) -> TargetRecord {
    assess(
        target,
        &Profile::by_name("nhs_sdu").unwrap(),
        register,
        &Figures::default(),
        day(as_of),
    )
}

#[test]
fn growth_raises_the_goal_and_disposals_lower_it() {
    let steady = [
        (60, "EURO 6", "2020-01-01", ""),
        (20, "EURO 5", "2020-01-01", ""),
    ];
    let coming = |count, euro| (count, euro, "2027-04-01", "");
    let going = |count, to| (count, "EURO 5", "2020-01-01", to);
    for (extra, vehicles, gap) in [
        (going(0, ""), 80, 12),             // 72 of 80
        (coming(20, "EURO 6"), 100, 30),    // 90 of 100: what comes counts once it is there
        (going(20, "2027-04-01"), 80, 12),  // 100 today, 80 then
        (going(20, DUE), 80, 12), // the first day out is the due date: not there at its end
        (going(20, "2028-04-01"), 100, 30), // gone the day after: still there
    ] {
        let register = register(&[steady[0], steady[1], extra]);
        let found = record(&target(), &register, AS_OF);
        assert_eq!(
            (found.vehicles_at_due, found.gap),
            (Some(vehicles), Some(Amount::Whole(gap))),
            "{extra:?}"
        );
        assert_eq!(
            found.required_per_month,
            Some(f64::from(gap) / 24.0),
            "{extra:?}"
        );
        // The share is that of today.
        let today = found.counts.unwrap();
        assert_eq!(
            found.current,
            Some(60.0 / f64::from(today.total())),
            "{extra:?}"
        );
    }
}

#[test]
fn planned_vehicles_are_not_reached_and_none_is_planned_after_the_due_date() {
    let shrinking = register(&[
        (60, "EURO 6", "2020-01-01", ""),
        (20, "EURO 5", "2020-01-01", "2027-04-01"),
    ]);
    let found = record(&target(), &shrinking, AS_OF);
    assert_eq!(
        (found.gap, found.vehicles_at_due),
        (Some(Amount::Whole(0)), Some(60))
    );
    assert_eq!(
        found.status,
        TargetStatus::BelowPath,
        "75 % today, though nothing is missing once 20 have left"
    );
    // Nothing is left to chance: those that stay count already, and those that do not count leave.
    assert_eq!(found.p_hit, Some(1.0));
    // So the rate, which is 0, makes nothing late: only the drift of 1.7 points counts.
    assert_eq!(
        (found.recent_per_month, found.level),
        (Some(0.0), Some(Level::Amber))
    );
    let found = record(&target(), &shrinking, "2027-04-30");
    assert_eq!(found.status, TargetStatus::Met);
    let found = record(
        &target(),
        &register(&[(80, "EURO 5", "2020-01-01", "2029-01-01")]),
        "2028-04-01",
    );
    assert_eq!(
        (found.vehicles_at_due, found.gap, found.status),
        (None, Some(Amount::Whole(72)), TargetStatus::Missed)
    );
}

#[test]
fn vehicles_on_order_take_part_in_the_forecast() {
    // 80 of 90 have to count; 80 do or will, none of the rest is old enough.
    let ordered = register(&[
        (50, "EURO 6", "2025-01-01", ""),
        (10, "EURO 5", "2025-01-01", ""),
        (30, "EURO 6", "2027-04-01", ""),
    ]);
    let goal = Target {
        goal: 80.0 / 90.0,
        ..target()
    };
    let found = record(&goal, &ordered, AS_OF);
    assert_eq!(
        (found.vehicles_at_due, found.gap),
        (Some(90), Some(Amount::Whole(30)))
    );
    assert!(found.p_hit.unwrap() > 0.99, "{:?}", found.forecast);
}

#[test]
fn a_written_size_goes_before_the_register() {
    let register = register(&[
        (60, "EURO 6", "2020-01-01", ""),
        (20, "EURO 5", "2020-01-01", "2027-04-01"),
    ]);
    let planned = |vehicles_at_due| {
        let measure = Measure::Fleet {
            profile: None,
            population: Population::default(),
            successor: fleetgauge::ledger::targets::Successor::default(),
            vehicles_at_due,
        };
        record(
            &Target {
                measure,
                ..target()
            },
            &register,
            AS_OF,
        )
    };
    assert_eq!(
        planned(Some(80)).gap,
        Some(Amount::Whole(12)),
        "each that leaves is replaced"
    );
    assert_eq!(planned(Some(100)).gap, Some(Amount::Whole(30)));
    assert_eq!(planned(None).gap, Some(Amount::Whole(0)));
}

fn sized(vehicles_at_due: u32, successor: Successor) -> Target {
    let measure = Measure::Fleet {
        profile: None,
        population: Population::default(),
        successor,
        vehicles_at_due: Some(vehicles_at_due),
    };
    Target {
        measure,
        ..target()
    }
}

/// 70 of 80 vehicles are low-emission.
fn eighty_vehicles() -> Register {
    register(&[
        (70, "EURO 6", "2020-01-01", ""),
        (10, "EURO 5", "2020-01-01", ""),
    ])
}

/// New vehicles count with the same chance in every role.
const HALF: Successor = Successor {
    emergency: Some(0.5),
    non_emergency: Some(0.5),
    support: Some(0.5),
};

#[test]
fn a_planned_size_is_the_registers_vehicles_and_new_ones() {
    let grown = record(&sized(120, Successor::default()), &eighty_vehicles(), AS_OF);
    let ForecastRecord {
        vehicles,
        p05,
        band,
        ..
    } = grown.forecast.clone().unwrap();
    // 110 by the register and the 40 new ones, of 108 that are needed.
    assert!(
        vehicles == 120 && p05 >= 110 && grown.p_hit.unwrap() > 0.99,
        "{:?}",
        grown.forecast
    );
    assert!(
        band.iter().all(|share| (0.9..=1.0).contains(share)),
        "{band:?}"
    );
    // Half of them at half the time.
    let ahead = project(
        &sized(120, Successor::default()),
        &Profile::by_name("nhs_sdu").unwrap(),
        &eighty_vehicles(),
        &grown,
        day(AS_OF),
    );
    let (first, last) = (ahead[0], ahead[ahead.len() - 1]);
    assert_eq!((first.band, last.band), (Some([0.875; 3]), Some(band)));
    let halfway = ahead
        .iter()
        .find(|one| one.day == day("2027-03-31"))
        .unwrap();
    assert!(
        (halfway.path_value.unwrap() / halfway.path.unwrap() - 100.0).abs() < 1e-9,
        "{halfway:?}"
    );
}

#[test]
fn new_vehicles_count_with_one_chance_or_there_is_no_forecast() {
    let eighty = eighty_vehicles();
    let expected = record(&sized(120, HALF), &eighty, AS_OF)
        .forecast
        .unwrap()
        .expected;
    assert!(expected < 70.0 + 0.5 * 50.0, "{expected}");
    let unequal = Successor {
        support: Some(0.8),
        ..HALF
    };
    let unequal = record(&sized(120, unequal), &eighty, AS_OF);
    assert!(
        unequal.p_hit.is_none()
            && unequal
                .needs
                .iter()
                .any(|need| need.starts_with("successor: one chance"))
    );
    // A chance of nothing is 0 and not -0.
    let never = Successor {
        emergency: Some(0.0),
        ..HALF
    };
    let never = record(&sized(120, never), &eighty, AS_OF).p_hit;
    assert!(never.is_none_or(f64::is_sign_positive), "{never:?}");
}

#[test]
fn a_fleet_that_shrinks_needs_the_vehicles_that_leave() {
    let shrunk = record(&sized(60, Successor::default()), &eighty_vehicles(), AS_OF);
    assert_eq!(
        (shrunk.gap, shrunk.p_hit, shrunk.forecast),
        (Some(Amount::Whole(0)), None, None)
    );
    assert!(
        shrunk
            .needs
            .iter()
            .any(|need| need.starts_with("in_service_to of 20 vehicles")),
        "{:?}",
        shrunk.needs
    );
}

#[test]
fn a_projection_is_a_share_of_the_fleet_of_each_day() {
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let ahead = |groups: &[(u32, &str, &str, &str)]| -> Vec<Ahead> {
        let register = register(groups);
        project(
            &target(),
            &profile,
            &register,
            &record(&target(), &register, AS_OF),
            day(AS_OF),
        )
    };
    let on = |ahead: &[Ahead], date: &str| *ahead.iter().find(|one| one.day == day(date)).unwrap();
    // Twenty leave on 1 April 2027: 60 of 80 before, 60 of 60 from then on.
    let shrinking = ahead(&[
        (60, "EURO 6", "2020-01-01", ""),
        (20, "EURO 5", "2020-01-01", "2027-04-01"),
    ]);
    assert_eq!(
        (shrinking[0].band, shrinking[0].trend),
        (Some([0.75; 3]), Some(0.75))
    );
    assert_eq!(on(&shrinking, "2027-03-31").trend, Some(0.75));
    let left = on(&shrinking, "2027-06-30");
    assert_eq!((left.band, left.trend), (Some([1.0; 3]), Some(1.0)));
    assert!(
        (left.path_value.unwrap() / left.path.unwrap() - 60.0).abs() < 1e-9,
        "{left:?}"
    );
    // Thirty come that day: 50 of 80 today, not 80 of 110.
    let growing = ahead(&[
        (50, "EURO 6", "2020-01-01", ""),
        (30, "EURO 5", "2020-01-01", ""),
        (30, "EURO 6", "2027-04-01", ""),
    ]);
    assert_eq!(
        (growing[0].band, growing[0].trend),
        (Some([0.625; 3]), Some(0.625))
    );
    assert_eq!(on(&growing, "2027-03-31").trend, Some(0.625));
    assert_eq!(on(&growing, "2027-06-30").trend, Some(50.0 / 110.0));
    assert!(on(&growing, "2027-06-30").band.unwrap()[0] >= 80.0 / 110.0);
}

#[test]
fn the_size_is_a_key_of_shares_of_vehicles() {
    let one = |more: &str| {
        let text = format!(
            "[[target]]\nid = \"a\"\nkind = \"share\"\nfigure = \"fleet\"\nmetric = \"m\"\n{more}"
        );
        parse_targets(&text, "targets.toml", &Config::default())
    };
    let read = one("settings = \"target\"\nvehicles_at_due = 850\n").unwrap();
    assert!(matches!(
        read[0].measure,
        Measure::Fleet {
            vehicles_at_due: Some(850),
            ..
        }
    ));
    let error = one("goal = 0.9\nvehicles_at_due = 850\nnew_in_months = 12\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("vehicles_at_due") && error.contains("line 7") && error.contains("hint"),
        "{error}"
    );
    assert!(one("goal = 0.9\nvehicles_at_due = 0\n").is_err());
}
