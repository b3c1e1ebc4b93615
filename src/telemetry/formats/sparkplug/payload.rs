//! Decodes Sparkplug B's `Payload` and `Metric` messages: borrowed, in the sender's order.
//! Field numbers: Eclipse Sparkplug specification 3.0, chapter 6, section "Google Protocol Buffer Schema".

use std::fmt::{self, Write};

use super::protobuf::{Broken, ProtobufReader, WireValue};

/// The property with a metric's unit. It is not in the specification; it is the name that senders use in practice.
const UNIT_PROPERTY: &[u8] = b"engUnit";
/// `uuid` of a payload that hides another one, compressed, in `body` (Eclipse Tahu).
const COMPRESSED: &[u8] = b"SPBV1.0_COMPRESSED";

/// The fields of a payload beside its metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Payload {
    /// Milliseconds since 1970.
    pub timestamp: Option<u64>,
    /// Sequence number, 0 to 255.
    pub seq: Option<u64>,
    /// The metrics are compressed within.
    pub compressed: bool,
}

/// Decodes a payload to its end and calls `metric` with the byte range of each metric, which is known to be valid.
pub(super) fn decode(
    bytes: &[u8],
    mut metric: impl FnMut(usize, usize),
) -> Result<Payload, Broken> {
    let mut payload = Payload::default();
    let mut reader = ProtobufReader::new(bytes);
    while let Some(field) = reader.next()? {
        match field {
            (1, WireValue::Number(timestamp)) => payload.timestamp = Some(timestamp),
            (2, WireValue::Bytes(bytes)) => {
                Metric::decode(bytes)?;
                metric(reader.position() - bytes.len(), reader.position());
            }
            (3, WireValue::Number(seq)) => payload.seq = Some(seq),
            (4, WireValue::Bytes(uuid)) => payload.compressed = uuid == COMPRESSED,
            _ => {}
        }
    }
    Ok(payload)
}

/// A metric's value as it is transported; the data type defines what a number means.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum MetricValue<'a> {
    /// No field of the `value` group is present.
    Missing,
    /// `int_value` or `long_value`.
    Integer(u64),
    /// `float_value`, IEEE 754 single.
    Float(f32),
    /// `double_value`, IEEE 754 double.
    Double(f64),
    /// `boolean_value`, any varint except 0 is true.
    Bool(bool),
    /// `string_value`, checked to be UTF-8.
    Text(&'a str),
    /// `string_value` that is not UTF-8.
    InvalidText,
    /// Bytes, a data set, a template or an extension.
    Compound,
}

/// One metric of a payload.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Metric<'a> {
    /// Full name; mostly only in a birth.
    pub name: Option<&'a str>,
    /// Number that later messages send instead of the name.
    pub alias: Option<u64>,
    /// Milliseconds since 1970.
    pub timestamp: Option<u64>,
    /// Number of the Sparkplug data type, which [`Metric::text`] needs; mostly only in a birth.
    pub datatype: Option<u64>,
    /// The value was buffered by the sender.
    pub historical: bool,
    /// `is_null`: the value is unknown to the sender.
    pub null: bool,
    /// Its unit, by [`UNIT_PROPERTY`].
    pub unit: Option<&'a str>,
    /// The value as transported, before its data type is applied.
    pub value: MetricValue<'a>,
}

impl<'a> Metric<'a> {
    /// Decodes a metric. If a field stands twice the last one counts, as protobuf requires.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut metric = Self {
            name: None,
            alias: None,
            timestamp: None,
            datatype: None,
            historical: false,
            null: false,
            unit: None,
            value: MetricValue::Missing,
        };
        let mut reader = ProtobufReader::new(bytes);
        while let Some(field) = reader.next()? {
            match field {
                (1, WireValue::Bytes(name)) => metric.name = std::str::from_utf8(name).ok(),
                (2, WireValue::Number(alias)) => metric.alias = Some(alias),
                (3, WireValue::Number(timestamp)) => metric.timestamp = Some(timestamp),
                (4, WireValue::Number(datatype)) => metric.datatype = Some(datatype),
                (5, WireValue::Number(flag)) => metric.historical = flag != 0,
                (7, WireValue::Number(flag)) => metric.null = flag != 0,
                (9, WireValue::Bytes(properties)) => metric.unit = unit(properties)?,
                (10 | 11, WireValue::Number(value)) => metric.value = MetricValue::Integer(value),
                (12, WireValue::Fixed32(bits)) => {
                    metric.value = MetricValue::Float(f32::from_bits(bits))
                }
                (13, WireValue::Fixed64(bits)) => {
                    metric.value = MetricValue::Double(f64::from_bits(bits))
                }
                (14, WireValue::Number(value)) => metric.value = MetricValue::Bool(value != 0),
                (15, WireValue::Bytes(text)) => {
                    metric.value = std::str::from_utf8(text)
                        .map_or(MetricValue::InvalidText, MetricValue::Text)
                }
                (16..=19, WireValue::Bytes(_)) => metric.value = MetricValue::Compound,
                // `is_transient` (6) marks a value that historians need not store; for the present it is as good as any. `metadata` (8) is
                // about files and data sets.
                _ => {}
            }
        }
        Ok(metric)
    }
}

/// `engUnit` of a PropertySet: names and values are two lists beside each other.
fn unit(properties: &[u8]) -> Result<Option<&str>, Broken> {
    let mut reader = ProtobufReader::new(properties);
    let (mut keys, mut index) = (0usize, None);
    while let Some(field) = reader.next()? {
        if let (1, WireValue::Bytes(key)) = field {
            if key == UNIT_PROPERTY {
                index = Some(keys);
            }
            keys += 1;
        }
    }
    let Some(index) = index else { return Ok(None) };
    let mut reader = ProtobufReader::new(properties);
    let mut values = 0usize;
    while let Some(field) = reader.next()? {
        if let (2, WireValue::Bytes(value)) = field {
            if values == index {
                return text_property(value);
            }
            values += 1;
        }
    }
    Ok(None)
}

fn text_property(value: &[u8]) -> Result<Option<&str>, Broken> {
    let mut reader = ProtobufReader::new(value);
    let mut text = None;
    while let Some(field) = reader.next()? {
        if let (8, WireValue::Bytes(bytes)) = field {
            text = std::str::from_utf8(bytes).ok();
        }
    }
    Ok(text.map(str::trim).filter(|text| !text.is_empty()))
}

/// An integer by its datatype: signed ones are two's complement inside the unsigned field, in their own width or wider.
pub(super) fn integer(value: u64, datatype: u64) -> i128 {
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

/// A number as text, on the stack, because rules parse text.
pub(super) struct Digits {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Digits {
    /// An i128 has 40 characters with its sign; a double in exponential form 24.
    const MAX: usize = 40;

    /// The text of an integer, of `true` or `false`, or the shortest text that parses to the same float.
    pub(super) fn new(value: MetricValue<'_>, datatype: u64) -> Option<Self> {
        let mut digits = Self {
            bytes: [0; Self::MAX],
            len: 0,
        };
        match value {
            MetricValue::Integer(value) => write!(digits, "{}", integer(value, datatype)),
            MetricValue::Float(value) => write!(digits, "{value:e}"),
            MetricValue::Double(value) => write!(digits, "{value:e}"),
            MetricValue::Bool(value) => write!(digits, "{value}"),
            MetricValue::Missing
            | MetricValue::Text(_)
            | MetricValue::InvalidText
            | MetricValue::Compound => {
                return None;
            }
        }
        .ok()
        .map(|()| digits)
    }

    pub(super) fn as_str(&self) -> &str {
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
mod tests;
