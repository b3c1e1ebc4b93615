//! Sparkplug B's `Payload` and `Metric` out of protobuf fields: borrowed, in the sender's order. Does not know what a metric means.
//! Field numbers: mqtt-telemetry section 4, and eclipse-sparkplug `Sparkplug_6_Payloads.adoc`.

use std::fmt::{self, Write};

use super::wire::{Broken, Field, Wire};

/// The property that says a metric's unit. Not in the specification, but what everybody uses (mqtt-telemetry section 4).
const UNIT_PROPERTY: &[u8] = b"engUnit";
/// `uuid` of a payload that hides another one, compressed, in `body` (Eclipse Tahu).
const COMPRESSED: &[u8] = b"SPBV1.0_COMPRESSED";

/// What a message says beside its metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Payload {
    /// Milliseconds since 1970.
    pub timestamp: Option<u64>,
    /// Running number.
    pub seq: Option<u64>,
    /// The metrics are compressed within.
    pub compressed: bool,
}

/// Reads a payload to its end and calls `metric` with the place of each metric, which is sound.
pub fn read(bytes: &[u8], mut metric: impl FnMut(usize, usize)) -> Result<Payload, Broken> {
    let mut payload = Payload::default();
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Field::Number(timestamp)) => payload.timestamp = Some(timestamp),
            (2, Field::Bytes(bytes)) => {
                Metric::read(bytes)?;
                metric(wire.position() - bytes.len(), wire.position());
            }
            (3, Field::Number(seq)) => payload.seq = Some(seq),
            (4, Field::Bytes(uuid)) => payload.compressed = uuid == COMPRESSED,
            _ => {}
        }
    }
    Ok(payload)
}

/// A metric's value as it is transported; the datatype says what a number means.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reported<'a> {
    /// No value at all.
    Nothing,
    /// `int_value` or `long_value`.
    Integer(u64),
    /// `float_value`.
    Float(f32),
    /// `double_value`.
    Double(f64),
    /// `boolean_value`.
    Bool(bool),
    /// `string_value`.
    Text(&'a str),
    /// `string_value` that is not UTF-8.
    NoText,
    /// Bytes, a data set, a template or an extension.
    Compound,
}

/// A metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Metric<'a> {
    /// Full name; mostly only in a birth.
    pub name: Option<&'a str>,
    /// What stands for the name later.
    pub alias: Option<u64>,
    /// Milliseconds since 1970.
    pub timestamp: Option<u64>,
    /// See [`Metric::text`].
    pub datatype: Option<u64>,
    /// From the sender's memory.
    pub historical: bool,
    /// The sender does not know the value.
    pub null: bool,
    /// Its unit, by [`UNIT_PROPERTY`].
    pub unit: Option<&'a str>,
    /// The value.
    pub value: Reported<'a>,
}

impl<'a> Metric<'a> {
    /// Reads a metric. Of a field that stands twice the last one counts, as protobuf wants it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut metric = Self {
            name: None,
            alias: None,
            timestamp: None,
            datatype: None,
            historical: false,
            null: false,
            unit: None,
            value: Reported::Nothing,
        };
        let mut wire = Wire::new(bytes);
        while let Some(field) = wire.next()? {
            match field {
                (1, Field::Bytes(name)) => metric.name = std::str::from_utf8(name).ok(),
                (2, Field::Number(alias)) => metric.alias = Some(alias),
                (3, Field::Number(timestamp)) => metric.timestamp = Some(timestamp),
                (4, Field::Number(datatype)) => metric.datatype = Some(datatype),
                (5, Field::Number(flag)) => metric.historical = flag != 0,
                (7, Field::Number(flag)) => metric.null = flag != 0,
                (9, Field::Bytes(properties)) => metric.unit = unit(properties)?,
                (10 | 11, Field::Number(value)) => metric.value = Reported::Integer(value),
                (12, Field::Fixed32(bits)) => metric.value = Reported::Float(f32::from_bits(bits)),
                (13, Field::Fixed64(bits)) => metric.value = Reported::Double(f64::from_bits(bits)),
                (14, Field::Number(value)) => metric.value = Reported::Bool(value != 0),
                (15, Field::Bytes(text)) => {
                    metric.value =
                        std::str::from_utf8(text).map_or(Reported::NoText, Reported::Text)
                }
                (16..=19, Field::Bytes(_)) => metric.value = Reported::Compound,
                // `is_transient` (6) asks historians not to store the value; for the present it is as good as any. `metadata` (8) is
                // about files and data sets.
                _ => {}
            }
        }
        Ok(metric)
    }
}

