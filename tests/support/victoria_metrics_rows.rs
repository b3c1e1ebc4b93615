//! Rows as VictoriaMetrics tells them: of several numbers of one series and one time it keeps all, and a sum takes the highest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use influxdb_line_protocol::{FieldValue, parse_lines};

/// One row for each series and time, with the highest of each number; texts and states are left out.
pub fn of(lines: &[&str]) -> Vec<String> {
    let mut rows: BTreeMap<(String, i64), BTreeMap<String, FieldValue<'static>>> = BTreeMap::new();
    for line in parse_lines(&lines.join("\n")) {
        let line = line.unwrap();
        let row = rows
            .entry((line.series.to_string(), line.timestamp.unwrap()))
            .or_default();
        for (field, value) in &line.field_set {
            let higher = match (value, row.get(field.as_str())) {
                (FieldValue::F64(new), Some(FieldValue::F64(old))) => {
                    FieldValue::F64(new.max(*old))
                }
                (FieldValue::I64(new), Some(FieldValue::I64(old))) => {
                    FieldValue::I64(*new.max(old))
                }
                (FieldValue::F64(new), _) => FieldValue::F64(*new),
                (FieldValue::I64(new), _) => FieldValue::I64(*new),
                _ => continue,
            };
            row.insert(field.to_string(), higher);
        }
    }
    let numbers = rows.into_iter().filter(|(_, fields)| !fields.is_empty());
    numbers
        .map(|((series, at), fields)| {
            let mut text = series;
            for (n, (field, value)) in fields.into_iter().enumerate() {
                let before = if n == 0 { ' ' } else { ',' };
                match value {
                    FieldValue::F64(number) => write!(text, "{before}{field}={number:?}"),
                    FieldValue::I64(number) => write!(text, "{before}{field}={number}i"),
                    _ => Ok(()),
                }
                .unwrap();
            }
            format!("{text} {at}")
        })
        .collect()
}
