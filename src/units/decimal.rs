//! Decimal text to scaled integers and back, exactly: no float in between, so a register never drifts.

use std::fmt;
use std::str::FromStr;

/// A number counted in thousandths of its unit (m for km, Wh for kWh, ml for l).
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Thousandths(pub i64);

impl Thousandths {
    /// The value in whole units, for display and rows.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        format_scaled(self.0, 3, &mut text);
        f.write_str(std::str::from_utf8(&text).expect("digits, sign and point are ASCII"))
    }
}

/// Why a text is not a usable number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecimalError {
    /// Empty, or not `[sign] digits [. digits] [e exponent]`; `NaN` and infinities are in here too.
    #[error("is not a decimal number")]
    Syntax,
    /// Beyond what a signed 64-bit count of the scaled unit holds.
    #[error("is outside the representable range")]
    Range,
}

/// A decimal number as it was written, exactly: `mantissa * 10^exponent`, up to 30 significant digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// Significant digits of a factor in a product: two of them fit into 128 bits, and a double has 17.
const FACTOR_LIMIT: u128 = 10u128.pow(18);

impl Decimal {
    /// `mantissa * 10^exponent`.
    pub const fn new(mantissa: i128, exponent: i32) -> Self {
        Self { mantissa, exponent }
    }

    /// It is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The number in units of `10^-scale`, to the nearest, ties away from zero.
    pub fn scaled(self, scale: u32) -> Result<i128, DecimalError> {
        let shift = self.exponent.saturating_add_unsigned(scale);
        if self.mantissa == 0 {
            Ok(0)
        } else if shift >= 0 {
            let factor = 10i128
                .checked_pow(shift.unsigned_abs())
                .ok_or(DecimalError::Range)?;
            self.mantissa.checked_mul(factor).ok_or(DecimalError::Range)
        } else if shift < -37 {
            Ok(0)
        } else {
            let divisor = 10i128.pow(shift.unsigned_abs());
            Ok((self.mantissa.abs() + divisor / 2) / divisor * self.mantissa.signum())
        }
    }

    /// The product, of 18 significant digits of each.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let (a, b) = (self.shortened(), other.shortened());
        Self {
            mantissa: a.mantissa * b.mantissa,
            exponent: a.exponent.saturating_add(b.exponent),
        }
    }

    fn shortened(mut self) -> Self {
        while self.mantissa.unsigned_abs() >= FACTOR_LIMIT {
            self.mantissa /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
        self
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Accepts a sign, a fraction and an exponent (OVMS sends `1e+06`). Refuses `NaN`, `inf`, hex and anything trailing.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes.first() {
            Some(b'-') => (true, &bytes[1..]),
            Some(b'+') => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let mut mantissa: i128 = 0;
        let mut significant = 0u32;
        let mut fraction_digits = 0i32;
        let mut dropped_digits = 0i32;
        let mut seen_digit = false;
        let mut seen_point = false;
        let mut index = 0;
        while index < digits.len() {
            match digits[index] {
                digit @ b'0'..=b'9' => {
                    seen_digit = true;
                    // 30 significant digits cannot be distinguished after scaling to 64 bits; the rest only moves the point.
                    if significant < 30 {
                        mantissa = mantissa * 10 + i128::from(digit - b'0');
                        significant += u32::from(mantissa != 0);
                        fraction_digits += i32::from(seen_point);
                    } else {
                        dropped_digits += i32::from(!seen_point);
                    }
                }
                b'.' if !seen_point => seen_point = true,
                b'e' | b'E' if seen_digit => break,
                _ => return Err(DecimalError::Syntax),
            }
            index += 1;
        }
        if !seen_digit {
            return Err(DecimalError::Syntax);
        }
        let mut exponent = 0i32;
        if index < digits.len() {
            let text =
                std::str::from_utf8(&digits[index + 1..]).map_err(|_| DecimalError::Syntax)?;
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
                return Err(DecimalError::Syntax);
            }
            exponent = if unsigned.len() > 6 {
                if text.starts_with('-') {
                    -999_999
                } else {
                    999_999
                }
            } else {
                text.parse().map_err(|_| DecimalError::Syntax)?
            };
        }
        let mantissa = if negative { -mantissa } else { mantissa };
        Ok(Self {
            mantissa,
            exponent: exponent - fraction_digits + dropped_digits,
        })
    }
}

/// Parses a decimal text into units of `10^-scale`, rounding to the nearest, ties away from zero.
pub fn parse_scaled(text: &str, scale: u32) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if let Some(scaled) = parse_plain(digits, scale) {
        return Ok(if negative { -scaled } else { scaled });
    }
    i64::try_from(text.parse::<Decimal>()?.scaled(scale)?).map_err(|_| DecimalError::Range)
}

