//! Unit tests of `payload`.

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
        (MetricValue::Float(76.5), "7.65e1"),
        (MetricValue::Float(0.1), "1e-1"),
        (MetricValue::Double(84512.345), "8.4512345e4"),
        (MetricValue::Double(-f64::MAX), "-1.7976931348623157e308"),
        (MetricValue::Double(f64::NAN), "NaN"),
        (MetricValue::Float(f32::NEG_INFINITY), "-inf"),
        (MetricValue::Integer(u64::MAX), "18446744073709551615"),
        (MetricValue::Bool(true), "true"),
    ] {
        assert_eq!(
            Digits::new(value, 8)
                .map(|digits| digits.as_str().to_owned())
                .as_deref(),
            Some(want)
        );
    }
    assert!(Digits::new(MetricValue::Compound, 16).is_none());
}
