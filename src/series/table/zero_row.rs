//! Rows of zeros. A time-series database never deletes a point, so a row that no longer holds is overwritten with the same tags and time.

use super::column::{FieldType, ZeroValue};
use super::row::RowVisitor;
use super::{MEASUREMENTS, Measurement, RowTime};
use crate::model::{DaySeries, ZeroRowFact};
use crate::units::UtcMs;

/// The measurement that a series of days is.
pub fn measurement(wanted: DaySeries) -> &'static Measurement {
    MEASUREMENTS
        .iter()
        .find(
            |known| matches!(known.time, RowTime::RewrittenDay { series, .. } if series == wanted),
        )
        .expect("a test finds every DaySeries in the table")
}

pub(super) fn row(fact: &ZeroRowFact, row: &mut impl RowVisitor) -> UtcMs {
    for tag in &fact.tags {
        row.tag(tag);
    }
    for column in measurement(fact.series).fields {
        let integer = match column.zero {
            ZeroValue::ByType => Some(0),
            ZeroValue::Omitted => None,
            ZeroValue::FromTags(value) => value(&fact.tags),
        };
        let known = integer.is_some();
        match column.kind {
            Some(FieldType::Float) => row.float(known.then_some(0.0)),
            Some(FieldType::Integer) => row.integer(integer),
            Some(FieldType::Boolean) => row.boolean(known.then_some(false)),
            Some(FieldType::Text) => row.text("none"),
            None => {}
        }
    }
    fact.at
}
