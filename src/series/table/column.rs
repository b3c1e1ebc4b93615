//! Columns of measurements: their types, how the table writes them, and those that several measurements share.

use std::sync::Arc;

/// Type of a field; it never changes, because InfluxDB fixes it at the first write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// Always written with a decimal point.
    Float,
    /// Written with `i`.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Written in double quotes, with `"` and `\` escaped.
    Text,
}

/// A field's value in a row of zeros, which replaces a row that no longer holds.
#[derive(Clone, Copy, Debug)]
pub enum ZeroValue {
    /// `0`, `0.0`, `false` or `none`, by the field's type.
    ByType,
    /// Left out: a ratio of nothing to nothing.
    Omitted,
    /// An integer that follows from the row's tags; `None` leaves it out.
    FromTags(fn(&[Arc<str>]) -> Option<i64>),
}

/// A tag or field.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the database.
    pub name: &'static str,
    /// `None` for tags.
    pub kind: Option<FieldType>,
    /// Meaning, with the unit.
    pub description: &'static str,
    /// Only used for measurements that have their days rewritten.
    pub zero: ZeroValue,
}

impl Column {
    const fn new(name: &'static str, kind: Option<FieldType>, description: &'static str) -> Self {
        Self {
            name,
            kind,
            description,
            zero: ZeroValue::ByType,
        }
    }

    /// The same column with another value in rows of zeros.
    pub(super) const fn with_zero(self, zero: ZeroValue) -> Self {
        Self { zero, ..self }
    }
}

pub(super) const fn tag(name: &'static str, description: &'static str) -> Column {
    Column::new(name, None, description)
}

pub(super) const fn float(name: &'static str, description: &'static str) -> Column {
    Column::new(name, Some(FieldType::Float), description)
}

pub(super) const fn integer(name: &'static str, description: &'static str) -> Column {
    Column::new(name, Some(FieldType::Integer), description)
}

pub(super) const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column::new(name, Some(FieldType::Boolean), description)
}

pub(super) const fn text(name: &'static str, description: &'static str) -> Column {
    Column::new(name, Some(FieldType::Text), description)
}

pub(super) const SITE: Column = tag("site", "site of the register");
pub(super) const CHARGE_POINT: Column = tag("charge_point_id", "OCPP identity");
pub(super) const CONNECTOR: Column = tag(
    "connector_id",
    "OCPP connector, 0 for the charge point itself",
);
pub(super) const FLEET: Column = tag("fleet", "organisation of the register, or all");
pub(super) const SCOPE: Column = tag(
    "scope",
    "1, 2 (location-based), 2_market, 3 or outside (biogenic CO2)",
);
pub(super) const VEHICLE_CLASS: Column = tag(
    "vehicle_class",
    "class of the measurement's own scheme, or all",
);
