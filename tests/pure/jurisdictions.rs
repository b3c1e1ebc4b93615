//! One small fleet under the rules of several countries, side by side in one process: days, fiscal years, factors, shares.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{Config, FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::jurisdiction::{IRELAND, Jurisdiction, UK};
use fleetgauge::ledger::emissions::{InventoryContext, Months, inventory};
use fleetgauge::ledger::transition::{Profile, counts};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, Subject, TokenHasher};
use fleetgauge::units::{Calendar, Day, Metres, Millilitres, UtcMs, Zone};

const VEHICLES: &str = "vehicle_id,category,fuel,plug_in,co2_g_per_km,euro,mass_kg,in_service_from
VAN,van,DIESEL,,180,EURO 6,2000,2022-01-01
EARLY,car,HYBRID ELECTRIC,yes,40,EURO 6,,2024-03-01
LATE,car,HYBRID ELECTRIC,yes,40,EURO 6,,2026-02-01
BEV,car,ELECTRICITY,,,,,2026-02-01
";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn register(country: &'static Jurisdiction) -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), VEHICLES.into());
    Register::parse_in(country, &files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn factors(country: &'static Jurisdiction) -> fleetgauge::ledger::emissions::FactorSets {
    load_factors(&FactorsConfig {
        jurisdiction: country,
        ..FactorsConfig::default()
    })
    .unwrap()
}

fn engine(country: &'static Jurisdiction, now: UtcMs) -> Engine {
    Engine::new(
        EngineConfig {
            jurisdiction: country,
            ..EngineConfig::default()
        },
        Profile::by_name(country.default_profile()).unwrap(),
        Arc::new(register(country)),
        Arc::new(factors(country)),
        1,
        now,
    )
}

#[test]
fn each_country_has_its_own_share() {
    for (country, zero, ultra_low, low, share) in [(&UK, 1, 2, 1, 1.0), (&IRELAND, 1, 1, 0, 0.5)] {
        let profile = Profile::by_name(country.default_profile()).unwrap();
        let found = counts(&register(country), &profile, day("2026-03-01"));
        assert_eq!(
            (found.zero, found.ultra_low, found.low),
            (zero, ultra_low, low),
            "{}",
            country.name
        );
        assert_eq!(found.share(&profile), Some(share), "{}", country.name);
    }
}

#[test]
fn each_country_has_its_own_factors() {
    let litres = |country| {
        let (register, factors) = (register(country), factors(country));
        let key = ActivityKey {
            day: day("2026-02-10"),
            subject: Subject::Vehicle(Arc::from("VAN")),
        };
        let sums = ActivityData {
            fuel: Millilitres(100_000),
            distance: Metres(1_000_000),
            metered: ActivityData::FUEL_METERED,
            ..ActivityData::default()
        };
        let activity = BTreeMap::from([(key, sums)]);
        let months = Months::from_activity(&activity);
        let found = inventory(
            &activity,
            &InventoryContext::new(&register, &factors, &months),
        );
        let (line, figures) = found.lines.iter().next().expect("the van");
        let kgco2e = (figures.in_use().get() * 100.0).round() / 100.0;
        (kgco2e, line.factor_set.to_string())
    };
    assert_eq!(litres(&UK), (257.08, "desnz2025".to_owned()));
    assert_eq!(
        litres(&IRELAND),
        (263.66, "seai2015+provisional".to_owned())
    );
}

#[test]
fn each_country_has_its_own_fiscal_year() {
    let now: UtcMs = "2026-02-10T12:00:00Z".parse().unwrap();
    let context = ViewContext {
        now,
        late: 0,
        rejected: 0,
    };
    for (country, first, name) in [
        (&UK, "2025-04-01", "2025-26"),
        (&IRELAND, "2026-01-01", "2026"),
    ] {
        let days = engine(country, now).emission_days(&context, None, None);
        assert_eq!(days, (day(first), day("2026-02-10")), "{}", country.name);
        let year = days.1.financial_year(&country.calendar);
        assert_eq!(year.name(&country.calendar), name);
    }
}

/// London and Dublin share their midnights, so a third country has those of Paris.
#[test]
fn each_country_has_its_own_midnight() {
    let paris: &'static Jurisdiction = Box::leak(Box::new(Jurisdiction {
        name: "paris",
        calendar: Calendar {
            zone: Zone::compiled_in(jiff::tz::get!("Europe/Paris")),
            year_starts: 1,
        },
        year_words: IRELAND.year_words,
        fuel_words: IRELAND.fuel_words,
        fuel_aliases: IRELAND.fuel_aliases,
        fuels_named: IRELAND.fuels_named,
        euro_hint: IRELAND.euro_hint,
        profiles: IRELAND.profiles,
        uptime_norms: IRELAND.uptime_norms,
        reliability_from_kw: None,
        factor_files: IRELAND.factor_files,
        factor_family: IRELAND.factor_family,
    }));
    let now: UtcMs = "2026-02-10T23:30:00Z".parse().unwrap();
    let context = ViewContext {
        now,
        late: 0,
        rejected: 0,
    };
    for (country, today) in [(&UK, "2026-02-10"), (paris, "2026-02-11")] {
        let (_, to) = engine(country, now).emission_days(&context, None, None);
        assert_eq!(to, day(today), "{}", country.name);
    }
}

#[test]
fn the_configuration_selects_a_country() {
    let load = |text: &str| Config::parse(text, "test.toml", std::iter::empty());
    assert_eq!(load("").unwrap().engine.jurisdiction, &UK);
    let config = load("[engine]\njurisdiction = \"ireland\"\n").unwrap();
    assert_eq!(config.engine.jurisdiction, &IRELAND);
    assert_eq!(config.engine.profile, "clean_vehicle");
    assert_eq!(config.factors.jurisdiction, &IRELAND);
    assert_eq!(config.store.jurisdiction, &IRELAND);
    let error = load("[engine]\njurisdiction = \"atlantis\"\n").unwrap_err();
    assert!(error.to_string().contains("uk, ireland"), "{error}");
}

#[test]
fn a_country_has_its_own_words_for_fuels() {
    assert_eq!(IRELAND.fuel("Electric"), "ELECTRICITY");
    assert_eq!(UK.fuel("Electric"), "ELECTRIC");
}
