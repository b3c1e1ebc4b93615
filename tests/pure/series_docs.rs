//! `docs/time-series.md` is a copy of the table of series that cannot go stale.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use fleetgauge::series::table::{Column, FieldType, MEASUREMENTS};

/// What stands above the list.
const HEAD: &str = "# Time series

Every row that fleetgauge writes to InfluxDB 2 (`[influx]`) or to what takes the same line protocol, such as VictoriaMetrics. Made from
`src/series/table/` by `FLEETGAUGE_RENEW_DOCS=1 cargo test --test pure series_docs`; do not edit below this paragraph.

Units stand in the names. Floats always have a decimal point, integers an `i`, times are ms. Every row has its full tag set, `unknown` for
nothing; a field that is not known is left out. A row written again with the same tags and time replaces the former one. VictoriaMetrics
calls a series `<measurement>_<field>`, keeps text as 0 and booleans as 0 and 1, keeps replaced rows beside the new ones, and drops rows more than two days ahead.
";

fn kind(column: &Column) -> &'static str {
    match column.kind {
        None => "tag",
        Some(FieldType::Float) => "float",
        Some(FieldType::Integer) => "integer",
        Some(FieldType::Boolean) => "boolean",
        Some(FieldType::Text) => "text",
    }
}

#[test]
fn the_page_lists_what_the_schema_has() {
    let mut text = HEAD.to_owned();
    for measurement in MEASUREMENTS {
        let mut description = measurement.description.to_owned();
        description[..1].make_ascii_uppercase();
        write!(
            text,
            "\n## {}\n\n{description}.\n\n| column | type | meaning |\n|---|---|---|\n",
            measurement.name
        )
        .unwrap();
        for column in measurement.tags.iter().chain(measurement.fields) {
            writeln!(
                text,
                "| `{}` | {} | {} |",
                column.name,
                kind(column),
                column.description
            )
            .unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/time-series.md");
    if std::env::var_os("FLEETGAUGE_RENEW_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let renew =
        "docs/time-series.md is old: FLEETGAUGE_RENEW_DOCS=1 cargo test --test pure series_docs";
    assert!(
        std::fs::read_to_string(&path).is_ok_and(|found| found == text),
        "{renew}"
    );
}
