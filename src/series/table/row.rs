//! How a fact hands out its row: values in the order of the table's columns, to a visitor that needs no names.

use super::column::FieldType;
use crate::units::UtcMs;

/// A field's value; `None` is unknown, and the field is left out of the row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum FieldValue<'a> {
    /// A float; NaN and infinities count as unknown.
    Float(Option<f64>),
    /// A float counted in `10^-scale` of its unit.
    Scaled(Option<i64>, u32),
    /// A whole number; `None` is unknown and left out of the row.
    Integer(Option<i64>),
    /// A truth value; `None` is unknown and left out of the row.
    Boolean(Option<bool>),
    /// A text, always known.
    Text(&'a str),
}

impl FieldValue<'_> {
    /// The type that the value has in the database.
    pub fn kind(&self) -> FieldType {
        match self {
            Self::Float(_) | Self::Scaled(..) => FieldType::Float,
            Self::Integer(_) => FieldType::Integer,
            Self::Boolean(_) => FieldType::Boolean,
            Self::Text(_) => FieldType::Text,
        }
    }

    /// The value as a number; true is 1, false is 0. `None` for texts and unknown values.
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Float(value) => value.filter(|value| value.is_finite()),
            Self::Scaled(value, scale) => {
                value.map(|value| value as f64 / 10f64.powi(scale as i32))
            }
            Self::Integer(value) => value.map(|value| value as f64),
            Self::Boolean(value) => value.map(f64::from),
            Self::Text(_) => None,
        }
    }
}

/// Takes a row's values: every tag, then every field, unknown ones included, in the order of the table.
pub trait RowVisitor {
    /// The value of the next tag; empty is unknown.
    fn tag(&mut self, value: &str);

    /// The value of the next field.
    fn field(&mut self, value: FieldValue<'_>);

    /// The next field, a float.
    #[inline(always)]
    fn float(&mut self, value: impl Into<Option<f64>>) {
        self.field(FieldValue::Float(value.into()));
    }

    /// The next field, a float counted in `10^-scale` of its unit.
    #[inline(always)]
    fn scaled(&mut self, value: impl Into<Option<i64>>, scale: u32) {
        self.field(FieldValue::Scaled(value.into(), scale));
    }

    /// The next field, an integer.
    #[inline(always)]
    fn integer(&mut self, value: impl Into<Option<i64>>) {
        self.field(FieldValue::Integer(value.into()));
    }

    /// The next field, a boolean.
    #[inline(always)]
    fn boolean(&mut self, value: impl Into<Option<bool>>) {
        self.field(FieldValue::Boolean(value.into()));
    }

    /// The next field, a text.
    #[inline(always)]
    fn text(&mut self, value: &str) {
        self.field(FieldValue::Text(value));
    }
}

/// Hands over the tag of a connector; the usual numbers take nothing from the heap.
#[inline(always)]
pub(super) fn connector_tag(connector_id: u32, row: &mut impl RowVisitor) {
    match connector_id {
        0 => row.tag("0"),
        1 => row.tag("1"),
        2 => row.tag("2"),
        other => row.tag(&other.to_string()),
    }
}

/// A counter as the database's signed integer.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A time as whole seconds since 1970.
pub(super) fn unix_seconds(at: UtcMs) -> i64 {
    at.0.div_euclid(1000)
}

/// Quantiles of 5, 50 and 95 %, known or unknown together.
pub(super) fn quantiles(band: Option<[f64; 3]>) -> [Option<f64>; 3] {
    band.map_or([None; 3], |band| band.map(Some))
}
