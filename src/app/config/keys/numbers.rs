//! Keys whose values are numbers within a range: counts, shares, levels, durations and sizes; and `true` or `false`.

use std::time::Duration;

use super::Section;
use crate::app::config::lengths::{parse_duration, parse_size};
use crate::app::config::source::Value;

impl Section<'_> {
    /// true or false.
    pub(crate) fn flag(&mut self, key: &'static str, into: &mut bool) {
        self.read(key, into, "write true or false", |value| match value {
            Value::Bool(flag) => Ok(*flag),
            other => Err(format!("is {}, not true or false", other.kind())),
        });
    }

    /// A whole number within a range, ends included.
    pub(crate) fn whole<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        into: &mut T,
        low: i64,
        high: i64,
    ) {
        self.read(
            key,
            into,
            &format!("a whole number from {low} to {high}"),
            |value| match value {
                Value::Integer(number) if (low..=high).contains(number) => {
                    T::try_from(*number).map_err(|_| "is out of range".to_owned())
                }
                Value::Integer(_) => Err("is out of range".to_owned()),
                other => Err(format!("is {}, not a whole number", other.kind())),
            },
        );
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self, key: &'static str, into: &mut f64) {
        self.read(
            key,
            into,
            "a share from 0 to 1, such as 0.9 for 90 %",
            share_of,
        );
    }

    /// A share that may be left out.
    pub(crate) fn optional_share(&mut self, key: &'static str, into: &mut Option<f64>) {
        self.read(
            key,
            into,
            "a share from 0 to 1, such as 0.5 for 50 %",
            |value| share_of(value).map(Some),
        );
    }

    /// A number within a range, ends included, that may be left out.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        into: &mut Option<f64>,
        low: f64,
        high: f64,
    ) {
        self.read(
            key,
            into,
            &format!("a number from {low} to {high}"),
            |value| {
                let number = match value {
                    Value::Float(number) => *number,
                    Value::Integer(number) => *number as f64,
                    other => return Err(format!("is {}, not a number", other.kind())),
                };
                if (low..=high).contains(&number) {
                    Ok(Some(number))
                } else {
                    Err("is out of range".to_owned())
                }
            },
        );
    }

    /// A number within a range, ends included.
    pub(crate) fn level(&mut self, key: &'static str, into: &mut f64, low: f64, high: f64) {
        let mut number = Some(*into);
        self.number(key, &mut number, low, high);
        *into = number.unwrap_or(*into);
    }

    /// A duration with its unit, within a range.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        into: &mut Duration,
        low: Duration,
        high: Duration,
    ) {
        let hint = "a number with its unit, such as \"250ms\", \"30s\", \"15m\", \"2h\", \"7d\"";
        self.read(key, into, hint, |value| {
            let duration = match value {
                Value::Text(text) => parse_duration(text).ok_or("is not a duration")?,
                Value::Integer(0) => Duration::ZERO,
                Value::Integer(_) | Value::Float(_) => return Err("has no unit".to_owned()),
                other => return Err(format!("is {}, not a duration", other.kind())),
            };
            if (low..=high).contains(&duration) {
                Ok(duration)
            } else {
                Err(format!("must be from {low:?} to {high:?}"))
            }
        });
    }

    /// A size in bytes, with or without unit, within a range.
    pub(crate) fn size<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        into: &mut T,
        low: u64,
        high: u64,
    ) {
        self.read(
            key,
            into,
            "a number of bytes, or with a unit: \"256KiB\", \"64MiB\", \"2GiB\"",
            |value| {
                let bytes = match value {
                    Value::Text(text) => parse_size(text).ok_or("is not a size")?,
                    Value::Integer(number) => u64::try_from(*number).map_err(|_| "is negative")?,
                    other => return Err(format!("is {}, not a size", other.kind())),
                };
                if !(low..=high).contains(&bytes) {
                    return Err(format!("must be from {low} to {high} bytes"));
                }
                T::try_from(bytes).map_err(|_| "is too large for this machine".to_owned())
            },
        );
    }
}

fn share_of(value: &Value) -> Result<f64, String> {
    let share = match value {
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        other => return Err(format!("is {}, not a share", other.kind())),
    };
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("is not from 0 to 1".to_owned())
    }
}
