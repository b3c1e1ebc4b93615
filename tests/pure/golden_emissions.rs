//! Worked numbers: emission factors, the April-March rule, and the classes of the 27 vehicles. Tolerance 1e-6, classes exactly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::ledger::emissions::{
    FactorSets, Inventory, InventoryContext, Months, Scope, factor_class, inventory,
};
use fleetgauge::ledger::transition::{Profile, classify};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, EnergyUser, Subject, TokenHasher};
use fleetgauge::units::{Day, Metres, Millilitres, TenthWattHours};

fn factors() -> FactorSets {
    FactorSets::parse(&[
        (
            "ghg_electricity.csv",
            include_str!("../../config/factors/ghg_electricity.csv"),
        ),
        (
            "ghg_fuel.csv",
            include_str!("../../config/factors/ghg_fuel.csv"),
        ),
        (
            "ghg_distance.csv",
            include_str!("../../config/factors/ghg_distance.csv"),
        ),
    ])
    .unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn register(vehicles: &str) -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), vehicles.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

#[track_caller]
fn near(value: f64, want: f64) {
    assert!((value - want).abs() < 1e-6, "{value} is not {want}");
}

const FLEET: &str = "vehicle_id,category,fuel,plug_in,mass_kg,engine_cc,organisation
VAN,van,DIESEL,,3500,2143,EMAS
CAR,car,PETROL,,,,EMAS
HYB,car,HYBRID ELECTRIC,no,,,EMAS
HGV,heavy,DIESEL,,7500,,EMAS
PHEV,car,HYBRID ELECTRIC,yes,,,EMAS
BEV,van,ELECTRICITY,,3500,,EMAS
H2,van,FUEL CELLS,,3500,,EMAS
ODD,,STEAM,,,,EMAS
";

fn of(rows: &[(&str, &str, ActivityData)]) -> Inventory {
    let key = |day_text: &str, id: &str| ActivityKey {
        day: day(day_text),
        subject: Subject::Vehicle(Arc::from(id)),
    };
    let activity: BTreeMap<_, _> = rows
        .iter()
        .map(|(day, id, sums)| (key(day, id), *sums))
        .collect();
    compute(&activity)
}

fn compute(activity: &BTreeMap<ActivityKey, ActivityData>) -> Inventory {
    inventory(
        activity,
        &InventoryContext::new(
            &register(FLEET),
            &factors(),
            &Months::from_activity(activity),
        ),
    )
}

fn fuel(litres: i64) -> ActivityData {
    ActivityData {
        fuel: Millilitres(litres * 1000),
        metered: ActivityData::FUEL_METERED,
        ..ActivityData::default()
    }
}

