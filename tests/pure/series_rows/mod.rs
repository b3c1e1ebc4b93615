//! The bytes of rows of every series, and that a fact yields exactly the columns that the table of series lists.

mod charging_facts;
mod fleet_facts;
mod zero_rows;

use fleetgauge::model::Fact;
use fleetgauge::series;
use fleetgauge::series::table::{
    FieldType, FieldValue, MEASUREMENTS, RowVisitor, measurement, visit,
};

/// Facts of every series, complete ones and some with as little as possible, in the order of the table.
fn sample_facts() -> Vec<Fact> {
    let mut facts = charging_facts::all();
    facts.extend(fleet_facts::all());
    facts.sort_by_key(|fact| {
        MEASUREMENTS
            .iter()
            .position(|known| known == measurement(fact))
    });
    facts
}

/// Compares lines with those of a file beside this one. `FLEETGAUGE_RENEW_ROWS=1` writes the file instead: for a new series or column.
fn assert_lines(lines: Vec<u8>, file: &str) {
    let lines = String::from_utf8(lines).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pure/series_rows/");
    let path = format!("{folder}{file}");
    if std::env::var_os("FLEETGAUGE_RENEW_ROWS").is_some() {
        std::fs::write(&path, &lines).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (line, expected) in lines.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(lines.lines().count(), expected.lines().count());
}

/// Databases fix a field's type at its first row, so a row's bytes never change.
#[test]
fn rows_keep_their_bytes() {
    let mut lines = Vec::new();
    for fact in sample_facts() {
        series::encode(&fact, &mut lines);
    }
    assert_lines(lines, "lines.txt");
}

/// Counts what a fact yields.
#[derive(Default)]
struct Yielded {
    n_tags: usize,
    kinds: Vec<Option<FieldType>>,
}

impl RowVisitor for Yielded {
    fn tag(&mut self, _: &str) {
        assert!(self.kinds.is_empty(), "tags come before fields");
        self.n_tags += 1;
    }

    fn field(&mut self, value: FieldValue<'_>) {
        self.kinds.push(Some(value.kind()));
    }
}

#[test]
fn facts_yield_the_columns_of_the_table() {
    for fact in sample_facts().iter().chain(&zero_rows::all()) {
        let measurement = measurement(fact);
        let (yielded, _) = visit(fact, |started| {
            assert_eq!(started, measurement);
            Yielded::default()
        });
        let kinds = measurement.fields.iter().map(|column| column.kind);
        assert_eq!(yielded.n_tags, measurement.tags.len(), "{fact:?}");
        assert_eq!(yielded.kinds, kinds.collect::<Vec<_>>(), "{fact:?}");
    }
}

/// With the bytes and the types above, this holds the order of columns of one type too: a complete row names them as the table does.
#[test]
fn every_series_has_a_complete_sample() {
    let expected = include_str!("lines.txt");
    for known in MEASUREMENTS {
        let names = known.fields.iter().map(|column| column.name);
        let complete = expected
            .lines()
            .filter(|line| line.starts_with(&format!("{},", known.name)))
            .any(|line| names.clone().all(|name| line.contains(&format!("{name}="))));
        // A float that is not a number has no row, so that of `fleet_air` is never complete.
        assert!(complete || known.name == "fleet_air", "{}", known.name);
    }
}
