//! The inventory as the reference computes it (`emissions-golden.json`): all lines of the scope map (G1 to G4), uncertainty (G14), the
//! base-year policy (G15), gap filling (G16). What must hold for any activity is in
//! `inventory_properties.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sources;

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::{
    FactorSets, Figures, Inventory, InventoryContext, Months, RESIDUAL_FACTOR_MISSING,
    RESTATEMENT_THRESHOLD, RestatementEffect, RestatementReason, Scope, Uncertain, inventory,
    reconcile, relative_sd, restate,
};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, EnergyUser, Subject, TokenHasher};
use fleetgauge::units::{
    Day, KgCo2e, KgCo2ePerKwh, Metres, Millilitres, Month, Ratio, TenthWattHours,
};

fn golden(key: &str) -> f64 {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../emissions-golden.json")).unwrap();
    all[key].as_f64().unwrap_or_else(|| panic!("{key}"))
}

#[track_caller]
fn near(value: f64, key: &str) {
    let want = golden(key);
    assert!((value - want).abs() < 1e-6, "{key}: {value} is not {want}");
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

type Rows = BTreeMap<ActivityKey, ActivityData>;

const VEHICLES: &str = "vehicle_id,category,fuel,plug_in,mass_kg,organisation,site,role,replaces,ownership,in_service_from
VAN,van,DIESEL,,3500,EMAS,A,emergency,,,
OLD,van,DIESEL,,3500,EMAS,A,emergency,,,
BEV,van,ELECTRICITY,,3500,EMAS,A,emergency,OLD,,
PHEV,car,HYBRID ELECTRIC,yes,,ACUTE,B,support,,,
CAR,car,PETROL,,,ACUTE,B,support,,,
MINE,car,PETROL,,,ACUTE,B,support,,grey,
SILENT,van,DIESEL,,3500,EMAS,A,emergency,,,2025-06-16
";

fn register() -> Register {
    let files = [
        ("sites.csv", "site_id\nA\nB\n"),
        ("vehicles.csv", VEHICLES),
        (
            "charge_points.csv",
            "charge_point_id,site,organisation\nCP-A,A,EMAS\nCP-B,B,ACUTE\n",
        ),
        (
            "renewable.csv",
            "site,from,to,share,factor_kgco2e_per_kwh\nA,2025-04-01,2026-04-01,0.6,0\n",
        ),
    ];
    let files = files
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[0; 32]),
    )
    .unwrap()
}

fn sets() -> FactorSets {
    load_factors(&FactorsConfig::default()).unwrap()
}

fn vehicle(id: &str) -> Subject {
    Subject::Vehicle(Arc::from(id))
}

fn charged(point: &str, user: EnergyUser) -> Subject {
    Subject::Charging {
        charge_point: Arc::from(point),
        user,
    }
}

fn rows(rows: &[(&str, Subject, ActivityData)]) -> Rows {
    let mut activity = Rows::new();
    for (on, subject, sums) in rows {
        activity
            .entry(ActivityKey {
                day: day(on),
                subject: subject.clone(),
            })
            .or_default()
            .add(sums);
    }
    activity
}

fn of(activity: &Rows) -> Inventory {
    with(activity, &Months::from_activity(activity), None)
}

fn with(activity: &Rows, months: &Months, residual_factor: Option<KgCo2ePerKwh>) -> Inventory {
    let (register, sets) = (register(), sets());
    let setting = InventoryContext {
        residual_factor,
        per_vehicle: true,
        ..InventoryContext::new(&register, &sets, months)
    };
    inventory(activity, &setting)
}

fn km(km: f64) -> ActivityData {
    ActivityData {
        distance: Metres((km * 1000.0) as i64),
        ..ActivityData::default()
    }
}

fn card(litres: i64) -> ActivityData {
    ActivityData {
        fuel_card: Millilitres(litres * 1000),
        ..ActivityData::default()
    }
}

fn can(litres: i64) -> ActivityData {
    ActivityData {
        fuel: Millilitres(litres * 1000),
        metered: ActivityData::FUEL_METERED,
        ..ActivityData::default()
    }
}

fn grid(kwh: i64) -> ActivityData {
    ActivityData {
        vehicle_grid: TenthWattHours(kwh * 10_000),
        metered: ActivityData::GRID_METERED,
        ..ActivityData::default()
    }
}