fn km(km: i64) -> ActivityData {
    ActivityData {
        distance: Metres(km * 1000),
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

fn kgco2e(inventory: &Inventory, scope: Scope) -> f64 {
    inventory.total().scope(scope).unwrap_or_default().get()
}

#[test]
fn g1_diesel_by_litres() {
    let inventory = of(&[("2025-06-01", "VAN", fuel(100))]);
    near(kgco2e(&inventory, Scope::Scope1), 257.082);
    let (key, _) = inventory.lines.iter().next().unwrap();
    assert_eq!(
        (
            key.tier,
            key.method,
            key.factor_set.to_string().as_str(),
            key.vehicle_class
        ),
        (2, "fuel", "desnz2025", "van_n1_iii")
    );
}

#[test]
fn g2_electricity_by_meter() {
    for (day, want, set) in [
        ("2025-06-01", 17.7, "desnz2025"),
        ("2024-06-01", 20.705, "desnz2024"),
        ("2026-06-01", 13.096, "desnz2026+provisional"),
        ("2027-03-31", 13.096, "desnz2026+provisional"),
        ("2027-04-01", 13.096, "desnz2026+provisional"),
    ] {
        let inventory = of(&[(day, "BEV", grid(100))]);
        near(kgco2e(&inventory, Scope::Scope2LocationBased), want);
        assert_eq!(
            inventory
                .lines
                .keys()
                .next()
                .unwrap()
                .factor_set
                .to_string(),
            set,
            "{day}"
        );
    }
}

#[test]
fn g3_distance_fallback() {
    for (id, want) in [
        ("VAN", 278.78),
        ("CAR", 162.72),
        ("HYB", 128.25),
        ("HGV", 495.48),
    ] {
        let inventory = of(&[("2025-06-01", id, km(1000))]);
        near(kgco2e(&inventory, Scope::Scope1), want);
        assert_eq!(inventory.lines.keys().next().unwrap().tier, 4, "{id}");
    }
}

#[test]
fn g4_plug_in_hybrid() {
    near(
        kgco2e(&of(&[("2025-06-01", "PHEV", km(12_000))]), Scope::Scope1),
        1100.04,
    );
    let mut measured = fuel(520);
    measured.add(&grid(900));
    measured.add(&km(12_000));
    let inventory = of(&[("2025-06-01", "PHEV", measured)]);
    near(kgco2e(&inventory, Scope::Scope1), 1075.9632);
    near(kgco2e(&inventory, Scope::Scope2LocationBased), 159.3);
    assert_eq!(
        inventory
            .lines
            .values()
            .map(|sums| sums.distance)
            .sum::<Metres>(),
        Metres(12_000_000),
        "kilometres stand in one scope only"
    );
}

#[test]
fn g5_april_march_years_use_the_set_they_start_in() {
    for (day, want) in [
        ("2024-03-31", "desnz2023"),
        ("2024-04-01", "desnz2024"),
        ("2025-12-31", "desnz2025"),
        ("2026-01-15", "desnz2025"),
    ] {
        assert_eq!(
            of(&[(day, "VAN", fuel(1))])
                .lines
                .keys()
                .next()
                .unwrap()
                .factor_set
                .to_string(),
            want,
            "{day}"
        );
    }
    near(
        kgco2e(&of(&[("2024-10-01", "VAN", fuel(10_000))]), Scope::Scope1),
        25_127.9,
    );
    assert_eq!(
        of(&[("2018-06-01", "VAN", fuel(1))]).not_computed.len(),
        1,
        "before the first set there is no figure"
    );
}

#[test]
fn days_add_up_to_the_period() {
    let rows = [
        ("2025-06-01", "VAN", fuel(10)),
        ("2025-06-02", "VAN", fuel(12)),
        ("2025-06-03", "VAN", km(5)),
        ("2025-06-03", "CAR", km(7)),
    ];
    let whole = kgco2e(&of(&rows), Scope::Scope1);
    near(
        rows.iter()
            .map(|row| kgco2e(&of(&[*row]), Scope::Scope1))
            .sum(),
        whole,
    );
}

#[test]
fn the_best_source_is_used_and_never_both() {
    let mut both = fuel(10);
    both.add(&km(100));
    near(
        kgco2e(&of(&[("2025-06-01", "VAN", both)]), Scope::Scope1),
        25.7082,
    );
    // A fuel counter that stood still proves that no fuel was used, whatever the odometer did.
    let still = ActivityData {
        distance: Metres(3000),
        metered: ActivityData::FUEL_METERED,
        ..ActivityData::default()
    };
    near(
        kgco2e(&of(&[("2025-06-01", "PHEV", still)]), Scope::Scope1),
        0.0,
    );
}

#[test]
fn charging_is_allocated_to_its_user() {
    let charged = |user| Subject::Charging {
        charge_point: Arc::from("CP1"),
        user,
    };
    let kwh = |kwh: i64| ActivityData {
        charged: TenthWattHours(kwh * 10_000),
        ..ActivityData::default()
    };
    let bev = EnergyUser::Vehicle(Arc::from("BEV"));
    let run = |rows: Vec<(Subject, ActivityData)>| {
        let activity = rows
            .into_iter()
            .map(|(subject, sums)| {
                (
                    ActivityKey {
                        day: day("2025-06-01"),
                        subject,
                    },
                    sums,
                )
            })
            .collect();
        compute(&activity)
    };
    let all = run(vec![
        (charged(bev.clone()), kwh(100)),
        (charged(EnergyUser::Unallocated), kwh(10)),
        (charged(EnergyUser::Staff), kwh(5)),
        (charged(EnergyUser::Public), kwh(7)),
    ]);
    near(kgco2e(&all, Scope::Scope2LocationBased), 110.0 * 0.177);
    assert_eq!(
        (all.unallocated.0, all.staff_public.0, all.delivered.0),
        (100_000, 120_000, 1_220_000)
    );
    let own_meter = run(vec![
        (Subject::Vehicle(Arc::from("BEV")), grid(90)),
        (charged(bev), kwh(100)),
    ]);
    near(kgco2e(&own_meter, Scope::Scope2LocationBased), 90.0 * 0.177);
}

#[test]
fn activity_without_a_factor_is_counted_and_not_zero() {
    for (id, sums) in [("ODD", km(10)), ("H2", km(10)), ("not-registered", km(10))] {
        let inventory = of(&[("2025-06-01", id, sums)]);
        assert!(inventory.lines.is_empty(), "{id}: {inventory:?}");
        assert_eq!(
            inventory
                .not_computed
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>(),
            [id]
        );
    }
}

#[test]
fn desnz_classes() {
    let text = "vehicle_id,category,fuel,mass_kg,engine_cc,role
a,car,PETROL,,1399,
b,car,DIESEL,,1700,
c,car,DIESEL,,2143,
d,van,DIESEL,1305,,
e,van,DIESEL,1740,,
f,van,DIESEL,,,emergency
g,van,DIESEL,,,support
h,heavy,DIESEL,17001,,
i,motorcycle,PETROL,,1170,
j,minibus,DIESEL,,,
k,,DIESEL,,,
";
    let want = [
        Some("car_small"),
        Some("car_medium"),
        Some("car_large"),
        Some("van_n1_i"),
        Some("van_n1_ii"),
        Some("van_n1_iii"),
        Some("van_average"),
        Some("hgv_rigid_gt17t"),
        Some("motorbike_large"),
        Some("van_n1_iii"),
        None,
    ];
    for (vehicle, want) in register(text).vehicles.iter().zip(want) {
        assert_eq!(factor_class(vehicle), want, "{}", vehicle.id);
    }
}

/// G18. Columns: category, fuel, plug_in, co2, euro, engine_cc, mass_kg, first_registered, retrofit, override; class, rule, basis.
const G18: &str = "
 1 |car,ELECTRICITY,,0,,,,,,|zero R1 measured
 2 |car,ELECTRICITY,,200,EURO1,,,,,|zero R1 measured
 3 |van,FUEL CELLS,,,,,,,,|zero R1 measured
 4 |car,ELECTRICITY,,13,,647,,,,|ultra_low R2a measured
 5 |car,HYBRID ELECTRIC,yes,30,EURO 6 AP,,,,,|ultra_low R2a measured
 6 |car,HYBRID ELECTRIC,yes,50,EURO 6 DG,,,,,|low R5 measured
 7 |car,HYBRID ELECTRIC,yes,72,EURO 6 DG,,,,,|low R5 measured
 8 |van,HYBRID ELECTRIC,yes,,,,,,,|ultra_low R2b inferred
 9 |car,HYBRID ELECTRIC,no,105,EURO 6 AP,,,,,|low R5 measured
10 |van,DIESEL,,265,EURO 6 AI,,3500,,,|low R5 measured
11 |van,HEAVY OIL,,,Euro 5,,3500,2014-06,,|other R5 measured
12 |van,HEAVY OIL,,,Euro 5,,3500,,yes,|low R3 declared
13 |van,DIESEL,,,,,3500,2016-08,,|other R6 inferred
14 |van,DIESEL,,,,,3500,2016-09,,|low R6 inferred
15 |heavy,DIESEL,,,EURO VI,,5000,,,|low R5 measured
16 |heavy,DIESEL,,,,,5000,2013-12,,|other R6 inferred
17 |heavy,DIESEL,,,,,5000,2014-01,,|low R6 inferred
18 |car,PETROL,,160,EURO 4,,,,,|low R5 measured
19 |car,PETROL,,180,EURO3,,,,,|other R5 measured
20 |motorcycle,PETROL,,,EURO 3,,,,,|low R5 measured
21 |motorcycle,PETROL,,,,,,2006-12,,|other R6 inferred
22 |van,ELECTRIC DIESEL,,140,EURO 6 AP,,,,,|low R5 measured
23 |van,DIESEL,,265,EURO 6,,,,,|low R5 measured
24 |van,DIESEL,,0,EURO 5,,,,,|other R5 measured
25 |car,OTHER,,,,,,,,|unknown R7 missing
26 |van,DIESEL,,,,,,,,|unknown R7 missing
27 |van,DIESEL,,,EURO 5,,,,,low|low R0 declared
";

fn g18() -> (Register, Vec<&'static str>) {
    let mut csv = "vehicle_id,category,fuel,plug_in,co2_g_per_km,euro,engine_cc,mass_kg,first_registered,retrofit,class_override,class_override_reason\n".to_owned();
    let mut wants = Vec::new();
    for line in G18.lines().filter(|line| !line.is_empty()) {
        let mut parts = line.split('|');
        let (number, cells) = (parts.next().unwrap().trim(), parts.next().unwrap());
        let reason = if cells.ends_with("low") {
            "certificate 4711"
        } else {
            ""
        };
        csv.push_str(&format!("{number},{cells},{reason}\n"));
        wants.push(parts.next().unwrap());
    }
    (register(&csv), wants)
}

fn found(register: &Register, index: usize, profile: &Profile) -> String {
    let found = classify(&register.vehicles[index], profile, day("2026-03-31"));
    let basis = serde_json::to_string(&found.basis).unwrap();
    format!(
        "{} {} {}",
        found.class.name(),
        found.rule,
        basis.trim_matches('"')
    )
}

#[test]
fn g18_all_27_vehicles_have_their_golden_class() {
    let (register, wants) = g18();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    assert_eq!(wants.len(), 27);
    for (index, want) in wants.iter().enumerate() {
        assert_eq!(
            found(&register, index, &profile),
            *want,
            "case {}",
            index + 1
        );
    }
}

#[test]
fn g18_with_the_switches() {
    let (register, _) = g18();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let inclusive = Profile {
        ultra_low_inclusive: true,
        ..profile.clone()
    };
    assert_eq!(found(&register, 5, &inclusive), "ultra_low R2a measured");
    let no_retrofit = Profile {
        retrofit_counts: false,
        ..profile.clone()
    };
    assert_eq!(found(&register, 11, &no_retrofit), "other R5 measured");
    let no_inference = Profile {
        infer_from_first_registration: false,
        ..profile
    };
    for case in [13, 14, 16, 17, 21] {
        assert_eq!(
            found(&register, case - 1, &no_inference),
            "unknown R7 missing",
            "case {case}"
        );
    }
}