/// `engUnit` of a PropertySet: names and values are two lists beside each other.
fn unit(properties: &[u8]) -> Result<Option<&str>, Broken> {
    let mut wire = Wire::new(properties);
    let (mut keys, mut place) = (0usize, None);
    while let Some(field) = wire.next()? {
        if let (1, Field::Bytes(key)) = field {
            if key == UNIT_PROPERTY {
                place = Some(keys);
            }
            keys += 1;
        }
    }
    let Some(place) = place else { return Ok(None) };
    let mut wire = Wire::new(properties);
    let mut values = 0usize;
    while let Some(field) = wire.next()? {
        if let (2, Field::Bytes(value)) = field {
            if values == place {
                return text_property(value);
            }
            values += 1;
        }
    }
    Ok(None)
}

fn text_property(value: &[u8]) -> Result<Option<&str>, Broken> {
    let mut wire = Wire::new(value);
    let mut text = None;
    while let Some(field) = wire.next()? {
        if let (8, Field::Bytes(bytes)) = field {
            text = std::str::from_utf8(bytes).ok();
        }
    }
    Ok(text.map(str::trim).filter(|text| !text.is_empty()))
}

/// An integer by its datatype: signed ones are two's complement inside the unsigned field, in their own width or wider.
pub fn integer(value: u64, datatype: u64) -> i128 {
    match datatype {
        INT8 => i128::from(value as u8 as i8),
        INT16 => i128::from(value as u16 as i16),
        INT32 => i128::from(value as u32 as i32),
        INT64 => i128::from(value as i64),
        _ => i128::from(value),
    }
}

const INT8: u64 = 1;
const INT16: u64 = 2;
const INT32: u64 = 3;
const INT64: u64 = 4;

/// A number as text, on the stack: what the rules of all formats read.
pub struct Digits {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Digits {
    /// An i128 has 40 characters with its sign; a double in exponential form 24.
    const MOST: usize = 40;

    /// Of an integer, `true` or `false`, or the shortest text that reads back as the same number of its width.
    pub fn of(value: Reported<'_>, datatype: u64) -> Option<Self> {
        let mut digits = Self {
            bytes: [0; Self::MOST],
            len: 0,
        };
        match value {
            Reported::Integer(value) => write!(digits, "{}", integer(value, datatype)),
            Reported::Float(value) => write!(digits, "{value:e}"),
            Reported::Double(value) => write!(digits, "{value:e}"),
            Reported::Bool(value) => write!(digits, "{value}"),
            Reported::Nothing | Reported::Text(_) | Reported::NoText | Reported::Compound => {
                return None;
            }
        }
        .ok()
        .map(|()| digits)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only whole texts were written.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes
            .get_mut(self.len..self.len + text.len())
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::sparkplug::payload::*;

    #[test]
    fn datatypes_decide_about_the_sign() {
        let minus = |bits: u32| (-5i64 as u64) & (u64::MAX >> (64 - bits));
        for (value, datatype, want) in [
            (minus(8), 1, -5),
            (minus(32), 1, -5),
            (minus(16), 2, -5),
            (minus(32), 3, -5),
            (minus(64), 3, -5),
            (minus(64), 4, -5),
            (minus(32), 7, 4_294_967_291),
            (u64::MAX, 8, 18_446_744_073_709_551_615),
            (7, 99, 7),
        ] {
            assert_eq!(integer(value, datatype), want, "{value} {datatype}");
        }
    }

    #[test]
    fn numbers_read_back() {
        for (value, want) in [
            (Reported::Float(76.5), "7.65e1"),
            (Reported::Float(0.1), "1e-1"),
            (Reported::Double(84512.345), "8.4512345e4"),
            (Reported::Double(-f64::MAX), "-1.7976931348623157e308"),
            (Reported::Double(f64::NAN), "NaN"),
            (Reported::Float(f32::NEG_INFINITY), "-inf"),
            (Reported::Integer(u64::MAX), "18446744073709551615"),
            (Reported::Bool(true), "true"),
        ] {
            assert_eq!(
                Digits::of(value, 8)
                    .map(|digits| digits.as_str().to_owned())
                    .as_deref(),
                Some(want)
            );
        }
        assert!(Digits::of(Reported::Compound, 16).is_none());
    }
}
