//! Monthly figures of other systems: month, organisation, name, value, unit.

use std::sync::Arc;

use super::csv_row::{Column, CsvRow};
use super::{Context, Parsed, dates, register_lookup};
use crate::model::{Indicator, IndicatorKey, IndicatorSource, check_id};
use crate::units::Month;

pub(super) const COLUMNS: &[Column] = &[
    Column("month", &["period", "date"]),
    Column("organisation", &["organisation_id", "org", "trust"]),
    Column("name", &["indicator", "metric", "measure"]),
    Column("value", &["figure"]),
    Column("unit", &["units", "uom"]),
];

pub(super) fn parse_row(row: &mut CsvRow<'_>, context: &Context<'_>) -> Option<Parsed> {
    let organisation = register_lookup::organisation(row, context.register);
    let name = row
        .required("name", "the figure's name, as the targets know it")
        .filter(|name| match check_id(name) {
            Ok(_) => true,
            Err(error) => {
                row.refuse(
                    "name",
                    error.to_string(),
                    "use letters, digits, `-`, `_`: it is a level of an MQTT topic too",
                );
                false
            }
        });
    let month = row.required("month", "write 2026-11").and_then(|text| {
        match dates::month(text, context.register.zone()) {
            Some(month) if month <= Month::of(context.now, context.register.zone()) => Some(month),
            found => {
                let reason = if found.is_some() {
                    "lies in the future"
                } else {
                    "is not a month"
                };
                row.refuse("month", reason, "write 2026-11");
                None
            }
        }
    });
    // Zero is a figure here.
    let value = row
        .required("value", "leave the row out if the figure is unknown")
        .and_then(|text| match number(text) {
            Some(value) => Some(value),
            None => {
                row.refuse(
                    "value",
                    "is not a number",
                    "write 1204.5; per cent as the target's unit says",
                );
                None
            }
        });
    Some(Parsed::Indicator(Indicator {
        key: IndicatorKey {
            organisation: organisation?,
            name: Arc::from(name?),
            month: month?,
        },
        value: value?,
        unit: row.text("unit").map(Arc::from),
        at: context.now,
        source: IndicatorSource::Csv,
    }))
}

fn number(text: &str) -> Option<f64> {
    // `1e3` is a number, `inf` and `nan` are none.
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse()
        .ok()
        .filter(|value: &f64| plain && value.is_finite())
}
