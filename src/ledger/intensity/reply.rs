//! Parses replies of the Carbon Intensity API for Great Britain (https://carbon-intensity.github.io/api-definitions) into slots. `data` is
//! an array in national replies and in regional ones of a single period, an object in regional ranges: both are accepted. A period that
//! cannot be used is counted and left out.

use serde_json::Value;

use crate::model::{GridArea, HALF_HOUR_MS, IntensitySlot};
use crate::units::{GramsCo2PerKwh, UtcMs};

/// The content of a reply.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reply {
    /// The usable periods.
    pub slots: Vec<IntensitySlot>,
    /// Periods that could not be used.
    pub left_out: usize,
}

/// A reply that cannot be used at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplyError {
    /// Not JSON: often an HTML page of a proxy in between.
    #[error("the answer is not JSON ({0})")]
    Syntax(String),
    /// `{"error": {"code", "message"}}`.
    #[error("the API answers {code}: {message}")]
    Api {
        /// `code` of the reply.
        code: String,
        /// `message` of the reply.
        message: String,
    },
    /// No `data`, or no period in it.
    #[error("the answer holds no period")]
    Empty,
    /// The reply is for another region than the request.
    #[error("the answer is for region {found}, requested was {requested}")]
    Region {
        /// Region of the reply.
        found: i64,
        /// Region of the request.
        requested: u8,
    },
}

/// A grid that burns only coal stays below 1,200 g/kWh; a larger number is not an intensity.
const MAX_INTENSITY: GramsCo2PerKwh = GramsCo2PerKwh::constant(2_000.0);

impl Reply {
    /// Parses the body of a reply for an area.
    pub fn parse(body: &[u8], area: GridArea, vintage: UtcMs) -> Result<Self, ReplyError> {
        let whole: Value =
            serde_json::from_slice(body).map_err(|error| ReplyError::Syntax(error.to_string()))?;
        if let Some(error) = whole.get("error") {
            let text = |key: &str| {
                let value = error.get(key).unwrap_or(&Value::Null);
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
                    .chars()
                    .take(200)
                    .collect()
            };
            return Err(ReplyError::Api {
                code: text("code"),
                message: text("message"),
            });
        }
        let mut reply = Self::default();
        reply.walk(whole.get("data").unwrap_or(&Value::Null), area, vintage)?;
        if reply.slots.is_empty() {
            Err(ReplyError::Empty)
        } else {
            Ok(reply)
        }
    }

    /// A list of periods or regions, a region with its periods, or a period.
    fn walk(&mut self, value: &Value, area: GridArea, vintage: UtcMs) -> Result<(), ReplyError> {
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.walk(item, area, vintage)),
            Value::Object(fields) => {
                if let Some(found) = fields.get("regionid").and_then(Value::as_i64)
                    && area != GridArea::NATIONAL
                    && found != i64::from(area.0)
                {
                    return Err(ReplyError::Region {
                        found,
                        requested: area.0,
                    });
                }
                match fields.get("data") {
                    Some(inner) => self.walk(inner, area, vintage),
                    None => {
                        match period(value, area, vintage) {
                            Some(slot) => self.slots.push(slot),
                            None => self.left_out += 1,
                        }
                        Ok(())
                    }
                }
            }
            _ => Ok(()),
        }
    }
}

fn period(value: &Value, area: GridArea, vintage: UtcMs) -> Option<IntensitySlot> {
    let at = |key: &str| value.get(key)?.as_str()?.parse::<UtcMs>().ok();
    let (start, end) = (at("from")?, at("to")?);
    if end.since(start) != HALF_HOUR_MS || start.0.rem_euclid(HALF_HOUR_MS) != 0 {
        return None;
    }
    let intensity = value.get("intensity")?;
    let figure = |key: &str| {
        intensity
            .get(key)
            .and_then(Value::as_f64)
            .and_then(GramsCo2PerKwh::new)
            .filter(|value| (GramsCo2PerKwh::ZERO..=MAX_INTENSITY).contains(value))
    };
    let (forecast, actual) = (figure("forecast"), figure("actual"));
    (forecast.is_some() || actual.is_some()).then_some(IntensitySlot {
        area,
        start,
        forecast,
        actual,
        vintage,
    })
}

