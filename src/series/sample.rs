//! One number of a row with the row's tags: what an own alert rule looks at.

use super::table::{self, Column, FieldValue, Measurement, RowVisitor};
use super::tag_value;
use crate::model::Fact;
use crate::units::UtcMs;

/// One field of one row.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldSample {
    /// Names and values, as in the database.
    pub tags: Vec<(&'static str, String)>,
    /// The field as a number; `None` if the row does not have it.
    pub value: Option<f64>,
    /// The time of the row, in UTC.
    pub at: UtcMs,
}

impl FieldSample {
    /// The field with this name of a fact's row.
    pub fn new(fact: &Fact, field: &str) -> Self {
        let (visitor, at) = table::visit(fact, |measurement| FieldVisitor::new(measurement, field));
        Self {
            tags: visitor.tags,
            value: visitor.value,
            at,
        }
    }

    /// True if the row has this tag with this value.
    pub fn has_tag(&self, name: &str, value: &str) -> bool {
        self.tags
            .iter()
            .any(|(tag, found)| *tag == name && found == value)
    }
}

struct FieldVisitor<'a> {
    wanted: &'a str,
    tag_columns: std::slice::Iter<'static, Column>,
    field_columns: std::slice::Iter<'static, Column>,
    tags: Vec<(&'static str, String)>,
    value: Option<f64>,
}

impl<'a> FieldVisitor<'a> {
    fn new(measurement: &'static Measurement, wanted: &'a str) -> Self {
        Self {
            wanted,
            tag_columns: measurement.tags.iter(),
            field_columns: measurement.fields.iter(),
            tags: Vec::with_capacity(measurement.tags.len()),
            value: None,
        }
    }
}

impl RowVisitor for FieldVisitor<'_> {
    fn tag(&mut self, value: &str) {
        if let Some(column) = self.tag_columns.next() {
            self.tags.push((column.name, tag_value::stored(value)));
        }
    }

    fn field(&mut self, value: FieldValue<'_>) {
        let column = self.field_columns.next();
        if column.is_some_and(|column| column.name == self.wanted) {
            self.value = value.number();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::MeterValuesFact;
    use crate::series::sample::*;

    #[test]
    fn a_sample_has_the_named_field_and_the_stored_tags() {
        let fact = Fact::MeterValues(MeterValuesFact {
            site: "".into(),
            charge_point: "A, B=C".into(),
            connector_id: 3,
            at: UtcMs(42),
            power_milliwatts: Some(7_200_500),
            register_tenth_wh: None,
            current_ma: Some(-1),
            voltage_mv: None,
            soc_millipercent: Some(45_000),
            temperature_mc: None,
        });
        let value = |field| FieldSample::new(&fact, field).value;
        assert_eq!(value("power_w"), Some(7200.5));
        assert_eq!(value("current_a"), Some(-0.001));
        assert_eq!(value("soc_ratio"), Some(0.45));
        assert_eq!(value("energy_import_wh"), None);
        assert_eq!(value("not_a_field"), None);
        let sample = FieldSample::new(&fact, "power_w");
        assert_eq!(sample.at, UtcMs(42));
        assert!(sample.has_tag("site", "unknown") && sample.has_tag("charge_point_id", "A, B=C"));
        assert!(sample.has_tag("connector_id", "3") && !sample.has_tag("connector_id", "4"));
    }
}
