//! A fleet whose size is planned to change: goal and gap count the vehicles there will be (emissions.md 6.1), by the register or a plan.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use fleetgauge::app::config::{Config, parse_targets};
use fleetgauge::ledger::targets::{Amount, Figures, Measure, Target, TargetRecord, TargetStatus, assess, headline};
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
    let mut csv = "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to\n".to_owned();
    for (group, (count, euro, from, to)) in groups.iter().enumerate() {
        for index in 0..*count {
            writeln!(csv, "V{group}-{index},emergency,van,DIESEL,{euro},2020-01,{from},{to}").unwrap();
        }
    }
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), csv.into_bytes());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn target() -> Target {
    headline(0.9, day(DUE), Some((day("2022-04-01"), 0.5)))
}

fn record(target: &Target, register: &Register, as_of: &str) -> TargetRecord {
    assess(target, &Profile::by_name("nhs_sdu").unwrap(), register, &Figures::default(), day(as_of))
}

#[test]
fn growth_raises_the_goal_and_disposals_lower_it() {
    let steady = [(60, "EURO 6", "2020-01-01", ""), (20, "EURO 5", "2020-01-01", "")];
    let coming = |count, euro| (count, euro, "2027-04-01", "");
    let going = |count, to| (count, "EURO 5", "2020-01-01", to);
    for (extra, vehicles, gap) in [
        (going(0, ""), 80, 12),             // 72 of 80
        (coming(20, "EURO 6"), 100, 30),    // 90 of 100: what comes counts once it is there
        (going(20, "2027-04-01"), 80, 12),  // 100 today, 80 then
        (going(20, DUE), 80, 12),           // the first day out is the due date: not there at its end
        (going(20, "2028-04-01"), 100, 30), // gone the day after: still there
    ] {
        let register = register(&[steady[0], steady[1], extra]);
        let found = record(&target(), &register, AS_OF);
        assert_eq!((found.vehicles_at_due, found.gap), (Some(vehicles), Some(Amount::Whole(gap))), "{extra:?}");
        assert_eq!(found.required_per_month, Some(f64::from(gap) / 24.0), "{extra:?}");
        // The share is that of today.
        let today = found.counts.unwrap();
        assert_eq!(found.current, Some(60.0 / f64::from(today.total())), "{extra:?}");
    }
}

#[test]
fn what_is_only_planned_is_not_reached_and_after_the_due_date_nothing_is_planned() {
    let shrinking = register(&[(60, "EURO 6", "2020-01-01", ""), (20, "EURO 5", "2020-01-01", "2027-04-01")]);
    let found = record(&target(), &shrinking, AS_OF);
    assert_eq!((found.gap, found.vehicles_at_due), (Some(Amount::Whole(0)), Some(60)));
    assert_eq!(found.status, TargetStatus::BelowPath, "75 % today, though nothing is missing once 20 have left");
    // Nothing is left to chance: those that stay count already, and those that do not count leave.
    assert_eq!(found.p_hit, Some(1.0));
    let found = record(&target(), &shrinking, "2027-04-30");
    assert_eq!(found.status, TargetStatus::Met);
    let found = record(&target(), &register(&[(80, "EURO 5", "2020-01-01", "2029-01-01")]), "2028-04-01");
    assert_eq!((found.vehicles_at_due, found.gap, found.status), (None, Some(Amount::Whole(72)), TargetStatus::Missed));
}

#[test]
fn vehicles_on_order_take_part_in_the_forecast() {
    // 80 of 90 have to count; 80 do or will, none of the rest is old enough.
    let ordered =
        register(&[(50, "EURO 6", "2025-01-01", ""), (10, "EURO 5", "2025-01-01", ""), (30, "EURO 6", "2027-04-01", "")]);
    let goal = Target { goal: 80.0 / 90.0, ..target() };
    let found = record(&goal, &ordered, AS_OF);
    assert_eq!((found.vehicles_at_due, found.gap), (Some(90), Some(Amount::Whole(30))));
    assert!(found.p_hit.unwrap() > 0.99, "{:?}", found.forecast);
}

#[test]
fn a_written_size_goes_before_the_register() {
    let register = register(&[(60, "EURO 6", "2020-01-01", ""), (20, "EURO 5", "2020-01-01", "2027-04-01")]);
    let planned = |vehicles_at_due| {
        let measure = Measure::Fleet {
            profile: None,
            population: Population::default(),
            successor: fleetgauge::ledger::targets::Successor::default(),
            vehicles_at_due,
        };
        record(&Target { measure, ..target() }, &register, AS_OF)
    };
    assert_eq!(planned(Some(80)).gap, Some(Amount::Whole(12)), "each that leaves is replaced");
    assert_eq!(planned(Some(100)).gap, Some(Amount::Whole(30)));
    assert_eq!(planned(None).gap, Some(Amount::Whole(0)));
}

#[test]
fn the_size_is_a_key_of_shares_of_vehicles() {
    let one = |more: &str| {
        let text = format!("[[target]]\nid = \"a\"\nkind = \"share\"\nfigure = \"fleet\"\nmetric = \"m\"\n{more}");
        parse_targets(&text, "targets.toml", &Config::default())
    };
    let read = one("settings = \"target\"\nvehicles_at_due = 850\n").unwrap();
    assert!(matches!(read[0].measure, Measure::Fleet { vehicles_at_due: Some(850), .. }));
    let error = one("goal = 0.9\nvehicles_at_due = 850\nnew_in_months = 12\n").unwrap_err().to_string();
    assert!(error.contains("vehicles_at_due") && error.contains("line 7") && error.contains("hint"), "{error}");
    assert!(one("goal = 0.9\nvehicles_at_due = 0\n").is_err());
}
