//! Rows about sites, the register and what is ahead: they add up to what else is written, come seldom, and again when the register changes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::EXAMPLE_REGISTER;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig, StoredActivity};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::Months;
use fleetgauge::ledger::series_tombstones::RowTags;
use fleetgauge::ledger::targets::{Figures, IndicatorFigure, Kind, Measure, Target, headline};
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    AssetKind, Fact, FeedFormat, Observation, ProjectionFact, Quantity, Reading, ReadingEntry,
    TokenHasher, Value,
};
use fleetgauge::units::{Day, Thousandths, UtcMs};

const MINUTE: i64 = 60_000;

fn day() -> Day {
    "2026-11-25".parse().unwrap()
}

fn register() -> Arc<Register> {
    register_with(|text| text.to_owned())
}

fn register_with(change: impl Fn(&str) -> String) -> Arc<Register> {
    let files = EXAMPLE_REGISTER
        .map(|(name, text)| (name.to_owned(), change(text).into_bytes()))
        .to_vec();
    Arc::new(
        Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[9; 32]),
        )
        .unwrap(),
    )
}

fn engine() -> Engine {
    engine_of(register(), None)
}

fn engine_of(register: Arc<Register>, snapshot: Option<&[u8]>) -> Engine {
    // A path, as the demo has it.
    let config = EngineConfig {
        target_start: Day::from_ymd(2022, 4, 1),
        target_start_share: Some(0.5),
        ..EngineConfig::default()
    };
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let (profile, now) = (Profile::by_name("nhs_sdu").unwrap(), day().start(UK.zone()));
    match snapshot {
        Some(snapshot) => {
            Engine::restore(snapshot, config, profile, register, factors, now).unwrap()
        }
        None => Engine::new(config, profile, register, factors, 1, now),
    }
}

fn drives(engine: &mut Engine, vehicle: &str, km: i64, at: UtcMs) {
    let entries = vec![ReadingEntry {
        quantity: Quantity::Odometer,
        value: Value::Number(Thousandths(km * 1_000)),
    }];
    let reading = Reading {
        asset: vehicle.into(),
        kind: AssetKind::Vehicle,
        format: FeedFormat::new(0),
        at: Some(at),
        received_at: at,
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s: None,
        entries: entries.into(),
    };
    engine.handle(&Observation::Telemetry(reading), at);
}

fn facts(engine: &mut Engine) -> Vec<Fact> {
    std::iter::from_fn(|| engine.poll_output()).collect()
}

/// A working day of two successors, an old ambulance and a car of another organisation; facts of each minute.
fn a_day(engine: &mut Engine) -> Vec<Fact> {
    let mut all = Vec::new();
    for minute in 0..24 * 60 {
        let now = day().start(UK.zone()).plus(minute * MINUTE);
        if minute % 10 == 0 {
            for (index, vehicle) in ["AMB-123", "AMB-124", "AMB-101", "ACN-501"]
                .into_iter()
                .enumerate()
            {
                drives(
                    engine,
                    vehicle,
                    10_000 + minute / 10 * (index as i64 + 1),
                    now,
                );
            }
        }
        engine.handle_timeout(now);
        all.extend(facts(engine));
    }
    engine.handle_timeout(day().end(UK.zone()));
    all.extend(facts(engine));
    all
}

