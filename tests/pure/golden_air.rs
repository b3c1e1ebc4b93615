//! Air pollution as the reference computes it: G9 to the last digit, every pollutant for itself, and what cannot be computed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::ledger::air::{
    AirConfig, AirInventory, AirSums, Pollutant, PollutantStatus, air, air_class, changes,
};
use fleetgauge::ledger::emissions::Months;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, EnergyUser, Subject, TokenHasher};
use fleetgauge::units::{Kilograms, Metres, Ratio, TenthWattHours};

#[track_caller]
fn near(value: f64, key: &str) {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../emissions-golden.json")).unwrap();
    let want = all[key].as_f64().unwrap_or_else(|| panic!("{key}"));
    assert!((value - want).abs() < 1e-6, "{key}: {value} is not {want}");
}

const FLEET: &str =
    "vehicle_id,organisation,category,fuel,plug_in,euro,mass_kg,engine_cc,first_registered
VAN5,EMAS,van,DIESEL,,EURO 5,3500,,
VAN6,EMAS,van,DIESEL,,EURO 6,3500,,
VAN6D,EMAS,van,DIESEL,,EURO 6d,3500,,
CAR6,ACUTE,car,DIESEL,,EURO 6,,1995,
BEV,EMAS,van,ELECTRICITY,,,3500,,
PHEV,ACUTE,car,HYBRID ELECTRIC,yes,EURO 6,,,2022-01
EURO2,EMAS,van,DIESEL,,EURO 2,3500,,
NONE,EMAS,van,DIESEL,,,3500,,
TRUCK,EMAS,heavy,DIESEL,,EURO VI,18000,,
";

fn register() -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), FLEET.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn of(rows: &[(Subject, ActivityData)], config: &AirConfig) -> AirInventory {
    let day = "2025-06-01".parse().unwrap();
    let activity: BTreeMap<_, _> = rows
        .iter()
        .map(|(subject, sums)| {
            (
                ActivityKey {
                    day,
                    subject: subject.clone(),
                },
                *sums,
            )
        })
        .collect();
    let sets = load_factors(&FactorsConfig::default()).unwrap();
    air(
        &activity,
        &register(),
        &sets,
        &Months::from_activity(&activity),
        config,
    )
}

fn driven(rows: &[(&str, f64)]) -> Vec<(Subject, ActivityData)> {
    let km = |km: f64| ActivityData {
        distance: Metres((km * 1000.0) as i64),
        ..ActivityData::default()
    };
    rows.iter()
        .map(|(id, distance)| (Subject::Vehicle(Arc::from(*id)), km(*distance)))
        .collect()
}

fn g9() -> (AirSums, AirSums) {
    let base = driven(&[("VAN5", 2.0e6), ("VAN6", 1.5e6), ("CAR6", 0.5e6)]);
    let now = driven(&[
        ("VAN5", 0.8e6),
        ("VAN6", 1.2e6),
        ("VAN6D", 1.2e6),
        ("CAR6", 0.3e6),
        ("BEV", 0.4e6),
    ]);
    let config = AirConfig::default();
    (of(&base, &config).total(), of(&now, &config).total())
}

