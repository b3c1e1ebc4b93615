//! Where the text of the reference draws a line: hires of five days, HVO on a card, exactly a tenth, exactly the threshold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::ledger::emissions::{
    Inventory, InventoryContext, Months, RESTATEMENT_THRESHOLD, RestatementEffect,
    RestatementReason, Scope, inventory, reconcile, restate,
};
use fleetgauge::ledger::transition::{Profile, counts};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, Subject, TokenHasher};
use fleetgauge::units::{Day, KgCo2e, Metres, Millilitres, Month, Ratio};

const VEHICLES: &str =
    "vehicle_id,category,fuel,mass_kg,organisation,ownership,in_service_from,in_service_to
VAN,van,DIESEL,3500,EMAS,,,
ODD,car,,,EMAS,,,
HIRE5,van,DIESEL,3500,EMAS,hired,2025-06-01,2025-06-06
HIRE6,van,DIESEL,3500,EMAS,hired,2025-06-01,2025-06-07
HIRE,van,DIESEL,3500,EMAS,hired,2025-06-01,
OWN5,van,DIESEL,3500,EMAS,owned,2025-06-01,2025-06-06
";

fn register() -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn of(rows: &[(&str, ActivityData)]) -> Inventory {
    let day: Day = "2025-06-02".parse().unwrap();
    let rows = rows.iter().map(|(id, sums)| {
        (
            ActivityKey {
                day,
                subject: Subject::Vehicle(Arc::from(*id)),
            },
            *sums,
        )
    });
    let activity: BTreeMap<_, _> = rows.collect();
    let (register, sets) = (register(), load_factors(&FactorsConfig::default()).unwrap());
    let months = Months::from_activity(&activity);
    inventory(
        &activity,
        &InventoryContext {
            per_vehicle: true,
            ..InventoryContext::new(&register, &sets, &months)
        },
    )
}

fn km(km: i64) -> ActivityData {
    ActivityData {
        distance: Metres(km * 1000),
        ..ActivityData::default()
    }
}

fn card(litres: i64, hvo: i64) -> ActivityData {
    ActivityData {
        fuel_card: Millilitres(litres * 1000),
        hvo_card: Millilitres(hvo * 1000),
        ..ActivityData::default()
    }
}

/// Hires longer than five days are fleet, shorter ones business travel.
#[test]
fn a_hire_of_five_days_is_business_travel_and_one_of_six_is_fleet() {
    for (id, fleet) in [
        ("HIRE5", false),
        ("HIRE6", true),
        ("HIRE", true),
        ("OWN5", true),
    ] {
        let total = of(&[(id, km(1000))]).total();
        assert_eq!(total.scope(Scope::Scope1).is_some(), fleet, "{id}");
        assert_eq!(total.scope3.grey_fleet > KgCo2e::ZERO, !fleet, "{id}");
        assert_eq!(total.distance.0, 1_000_000, "{id}");
    }
    let on_third = counts(
        &register(),
        &Profile::by_name("nhs_sdu").unwrap(),
        "2025-06-03".parse().unwrap(),
    );
    assert_eq!(on_third.total(), 5, "all but the hire of five days");
}

/// HVO's tailpipe is CH4 and N2O only, its CO2 is biogenic, its well to tank is large.
#[test]
fn hvo_on_a_card_has_factors_of_its_own() {
    let mixed = of(&[("VAN", {
        let mut sums = card(100, 40);
        sums.add(&km(900));
        sums
    })]);
    let total = mixed.total();
    assert!(
        (total.scope1.kgco2e.get() - (60.0 * 2.57082 + 40.0 * 0.03558)).abs() < 1e-6,
        "{}",
        total.scope1.kgco2e.get()
    );
    assert!((total.scope3.wtt_fuel.get() - (60.0 * 0.61101 + 40.0 * 0.56439)).abs() < 1e-6);
    assert!(
        (60.0 * 0.14 + 40.0 * 2.43..60.0 * 0.14 + 40.0 * 2.47).contains(&total.biogenic.get()),
        "{}",
        total.biogenic.get()
    );
    assert_eq!((total.fuel.0, total.distance.0), (100_000, 900_000));
    assert!(
        mixed
            .lines
            .keys()
            .all(|key| (key.tier, key.method) == (1, "fuel_card"))
    );
    // All of it: nothing is diesel, and the kilometres stand with it.
    let only = of(&[("VAN", {
        let mut sums = card(40, 40);
        sums.add(&km(900));
        sums
    })])
    .total();
    assert!((only.scope1.kgco2e.get() - 40.0 * 0.03558).abs() < 1e-9 && only.distance.0 == 900_000);
}

/// A vehicle without a known fuel and with a card that names only a part of its litres is computed by its kilometres: litres beside them
/// would count its driving twice.
#[test]
fn hvo_of_a_vehicle_without_a_fuel_is_not_added_to_its_kilometres() {
    let plain = of(&[("ODD", km(900))]).total();
    let with_card = of(&[("ODD", {
        let mut sums = card(50, 40);
        sums.add(&km(900));
        sums
    })])
    .total();
    assert!(plain.scope1.kgco2e > KgCo2e::ZERO);
    assert!(
        (plain.scope1.kgco2e - with_card.scope1.kgco2e).abs() < KgCo2e::constant(1e-9),
        "{} {}",
        plain.scope1.kgco2e.get(),
        with_card.scope1.kgco2e.get()
    );
}

