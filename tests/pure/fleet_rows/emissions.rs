//! Emissions by site, by class, and of the API agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MINUTE, a_day, day, drives, engine, facts};
use fleetgauge::engine::StoredActivity;
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::Months;
use fleetgauge::ledger::series_tombstones::RowTags;
use fleetgauge::model::Fact;
use fleetgauge::units::Day;

/// Rows of the day as they stand in the database: the last of each combination of tags.
fn standing(all: Vec<Fact>) -> Vec<Fact> {
    let at = day().start(UK.zone());
    let mut rows: BTreeMap<RowTags, Fact> = BTreeMap::new();
    for fact in all {
        let of_day = match &fact {
            Fact::Emissions(row) => row.at == at,
            Fact::SiteEmissions(row) => row.at == at,
            Fact::Avoided(row) => row.at == at,
            Fact::ZeroRow(row) => row.at == at,
            _ => false,
        };
        if let Some(tags) = RowTags::from_fact(&fact).filter(|_| of_day) {
            rows.insert(tags, fact);
        }
    }
    rows.into_values().collect()
}

#[test]
fn sites_add_up_to_the_fleet_and_avoided_emissions_equal_the_apis() {
    let mut engine = engine();
    let rows = standing(a_day(&mut engine));
    // Sums by organisation and scope, of rows by class and of rows by site.
    let mut totals: BTreeMap<(Arc<str>, &str), [f64; 2]> = BTreeMap::new();
    let (mut n_sites, mut avoided) = (0, Vec::new());
    for fact in &rows {
        match fact {
            Fact::Emissions(row) => {
                totals.entry((row.fleet.clone(), row.scope)).or_default()[0] += row.kgco2e;
            }
            Fact::SiteEmissions(row) => {
                totals.entry((row.fleet.clone(), row.scope)).or_default()[1] += row.kgco2e;
                n_sites += 1;
            }
            Fact::Avoided(row) => avoided.push(row),
            _ => {}
        }
    }
    assert!(totals.len() >= 6 && n_sites > 6, "{totals:?}");
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
    let kg: f64 = avoided
        .iter()
        .map(|row| row.baseline_kgco2e - row.own_kgco2e)
        .sum();
    assert!(
        kg > 1.0 && (kg - api["kgco2e"].as_f64().unwrap()).abs() < 1e-9,
        "{kg} and {api}"
    );
    let metres: i64 = avoided.iter().map(|row| row.distance_m).sum();
    assert!(
        (metres as f64 / 1000.0 - api["distance_km"].as_f64().unwrap()).abs() < 1e-9,
        "{metres} and {api}"
    );
    let vehicles: Vec<(&str, u32)> = avoided
        .iter()
        .map(|row| (&*row.site, row.vehicles))
        .collect();
    assert_eq!(vehicles, [("CHESTERFIELD", 1), ("DERBY", 1)]);
}

#[test]
fn no_emissions_are_written_while_the_months_are_read() {
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
    // The day after as well: the last rows of the day that ends are not written.
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
