//! Angles: degrees as text to whole units of 1e-7 degree (11 mm on the ground), without rounding through a float.

use crate::units::parse_scaled;

/// Digits of a degree that are kept.
const DIGITS: u32 = 7;

/// An angle in units of 1e-7 degree, if it lies within `±limit` degrees.
pub(crate) fn degrees(text: &str, limit: i32) -> Option<i32> {
    let scaled = parse_scaled(text, DIGITS).ok()?;
    let limit = i64::from(limit) * 10i64.pow(DIGITS);
    // 180 degrees are 1.8e9 units, within an i32.
    i32::try_from(scaled)
        .ok()
        .filter(|_| (-limit..=limit).contains(&scaled))
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::degrees::*;

    #[test]
    fn angles_are_exact_and_bounded() {
        for (text, limit, want) in [
            ("52.48142", 90, Some(524_814_200)),
            ("-1.89983", 180, Some(-18_998_300)),
            ("90", 90, Some(900_000_000)),
            ("-180", 180, Some(-1_800_000_000)),
            ("90.0000001", 90, None),
            ("180.1", 180, None),
            ("1e9", 180, None),
            ("nan", 90, None),
        ] {
            assert_eq!(degrees(text, limit), want, "{text}");
        }
    }
}
