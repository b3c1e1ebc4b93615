//! Rows of the register and of sites are due seldom, and again after a change.

use std::sync::Arc;

use super::{MINUTE, a_day, day, engine, facts, register};
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::{Fact, Observation};

fn count(facts: &[Fact], is_wanted: fn(&Fact) -> bool) -> usize {
    facts.iter().filter(|fact| is_wanted(fact)).count()
}

fn is_vehicle(fact: &Fact) -> bool {
    matches!(fact, Fact::VehicleInfo(_))
}

fn is_projection(fact: &Fact) -> bool {
    matches!(fact, Fact::Projection(_))
}

/// Checks the rows of a whole day, and returns the number of projections.
fn check_day(all: &[Fact], in_service: usize, n_sites: usize) -> usize {
    // The day and the one that begins at its end.
    assert_eq!(count(all, is_vehicle), 2 * in_service);
    assert_eq!(
        count(all, |fact| matches!(fact, Fact::SiteInfo(_))),
        97 * n_sites,
        "every quarter of an hour, from midnight to midnight"
    );
    let by_site = count(
        all,
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
    let projections = count(all, is_projection);
    assert!(
        (10..600).contains(&projections),
        "{projections} rows of what is ahead in two days"
    );
    projections
}

#[test]
fn rows_come_seldom_and_again_with_a_new_register() {
    let mut engine = engine();
    let all = a_day(&mut engine);
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
    let projections = check_day(&all, in_service, register.sites.len());
    let now = day().end(UK.zone()).plus(MINUTE);
    engine.handle_timeout(now);
    let quiet = facts(&mut engine);
    assert_eq!(
        (count(&quiet, is_vehicle), count(&quiet, is_projection)),
        (0, 0),
        "nothing has changed"
    );
    engine.set_register(register, now);
    engine.handle_timeout(now);
    let anew = facts(&mut engine);
    assert_eq!(count(&anew, is_vehicle), in_service);
    assert_eq!(count(&anew, is_projection) * 2, projections);
    let capacity = |fact: &Fact| matches!(fact, Fact::SiteInfo(row) if &*row.site == "DERBY" && row.capacity_w == Some(300_000.0));
    assert!(anew.iter().any(capacity));
}

/// Messages that came after a checkpoint are replayed to an engine that has its targets; rows that were written before are not written again.
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
