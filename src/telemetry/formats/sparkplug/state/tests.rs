//! Unit tests of `state`.

use crate::telemetry::formats::sparkplug::state::*;

fn known(alias: u64, quantity: Quantity, path: bool) -> KnownMetric {
    KnownMetric {
        alias: Some(alias),
        quantity,
        path,
        rule: metric_names::rule(quantity, path),
        datatype: 8,
    }
}

#[test]
fn metrics_are_found_by_name_or_alias() {
    let mut table = MetricTable {
        born: true,
        ..MetricTable::default()
    };
    table.add(known(1, Quantity::Odometer, true));
    table.add(known(2, Quantity::Odometer, false));
    table.add(known(7, Quantity::Soc, false));
    let mut clashes = Vec::new();
    table.set_aliases(&[1, 2, 3, 7, 7, 7, 9], |alias| clashes.push(alias));
    assert_eq!(
        (clashes, &table.aliases[..]),
        (vec![7], &[(1, 3), (7, 7), (9, 9)][..])
    );
    for (name, alias, want) in [
        (None, Some(2), Found::Known(0)),
        (None, Some(1), Found::Foreign),
        (None, Some(7), Found::Foreign),
        (None, Some(4), Found::Unknown),
        (None, None, Found::Foreign),
        (Some("soc"), Some(2), Found::Known(1)),
        (Some("odometer"), None, Found::Known(0)),
        (Some("Vehicle.TraveledDistance"), None, Found::Foreign),
        (Some("temperature"), Some(2), Found::Foreign),
        (Some(""), Some(2), Found::Known(0)),
    ] {
        assert_eq!(table.find(name, alias), want, "{name:?} {alias:?}");
    }
    table.born = false;
    assert_eq!(
        (table.find(Some("soc"), None), table.find(None, Some(2))),
        (Found::Unknown, Found::Unknown)
    );
}

#[test]
fn many_gaps_between_aliases_end_in_one() {
    let mut table = MetricTable {
        born: true,
        ..MetricTable::default()
    };
    let aliases: Vec<u64> = (0..100).map(|n| n * 10).chain([u64::MAX]).collect();
    table.set_aliases(&aliases, |_| panic!("none is there twice"));
    assert_eq!(
        (table.aliases.len(), table.aliases.last()),
        (MAX_RANGES, Some(&(310, u64::MAX)))
    );
}

#[test]
fn gaps_are_counted_over_the_wrap() {
    let mut edge = Edge::default();
    for (seq, lost) in [
        (254, 0),
        (255, 0),
        (0, 0),
        (0, 0),
        (3, 2),
        (2, 256),
        (3, 256),
    ] {
        edge.observe_sequence(seq);
        assert_eq!(edge.lost, lost, "{seq}");
    }
    edge.restart(Some(0));
    edge.observe_sequence(1);
    assert_eq!(edge.lost, 256);
}

#[test]
fn tables_outlast_a_restart() {
    let mut edges = Edges::default();
    let edge = edges.get_or_insert("sparkplug:g/e").unwrap();
    let mut table = MetricTable {
        born: true,
        online: true,
        kind: AssetKind::Vehicle,
        ..MetricTable::default()
    };
    table.add(KnownMetric {
        rule: Some(Rule::Number(Quantity::Odometer, "mi")),
        ..known(1, Quantity::Odometer, false)
    });
    table.add(KnownMetric {
        rule: None,
        ..known(2, Quantity::Soc, false)
    });
    table.add(known(3, Quantity::Ignition, true));
    table.set_aliases(&[1, 2, 3, 4], |_| {});
    edge.devices.insert("sparkplug:g/e/d".into(), table.clone());
    let mut again = Edges::default();
    again.restore(&edges.save());
    let edge = again.get("sparkplug:g/e").unwrap();
    assert_eq!(edge.devices.get("sparkplug:g/e/d"), Some(&table));
    again.restore(b"\xff\xff");
    assert!(again.get("sparkplug:g/e").is_none());
}

#[test]
fn the_tables_are_bounded() {
    let mut edges = Edges::default();
    for n in 0..MAX_EDGES {
        edges.get_or_insert(&format!("{n}")).unwrap();
    }
    assert_eq!(
        edges
            .get_or_insert("one more")
            .map(|_| ())
            .map_err(|refused| refused.reason),
        Err(RejectReason::Limit)
    );
    edges.get("7").unwrap().die();
    edges.get_or_insert("one more").unwrap();
    assert!(edges.get("7").is_none());
    for n in 0..MAX_DEVICES {
        edges.make_room("8", &format!("d{n}")).unwrap();
        let device = MetricTable {
            online: true,
            ..MetricTable::default()
        };
        edges
            .get("8")
            .unwrap()
            .devices
            .insert(format!("d{n}").into(), device);
    }
    assert_eq!(
        edges.make_room("9", "d").map_err(|refused| refused.reason),
        Err(RejectReason::Limit)
    );
    edges.get("8").unwrap().die();
    edges.make_room("9", "d").unwrap();
}