#[test]
fn g9_every_pollutant_has_its_own_figure() {
    let (base, now) = g9();
    for (sums, name) in [(&base, "base"), (&now, "now")] {
        near(sums.distance.km().get(), &format!("g9.{name}.km"));
        near(
            sums.pollutant(Pollutant::Nox, true).kilograms().get(),
            &format!("g9.{name}.nox_kg"),
        );
        near(
            sums.pm_exhaust.kilograms().get(),
            &format!("g9.{name}.pm25_exhaust_kg"),
        );
        near(
            sums.pollutant(Pollutant::Pm25, true).kilograms().get(),
            &format!("g9.{name}.pm25_total_kg"),
        );
        near(
            sums.pollutant(Pollutant::Pm10, true).kilograms().get(),
            &format!("g9.{name}.pm10_total_kg"),
        );
    }
    let config = AirConfig::default();
    let (found, all_met) = changes(&now, Some(&base), (365, 366), &config);
    near(found[0].change.unwrap().get() * 100.0, "g9.nox_change_pct");
    near(
        found[1].change.unwrap().get() * 100.0,
        "g9.pm25_total_change_pct",
    );
    assert_eq!(
        (found[0].status, found[1].status, all_met),
        (PollutantStatus::Met, PollutantStatus::NotMet, Some(false))
    );
    let exhaust = AirConfig {
        include_non_exhaust: false,
        ..AirConfig::default()
    };
    near(
        changes(&now, Some(&base), (365, 365), &exhaust).0[1]
            .change
            .unwrap()
            .get()
            * 100.0,
        "g9.pm25_exhaust_change_pct",
    );
    let only_nox = AirConfig {
        tracked: vec![Pollutant::Nox],
        ..AirConfig::default()
    };
    assert_eq!(
        changes(&now, Some(&base), (365, 365), &only_nox).1,
        Some(true)
    );
}

#[test]
fn an_air_target_without_a_base_is_neither_met_nor_missed() {
    let (base, now) = g9();
    let config = AirConfig::default();
    let (found, all_met) = changes(&now, None, (365, 365), &config);
    assert!(
        all_met.is_none()
            && found
                .iter()
                .all(|change| change.status == PollutantStatus::NotSet)
    );
    let (found, all_met) = changes(&now, Some(&base), (90, 365), &config);
    assert!(
        all_met.is_none()
            && found
                .iter()
                .all(|change| change.status == PollutantStatus::NotComparable)
    );
    // Figures of one pollutant are evidence for that one.
    let half = AirConfig {
        base_kg: [(Pollutant::Nox, Kilograms::constant(4311.53))].into(),
        ..AirConfig::default()
    };
    let (found, all_met) = changes(&now, None, (365, 365), &half);
    assert_eq!(
        (found[0].status, found[1].status, all_met),
        (PollutantStatus::Met, PollutantStatus::NotSet, None)
    );
    // Exactly -20 % is enough.
    let exact = AirConfig {
        base_kg: [(Pollutant::Nox, Kilograms::constant(2501.254 / 0.8))].into(),
        tracked: vec![Pollutant::Nox],
        ..config
    };
    assert_eq!(changes(&now, None, (365, 365), &exact).1, Some(true));
}

#[test]
fn stages_by_word_and_by_registration() {
    let text = "vehicle_id,category,fuel,plug_in,euro,mass_kg,engine_cc,first_registered
a,car,DIESEL,,EURO 6,,1995,2019-08
b,car,DIESEL,,EURO 6,,1995,2019-09
c,car,DIESEL,,EURO 6,,1995,2021-01
d,van,DIESEL,,EURO 6,3500,,2020-08
e,van,DIESEL,,EURO 6,3500,,2020-09
f,van,DIESEL,,EURO 6,3500,,2022-01
g,van,DIESEL,,6d-TEMP,3500,,
h,heavy,DIESEL,,EURO VI,5000,,2022-01
i,motorcycle,PETROL,,EURO 3,,500,
j,car,HYBRID ELECTRIC,no,EURO 6,,,
k,car,HYBRID ELECTRIC,yes,EURO 6,,2500,2022-01
l,van,DIESEL,,EURO 2,3500,,
m,heavy,ELECTRICITY,,,12000,,
n,car,DIESEL,,EURO 6 DG,,1995,
o,car,DIESEL,,EURO 6 DG,,1995,2019-10
p,car,DIESEL,,Euro 6d-ISC-FCM,,1995,2019-08
q,car,DIESEL,,EURO 6D,,1995,
";
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), text.as_bytes().to_vec());
    let register = Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap();
    let sets = load_factors(&FactorsConfig::default()).unwrap();
    let wants = [
        "car_medium diesel 6abc",
        "car_medium diesel 6d_temp",
        "car_medium diesel 6d",
        "van_n1_iii diesel 6abc",
        "van_n1_iii diesel 6d_temp",
        "van_n1_iii diesel 6d",
        "van_n1_iii diesel 6d_temp",
        "hgv_rigid_3_5_7_5t diesel VI",
        "motorbike_medium petrol 3",
        "car_medium hybrid_petrol 6abc",
        "car_medium phev_petrol_engine_on 6d",
        "",
        "hgv_rigid_3_5_7_5t bev ",
        // The DVLA's letters are those of the type approval: `DG` is no 6d.
        "car_medium diesel 6abc",
        "car_medium diesel 6d_temp",
        "car_medium diesel 6d",
        "car_medium diesel 6d",
    ];
    for (vehicle, want) in register.vehicles.iter().zip(wants) {
        let found = air_class(vehicle);
        let text = found.map_or(String::new(), |class| {
            format!("{} {} {}", class.exhaust, class.fuel, class.stage.name())
        });
        assert_eq!(text, want, "{}", vehicle.id);
        assert!(
            found.is_none_or(|class| sets
                .exhaust(class.exhaust, class.fuel, class.stage.name())
                .is_some()),
            "{want}"
        );
    }
}

