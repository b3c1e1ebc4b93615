//! Numbers for display: thousands apart, and rounded half to even, so that many rounded figures have no upward bias. Sums are of the
//! unrounded figures. A missing figure is a word, never a zero.

/// What stands where there is no figure.
pub(super) const NONE: &str = "not known";

/// With so many places. Rust's formatting rounds the exact value half to even.
pub(super) fn number(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    // -0.0 is 0.0 to a reader.
    let sign = if digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        sign
    } else {
        ""
    };
    format!("{sign}{grouped}{rest}")
}

/// The same, or words.
pub(super) fn maybe(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| number(value, places))
}

/// Kilograms as tonnes to one place.
pub(super) fn tonnes(kg: Option<f64>) -> String {
    maybe(kg.map(|kg| kg / 1000.0), 1)
}

/// A ratio as a percentage to one place.
pub(super) fn percent(ratio: f64) -> String {
    format!("{} %", number(ratio * 100.0, 1))
}

/// The same, or words.
pub(super) fn maybe_percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NONE.to_owned(), percent)
}

/// A change with its sign.
pub(super) fn change(ratio: Option<f64>) -> String {
    ratio.map_or_else(
        || "no comparison".to_owned(),
        |ratio| {
            let text = percent(ratio);
            if ratio > 0.0 && !text.starts_with("0.0") {
                format!("+{text}")
            } else {
                text
            }
        },
    )
}

/// A word of the API as people write it: `below_path` is `below path`.
pub(super) fn plain(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use crate::report::words::*;

    #[test]
    fn numbers_round_half_even_and_have_their_thousands_apart() {
        for (value, places, want) in [
            (0.25, 1, "0.2"),
            (0.75, 1, "0.8"),
            (2.5, 0, "2"),
            (1234.56, 1, "1,234.6"),
            (999_999.96, 1, "1,000,000.0"),
            (-1234.0, 0, "-1,234"),
            (-0.01, 1, "0.0"),
            (100.0, 0, "100"),
        ] {
            assert_eq!(number(value, places), want);
        }
        assert_eq!(
            (change(Some(0.05)).as_str(), change(Some(-0.05)).as_str()),
            ("+5.0 %", "-5.0 %")
        );
        assert_eq!(
            (change(Some(0.0001)).as_str(), change(None).as_str()),
            ("0.0 %", "no comparison")
        );
    }
}
