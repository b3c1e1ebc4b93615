//! Which source counts: cards or own totals, the cars of others, what is filled by the class, what was replaced.

use crate::golden_inventory::*;

#[test]
fn cards_and_own_totals_are_never_added() {
    let activity = rows(&[
        ("2025-06-01", vehicle("VAN"), both(km(300.0), can(30))),
        ("2025-06-02", vehicle("VAN"), both(km(300.0), can(30))),
        ("2025-06-20", vehicle("VAN"), card(80)),
        ("2025-07-01", vehicle("VAN"), both(km(300.0), can(31))),
    ]);
    let months = Months::from_activity(&activity);
    let inventory = with(&activity, &months, None);
    assert_eq!(
        inventory.total().fuel.0,
        80_000 + 31_000,
        "cards in June, the vehicle's own total in July"
    );
    assert_eq!(inventory.total().distance.0, 900_000);
    let june: Month = "2025-06".parse().unwrap();
    let notes = reconcile(&months, june, june.plus(1));
    assert_eq!(
        (
            notes.len(),
            notes[0].month,
            (notes[0].ratio.get() * 1000.0).round()
        ),
        (1, june, 333.0)
    );
    // A claimed distance counts only where the odometer was silent the whole month.
    let claimed = |metres| ActivityData {
        claimed: Metres(metres),
        ..ActivityData::default()
    };
    let twice = rows(&[
        ("2025-06-01", vehicle("CAR"), km(10.0)),
        ("2025-06-02", vehicle("CAR"), claimed(50_000)),
    ]);
    assert_eq!(of(&twice).total().distance.0, 10_000);
    assert_eq!(
        of(&rows(&[("2025-06-02", vehicle("CAR"), claimed(50_000))]))
            .total()
            .distance
            .0,
        50_000
    );
}

#[test]
fn cars_of_others_are_scope_3() {
    let grey = |class: &str, fuel: &str| Subject::GreyFleet {
        organisation: "ACUTE".into(),
        vehicle_class: class.into(),
        fuel: fuel.into(),
    };
    let claimed = ActivityData {
        claimed: Metres(1_000_000),
        ..ActivityData::default()
    };
    for (subject, want) in [
        (grey("car_average", "unknown"), 167.25),
        (grey("car_small", "petrol"), 143.08),
        (grey("spaceship", "steam"), 167.25),
        (vehicle("MINE"), 162.72),
    ] {
        let total = of(&rows(&[("2025-06-01", subject.clone(), claimed)])).total();
        assert!(
            (total.scope3.grey_fleet.get() - want).abs() < 1e-6,
            "{subject:?}: {}",
            total.scope3.grey_fleet.get()
        );
        assert_eq!(
            (
                total.scope(Scope::Scope1),
                total.scope(Scope::Scope2LocationBased),
                total.distance.0
            ),
            (None, None, 1_000_000)
        );
    }
}

#[test]
fn silent_vehicles_are_filled_in_by_their_class_and_marked() {
    let activity = rows(&[
        ("2025-05-10", vehicle("VAN"), km(3100.0)),
        ("2025-06-10", vehicle("VAN"), km(2900.0)),
    ]);
    let (register, sets, months) = (register(), sets(), Months::from_activity(&activity));
    let fill = Some((day("2025-06-01"), day("2025-06-30")));
    let found = inventory(
        &activity,
        &InventoryContext {
            per_vehicle: true,
            fill,
            ..InventoryContext::new(&register, &sets, &months)
        },
    );
    let silent = found
        .lines
        .iter()
        .find(|(key, _)| key.vehicle.as_deref() == Some("SILENT"))
        .unwrap();
    // 6,000 km in 61 days of the class; in service from 16 June on: 15 days.
    assert_eq!(
        (silent.0.tier, silent.0.estimated(), silent.1.distance.0),
        (5, true, 1_475_410)
    );
    assert!(
        found.no_data.contains("CAR"),
        "no other car is known: {:?}",
        found.no_data
    );
    assert!(found.not_computed.is_empty());
    let with_data = found
        .lines
        .iter()
        .filter(|(key, _)| key.vehicle.as_deref() == Some("VAN"));
    assert!(with_data.map(|(key, _)| key.tier).all(|tier| tier == 4));
}

#[test]
fn a_replacement_is_compared_with_what_it_replaced() {
    let activity = rows(&[
        ("2025-04-10", vehicle("OLD"), both(km(1000.0), card(120))),
        ("2025-06-01", vehicle("BEV"), both(km(1000.0), grid(400))),
    ]);
    let found = of(&activity);
    let replaced = found.replaced["BEV"];
    let mut own = Figures::default();
    found
        .lines
        .iter()
        .filter(|(key, _)| key.vehicle.as_deref() == Some("BEV"))
        .for_each(|(_, figures)| own.add(figures));
    assert!((replaced.kgco2e.get() - 120.0 * 2.57082).abs() < 1e-6);
    assert!((replaced.avoided(&own).get() - (120.0 * 2.57082 - 400.0 * 0.177)).abs() < 1e-6);
}
