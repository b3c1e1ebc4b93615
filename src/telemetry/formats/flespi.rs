//! flespi: device messages as flat JSON objects, and retained state topics with one bare value each and the time in an MQTT 5 user
//! property. Where a device says one thing by two parameters it remembers which one the device is counted by.
//! Sources: flespi.com/kb/mqtt-topics, /mqtt-api, `mqtt-telemetry` section 2.5.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::entries::Entries;
use crate::telemetry::kit::fields::{Field, Fields, best, field_of, lesser};
use crate::telemetry::kit::memory::Memory;
use crate::telemetry::kit::object;
use crate::telemetry::kit::object::Place;
use crate::telemetry::kit::plain::{Of, give_at};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::time;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The format's line in the table.
pub const DECODER: Decoder = Decoder {
    name: "flespi",
    format: FORMAT,
    filters: &[
        "flespi/message/gw/devices/#",
        "flespi/message/gw/channels/#",
        "flespi/state/gw/devices/+/telemetry/+",
    ],
    claims,
    start: || Box::new(Flespi::default()),
};
const FORMAT: FeedFormat = FeedFormat::new(5);

/// Parameters with a place in the vocabulary. `battery.level` is the tracker's own cell; `custom.param.<AVL id>` comes unscaled from
/// devices that flespi does not know. `can.*` is the vehicle's own word, the same without it the tracker's sum.
const PARAMETERS: &[Field] = &[
    best(
        "can.vehicle.mileage",
        Rule::Number(Quantity::Odometer, "km"),
    ),
    lesser(1, "vehicle.mileage", Rule::Number(Quantity::Odometer, "km")),
    best(
        "can.fuel.consumed",
        Rule::Number(Quantity::FuelUsedTotal, "l"),
    ),
    lesser(
        1,
        "fuel.consumed",
        Rule::Number(Quantity::FuelUsedTotal, "l"),
    ),
    best("can.fuel.level", Rule::Number(Quantity::FuelLevel, "%")),
    lesser(1, "fuel.level", Rule::Number(Quantity::FuelLevel, "%")),
    best("can.fuel.volume", Rule::Number(Quantity::FuelVolume, "l")),
    best(
        "can.fuel.consumption",
        Rule::Number(Quantity::FuelRate, "l/h"),
    ),
    best(
        "can.vehicle.battery.level",
        Rule::Number(Quantity::Soc, "%"),
    ),
    best(
        "can.vehicle.battery.charging.status",
        Rule::Bool(Quantity::Charging),
    ),
    best("charger.plug.status", Rule::Bool(Quantity::PluggedIn)),
    best("can.recharge.mileage", Rule::Number(Quantity::Range, "km")),
    best("engine.ignition.status", Rule::Bool(Quantity::Ignition)),
    best(
        "external.powersource.voltage",
        Rule::Number(Quantity::AuxVoltage, "V"),
    ),
];
const SPEED: Rule = Rule::Number(Quantity::Speed, "km/h");

/// When a device last said the better parameter of a quantity: days since 1970, by [`place_of`].
///
/// Trackers leave the `can.*` parameters out while the ignition is off, and state topics come one by one. Without this a parked
/// vehicle's odometer would jump to the tracker's own sum and back (`mqtt-telemetry` section 6.1: never subtract across sources).
type Better = [u16; 3];

/// Quantities that have two parameters.
fn place_of(quantity: Quantity) -> Option<usize> {
    [
        Quantity::Odometer,
        Quantity::FuelUsedTotal,
        Quantity::FuelLevel,
    ]
    .iter()
    .position(|known| *known == quantity)
}

/// So long the lesser parameter is not taken: longer than a vehicle stands, but not for ever, because a device's tracker may be
/// replaced by one without CAN.
const TRUSTED_DAYS: u16 = 30;
const DAY_MS: i64 = 86_400_000;

#[derive(Default)]
struct Flespi {
    better: Memory<Better>,
}

impl Decode for Flespi {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        match split(message.topic) {
            Some(Topic::Device(id)) => self.message(message, Some(id), None, sink),
            Some(Topic::Channel(ident)) => self.message(message, None, ident, sink),
            Some(Topic::State(id, parameter)) => self.state(message, id, parameter, sink),
            Some(Topic::Other) => Ok(()),
            None => Err(Refused::new(
                RejectReason::UnknownTopic,
                "the topic is not flespi/message/gw/<devices|channels>/... or flespi/state/gw/devices/<id>/telemetry/<param>",
            )),
        }
    }

    fn has_news(&mut self) -> bool {
        self.better.has_news()
    }

    fn save(&self) -> Vec<u8> {
        self.better.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.better.restore(saved);
    }
}

