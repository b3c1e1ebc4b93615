//! VISSv3 events and responses on `viss/<vehicle>/...`: VSS paths with data points, one or many, each with its own time.
//! Only the topic names the vehicle. Source: COVESA VISS v3.0, "Transport" (`spec/VISSv3.0_Transport.html` at d348e14).

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::{json_object, time, vss};
use crate::telemetry::{Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "viss",
    format: FORMAT,
    filters: &["viss/+/#"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(8);

/// The reference server (VISSR) sends this instead of a value that it does not have.
const NO_VALUE: &str = "visserr:";

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some()
}

/// The vehicle: the level after `viss`.
fn parse_topic(topic: &str) -> Option<&str> {
    let (vehicle, _) = topic.strip_prefix("viss/")?.split_once('/')?;
    Some(vehicle)
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let vehicle = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not viss/<vehicle>/...",
        )
    })?;
    let text = json_object::text(message)?;
    let (mut data, mut ts) = (None, None);
    // Errors and confirmations carry no data.
    json_object::walk(text, |json, name| match name {
        "data" => data = json.raw(),
        "ts" => ts = json.text(),
        _ => {}
    })?;
    let Some(data) = data else { return Ok(()) };
    // The walk above skipped `data`; only a walk through it shows that it is valid.
    data_points(&data, |_, _, _| {})?;
    let asset = AssetId::new("viss", &[vehicle])?;
    let mut output = Output {
        message,
        asset: &asset,
        at: None,
        entries: Entries::new(),
        sink,
    };
    data_points(&data, |path, value, own_ts| {
        let Some(rule) = vss::rule(path) else { return };
        if value.starts_with(NO_VALUE) {
            return;
        }
        match rule.parse(value) {
            Ok(Some(value)) => {
                let at =
                    time::parse_field("ts", own_ts.or(ts.as_deref()), time::rfc3339, output.sink);
                output.add(rule.quantity(), &value, at);
            }
            Ok(None) => {}
            Err((reason, detail)) => output.sink.ignored(reason, path, detail),
        }
    })?;
    output.flush();
    Ok(())
}

/// Collects values of one time into one reading.
struct Output<'a> {
    message: &'a Message<'a>,
    asset: &'a AssetId,
    at: Option<UtcMs>,
    entries: Entries<'static>,
    sink: &'a mut dyn Sink,
}

impl Output<'_> {
    fn add(&mut self, quantity: Quantity, value: &Value<'_>, at: Option<UtcMs>) {
        if at != self.at || self.entries.has(quantity) {
            self.flush();
        }
        self.at = at;
        // No VSS path becomes an id, so no text is copied.
        self.entries.insert(quantity, value.clone().into_owned());
    }

    fn flush(&mut self) {
        let entries = std::mem::replace(&mut self.entries, Entries::new());
        if !entries.is_empty() {
            let asset = self.asset.as_str();
            self.sink.reading(self.message.reading(
                FORMAT,
                AssetKind::Vehicle,
                asset,
                self.at,
                entries.as_slice(),
            ));
        }
    }
}

/// Calls `give` with path, value and time of each data point: `data` and `dp` may each be one object or a list of them.
fn data_points(data: &str, mut visit: impl FnMut(&str, &str, Option<&str>)) -> Result<(), Refused> {
    let mut json = json_object::json(data);
    let mut broken = None;
    json.one_or_many(|json| {
        let (mut path, mut points) = (None, None);
        json.object(|json, name| match name {
            "path" => path = json.text(),
            "dp" => points = json.raw(),
            _ => {}
        });
        let (Some(path), Some(points)) = (path, points) else {
            return;
        };
        let mut json = json_object::json(&points);
        json.one_or_many(|json| {
            let (mut value, mut ts) = (None, None);
            json.object(|json, name| match name {
                "value" => value = json.raw(),
                "ts" => ts = json.text(),
                _ => {}
            });
            if let Some(value) = value {
                visit(&path, &value, ts.as_deref());
            }
        });
        broken = broken.take().or_else(|| json_object::end(&mut json).err());
    });
    json_object::end(&mut json)?;
    broken.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::viss::*;

    #[test]
    fn the_vehicle_is_the_level_after_viss() {
        for (topic, want) in [
            ("viss/AMB201/sub", Some("AMB201")),
            ("viss/AMB201/a/b", Some("AMB201")),
            ("viss/AMB201", None),
            ("visser/AMB201/sub", None),
        ] {
            assert_eq!(parse_topic(topic), want, "{topic}");
        }
    }
}