#[test]
fn sites_add_up_to_the_fleet_and_avoided_is_what_the_api_says() {
    let mut engine = engine();
    let all = a_day(&mut engine);
    let at = day().start(UK.zone());
    type Series<'a> = (Arc<str>, Arc<str>, &'a str, &'a str);
    let mut fleet: BTreeMap<Series<'_>, f64> = BTreeMap::new();
    let mut sites: BTreeMap<(Arc<str>, Arc<str>, &str), f64> = BTreeMap::new();
    let mut avoided = BTreeMap::new();
    // The last word of each row counts.
    for fact in &all {
        match fact {
            Fact::Emissions(row) if row.at == at => {
                fleet.insert(
                    (
                        row.fleet.clone(),
                        row.vehicle_class.clone(),
                        row.scope,
                        row.method,
                    ),
                    row.kgco2e,
                );
            }
            Fact::SiteEmissions(row) if row.at == at => {
                sites.insert((row.fleet.clone(), row.site.clone(), row.scope), row.kgco2e);
            }
            Fact::Avoided(row) if row.at == at => {
                avoided.insert((row.fleet.clone(), row.site.clone()), row.clone());
            }
            _ => {}
        }
    }
    let mut totals: BTreeMap<(Arc<str>, &str), [f64; 2]> = BTreeMap::new();
    fleet.iter().for_each(|((fleet, _, scope, _), kg)| {
        totals.entry((fleet.clone(), scope)).or_default()[0] += kg
    });
    sites.iter().for_each(|((fleet, _, scope), kg)| {
        totals.entry((fleet.clone(), scope)).or_default()[1] += kg
    });
    assert!(totals.len() >= 6 && sites.len() > 6, "{totals:?}");
    for (key, [fleet, sites]) in &totals {
        assert!(
            (fleet - sites).abs() < 1e-9 * fleet.abs().max(1.0),
            "{key:?}: {fleet} and {sites}"
        );
    }
    // The same kilometres by the engine's answer for the day.
    let view = engine.emissions_view(day(), day(), &[], StoredActivity::default());
    let answer = serde_json::to_value(&view).unwrap();
    let api = &answer["avoided"];
    let rows: f64 = avoided
        .values()
        .map(|row| row.baseline_kgco2e - row.own_kgco2e)
        .sum();
    assert!(
        rows > 1.0 && (rows - api["kgco2e"].as_f64().unwrap()).abs() < 1e-9,
        "{rows} and {api}"
    );
    let km: i64 = avoided.values().map(|row| row.distance_m).sum();
    assert!(
        (km as f64 / 1000.0 - api["distance_km"].as_f64().unwrap()).abs() < 1e-9,
        "{km} and {api}"
    );
    let places: Vec<(&str, u32)> = avoided
        .iter()
        .map(|((_, site), row)| (&**site, row.vehicles))
        .collect();
    assert_eq!(places, [("CHESTERFIELD", 1), ("DERBY", 1)]);
}

#[test]
fn rows_come_seldom_and_again_with_a_new_register() {
    let mut engine = engine();
    let all = a_day(&mut engine);
    let count =
        |facts: &[Fact], which: fn(&Fact) -> bool| facts.iter().filter(|fact| which(fact)).count();
    let vehicles = |fact: &Fact| matches!(fact, Fact::VehicleInfo(_));
    let ahead = |fact: &Fact| matches!(fact, Fact::Projection(_));
    let register = register();
    let in_service = register
        .vehicles
        .iter()
        .filter(|vehicle| vehicle.in_service_on(day()))
        .count();
    assert!(
        in_service < register.vehicles.len(),
        "the example has vehicles that have left"
    );
    // The day and the one that begins at its end.
    assert_eq!(count(&all, vehicles), 2 * in_service);
    let sites = count(&all, |fact| matches!(fact, Fact::SiteInfo(_)));
    assert_eq!(
        sites,
        97 * register.sites.len(),
        "every quarter of an hour, from midnight to midnight"
    );
    let by_site = count(
        &all,
        |fact| matches!(fact, Fact::SiteEmissions(row) if row.at == day().start(UK.zone())),
    );
    let each = all.iter().filter_map(|fact| match fact {
        Fact::SiteEmissions(row) => Some((row.fleet.clone(), row.site.clone(), row.scope)),
        _ => None,
    });
    let each = each.collect::<std::collections::BTreeSet<_>>().len();
    assert!(
        by_site <= 97 * each,
        "{by_site} rows of {each} series in a day"
    );
    let expected = count(&all, ahead);
    assert!(
        (10..600).contains(&expected),
        "{expected} rows of what is ahead in two days"
    );
    let now = day().end(UK.zone()).plus(MINUTE);
    engine.handle_timeout(now);
    let quiet = facts(&mut engine);
    assert_eq!(
        (count(&quiet, vehicles), count(&quiet, ahead)),
        (0, 0),
        "nothing has changed"
    );
    engine.set_register(register, now);
    engine.handle_timeout(now);
    let anew = facts(&mut engine);
    assert_eq!(count(&anew, vehicles), in_service);
    assert_eq!(count(&anew, ahead) * 2, expected);
    let capacity = |fact: &Fact| matches!(fact, Fact::SiteInfo(row) if &*row.site == "DERBY" && row.capacity_w == Some(300_000.0));
    assert!(anew.iter().any(capacity));
}

