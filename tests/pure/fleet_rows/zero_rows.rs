//! Rows of tags that a day no longer has are overwritten with zeros.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MINUTE, day, drives, engine_of, facts, register_with};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::series_tombstones::RowTags;
use fleetgauge::model::register::Register;
use fleetgauge::model::{Fact, Observation};

/// Rows in the database after a day in which a vehicle moves to another organisation and site at minute 20.
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
                .filter_map(|fact| Some((RowTags::from_fact(&fact)?, fact))),
        );
    }
    standing
}

#[test]
fn rows_of_disappeared_tags_are_zero() {
    // Alone in its organisation, site and role: with it a row of each measurement disappears.
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
        let mut disappeared = std::collections::BTreeSet::new();
        for (tags, fact) in &both {
            let zero_row = tags.zero_row(day().start(UK.zone())).unwrap();
            match alone.get(tags) {
                Some(expected) => assert_eq!(fact, expected, "restart: {restart}"),
                None => {
                    assert_eq!(fact, &zero_row, "restart: {restart}");
                    disappeared.insert(tags.series);
                }
            }
        }
        assert!(alone.keys().all(|tags| both.contains_key(tags)));
        assert_eq!(
            disappeared.len(),
            6,
            "a row of each measurement has disappeared: {disappeared:?}"
        );
    }
}
