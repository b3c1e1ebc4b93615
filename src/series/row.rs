//! A row of our own line protocol back to tags and fields, for rules over series. Reads what `line` writes, and nothing else.

use std::borrow::Cow;

use crate::units::UtcMs;

/// A row.
#[derive(Clone, PartialEq, Debug)]
pub struct Row<'a> {
    /// Name and value, as in the schema's order.
    pub tags: Vec<(&'a str, Cow<'a, str>)>,
    fields: &'a str,
    /// Its time.
    pub at: UtcMs,
}

impl<'a> Row<'a> {
    /// Reads one line.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
        let (head, rest) = cut(line, b' ')?;
        let (fields, at) = rest.rsplit_once(' ')?;
        let mut tags = Vec::new();
        let mut head = cut(head, b',').map_or("", |(_, tags)| tags);
        while !head.is_empty() {
            let (tag, rest) = cut(head, b',').unwrap_or((head, ""));
            let (name, value) = tag.split_once('=')?;
            let value = if value.contains('\\') {
                Cow::Owned(value.replace('\\', ""))
            } else {
                Cow::Borrowed(value)
            };
            tags.push((name, value));
            head = rest;
        }
        Some(Self {
            tags,
            fields,
            at: UtcMs(at.parse().ok()?),
        })
    }

    /// A field as a number; true is 1, false is 0. `None` for texts and for what the row does not have.
    pub fn number(&self, wanted: &str) -> Option<f64> {
        let mut rest = self.fields;
        loop {
            let (name, value) = rest.split_once('=')?;
            let end = if value.starts_with('"') {
                text_end(value)?
            } else {
                value.find(',').unwrap_or(value.len())
            };
            if name == wanted {
                return match &value[..end] {
                    "true" => Some(1.0),
                    "false" => Some(0.0),
                    number => number.trim_end_matches('i').parse().ok(),
                };
            }
            rest = value.get(end + 1..)?;
        }
    }
}

/// Cuts at the first byte that no backslash stands before.
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let found = (0..bytes.len())
        .find(|place| bytes[*place] == at && (*place == 0 || bytes[place - 1] != b'\\'))?;
    Some((&text[..found], &text[found + 1..]))
}

/// One behind the closing quote.
fn text_end(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    let closing = quoted.bytes().enumerate().skip(1).find(|(_, byte)| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    closing.map(|(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use crate::series::line_protocol::Line;
    use crate::series::row::*;

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        let line = Line::new(&mut out, "m")
            .tag("site", "A, B=C")
            .tag("none", "")
            .text("odd", "a \\ \",x=7i,\" b")
            .integer("count", -3);
        assert!(
            line.float("share", Some(0.25))
                .boolean("on", Some(true))
                .scaled("power_w", Some(7_200_000), 3)
                .at(UtcMs(42))
        );
        let row = Row::parse(&out).unwrap();
        assert_eq!(
            row.tags,
            [
                ("site", Cow::from("A, B=C")),
                ("none", Cow::from("unknown"))
            ]
        );
        let numbers =
            ["odd", "count", "share", "on", "power_w", "x", "nothing"].map(|name| row.number(name));
        assert_eq!(
            numbers,
            [
                None,
                Some(-3.0),
                Some(0.25),
                Some(1.0),
                Some(7200.0),
                None,
                None
            ]
        );
        assert_eq!(row.at, UtcMs(42));
    }
}