/// What was heard after a checkpoint is told again to an engine that has its targets: that writes down nothing that was written before.
#[test]
fn targets_given_at_a_start_make_no_row_due() {
    let mut before = engine();
    let now = day().start(UK.zone()).plus(MINUTE);
    before.handle_timeout(now);
    facts(&mut before);
    let (_, snapshot, _) = before.checkpoint();
    let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let mut engine = Engine::restore(
        &snapshot,
        EngineConfig::default(),
        profile,
        register(),
        factors,
        now,
    )
    .unwrap();
    engine.set_targets(Arc::from([]));
    engine.handle_timeout(now.plus(MINUTE));
    let seldom = |fact: &Fact| {
        matches!(
            fact,
            Fact::SiteInfo(_) | Fact::VehicleInfo(_) | Fact::Projection(_)
        )
    };
    assert_eq!(
        facts(&mut engine)
            .iter()
            .filter(|fact| seldom(fact))
            .count(),
        0
    );
    engine.handle(&Observation::Restarted, now.plus(2 * MINUTE));
    engine.handle_timeout(now.plus(2 * MINUTE));
    assert!(
        facts(&mut engine)
            .iter()
            .filter(|fact| seldom(fact))
            .count()
            > 10,
        "a start writes all anew"
    );
}

/// A published figure that changes every minute has its own rows written anew now and then, and those of nobody else.
#[test]
fn new_figures_write_what_rests_on_them() {
    let mut engine = engine();
    let target = Target {
        kind: Kind::Level,
        measure: Measure::Indicator {
            organisation: None,
            name: "sold".into(),
        },
        goal: 100.0,
        id: "sold".into(),
        from_settings: false,
        ..headline(0.9, "2028-03-31".parse().unwrap(), None)
    };
    engine.set_targets(Arc::from([target]));
    let start = day().start(UK.zone());
    engine.handle_timeout(start);
    facts(&mut engine);
    let (mut ahead, mut values) = (0, Vec::new());
    for minute in 1..=30 {
        let figure = IndicatorFigure {
            organisation: "x".into(),
            name: "sold".into(),
            month: "2026-10".parse().unwrap(),
            value: f64::from(minute),
        };
        engine.set_figures(Figures {
            indicators: vec![figure],
            ..Figures::default()
        });
        engine.handle_timeout(start.plus(i64::from(minute) * MINUTE));
        let all = facts(&mut engine);
        assert!(
            !all.iter()
                .any(|fact| matches!(fact, Fact::VehicleInfo(_) | Fact::FleetGroup(_))),
            "minute {minute}"
        );
        let rows = all.iter().filter_map(|fact| match fact {
            Fact::Projection(row) => Some(&*row.target),
            _ => None,
        });
        let rows: std::collections::BTreeSet<&str> = rows.collect();
        assert!(rows.iter().all(|target| *target == "sold"), "{rows:?}");
        ahead += rows.len();
        values.extend(all.iter().filter_map(|fact| match fact {
            Fact::Target(row) if &*row.target == "sold" => row.value,
            _ => None,
        }));
    }
    assert_eq!(ahead, 2, "at once, and after a quarter of an hour");
    assert_eq!(
        values,
        (1..=30).map(f64::from).collect::<Vec<_>>(),
        "how it stands is told each minute"
    );
}

#[test]
fn what_is_ahead_begins_today_and_ends_at_the_goal() {
    let mut engine = engine();
    engine.handle_timeout(day().start(UK.zone()));
    let all = facts(&mut engine);
    let rows: Vec<&ProjectionFact> = all
        .iter()
        .filter_map(|fact| match fact {
            Fact::Projection(row) if &*row.target == "low_emission_share" => Some(row),
            _ => None,
        })
        .collect();
    let progress = all.iter().find_map(|fact| match fact {
        Fact::Target(row) if &*row.target == "low_emission_share" => Some(row),
        _ => None,
    });
    let (progress, first, last) = (progress.unwrap(), rows[0], rows[rows.len() - 1]);
    assert!(
        rows.windows(2).all(|pair| pair[0].at < pair[1].at) && rows.len() <= 14,
        "{rows:?}"
    );
    assert!(
        first.at > day().start(UK.zone()) && first.at < day().end(UK.zone()),
        "today, before its end"
    );
    let near = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| (a - b).abs() < 1e-9);
    assert!(
        near(first.trend, progress.share) && near(first.path, progress.path),
        "{first:?} {progress:?}"
    );
    assert!(
        near(first.band.map(|band| band[1]), progress.share),
        "nobody is replaced in no time"
    );
    assert!(near(last.path, Some(0.9)), "{last:?}");
    assert_eq!(
        last.band, progress.band_at_due,
        "the record's own figures for the due date"
    );
    for row in &rows {
        let [p05, p50, p95] = row.band.unwrap();
        assert!(
            (0.0..=1.0).contains(&p05) && p05 <= p50 && p50 <= p95 && p95 <= 1.0,
            "{row:?}"
        );
    }
    let medians: Vec<f64> = rows.iter().map(|row| row.band.unwrap()[1]).collect();
    assert!(
        medians.windows(2).all(|pair| pair[0] <= pair[1]),
        "under nhs_sdu every successor counts: {medians:?}"
    );
}