fn kwh(kwh: i64) -> ActivityData {
    ActivityData {
        charged: TenthWattHours(kwh * 10_000),
        ..ActivityData::default()
    }
}

fn both(first: ActivityData, second: ActivityData) -> ActivityData {
    let mut sum = first;
    sum.add(&second);
    sum
}

#[test]
fn g1_a_litre_has_all_its_lines() {
    let inventory = of(&rows(&[("2025-06-01", vehicle("VAN"), card(100))]));
    let total = inventory.total();
    near(total.scope1.kgco2e.get(), "g1.scope1_kg");
    near(total.scope3.wtt_fuel.get(), "g1.scope3_wtt_kg");
    near(total.biogenic.get(), "g1.biogenic_outside_scopes_kgco2");
    for (gas, key) in ["g1.co2_kg", "g1.ch4_kgco2e", "g1.n2o_kgco2e"]
        .into_iter()
        .enumerate()
    {
        near(total.scope1.split[gas].get(), key);
    }
    let key = inventory.lines.keys().next().unwrap();
    assert_eq!(
        (key.tier, key.method, key.role),
        (1, "fuel_card", "emergency")
    );
}

#[test]
fn g2_a_kilowatt_hour_has_both_views() {
    let activity = rows(&[(
        "2025-06-01",
        charged("CP-A", EnergyUser::Vehicle("BEV".into())),
        kwh(100),
    )]);
    let inventory = of(&activity);
    let total = inventory.total();
    near(total.location.get(), "g2.scope2_location_kg");
    near(total.market.get(), "g2.scope2_market_kg");
    near(total.scope3.td_losses.get(), "g2.scope3_td_kg");
    near(
        (total.scope3.wtt_generation + total.scope3.wtt_td).get(),
        "g2.scope3_wtt_kg",
    );
    near(
        total.location.get() + total.scope3.kgco2e().get(),
        "g2.total_location_kg",
    );
    assert!(inventory.flags.contains(RESIDUAL_FACTOR_MISSING));
    assert_eq!((total.energy.0, total.renewable.0), (1_000_000, 600_000));
    let residual = with(
        &activity,
        &Months::from_activity(&activity),
        Some(KgCo2ePerKwh::constant(0.3)),
    );
    assert!((residual.total().market.get() - 12.0).abs() < 1e-9 && residual.flags.is_empty());
    // Elsewhere, and after its last day, the contract covers nothing.
    for (on, point) in [("2025-06-01", "CP-B"), ("2026-04-01", "CP-A")] {
        let total = of(&rows(&[(
            on,
            charged(point, EnergyUser::Unallocated),
            kwh(100),
        )]))
        .total();
        assert!(
            (total.location.get() - total.market.get()).abs() < 1e-9,
            "{on} {point}"
        );
    }
    // The vehicle's own register has no place: it is where it charged that day.
    let own = rows(&[
        (
            "2025-06-01",
            charged("CP-B", EnergyUser::Vehicle("BEV".into())),
            kwh(100),
        ),
        ("2025-06-01", vehicle("BEV"), grid(90)),
    ]);
    assert_eq!(
        (of(&own).total().renewable.0, of(&own).total().energy.0),
        (0, 900_000)
    );
}

#[test]
fn g3_and_g4_kilometres_and_a_plug_in_hybrid_have_their_golden_figures() {
    let total = of(&rows(&[("2025-06-01", vehicle("VAN"), km(1000.0))])).total();
    near(total.scope1.kgco2e.get(), "g3.van_n1_iii.diesel.scope1_kg");
    near(total.scope3.wtt_fuel.get(), "g3.van_n1_iii.diesel.wtt_kg");
    let bev = of(&rows(&[("2025-06-01", vehicle("BEV"), km(1000.0))])).total();
    near(
        bev.location.get(),
        "g3.van_n1_iii.bev.scope2_kg_from_published_km",
    );
    assert!(
        (bev.scope3.td_losses.get() - 7.21).abs() < 1e-9
            && (bev.scope3.wtt_generation.get() - 19.79).abs() < 1e-9
    );
    // The kilometres of 2025 would carry the grid of 2025: in 2026/27 their energy does not.
    let later = of(&rows(&[("2026-06-01", vehicle("BEV"), km(1000.0))])).total();
    assert!((later.location.get() - 389.84 * 0.13096).abs() < 1e-9);
    let unmeasured = of(&rows(&[("2025-06-01", vehicle("PHEV"), km(12_000.0))]));
    let total = unmeasured.total();
    near(total.scope1.kgco2e.get(), "g4.tier3_scope1_kg");
    near(total.location.get(), "g4.tier3_scope2_kg");
    assert!(
        (total.scope3.wtt_fuel.get() - 12_000.0 * 0.02934).abs() < 1e-9
            && total.scope3.wtt_generation == KgCo2e::ZERO
    );
    assert_eq!(
        total.distance.0, 12_000_000,
        "kilometres stand in one line only"
    );
    let measured = of(&rows(&[(
        "2025-06-01",
        vehicle("PHEV"),
        both(both(card(520), grid(900)), km(12_000.0)),
    )]));
    near(measured.total().scope1.kgco2e.get(), "g4.tier1_scope1_kg");
    near(measured.total().location.get(), "g4.tier1_scope2_kg");
    assert!(measured.lines.keys().all(|key| key.tier == 1));
}

