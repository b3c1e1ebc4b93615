//! Where the text of the reference draws a line: hires of five days, HVO on a card, exactly a tenth, exactly the threshold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::ledger::emissions::{
    Inventory, Months, RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, Scope, Setting, inventory, reconcile, restate,
};
use fleetgauge::ledger::transition::{Profile, counts};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{Activity, ActivityKey, Subject, TokenHasher};
use fleetgauge::units::{Day, Month};

const VEHICLES: &str = "vehicle_id,category,fuel,mass_kg,organisation,ownership,in_service_from,in_service_to
VAN,van,DIESEL,3500,EMAS,,,
ODD,van,,3500,EMAS,,,
HIRE5,van,DIESEL,3500,EMAS,hired,2025-06-01,2025-06-06
HIRE6,van,DIESEL,3500,EMAS,hired,2025-06-01,2025-06-07
HIRE,van,DIESEL,3500,EMAS,hired,2025-06-01,
OWN5,van,DIESEL,3500,EMAS,owned,2025-06-01,2025-06-06
";

fn register() -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn of(rows: &[(&str, Activity)]) -> Inventory {
    let day: Day = "2025-06-02".parse().unwrap();
    let rows = rows.iter().map(|(id, sums)| (ActivityKey { day, subject: Subject::Vehicle(Arc::from(*id)) }, *sums));
    let activity: BTreeMap<_, _> = rows.collect();
    let (register, sets) = (register(), load_factors(&FactorsConfig::default()).unwrap());
    let months = Months::of(&activity);
    inventory(&activity, &Setting { per_vehicle: true, ..Setting::new(&register, &sets, &months) })
}

fn km(km: i64) -> Activity {
    Activity { distance_m: km * 1000, ..Activity::default() }
}

fn card(litres: i64, hvo: i64) -> Activity {
    Activity { fuel_card_ml: litres * 1000, hvo_card_ml: hvo * 1000, ..Activity::default() }
}

/// Reference 3.1 and 5.3: hires longer than five days are fleet, shorter ones business travel.
#[test]
fn a_hire_of_five_days_is_business_travel_and_one_of_six_is_fleet() {
    for (id, fleet) in [("HIRE5", false), ("HIRE6", true), ("HIRE", true), ("OWN5", true)] {
        let total = of(&[(id, km(1000))]).total();
        assert_eq!(total.of(Scope::One).is_some(), fleet, "{id}");
        assert_eq!(total.scope3.grey_fleet > 0.0, !fleet, "{id}");
        assert_eq!(total.distance_m, 1_000_000, "{id}");
    }
    let on_third = counts(&register(), &Profile::by_name("nhs_sdu").unwrap(), "2025-06-03".parse().unwrap());
    assert_eq!(on_third.total(), 5, "all but the hire of five days");
}

/// Reference 1.2 and 5.3: HVO's tailpipe is CH4 and N2O only, its CO2 is biogenic, its well to tank is large.
#[test]
fn hvo_on_a_card_has_factors_of_its_own() {
    let mixed = of(&[("VAN", {
        let mut sums = card(100, 40);
        sums.add(&km(900));
        sums
    })]);
    let total = mixed.total();
    assert!((total.scope1.kgco2e - (60.0 * 2.57082 + 40.0 * 0.03558)).abs() < 1e-6, "{}", total.scope1.kgco2e);
    assert!((total.scope3.wtt_fuel - (60.0 * 0.61101 + 40.0 * 0.56439)).abs() < 1e-6);
    assert!((60.0 * 0.14 + 40.0 * 2.43..60.0 * 0.14 + 40.0 * 2.47).contains(&total.biogenic_kgco2), "{}", total.biogenic_kgco2);
    assert_eq!((total.fuel_ml, total.distance_m), (100_000, 900_000));
    assert!(mixed.lines.keys().all(|key| (key.tier, key.method) == (1, "fuel_card")));
    // All of it: nothing is diesel, and the kilometres stand with it.
    let only = of(&[("VAN", {
        let mut sums = card(40, 40);
        sums.add(&km(900));
        sums
    })])
    .total();
    assert!((only.scope1.kgco2e - 40.0 * 0.03558).abs() < 1e-9 && only.distance_m == 900_000);
}

/// A vehicle whose own fuel is not known goes by its kilometres: litres beside them would count its driving twice.
#[test]
fn hvo_of_a_vehicle_without_a_fuel_is_not_added_to_its_kilometres() {
    let plain = of(&[("ODD", km(900))]).total();
    let with_card = of(&[("ODD", {
        let mut sums = card(40, 40);
        sums.add(&km(900));
        sums
    })])
    .total();
    assert!((plain.scope1.kgco2e - with_card.scope1.kgco2e).abs() < 1e-9, "{} {}", plain.scope1.kgco2e, with_card.scope1.kgco2e);
}

/// Reference 5.1: `|L1/L2 - 1| > 0.10`; a tenth exactly is none.
#[test]
fn a_tenth_exactly_is_no_mismatch() {
    let month: Month = "2025-06".parse().unwrap();
    for (bought, burnt, found) in [(110, 100, 0), (90, 100, 0), (111, 100, 1), (89, 100, 1), (330, 300, 0)] {
        let key = ActivityKey { day: month.first_day(), subject: Subject::Vehicle("VAN".into()) };
        let sums = Activity {
            fuel_card_ml: bought * 1000,
            fuel_ml: burnt * 1000,
            metered: Activity::FUEL_METERED,
            ..Activity::default()
        };
        let months = Months::of([(&key, &sums)]);
        assert_eq!(reconcile(&months, month, month).len(), found, "{bought} of {burnt}");
    }
}

/// Reference 5.4: beyond 5 % in total. The effects are relative and multiply.
#[test]
fn the_threshold_itself_is_not_beyond_it() {
    let of = |ratios: &[f64]| {
        let effects: Vec<_> =
            ratios.iter().map(|ratio| RestatementEffect { reason: RestatementReason::Method, ratio: *ratio }).collect();
        restate(7500.0, &effects, RESTATEMENT_THRESHOLD)
    };
    for (ratios, restated) in [
        (&[0.05][..], false),
        (&[-0.05], false),
        (&[0.0501], true),
        (&[-0.0501], true),
        (&[0.03, 0.03], true),
        (&[0.03, -0.03], false),
    ] {
        assert_eq!(of(ratios).restated, restated, "{ratios:?}: {:?}", of(ratios));
    }
}
