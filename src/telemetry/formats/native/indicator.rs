//! `fleet/indicators/<organisation>/<name>`: a monthly figure from elsewhere, as a bare number for the running month or as an object with
//! its month. A bare number that a broker replays is refused: it does not say which month it was for.

use std::borrow::Cow;

use serde_json::Value;

use super::{Message, Refused, Sink};
use crate::model::{IndicatorReport, RejectReason, check_id};
use crate::units::Month;

/// How to write it, for people.
const HINT: &str = "publish a number, or {\"month\": \"2026-11\", \"value\": 42, \"unit\": \"t\"}";
/// Bytes of one message.
const MAX_PAYLOAD: usize = 4 * 1024;
/// Bytes of a unit.
const MAX_UNIT: usize = 32;

/// Organisation and name of a topic.
pub(super) fn split(topic: &str) -> Option<(&str, &str)> {
    let (organisation, name) = topic.strip_prefix("fleet/indicators/")?.split_once('/')?;
    (!name.contains('/')).then_some((organisation, name))
}

pub(super) fn decode(
    message: &Message<'_>,
    (organisation, name): (&str, &str),
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    for id in [organisation, name] {
        check_id(id).map_err(|error| {
            Refused::new(RejectReason::Id, format!("a level of the topic {error}"))
        })?;
    }
    if message.payload.len() > MAX_PAYLOAD {
        let detail = format!(
            "the message has {} bytes; at most {MAX_PAYLOAD} are allowed",
            message.payload.len()
        );
        return Err(Refused::new(RejectReason::TooLarge, detail));
    }
    let text = std::str::from_utf8(message.payload).map_err(|error| {
        Refused::new(
            RejectReason::Utf8,
            format!("the message is not UTF-8: {error}"),
        )
    })?;
    if text.trim().is_empty() {
        // An empty retained message only erases the broker's copy (MQTT 3.1.1, 3.3.1.3); the figure stays what it was.
        return Ok(());
    }
    let running = Month::of(message.received_at, message.zone);
    let read = serde_json::from_str(text)
        .map_err(|error| Refused::new(RejectReason::Syntax, format!("{error}; {HINT}")))?;
    let (value, month, unit) = match read {
        Value::Object(mut fields) => {
            let value = fields.remove("value");
            let month = match fields.remove("month") {
                None | Some(Value::Null) => None,
                Some(Value::String(month)) => Some(month.parse::<Month>().map_err(|error| {
                    Refused::new(
                        RejectReason::Time,
                        format!("`month`: `{month:.20}` {error}; {HINT}"),
                    )
                })?),
                Some(_) => {
                    return Err(Refused::new(
                        RejectReason::Type,
                        format!("`month` is not a text; {HINT}"),
                    ));
                }
            };
            let unit = match fields.remove("unit") {
                Some(Value::String(unit))
                    if unit.len() <= MAX_UNIT && !unit.chars().any(char::is_control) =>
                {
                    Some(unit)
                }
                None | Some(Value::Null) => None,
                Some(_) => {
                    sink.ignored(
                        RejectReason::Unit,
                        "unit",
                        "is not a text of at most 32 bytes",
                    );
                    None
                }
            };
            for key in fields.keys() {
                sink.ignored(RejectReason::UnknownKey, key, "is not in an indicator");
            }
            (value.unwrap_or(Value::Null), month, unit)
        }
        bare => (bare, None, None),
    };
    let value = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let value = value.filter(|value| value.is_finite()).ok_or_else(|| {
        Refused::new(
            RejectReason::Number,
            format!("the figure is not a number; {HINT}"),
        )
    })?;
    let month = match month {
        Some(month) if month > running => {
            return Err(Refused::new(
                RejectReason::Time,
                format!("the month {month} has not begun"),
            ));
        }
        Some(month) => month,
        None if message.retained => {
            let detail = format!(
                "a retained figure without `month` does not say which month it was for; {HINT}"
            );
            return Err(Refused::new(RejectReason::Time, detail));
        }
        None => running,
    };
    sink.indicator(IndicatorReport {
        organisation: Cow::Borrowed(organisation),
        name: Cow::Borrowed(name),
        month,
        value,
        unit: unit.map(Cow::Owned),
        received_at: message.received_at,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::model::Reading;
    use crate::telemetry::formats::native::indicator::*;

    #[derive(Default)]
    struct Heard(Vec<String>, u32);

    impl Sink for Heard {
        fn reading(&mut self, _reading: Reading<'_>) {}
        fn ignored(&mut self, _reason: RejectReason, _field: &str, _detail: &str) {
            self.1 += 1;
        }
        fn indicator(&mut self, report: IndicatorReport<'_>) {
            let unit = report.unit.as_deref().unwrap_or("-");
            self.0.push(format!(
                "{} {} {} {} {unit}",
                report.organisation, report.name, report.month, report.value
            ));
        }
    }

    fn hear(
        topic: &str,
        payload: &str,
        retained: bool,
    ) -> Result<(Vec<String>, u32), RejectReason> {
        // In London it is July already.
        let received_at = "2026-06-30T23:30:00Z".parse().expect("a time");
        let message = Message {
            topic,
            payload: payload.as_bytes(),
            retained,
            zone: crate::jurisdiction::UK.zone(),
            received_at,
            properties: &[],
        };
        let mut heard = Heard::default();
        decode(&message, split(topic).expect("it is one"), &mut heard)
            .map_err(|refused| refused.reason)?;
        Ok((heard.0, heard.1))
    }

    #[test]
    fn figures_in_every_form() {
        const TOPIC: &str = "fleet/indicators/EMAS/landfill";
        for (payload, retained, want, ignored) in [
            ("42", false, "EMAS landfill 2026-07 42 -", 0),
            (" -0.5e1 ", false, "EMAS landfill 2026-07 -5 -", 0),
            (
                "{\"month\":\"2026-05\",\"value\":3.25,\"unit\":\"t\"}",
                true,
                "EMAS landfill 2026-05 3.25 t",
                0,
            ),
            (
                "{\"value\":\"0\",\"by\":\"estates\"}",
                false,
                "EMAS landfill 2026-07 0 -",
                1,
            ),
        ] {
            assert_eq!(
                hear(TOPIC, payload, retained),
                Ok((vec![want.to_owned()], ignored)),
                "{payload}"
            );
        }
        assert_eq!(hear(TOPIC, "", true), Ok((Vec::new(), 0)));
        for (payload, retained, why) in [
            ("42", true, RejectReason::Time),
            ("{\"value\":42}", true, RejectReason::Time),
            (
                "{\"month\":\"2026-08\",\"value\":42}",
                false,
                RejectReason::Time,
            ),
            (
                "{\"month\":\"May\",\"value\":42}",
                false,
                RejectReason::Time,
            ),
            ("{\"month\":5,\"value\":42}", false, RejectReason::Type),
            ("{\"month\":\"2026-05\"}", false, RejectReason::Number),
            ("NaN", false, RejectReason::Syntax),
            ("\"nan\"", false, RejectReason::Number),
            ("[42]", false, RejectReason::Number),
            ("1e999", false, RejectReason::Number),
        ] {
            assert_eq!(hear(TOPIC, payload, retained), Err(why), "{payload}");
        }
        assert_eq!(
            hear("fleet/indicators/E MAS/x", "1", false),
            Err(RejectReason::Id)
        );
        assert!(
            split("fleet/indicators/EMAS").is_none()
                && split("fleet/indicators/EMAS/a/b").is_none()
        );
    }
}