#[test]
fn g14_uncertainty_has_its_golden_figures() {
    let total = Uncertain::from_groups([
        (KgCo2e::constant(500.0), relative_sd(1)),
        (KgCo2e::constant(200.0), relative_sd(2)),
        (KgCo2e::constant(100.0), relative_sd(4)),
    ]);
    near(total.total.get(), "g14.total_t");
    near(total.sd.get(), "g14.sd_t");
    let (low, high) = total.interval_95();
    assert!((low.get() - 759.593_565).abs() < 1e-6 && (high.get() - 840.406_435).abs() < 1e-6);
}

#[test]
fn g15_a_restatement_has_its_golden_figures() {
    let effect = |reason, ratio| RestatementEffect {
        reason,
        ratio: Ratio::constant(ratio),
    };
    let effects = [
        effect(RestatementReason::FactorRevision, 0.023),
        effect(RestatementReason::Structure, -0.09),
    ];
    let both = restate(KgCo2e::constant(7500.0), &effects, RESTATEMENT_THRESHOLD);
    near(both.base.get(), "g15.new_base_t");
    near(both.change.get() * 100.0, "g15.change_pct");
    let one = restate(
        KgCo2e::constant(7500.0),
        &effects[..1],
        RESTATEMENT_THRESHOLD,
    );
    assert!(
        both.restated && !one.restated && one.base == KgCo2e::constant(7500.0),
        "{one:?}"
    );
}

#[test]
fn g16_gaps_are_filled_by_the_vehicles_own_consumption() {
    for gaps in [[10, 11], [0, 1], [4, 8]] {
        let mut activity = Rows::new();
        let mut litres = [305; 10].into_iter();
        let mut gap_km = [2100.0, 2400.0].into_iter();
        for index in 0..12 {
            let month = "2025-04".parse::<Month>().unwrap().plus(index);
            let sums = if gaps.contains(&index) {
                km(gap_km.next().unwrap())
            } else {
                both(km(2740.0), card(litres.next().unwrap()))
            };
            activity.insert(
                ActivityKey {
                    day: month.first_day(),
                    subject: vehicle("VAN"),
                },
                sums,
            );
        }
        let months = Months::from_activity(&activity);
        let inventory = with(&activity, &months, None);
        let of_tier = |tier| -> f64 {
            inventory
                .lines
                .iter()
                .filter(|(key, _)| key.tier == tier)
                .map(|(_, figures)| figures.fuel.litres().get())
                .sum()
        };
        let gap = "2025-04".parse::<Month>().unwrap().plus(gaps[0]);
        assert!(
            (months.own_ratio("VAN", gap, &UK.calendar).unwrap().get() - golden("g16.l_per_km"))
                .abs()
                < 1e-9
        );
        // Litres are whole millilitres per day.
        assert!(
            (of_tier(3) - golden("g16.filled_l")).abs() < 1e-3,
            "{gaps:?}"
        );
        assert!((of_tier(1) + of_tier(3) - golden("g16.year_l")).abs() < 1e-3);
        assert!(
            (of_tier(1) / (of_tier(1) + of_tier(3)) - golden("g16.tier_mix_measured_share")).abs()
                < 1e-6
        );
        assert!(
            inventory
                .lines
                .keys()
                .all(|key| key.estimated() == (key.tier == 3))
        );
    }
}
