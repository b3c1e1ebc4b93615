//! One line of InfluxDB line protocol, built straight into the outgoing buffer.

use std::io::Write;

use super::table::{Column, FieldValue, Measurement, RowVisitor};
use super::tag_value::{self, UNKNOWN};
use crate::units::{UtcMs, format_scaled};

/// A line under construction. Without a field it leaves nothing behind.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    tags: std::slice::Iter<'static, Column>,
    fields: std::slice::Iter<'static, Column>,
    has_field: bool,
}

impl<'a> Line<'a> {
    /// Begins a line.
    #[inline(always)]
    pub(super) fn new(out: &'a mut Vec<u8>, measurement: &'static Measurement) -> Self {
        let start = out.len();
        out.extend_from_slice(measurement.name.as_bytes());
        Self {
            out,
            start,
            tags: measurement.tags.iter(),
            fields: measurement.fields.iter(),
            has_field: false,
        }
    }

    #[inline(always)]
    fn name(&mut self, column: &Column) {
        self.out.push(if self.has_field { b',' } else { b' ' });
        self.out.extend_from_slice(column.name.as_bytes());
        self.out.push(b'=');
        self.has_field = true;
    }

    /// Ends the line; false if it had no field and was taken back.
    #[inline]
    pub(super) fn finish(self, at: UtcMs) -> bool {
        debug_assert!(
            self.tags.len() == 0 && self.fields.len() == 0,
            "a row has fewer values than the table has columns"
        );
        if !self.has_field {
            self.out.truncate(self.start);
            return false;
        }
        self.out.push(b' ');
        push_integer(self.out, at.0);
        self.out.push(b'\n');
        true
    }
}

impl RowVisitor for Line<'_> {
    /// An empty value is `unknown`, because the tag set of a measurement must never vary.
    #[inline]
    fn tag(&mut self, value: &str) {
        let Some(column) = self.tags.next() else {
            debug_assert!(false, "a row has more tags than the table");
            return;
        };
        self.out.push(b',');
        self.out.extend_from_slice(column.name.as_bytes());
        self.out.push(b'=');
        for byte in value.bytes() {
            match tag_value::clean(byte) {
                byte @ (b' ' | b',' | b'=') => self.out.extend_from_slice(&[b'\\', byte]),
                byte => self.out.push(byte),
            }
        }
        if value.is_empty() {
            self.out.extend_from_slice(UNKNOWN.as_bytes());
        }
    }

    #[inline(always)]
    fn field(&mut self, value: FieldValue<'_>) {
        let Some(column) = self.fields.next() else {
            debug_assert!(false, "a row has more fields than the table");
            return;
        };
        debug_assert_eq!(column.kind, Some(value.kind()), "{}", column.name);
        match value {
            FieldValue::Float(Some(value)) if value.is_finite() => {
                self.name(column);
                push_float(self.out, value);
            }
            FieldValue::Scaled(Some(value), scale) => {
                self.name(column);
                format_scaled(value, scale, self.out);
            }
            FieldValue::Integer(Some(value)) => {
                self.name(column);
                push_integer(self.out, value);
                self.out.push(b'i');
            }
            FieldValue::Boolean(Some(value)) => {
                self.name(column);
                let word: &[u8] = if value { b"true" } else { b"false" };
                self.out.extend_from_slice(word);
            }
            FieldValue::Text(value) => {
                self.name(column);
                push_text(self.out, value);
            }
            // Unknown, or NaN and infinities, which line protocol cannot express.
            _ => {}
        }
    }
}

/// `{:?}` always shows a point or an exponent, so a float never looks like an integer.
fn push_float(out: &mut Vec<u8>, value: f64) {
    write!(out, "{value:?}").expect("a vector takes every byte");
}

fn push_integer(out: &mut Vec<u8>, value: i64) {
    write!(out, "{value}").expect("a vector takes every byte");
}

fn push_text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' | b'\r' => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