#[test]
fn real_driving_emissions_go_before_the_date() {
    let text = "vehicle_id,category,fuel,euro,first_registered,real_driving_emissions
early,car,DIESEL,EURO 6 BG,2018-05,1
late,van,DIESEL,EURO 6 AP,2020-01,2
none,car,DIESEL,EURO 6 AP,2018-05,
older,car,DIESEL,EURO 5,2013-05,
";
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), text.as_bytes().to_vec());
    let register = Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap();
    let stages: Vec<_> = register
        .vehicles
        .iter()
        .map(|vehicle| air_class(vehicle).unwrap().stage.name())
        .collect();
    assert_eq!(stages, ["6d_temp", "6d", "6abc", "5"]);
}

#[test]
fn unknown_vehicles_are_counted() {
    let config = AirConfig::default();
    let found = of(
        &driven(&[
            ("EURO2", 10.0),
            ("NONE", 20.0),
            ("stranger", 30.0),
            ("TRUCK", 5.0),
        ]),
        &config,
    );
    assert_eq!(
        (
            found.not_computed.len(),
            found.not_computed_distance.0,
            found.proxy.0
        ),
        (3, 60_000, 5_000)
    );
    // A plug-in hybrid by its meter, or as if the engine ran all the time.
    let unmetered = of(&driven(&[("PHEV", 1000.0)]), &config);
    let charge = Subject::Charging {
        charge_point: "CP".into(),
        user: EnergyUser::Vehicle("PHEV".into()),
    };
    let mut rows = driven(&[("PHEV", 1000.0)]);
    // 103.28 kWh are 500 km of an average battery-electric car.
    rows.push((
        charge,
        ActivityData {
            charged: TenthWattHours(1_032_800),
            ..ActivityData::default()
        },
    ));
    let metered = of(&rows, &config);
    assert_eq!(
        (unmetered.phev_engine_on.0, metered.phev_engine_on.0),
        (1_000_000, 0)
    );
    assert!(((metered.total().nox / unmetered.total().nox).get() - 0.5).abs() < 1e-9);
    assert_eq!(metered.total().pm25_wear, unmetered.total().pm25_wear);
}

#[test]
fn speeds_and_electric_wear_are_configurable() {
    let motorway = AirConfig {
        speed_mix: [Ratio::ZERO, Ratio::ZERO, Ratio::ONE],
        ..AirConfig::default()
    };
    assert!((of(&driven(&[("VAN5", 1.0)]), &motorway).total().nox.get() - 1.70763).abs() < 1e-9);
    let regen = AirConfig {
        credit_regeneration: true,
        ..AirConfig::default()
    };
    let wear = |config: &AirConfig| of(&driven(&[("BEV", 1.0)]), config).total().pm25_wear.get();
    assert!((wear(&AirConfig::default()) - 0.01571).abs() < 1e-9);
    assert!((wear(&regen) - (0.0071 * 1.1 + 0.00456 * 0.5 + 0.00405 * 1.1)).abs() < 1e-9);
}
