//! Replaces RFID tags and passwords in JSON text. The text is not parsed, because it may be broken, cut off, or in any version of OCPP.

use std::borrow::Cow;

/// Keys whose value is an RFID tag: `idTag` and `parentIdTag` of OCPP 1.6, `idToken` of 2.x, `id_tag` of our own format.
const TAGS: [&str; 4] = ["idtag", "parentidtag", "idtoken", "id_tag"];
/// Keys whose value is a password.
const PASSWORDS: [&str; 4] = [
    "password",
    "apnpassword",
    "authorizationkey",
    "basicauthpassword",
];
/// Names of settings that are passwords (OCPP 1.6 security, 2.x). In a text that has one of them, the values of settings are replaced.
const PASSWORD_SETTINGS: [&str; 2] = ["authorizationkey", "basicauthpassword"];
/// Keys whose value is the value of a setting.
const SETTING_VALUES: [&str; 2] = ["value", "attributevalue"];

/// Replaces every RFID tag and password by the result of `replace`. Numbers become quoted text.
pub fn redact(text: &str, mut replace: impl FnMut(&str) -> String) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let has_any = |names: &[&str]| names.iter().any(|name| lower.contains(name));
    let has_setting = has_any(&PASSWORD_SETTINGS);
    if !has_setting && !has_any(&PASSWORDS) && !has_any(&TAGS) {
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
        let is_secret = TAGS.contains(&name)
            || PASSWORDS.contains(&name)
            || (has_setting && SETTING_VALUES.contains(&name));
        if !is_secret {
            continue;
        }
        let colon = skip_blanks(text, at);
        if text.as_bytes().get(colon) != Some(&b':') {
            continue;
        }
        let begin = skip_blanks(text, colon + 1);
        let (inside, end) = match text.as_bytes().get(begin) {
            // `idToken: { idToken: .. }`: the key is repeated inside.
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
    fn tags_and_passwords_are_replaced_in_broken_text_too() {
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
            (
                r#"{"vpn":{"user":"u","password":"x"},"apnPassword" : 7}"#,
                r#"{"vpn":{"user":"u","password":"***"},"apnPassword" : "***"}"#,
            ),
            ("no secret", "no secret"),
        ] {
            assert_eq!(redact(text, |_| "***".to_owned()), want, "{text}");
        }
    }
}
