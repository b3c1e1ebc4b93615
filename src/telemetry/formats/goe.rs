//! go-e chargers: API v2 with one JSON value per topic `go-eCharger/<serial>/<key>` (with a leading slash in old firmware), and API v1
//! with one object on `go-eCharger/<serial>/status`. The device's own time (`loc`, `utc`) is not used: its fraction is malformed.
//! Sources: `goecharger/go-eCharger-API-v2` (apikeys-en.md), `goecharger/go-eCharger-API-v1` (API v1 EN, sections 3 and 6).

use crate::json::Json;
use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::object_fields::ObjectFields;
use crate::telemetry::kit::rule::{Rule, is_unknown};
use crate::telemetry::kit::single_value::{ReadingSource, emit_entries, emit_value, find_rule};
use crate::telemetry::kit::value_text;
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. Only the keys used here are subscribed to: `rbt`, `loc` and others come once a second.
pub(super) const DECODER: Decoder = Decoder {
    name: "goe",
    format: FORMAT,
    filters: &[
        "go-eCharger/+/eto",
        "go-eCharger/+/wh",
        "go-eCharger/+/nrg",
        "go-eCharger/+/car",
        "go-eCharger/+/trx",
        "go-eCharger/+/status",
        "/go-eCharger/+/eto",
        "/go-eCharger/+/wh",
        "/go-eCharger/+/nrg",
        "/go-eCharger/+/car",
        "/go-eCharger/+/trx",
    ],
    claims: |topic| below_default(topic).is_some(),
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(22);

const KEYS: &[(&str, Rule)] = &[
    ("eto", Rule::Number(Quantity::EnergyImportTotal, "Wh")),
    ("wh", Rule::Number(Quantity::SessionEnergy, "Wh")),
];
/// Index of the total power in `nrg`.
const TOTAL_POWER: usize = 11;
/// Total power in API v2.
const POWER: Rule = Rule::Number(Quantity::ChargePower, "W");
/// Total power in API v1, in steps of 0.01 kW.
const POWER_V1: Rule = Rule::Number(Quantity::ChargePower, "daW");
/// API v1: 0.1 kWh and 10 Ws.
const KEYS_V1: &[(&str, Rule)] = &[
    ("eto", Rule::Number(Quantity::EnergyImportTotal, "hWh")),
    ("dws", Rule::Number(Quantity::SessionEnergy, "daWs")),
];
/// Longest key of API v2 (`mcpea`), with one to spare.
const MAX_KEY: usize = 6;

/// What follows the default prefix.
fn below_default(topic: &str) -> Option<&str> {
    topic
        .strip_prefix('/')
        .unwrap_or(topic)
        .strip_prefix("go-eCharger/")
}

/// Serial number and key. The prefix can be renamed (`mtp`): then the last two levels count, if the last looks like a key.
fn parse_topic(topic: &str) -> Option<(&str, &str)> {
    if let Some(rest) = below_default(topic) {
        return rest.split_once('/');
    }
    let (rest, key) = topic.rsplit_once('/')?;
    let (_prefix, serial) = rest.rsplit_once('/')?;
    let is_key = (1..=MAX_KEY).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    is_key.then_some((serial, key))
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (serial, key) = parse_topic(message.topic).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic is not go-eCharger/<serial>/<key>",
        )
    })?;
    let asset = AssetId::new("goe", &[serial])?;
    let source = ReadingSource {
        format: FORMAT,
        kind: AssetKind::Charger,
        asset: &asset,
    };
    match key {
        "car" => car(message, source, sink),
        "nrg" => power(message, source, sink),
        "trx" => card(message, source, sink),
        "status" => status_v1(message, source, sink),
        // Some 400 other keys, and `<key>/set`, which is a command.
        _ => match find_rule(KEYS, key) {
            Some(rule) => emit_value(message, source, key, rule, sink),
            None => Ok(()),
        },
    }
}

