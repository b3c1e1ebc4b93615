//! Rows of what is expected of a target.

use std::sync::Arc;

use super::{MINUTE, day, engine, facts};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::targets::{Figures, IndicatorFigure, Kind, Measure, Target, headline};
use fleetgauge::model::{Fact, ProjectionFact};

/// A published figure that changes every minute has its own rows written anew now and then, and no other rows.
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
        "the progress is written each minute"
    );
}

#[test]
fn projections_begin_today_and_end_at_the_goal() {
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
