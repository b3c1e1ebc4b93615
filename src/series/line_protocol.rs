//! One line of InfluxDB line protocol, built straight into the outgoing buffer.

use crate::units::{UtcMs, format_scaled};

/// A line under construction. Without a field it leaves nothing behind.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    fields: u32,
}

impl<'a> Line<'a> {
    /// Begins a line.
    pub fn new(out: &'a mut Vec<u8>, measurement: &'static str) -> Self {
        let start = out.len();
        out.extend_from_slice(measurement.as_bytes());
        Self {
            out,
            start,
            fields: 0,
        }
    }

    /// A tag; an empty value is `unknown`, because the tag set of a measurement must never vary.
    pub fn tag(self, name: &'static str, value: &str) -> Self {
        self.out.push(b',');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'=');
        let mut written = 0;
        for byte in value.bytes() {
            match byte {
                b' ' | b',' | b'=' => self.out.extend_from_slice(&[b'\\', byte]),
                // A backslash at the end would escape the separator, and a line break ends the line: neither has an escape.
                b'\\' => self.out.push(b'/'),
                0..=31 | 127 => self.out.push(b'_'),
                _ => self.out.push(byte),
            }
            written += 1;
        }
        if written == 0 {
            self.out.extend_from_slice(b"unknown");
        }
        self
    }

    fn name(&mut self, name: &'static str) {
        self.out.push(if self.fields == 0 { b' ' } else { b',' });
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'=');
        self.fields += 1;
    }

    /// A float counted in `10^-scale` of its unit.
    pub fn scaled(mut self, name: &'static str, value: Option<i64>, scale: u32) -> Self {
        if let Some(value) = value {
            self.name(name);
            format_scaled(value, scale, self.out);
        }
        self
    }

    /// A float; NaN and infinities are left out, for line protocol has no word for them.
    pub fn float(mut self, name: &'static str, value: Option<f64>) -> Self {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.name(name);
            // `{:?}` always shows a point or an exponent, so a float never looks like an integer.
            self.out.extend_from_slice(format!("{value:?}").as_bytes());
        }
        self
    }

    /// An integer.
    pub fn integer(mut self, name: &'static str, value: i64) -> Self {
        self.name(name);
        self.out.extend_from_slice(value.to_string().as_bytes());
        self.out.push(b'i');
        self
    }

    /// An integer that may be unknown.
    pub fn optional_integer(self, name: &'static str, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.integer(name, value),
            None => self,
        }
    }

    /// A boolean.
    pub fn boolean(mut self, name: &'static str, value: Option<bool>) -> Self {
        if let Some(value) = value {
            self.name(name);
            self.out
                .extend_from_slice(if value { b"true" } else { b"false" });
        }
        self
    }

    /// Text.
    pub fn text(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.out.push(b'"');
        for byte in value.bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\n' | b'\r' => self.out.push(b' '),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
        self
    }

    /// Ends the line; false if it had no field and was taken back.
    pub fn at(self, at: UtcMs) -> bool {
        if self.fields == 0 {
            self.out.truncate(self.start);
            return false;
        }
        self.out.push(b' ');
        self.out.extend_from_slice(at.0.to_string().as_bytes());
        self.out.push(b'\n');
        true
    }
}