/// `|L1/L2 - 1| > 0.10`; a tenth exactly is none.
#[test]
fn a_tenth_exactly_is_no_mismatch() {
    let month: Month = "2025-06".parse().unwrap();
    for (bought, burnt, found) in [
        (110, 100, 0),
        (90, 100, 0),
        (111, 100, 1),
        (89, 100, 1),
        (330, 300, 0),
    ] {
        let key = ActivityKey {
            day: month.first_day(),
            subject: Subject::Vehicle("VAN".into()),
        };
        let sums = ActivityData {
            fuel_card: Millilitres(bought * 1000),
            fuel: Millilitres(burnt * 1000),
            metered: ActivityData::FUEL_METERED,
            ..ActivityData::default()
        };
        let months = Months::from_activity([(&key, &sums)]);
        assert_eq!(
            reconcile(&months, month, month).len(),
            found,
            "{bought} of {burnt}"
        );
    }
}

/// Beyond 5 % in total. The effects are relative and multiply.
#[test]
fn the_threshold_itself_is_not_beyond_it() {
    let of = |ratios: &[f64]| {
        let effects: Vec<_> = ratios
            .iter()
            .map(|ratio| RestatementEffect {
                reason: RestatementReason::Method,
                ratio: Ratio::constant(*ratio),
            })
            .collect();
        restate(KgCo2e::constant(7500.0), &effects, RESTATEMENT_THRESHOLD)
    };
    for (ratios, restated) in [
        (&[0.05][..], false),
        (&[-0.05], false),
        (&[0.0501], true),
        (&[-0.0501], true),
        (&[0.03, 0.03], true),
        (&[0.03, -0.03], false),
    ] {
        assert_eq!(
            of(ratios).restated,
            restated,
            "{ratios:?}: {:?}",
            of(ratios)
        );
    }
}

/// A card's litres take precedence over kilometres, whether the register or only the card names the fuel.
#[test]
fn the_card_names_the_fuel_that_the_register_does_not() {
    let filled = |litres, hvo, metered| ActivityData {
        metered,
        distance: Metres(100_000),
        ..card(litres, hvo)
    };
    let kg = |id: &str, sums: ActivityData| {
        let found = of(&[(id, sums)]);
        let lines: Vec<_> = found
            .lines
            .iter()
            .map(|(key, figures)| (key.tier, key.method, figures.distance.0))
            .collect();
        (
            (found.total().scope1.kgco2e.get() * 1e6).round() / 1e6,
            lines,
        )
    };
    // Set 2025: diesel 2.57082, petrol 2.06916, LPG 1.55713, HVO 0.03558 kgCO2e/L; L of the card.
    let tier1 = vec![(1, "fuel_card", 100_000)];
    assert_eq!(
        kg("ODD", filled(40, 0, ActivityData::CARD_DIESEL)),
        (102.8328, tier1.clone())
    );
    assert_eq!(
        kg("ODD", filled(40, 0, ActivityData::CARD_PETROL)),
        (82.7664, tier1.clone())
    );
    assert_eq!(
        kg("ODD", filled(40, 0, ActivityData::CARD_DIESEL)),
        kg("VAN", filled(40, 0, 0)),
        "as if the register said so"
    );
    assert_eq!(
        kg("ODD", filled(40, 40, 0)).0,
        1.4232,
        "HVO is named by itself"
    );
    assert_eq!(
        kg("ODD", filled(40, 10, ActivityData::CARD_DIESEL)).0,
        77.4804,
        "30 L and 10 L"
    );
    assert_eq!(kg("ODD", filled(40, 0, ActivityData::CARD_LPG)).1, tier1);
    // A card that names nothing: by kilometres, and no litre beside them.
    assert_eq!(kg("ODD", filled(40, 0, 0)).1, [(4, "distance", 100_000)]);
    assert_eq!(kg("ODD", filled(40, 0, 0)).0, kg("ODD", km(100)).0);
    // The register takes precedence over what was typed at the pump.
    assert_eq!(
        kg("VAN", filled(40, 0, ActivityData::CARD_PETROL)).0,
        102.8328
    );
}

/// The choice is the month's: one unnamed fill makes all of it computed by kilometres, so that days add up.
#[test]
fn a_month_with_an_unnamed_fill_is_computed_by_kilometres() {
    let subject = Subject::Vehicle(Arc::from("ODD"));
    let at = |text: &str, sums: ActivityData| {
        (
            ActivityKey {
                day: text.parse().unwrap(),
                subject: subject.clone(),
            },
            sums,
        )
    };
    let diesel = ActivityData {
        metered: ActivityData::CARD_DIESEL,
        ..card(40, 0)
    };
    let of = |rows: Vec<(ActivityKey, ActivityData)>| {
        let activity: BTreeMap<_, _> = rows.into_iter().collect();
        let (register, sets) = (register(), load_factors(&FactorsConfig::default()).unwrap());
        let months = Months::from_activity(&activity);
        inventory(&activity, &InventoryContext::new(&register, &sets, &months))
    };
    let methods = |found: &Inventory| found.lines.keys().map(|key| key.method).collect::<Vec<_>>();
    let named = of(vec![at("2025-06-02", km(100)), at("2025-06-03", diesel)]);
    assert_eq!(methods(&named), ["fuel_card"]);
    assert_eq!(
        (named.total().fuel.0, named.total().distance.0),
        (40_000, 100_000)
    );
    let mixed = of(vec![
        at("2025-06-02", km(100)),
        at("2025-06-03", diesel),
        at("2025-06-20", card(40, 0)),
    ]);
    assert_eq!(methods(&mixed), ["distance"]);
    assert_eq!(mixed.total().fuel.0, 0);
    let next = of(vec![
        at("2025-06-03", diesel),
        at(
            "2025-07-20",
            ActivityData {
                distance: Metres(100_000),
                ..card(40, 0)
            },
        ),
    ]);
    assert_eq!(methods(&next), ["fuel_card", "distance"]);
}