#[cfg(test)]
mod tests {
    use crate::ledger::intensity::reply::*;

    const NOW: UtcMs = UtcMs(1_800_000_000_000);

    fn parsed(body: &str, area: u8) -> Result<Vec<String>, String> {
        let reply = Reply::parse(body.as_bytes(), GridArea(area), NOW)
            .map_err(|error| error.to_string())?;
        let text = |value: Option<GramsCo2PerKwh>| {
            value.map_or("-".to_owned(), |value| value.get().to_string())
        };
        let mut slots: Vec<String> = reply
            .slots
            .iter()
            .map(|slot| {
                format!(
                    "{} {} {}",
                    &slot.start.to_string()[..16],
                    text(slot.forecast),
                    text(slot.actual)
                )
            })
            .collect();
        if reply.left_out > 0 {
            slots.push(format!("left out {}", reply.left_out));
        }
        Ok(slots)
    }

    #[test]
    fn data_may_be_an_array_or_an_object() {
        let national = r#"{"data":[{"from":"2018-01-20T12:00Z","to":"2018-01-20T12:30Z","intensity":{"forecast":266,"actual":263,"index":"moderate"}},
            {"from":"2018-01-20T12:30Z","to":"2018-01-20T13:00Z","intensity":{"forecast":250,"actual":null,"index":"moderate"}}]}"#;
        assert_eq!(
            parsed(national, 0).unwrap(),
            ["2018-01-20T12:00 266 263", "2018-01-20T12:30 250 -"]
        );
        let range = r#"{"data":{"regionid":9,"dnoregion":"WPD East Midlands","shortname":"East Midlands","data":[{"from":"2026-11-25T10:00Z","to":"2026-11-25T10:30Z",
            "intensity":{"forecast":181,"index":"moderate"},"generationmix":[{"fuel":"gas","perc":43.6}]}]}}"#;
        assert_eq!(parsed(range, 9).unwrap(), ["2026-11-25T10:00 181 -"]);
        let single = range
            .replace("{\"data\":{", "{\"data\":[{")
            .replace("}]}}", "}]}]}");
        assert_eq!(
            parsed(&single, 9).unwrap(),
            ["2026-11-25T10:00 181 -"],
            "{single}"
        );
        assert_eq!(
            parsed(range, 3).unwrap_err(),
            "the answer is for region 9, requested was 3"
        );
    }

    #[test]
    fn unusable_periods_are_left_out() {
        let odd = r#"{"data":[{"from":"2026-11-25T10:00Z","to":"2026-11-25T10:30Z","intensity":{"forecast":null,"actual":null}},
            {"from":"2026-11-25T10:10Z","to":"2026-11-25T10:40Z","intensity":{"forecast":100}},{"from":"2026-11-25T10:00Z","to":"2026-11-25T11:00Z","intensity":{"forecast":100}},
            {"from":"soon","to":"later","intensity":{"forecast":100}},{"from":"2026-11-25T10:30Z","to":"2026-11-25T11:00Z","intensity":{"forecast":-5,"actual":0}},{}]}"#;
        assert_eq!(
            parsed(odd, 0).unwrap(),
            ["2026-11-25T10:30 - 0", "left out 5"]
        );
        for (body, want) in [
            ("<html>", "is not JSON"),
            ("", "is not JSON"),
            ("{}", "holds no period"),
            ("{\"data\":[]}", "holds no period"),
            ("{\"data\":7}", "holds no period"),
            ("[1]", "holds no period"),
            (
                "{\"error\":{\"code\":\"400 Bad Request\",\"message\":\"Please enter a valid date\"}}",
                "the API answers 400 Bad Request: Please enter a valid date",
            ),
            ("{\"error\":{\"code\":500}}", "the API answers 500: null"),
        ] {
            assert!(parsed(body, 0).unwrap_err().contains(want), "{body}");
        }
    }
}
