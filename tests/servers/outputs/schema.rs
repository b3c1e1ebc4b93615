//! Every line of a simulated fleet is valid line protocol and matches the table of series.

use std::collections::BTreeSet;

use crate::support::influx_write_stub::Stub;
use crate::support::simulated_rows::lines_of_a_fleet;
use fleetgauge::series::table::{FieldType, MEASUREMENTS};
use influxdb_line_protocol::{FieldValue, parse_lines};

#[test]
fn every_line_of_a_fleet_is_valid_and_in_the_schema() {
    let stub = Stub::default();
    let lines = lines_of_a_fleet(&stub, 6);
    assert!(lines.len() > 500, "{} lines", lines.len());
    let mut seen: BTreeSet<&str> = lines.iter().map(|line| check(line)).collect();
    let all: BTreeSet<&str> = MEASUREMENTS
        .iter()
        .map(|measurement| measurement.name)
        .collect();
    // Vehicles that replaced another one charge first; after hours they drive too (the demo of `tests/servers/dashboards.rs`).
    seen.insert("avoided_emissions");
    assert_eq!(seen, all, "every measurement is written by a living fleet");
}

/// Checks tags, fields and time of a line, and returns its measurement.
fn check(line: &str) -> &'static str {
    let parsed = parse_lines(line)
        .next()
        .unwrap()
        .unwrap_or_else(|error| panic!("{error}: {line}"));
    let measurement = MEASUREMENTS
        .iter()
        .find(|known| known.name == parsed.series.measurement.as_str())
        .unwrap_or_else(|| panic!("not in the schema: {line}"));
    let tags: Vec<String> = parsed
        .series
        .tag_set
        .iter()
        .flatten()
        .map(|(name, _)| name.to_string())
        .collect();
    let wanted: Vec<&str> = measurement.tags.iter().map(|tag| tag.name).collect();
    assert_eq!(tags, wanted, "the full tag set, in order: {line}");
    for (name, value) in &parsed.field_set {
        let column = measurement
            .fields
            .iter()
            .find(|column| column.name == name.as_str())
            .unwrap_or_else(|| panic!("{name} is not in the schema: {line}"));
        assert_eq!(
            Some(kind(value)),
            column.kind,
            "{name} has another type in the schema: {line}"
        );
    }
    assert!(
        parsed
            .timestamp
            .is_some_and(|ms| (1_500_000_000_000..4_000_000_000_000).contains(&ms)),
        "milliseconds: {line}"
    );
    measurement.name
}

fn kind(value: &FieldValue<'_>) -> FieldType {
    match value {
        FieldValue::F64(_) => FieldType::Float,
        FieldValue::I64(_) => FieldType::Integer,
        FieldValue::Boolean(_) => FieldType::Boolean,
        FieldValue::String(_) => FieldType::Text,
        FieldValue::U64(_) => panic!("unsigned integers are not written"),
    }
}