/// What stands in the database of a day in which a vehicle goes to another organisation and site at minute 20, and its last rows' state.
fn moved(before: &Arc<Register>, after: &Arc<Register>, restart: bool) -> BTreeMap<RowTags, Fact> {
    let mut engine = engine_of(before.clone(), None);
    let mut standing = BTreeMap::new();
    for minute in 0..60 {
        let now = day().start(UK.zone()).plus(minute * MINUTE);
        if minute == 20 && restart {
            let (_, snapshot, _) = engine.checkpoint();
            engine = engine_of(after.clone(), Some(&snapshot));
            engine.handle(&Observation::Restarted, now);
        } else if minute == 20 {
            engine.set_register(after.clone(), now);
        }
        if minute % 10 == 0 {
            ["AMB-101", "AMB-123"]
                .into_iter()
                .for_each(|vehicle| drives(&mut engine, vehicle, 10_000 + minute, now));
        }
        engine.handle_timeout(now);
        standing.extend(
            facts(&mut engine)
                .into_iter()
                .filter_map(|fact| Some((RowTags::of(&fact)?, fact))),
        );
    }
    standing
}

#[test]
fn rows_of_a_combination_that_is_gone_say_nothing() {
    // Alone in its organisation, site and role: with it goes a row of each measurement.
    let new = register_with(|text| {
        text.replace(
            "AMB-123,,EMAS,DERBY,emergency",
            "AMB-123,,ACUTE-N,BUXTON,support",
        )
    });
    let old = register_with(|text| {
        let more = match text.split(',').next() {
            Some("organisation_id") => "OLD,Old\n",
            Some("site_id") => "SOLD,Sold,OLD,9,,\n",
            _ => "",
        };
        text.replace(
            "AMB-123,,EMAS,DERBY,emergency",
            "AMB-123,,OLD,SOLD,emergency",
        ) + more
    });
    let alone = moved(&new, &new, false);
    for restart in [false, true] {
        let both = moved(&old, &new, restart);
        let mut gone = std::collections::BTreeSet::new();
        for (tags, fact) in &both {
            let nothing = tags.nothing(day().start(UK.zone())).unwrap();
            match alone.get(tags) {
                Some(expected) => assert_eq!(fact, expected, "restart: {restart}"),
                None => {
                    assert_eq!(fact, &nothing, "restart: {restart}");
                    gone.insert(tags.table);
                }
            }
        }
        assert!(alone.keys().all(|tags| both.contains_key(tags)));
        assert_eq!(
            gone.len(),
            6,
            "a row of each measurement has gone: {gone:?}"
        );
    }
}

#[test]
fn nothing_is_said_of_emissions_while_the_months_are_read() {
    let mut engine = engine();
    a_day(&mut engine);
    let of = |facts: &[Fact]| {
        let count = |which: fn(&Fact) -> bool| facts.iter().filter(|fact| which(fact)).count();
        let sites = count(|fact| matches!(fact, Fact::SiteEmissions(_)));
        (
            count(|fact| matches!(fact, Fact::Emissions(_))),
            sites,
            count(|fact| matches!(fact, Fact::Transition(_))),
        )
    };
    engine.await_months();
    let now = day().end(UK.zone()).plus(6 * 60 * MINUTE);
    drives(&mut engine, "AMB-101", 10_430, now);
    drives(&mut engine, "AMB-101", 10_431, now.plus(MINUTE));
    engine.handle_timeout(now.plus(MINUTE));
    // The day after as well: the last word of the day that ends is not said.
    let next = Day(day().0 + 2).start(UK.zone());
    drives(&mut engine, "AMB-101", 10_432, next);
    engine.handle_timeout(next);
    drives(&mut engine, "AMB-101", 10_433, next.plus(MINUTE));
    let (emissions, sites, transition) = of(&facts(&mut engine));
    assert_eq!((emissions, sites), (0, 0));
    assert!(transition > 0);
    engine.set_months(Months::default());
    engine.handle_timeout(next.plus(MINUTE));
    let (emissions, sites, _) = of(&facts(&mut engine));
    assert!(emissions > 0 && sites > 0, "at once, by site too");
}
