//! Responses of charge points to the few requests that we make: configuration, variables, statuses. Parsed as leniently as requests.

use super::field::{integer, short, trimmed};
use crate::json::Json;

/// Keys or variables taken from one response.
const MAX_SETTINGS: usize = 2_000;
/// OCPP 1.6, GetConfiguration: a value is a CiString500; 2.x allow 2,500.
const MAX_VALUE: usize = 2_500;
/// Longest name of a key, component or variable that is kept.
const MAX_NAME: usize = 64;
/// How deep a response may nest; the frame's depth has been checked before.
const MAX_DEPTH: usize = 1_000;

/// A configuration key or variable as the charge point reports it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Setting {
    /// OCPP 1.6: the key. 2.x: `Component.Variable`.
    pub name: String,
    /// Without surrounding quotes and blanks, which some charge points add (Sync EV, lbbrhzn/ocpp issue 510).
    pub value: String,
    /// `readonly`; false if it is missing.
    pub read_only: bool,
}

/// Removes blanks and quotes around a value: they carry no meaning.
pub fn unquote(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'))
}

/// GetConfiguration.conf: the known keys.
pub fn configuration(payload: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    Json::new(payload, MAX_DEPTH).object(|json, name| {
        if name != "configurationKey" {
            return;
        }
        json.one_or_many(|json| {
            let mut setting = Setting::default();
            json.object(|json, name| match name {
                "key" => setting.name = short(json, MAX_NAME).unwrap_or_default(),
                "value" => setting.value = value(json),
                "readonly" => setting.read_only = json.boolean().unwrap_or(false),
                _ => {}
            });
            if !setting.name.is_empty() && found.len() < MAX_SETTINGS {
                found.push(setting);
            }
        });
    });
    found
}

/// GetVariablesResponse: the variables whose status is `Accepted`.
pub fn variables(payload: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    Json::new(payload, MAX_DEPTH).object(|json, name| {
        if name != "getVariableResult" {
            return;
        }
        json.one_or_many(|json| {
            let mut component = String::new();
            let mut variable = String::new();
            let mut setting = Setting::default();
            let mut accepted = false;
            json.object(|json, name| match name {
                "attributeStatus" => {
                    accepted = trimmed(json).is_some_and(|word| word == "Accepted")
                }
                "attributeValue" => setting.value = value(json),
                "component" => component = name_of(json),
                "variable" => variable = name_of(json),
                _ => {}
            });
            if accepted && found.len() < MAX_SETTINGS {
                setting.name = format!("{component}.{variable}");
                found.push(setting);
            }
        });
    });
    found
}

/// Responses with a status: `status`, or `attributeStatus` of the first result of SetVariables.
pub fn status(payload: &str) -> String {
    let mut found = None;
    Json::new(payload, MAX_DEPTH).object(|json, name| match name {
        "status" => found = short(json, MAX_NAME),
        "setVariableResult" => json.one_or_many(|json| {
            json.object(|json, name| {
                if name == "attributeStatus" && found.is_none() {
                    found = short(json, MAX_NAME);
                }
            });
        }),
        _ => {}
    });
    found.unwrap_or_default()
}

/// GetTransactionStatusResponse: `ongoingIndicator`, `messagesInQueue`.
pub fn transaction_status(payload: &str) -> (Option<bool>, bool) {
    // If the field is missing, messages may still come.
    let (mut ongoing, mut queued) = (None, true);
    Json::new(payload, MAX_DEPTH).object(|json, name| match name {
        "ongoingIndicator" => ongoing = json.boolean(),
        "messagesInQueue" => queued = json.boolean().unwrap_or(true),
        _ => {}
    });
    (ongoing, queued)
}

/// Of a NotifyReport request: the id of the report, and whether another part follows (`tbc`).
pub fn report_part(frame: &str) -> (Option<i64>, bool) {
    let (mut report, mut more) = (None, false);
    let mut index = 0;
    Json::new(frame, MAX_DEPTH).one_or_many(|json| {
        if index == 3 {
            json.object(|json, name| match name {
                "requestId" => report = integer(json),
                "tbc" => more = json.boolean().unwrap_or(false),
                _ => {}
            });
        }
        index += 1;
    });
    (report, more)
}

fn name_of(json: &mut Json<'_>) -> String {
    let mut found = None;
    json.object(|json, name| {
        if name == "name" {
            found = short(json, MAX_NAME);
        }
    });
    found.unwrap_or_default()
}

/// A text, a number, or a literal `true` or `false`, as text.
fn value(json: &mut Json<'_>) -> String {
    match json.peek() {
        Some(b't' | b'f') => json
            .boolean()
            .map(|value| value.to_string())
            .unwrap_or_default(),
        _ => short(json, MAX_VALUE)
            .map(|text| unquote(&text).to_owned())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::codec::call_results::*;

    #[test]
    fn values_parse_in_every_spelling() {
        let text = r#"{"configurationKey":[{"key":"A","readonly":"true","value":" 'x' "},{"key":"B","readonly":false,"value":60},
            {"key":"C","readonly":false},{"key":"D","value":true},{"readonly":true}],"unknownKey":["E"]}"#;
        let found: Vec<_> = configuration(text)
            .into_iter()
            .map(|found| (found.name, found.value, found.read_only))
            .collect();
        let want = [
            ("A", "x", true),
            ("B", "60", false),
            ("C", "", false),
            ("D", "true", false),
        ];
        assert_eq!(
            found,
            want.map(|(name, value, read_only)| (name.to_owned(), value.to_owned(), read_only))
        );
        assert_eq!(configuration("null"), []);
        let text = r#"{"getVariableResult":[{"attributeStatus":"Accepted","attributeValue":"60","component":{"name":"A"},"variable":{"name":"B"}},
            {"attributeStatus":"UnknownVariable","component":{"name":"A"},"variable":{"name":"C"}}]}"#;
        assert_eq!(
            variables(text),
            [Setting {
                name: "A.B".into(),
                value: "60".into(),
                read_only: false
            }]
        );
    }

    #[test]
    fn statuses_and_report_parts_parse_leniently() {
        assert_eq!(status(r#"{"status":" Accepted "}"#), "Accepted");
        assert_eq!(
            status(
                r#"{"setVariableResult":[{"attributeStatus":"RebootRequired","component":{}}]}"#
            ),
            "RebootRequired"
        );
        assert_eq!(status("{}"), "");
        assert_eq!(
            transaction_status(r#"{"ongoingIndicator":false,"messagesInQueue":false}"#),
            (Some(false), false)
        );
        assert_eq!(transaction_status("{}"), (None, true));
        assert_eq!(
            report_part(r#"[2,"1","NotifyReport",{"requestId":7,"tbc":true}]"#),
            (Some(7), true)
        );
        assert_eq!(
            report_part(r#"[2,"1","NotifyReport",{"requestId":7}]"#),
            (Some(7), false)
        );
    }
}