/// The usual case in 64 bits, several times as fast: at most 18 digits, no exponent, nothing to refuse. `None` leaves it to the general one.
fn parse_plain(digits: &[u8], scale: u32) -> Option<i64> {
    const MAX_DIGITS: usize = 18;
    if digits.len() > MAX_DIGITS + 1 {
        return None;
    }
    let (mut mantissa, mut fraction_digits, mut count) = (0i64, None::<u32>, 0);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa
                    .checked_mul(10)?
                    .checked_add(i64::from(byte - b'0'))?;
                fraction_digits = fraction_digits.map(|digits| digits + 1);
                count += 1;
            }
            b'.' if fraction_digits.is_none() => fraction_digits = Some(0),
            _ => return None,
        }
    }
    if count == 0 {
        return None;
    }
    match scale.checked_sub(fraction_digits.unwrap_or(0)) {
        Some(shift) => mantissa.checked_mul(10i64.checked_pow(shift)?),
        None => {
            let divisor = 10i64.checked_pow(fraction_digits.unwrap_or(0) - scale)?;
            Some(mantissa.checked_add(divisor / 2)? / divisor)
        }
    }
}

/// Appends `value * 10^-scale` as decimal text, always with a point and at least one fraction digit.
///
/// InfluxDB fixes a field's type at the first write, so a float must never look like an integer.
pub fn format_scaled(value: i64, scale: u32, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let divisor = 10u64.pow(scale);
    let magnitude = value.unsigned_abs();
    push_integer(magnitude / divisor, out);
    out.push(b'.');
    let mut fraction = magnitude % divisor;
    if fraction == 0 {
        out.push(b'0');
        return;
    }
    let mut width = divisor / 10;
    while fraction > 0 {
        out.push(b'0' + (fraction / width) as u8);
        fraction %= width;
        width /= 10;
    }
}

fn push_integer(mut value: u64, out: &mut Vec<u8>) {
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use crate::units::decimal::*;

    #[test]
    fn parses_to_thousandths() {
        for (text, want) in [
            ("0", 0),
            ("84512.345", 84_512_345),
            ("1e+06", 1_000_000_000),
            ("12345.6e-3", 12_346),
            ("-0.0005", -1),
            ("0.0004", 0),
            ("+7", 7000),
            (".5", 500),
            ("5.", 5000),
            ("1e-400", 0),
            ("0e999999", 0),
            ("123456789012345.6789", 123_456_789_012_345_679),
            ("12345678901234.56789", 12_345_678_901_234_568),
            ("9223372036854775.807", i64::MAX),
            ("-9223372036854775.8074", -i64::MAX),
            ("0.000000000000000499", 0),
            ("0.0005", 1),
            ("00000000000000000001", 1_000),
        ] {
            assert_eq!(parse_scaled(text, 3), Ok(want), "{text}");
        }
    }

    #[test]
    fn products_are_exact_to_18_digits() {
        let product = |a: &str, b: &str, scale| {
            a.parse::<Decimal>()
                .unwrap()
                .times(b.parse().unwrap())
                .scaled(scale)
        };
        assert_eq!(product("845123450", "0.1", 3), Ok(84_512_345_000));
        assert_eq!(product("50", "1.1363636363636365", 6), Ok(56_818_182));
        assert_eq!(product("1e-7", "-524814200", 7), Ok(-524_814_200));
        assert_eq!(
            product("123456789012345678901234567890", "1e-27", 3),
            Ok(123_457)
        );
        assert_eq!(product("9e999999", "9e999999", 3), Err(DecimalError::Range));
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in [
            "",
            "-",
            ".",
            "NaN",
            "inf",
            "-Infinity",
            "0x10",
            "1,5",
            "1 2",
            "1e",
            "1e+",
            "--1",
            "1.2.3",
            "yes",
        ] {
            assert_eq!(parse_scaled(text, 3), Err(DecimalError::Syntax), "{text}");
        }
        for text in [
            "1e18",
            "-9e999999",
            "99999999999999999999",
            "9223372036854775.808",
            "9999999999999999",
        ] {
            assert_eq!(parse_scaled(text, 3), Err(DecimalError::Range), "{text}");
        }
    }

    #[test]
    fn formats_with_a_point() {
        for (value, scale, want) in [
            (0, 3, "0.0"),
            (84_512_345, 3, "84512.345"),
            (-1, 3, "-0.001"),
            (1200, 3, "1.2"),
            (5, 1, "0.5"),
        ] {
            let mut out = Vec::new();
            format_scaled(value, scale, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), want);
        }
    }
}
