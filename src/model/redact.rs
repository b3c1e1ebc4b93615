//! Tags and keys in JSON text, replaced without parsing it: what is redacted may be broken, cut off, or in any of three dialects.

use std::borrow::Cow;

/// Names whose value is a tag: OCPP 1.6 `idTag`, `parentIdTag`; 2.x `idToken`; our own `id_tag`.
const TAGS: [&str; 4] = ["idtag", "parentidtag", "idtoken", "id_tag"];
/// Names whose value may be a key, in texts that speak of one.
const VALUES: [&str; 4] = [
    "value",
    "attributevalue",
    "authorizationkey",
    "basicauthpassword",
];

/// The text with every tag and key replaced by what `replace` makes of it; quotes are added where a number stood.
pub fn redact(text: &str, mut replace: impl FnMut(&str) -> String) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let secret = lower.contains("authorizationkey") || lower.contains("basicauthpassword");
    if !secret && !TAGS.iter().any(|name| lower.contains(name)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut copied = 0;
    let mut at = 0;
    while let Some(open) = text[at..].find('"').map(|quote| at + quote) {
        let Some(close) = end_of_string(text, open + 1) else {
            break;
        };
        at = close + 1;
        let name = &lower[open + 1..close];
        if !(TAGS.contains(&name) || (secret && VALUES.contains(&name))) {
            continue;
        }
        let colon = skip_blanks(text, at);
        if text.as_bytes().get(colon) != Some(&b':') {
            continue;
        }
        let begin = skip_blanks(text, colon + 1);
        let (inside, end) = match text.as_bytes().get(begin) {
            // `idToken: { idToken: .. }`: the name comes again inside.
            Some(b'{' | b'[') | None => continue,
            Some(b'"') => match end_of_string(text, begin + 1) {
                Some(end) => (&text[begin + 1..end], end + 1),
                None => (&text[begin + 1..], text.len()),
            },
            Some(_) => {
                let end = text[begin..]
                    .find([',', '}', ']'])
                    .map_or(text.len(), |stop| begin + stop);
                let word = text[begin..end].trim_end();
                if word.is_empty() || word == "null" {
                    continue;
                }
                (word, begin + word.len())
            }
        };
        out.push_str(&text[copied..begin]);
        out.push('"');
        out.push_str(&replace(inside));
        out.push('"');
        copied = end;
        at = end;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn skip_blanks(text: &str, from: usize) -> usize {
    from + (text[from..].len() - text[from..].trim_start().len())
}

fn end_of_string(text: &str, from: usize) -> Option<usize> {
    let mut escaped = false;
    let found = text.as_bytes()[from..].iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    found.map(|offset| from + offset)
}

#[cfg(test)]
mod tests {
    use crate::model::redact::*;

    #[test]
    fn tags_and_keys_in_whatever_state_of_repair() {
        for (text, want) in [
            (
                r#"[2,"1","StartTransaction",{"idTag":"04A1","meterStart":}]"#,
                r#"[2,"1","StartTransaction",{"idTag":"***","meterStart":}]"#,
            ),
            (r#"{"id_tag" : "04A1"#, r#"{"id_tag" : "***""#),
            (r#"{"IDTAG":123,"x":1}"#, r#"{"IDTAG":"***","x":1}"#),
            (
                r#"{"idToken":{"idToken":"04\"A1","type":"ISO14443"},"x":"idTag"}"#,
                r#"{"idToken":{"idToken":"***","type":"ISO14443"},"x":"idTag"}"#,
            ),
            (r#"{"idTag"#, r#"{"idTag"#),
            (r#"{"idTag":null}"#, r#"{"idTag":null}"#),
            (r#"{"value":"7"}"#, r#"{"value":"7"}"#),
            (
                r#"{"key":"AuthorizationKey","value":"4f43"}"#,
                r#"{"key":"AuthorizationKey","value":"***"}"#,
            ),
            (
                r#"{"attributeValue":"x","variable":{"name":"BasicAuthPassword"}}"#,
                r#"{"attributeValue":"***","variable":{"name":"BasicAuthPassword"}}"#,
            ),
            ("é\"idTag\":\"é\"", "é\"idTag\":\"***\""),
            ("nothing", "nothing"),
        ] {
            assert_eq!(redact(text, |_| "***".to_owned()), want, "{text}");
        }
    }
}