/// The states of `car`: charging and plugged in. `None` is an internal error of the charger (`null`, 0, 5).
fn car_state(text: &str) -> Result<Option<[ReadingEntry<'static>; 2]>, ()> {
    let (charging, plugged_in) = match text {
        "1" => (false, false),
        "2" => (true, true),
        "3" | "4" => (false, true),
        "0" | "5" => return Ok(None),
        _ => return Err(()),
    };
    Ok(Some([
        ReadingEntry {
            quantity: Quantity::Charging,
            value: Value::Bool(charging),
        },
        ReadingEntry {
            quantity: Quantity::PluggedIn,
            value: Value::Bool(plugged_in),
        },
    ]))
}

const BAD_CAR: &str = "is no state of the car; 0 to 5 are known";

fn car(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let Some(text) = value_text::text(message)? else {
        return Ok(());
    };
    match car_state(text) {
        Ok(Some(entries)) => emit_entries(message, source, &entries, sink),
        Ok(None) => {}
        Err(()) => {
            return Err(Refused::new(
                RejectReason::Number,
                format!("car: `{text:.64}` {BAD_CAR}"),
            ));
        }
    }
    Ok(())
}

/// `trx`: `null` without a transaction, 0 without a card, else one more than the card's place in the charger's list.
fn card(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    if value_text::text(message)? == Some("0") {
        return Ok(());
    }
    emit_value(message, source, "trx", Rule::Id(Quantity::IdTag), sink)
}

/// The element of `nrg` that is the total power, as it stands.
fn total_power<'a>(json: &mut Json<'a>) -> Option<&'a str> {
    let (mut index, mut found) = (0, None);
    json.one_or_many(|json| {
        if index == TOTAL_POWER {
            found = Some(json_object::raw(json));
        }
        index += 1;
    });
    found
}

const NO_POWER: &str = "is not a list with the total power at its twelfth place";

fn power(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = json_object::text(message)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    let mut json = json_object::json(text);
    let raw = total_power(&mut json);
    json_object::end(&mut json)?;
    let raw = raw
        .ok_or_else(|| Refused::new(RejectReason::Type, format!("nrg: `{text:.64}` {NO_POWER}")))?;
    match POWER.parse(raw) {
        Ok(Some(value)) => emit_entries(
            message,
            source,
            &[ReadingEntry {
                quantity: POWER.quantity(),
                value,
            }],
            sink,
        ),
        Ok(None) => {}
        Err(error) if is_unknown(error) => sink.ignored(error.0, "nrg", error.1),
        Err((reason, what)) => {
            return Err(Refused::new(reason, format!("nrg: `{raw:.64}` {what}")));
        }
    }
    Ok(())
}

/// API v1: everything in one object, numbers as texts, in steps of their own.
fn status_v1(
    message: &Message<'_>,
    source: ReadingSource<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = json_object::text(message)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    let mut json = json_object::json(text);
    let mut fields = ObjectFields::new();
    let is_object = json.object(|json, name| match name {
        "nrg" => match total_power(json).map(|raw| POWER_V1.parse(raw)) {
            Some(Ok(Some(value))) => drop(fields.entries().insert(Quantity::ChargePower, value)),
            Some(Ok(None)) => {}
            Some(Err(error)) => fields.reject("nrg", error),
            None => fields.reject("nrg", (RejectReason::Type, NO_POWER)),
        },
        "car" => match value_text::known(json_object::raw(json)).map(car_state) {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(entries))) => {
                for entry in entries {
                    fields.entries().insert(entry.quantity, entry.value);
                }
            }
            Some(Err(())) => fields.reject("car", (RejectReason::Number, BAD_CAR)),
        },
        _ => fields.parse_known(json, KEYS_V1, name),
    });
    json_object::end(&mut json)?;
    if !is_object {
        return Err(Refused::new(
            RejectReason::Type,
            "the status of API v1 is an object",
        ));
    }
    fields.emit(message, source, None, sink);
    Ok(())
}
