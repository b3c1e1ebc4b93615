//! Panels query only what the table of series has, and show all of it.

use std::collections::BTreeSet;

use fleetgauge::dashboards::table::{Dashboard, Filter, Look, Series};
use fleetgauge::dashboards::{DASHBOARDS, NOT_SHOWN, influxql};
use fleetgauge::series::table::{Column, MEASUREMENTS, Measurement};

fn measurement(name: &str, place: &str) -> &'static Measurement {
    MEASUREMENTS
        .iter()
        .find(|known| known.name == name)
        .unwrap_or_else(|| panic!("{place}: no measurement {name}"))
}

fn has(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

/// Checks what a series of a panel names, and returns its fields.
fn check_series(
    board: &Dashboard,
    series: &Series,
    place: &str,
) -> Vec<(&'static str, &'static str)> {
    let measurement = measurement(series.measurement, place);
    let fields = series.fields();
    for field in &fields {
        assert!(
            has(measurement.fields, field),
            "{place}: {} has no field {field}",
            measurement.name
        );
    }
    for tag in series.tags() {
        assert!(
            has(measurement.tags, tag),
            "{place}: {} has no tag {tag}",
            measurement.name
        );
    }
    for filter in series.filters {
        let wanted = match filter {
            Filter::Selected(tag) => (*tag).to_owned(),
            Filter::One(tag) => format!("one_{tag}"),
            _ => continue,
        };
        assert!(
            board.variables.iter().any(|one| one.name() == wanted),
            "{place}: no variable {wanted}"
        );
    }
    fields
        .into_iter()
        .map(|field| (measurement.name, field))
        .collect()
}

#[test]
fn every_panel_asks_for_what_the_schema_has_and_every_field_is_shown() {
    let mut shown: BTreeSet<(&str, &str)> = BTreeSet::new();
    for board in DASHBOARDS {
        for panel in board.panels {
            let place = format!("{} / {}", board.name, panel.title);
            for series in panel.series {
                shown.extend(check_series(board, series, &place));
            }
        }
        for variable in board.variables {
            let measurement = measurement(variable.measurement, board.name);
            assert!(
                has(measurement.fields, variable.field),
                "{}",
                variable.field
            );
            assert!(has(measurement.tags, variable.tag), "{}", variable.tag);
        }
    }
    for measurement in MEASUREMENTS {
        for field in measurement.fields {
            let reason = NOT_SHOWN
                .iter()
                .find(|(name, hidden, _)| (*name, *hidden) == (measurement.name, field.name));
            let is_shown = shown.contains(&(measurement.name, field.name));
            assert!(
                is_shown != reason.is_some(),
                "{}.{}: shown {is_shown}, listed as not shown {reason:?}",
                measurement.name,
                field.name
            );
        }
    }
}

/// Location-based and market-based scope 2 are two views of the same electricity.
#[test]
fn no_query_adds_the_two_views_of_scope_2() {
    let mut checked = 0;
    for board in DASHBOARDS {
        for panel in board.panels {
            let scoped = ["fleet_emissions", "site_emissions"];
            for series in panel
                .series
                .iter()
                .filter(|series| scoped.contains(&series.measurement))
            {
                let text = influxql::query(series);
                let apart = series.by.contains(&"scope")
                    || text.contains("\"scope\" = ")
                    || text.contains("\"scope\" != '2_market'");
                assert!(apart, "{}: {text}", panel.title);
                checked += 1;
            }
            let market = panel.series.iter().any(|series| {
                format!("{:?}", series.filters).contains("Is(\"scope\", \"2_market\")")
            });
            assert!(
                !market || panel.look != Look::Bars,
                "{}: stacked bars add what must not be added",
                panel.title
            );
        }
    }
    assert!(checked > 10);
}