enum Topic<'a> {
    Device(&'a str),
    /// With the ident, if the topic has one.
    Channel(Option<&'a str>),
    State(&'a str, &'a str),
    /// Logs, intervals, connection states and whatever else the broker has.
    Other,
}

fn claims(topic: &str) -> bool {
    topic.starts_with("flespi/")
}

fn split(topic: &str) -> Option<Topic<'_>> {
    let rest = topic.strip_prefix("flespi/")?;
    let first = |text: &'static str| rest.strip_prefix(text);
    Some(if let Some(rest) = first("message/gw/devices/") {
        // A further level is possible.
        Topic::Device(rest.split('/').next().unwrap_or_default())
    } else if let Some(rest) = first("message/gw/channels/") {
        Topic::Channel(rest.split('/').nth(1))
    } else if let Some((id, parameter)) =
        first("state/gw/devices/").and_then(|rest| rest.split_once("/telemetry/"))
    {
        Topic::State(id, parameter)
    } else {
        Topic::Other
    })
}

impl Flespi {
    fn message(
        &mut self,
        message: &Message<'_>,
        topic_device: Option<&str>,
        topic_ident: Option<&str>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let (mut device, mut ident, mut timestamp) =
            (None::<Cow<'_, str>>, None::<Cow<'_, str>>, None);
        let mut values = Fields::new();
        let mut place = Place::default();
        object::walk(object::text(message)?, |json, name| match name {
            "device.id" => device = json.text(),
            "ident" => ident = json.text(),
            "timestamp" => timestamp = json.raw(),
            _ => {
                if let Some(part) = name.strip_prefix("position.") {
                    place.take(json, part);
                } else if let Some(field) = field_of(PARAMETERS, name)
                    && let Some(text) = json.raw()
                {
                    values.offer(field, text);
                }
            }
        })?;
        // The device stays when its tracker is replaced; a channel knows only the tracker.
        let asset = match (
            device.as_deref().or(topic_device),
            ident.as_deref().or(topic_ident),
        ) {
            (Some(device), _) => AssetId::new("flespi", &[device])?,
            (None, Some(ident)) => AssetId::new("flespi", &["ident", ident])?,
            (None, None) => {
                return Err(Refused::new(
                    RejectReason::Id,
                    "the message has neither `device.id` nor `ident`",
                ));
            }
        };
        let at = time::read("timestamp", timestamp.as_deref(), time::unix_seconds, sink);
        let day = day_of(at, message.received_at);
        let mut entries = Entries::new();
        let better = self.better.get(asset.as_str());
        values.read(&mut entries, sink, |field| wanted(better, field, day));
        let mut heard = better;
        for field in values
            .fields()
            .filter(|field| field.rank == 0 && entries.has(field.rule.quantity()))
        {
            note(&mut heard, field, day);
        }
        self.better.set(asset.as_str(), heard);
        place.put(SPEED, &mut entries, sink);
        give(message, &asset, at, &entries, sink);
        Ok(())
    }

    fn state(
        &mut self,
        message: &Message<'_>,
        device: &str,
        parameter: &str,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let at = |sink: &mut dyn Sink| {
            time::read(
                "timestamp",
                message.property("timestamp"),
                time::unix_seconds,
                sink,
            )
        };
        // The whole position, with its validity, rather than its parts one by one: never both.
        if parameter == "position" {
            let place = object::place(message)?;
            let mut entries = Entries::new();
            place.put(SPEED, &mut entries, sink);
            let asset = AssetId::new("flespi", &[device])?;
            give(message, &asset, at(sink), &entries, sink);
            return Ok(());
        }
        let Some(field) = field_of(PARAMETERS, parameter) else {
            return Ok(());
        };
        let asset = AssetId::new("flespi", &[device])?;
        let at = at(sink);
        let day = day_of(at, message.received_at);
        let mut better = self.better.get(asset.as_str());
        if !wanted(better, field, day) {
            return Ok(());
        }
        let of = Of {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        if give_at(message, of, at, parameter, field.rule, sink)? && field.rank == 0 {
            note(&mut better, field, day);
            self.better.set(asset.as_str(), better);
        }
        Ok(())
    }
}

fn day_of(at: Option<UtcMs>, received_at: UtcMs) -> u16 {
    let instant = at.map_or(received_at, |at| at.min(received_at));
    // Day 65535 is in the year 2149.
    u16::try_from(instant.0.div_euclid(DAY_MS)).unwrap_or(0)
}

fn wanted(better: Better, field: &Field, day: u16) -> bool {
    let heard = place_of(field.rule.quantity()).map_or(0, |place| better[place]);
    field.rank == 0 || heard == 0 || day > heard.saturating_add(TRUSTED_DAYS)
}

fn note(better: &mut Better, field: &Field, day: u16) {
    if let Some(place) = place_of(field.rule.quantity()) {
        better[place] = better[place].max(day);
    }
}

fn give(
    message: &Message<'_>,
    asset: &AssetId,
    at: Option<UtcMs>,
    entries: &Entries<'_>,
    sink: &mut dyn Sink,
) {
    if !entries.is_empty() {
        sink.reading(message.reading(
            FORMAT,
            AssetKind::Vehicle,
            asset.as_str(),
            at,
            entries.as_slice(),
        ));
    }
}
