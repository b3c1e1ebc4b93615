//! flespi: device messages as flat JSON objects, and retained state topics with one bare value each and the time in an MQTT 5 user
//! property. Some quantities come in two parameters; the decoder remembers which one a device is counted by.
//! Sources: flespi.com/kb/mqtt-topics, flespi.com/kb/mqtt-api.

use std::borrow::Cow;

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::asset_memory::AssetMemory;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::json_object::PositionFields;
use crate::telemetry::kit::ranked_fields::{RankedField, RankedFields, best, find_field, lesser};
use crate::telemetry::kit::reading_entries::Entries;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value_at};
use crate::telemetry::kit::time;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
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
/// devices that flespi does not recognise. `can.*` is measured by the vehicle, the same name without it by the tracker.
const PARAMETERS: &[RankedField] = &[
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

/// When a device last sent the better parameter of a quantity: days since 1970, by [`better_index`].
///
/// Trackers leave the `can.*` parameters out while the ignition is off, and state topics come one by one. Without this a parked
/// vehicle's odometer would jump to the tracker's own sum and back, and the difference between two instruments is not a distance.
type BetterSeenOn = [u16; 3];

/// Quantities that have two parameters.
fn better_index(quantity: Quantity) -> Option<usize> {
    [
        Quantity::Odometer,
        Quantity::FuelUsedTotal,
        Quantity::FuelLevel,
    ]
    .iter()
    .position(|known| *known == quantity)
}

/// How long the lesser parameter is ignored after the better one: longer than a vehicle stands still, but not for ever, because a tracker
/// may be replaced by one without CAN.
const TRUSTED_DAYS: u16 = 30;
const DAY_MS: i64 = 86_400_000;

#[derive(Default)]
struct Flespi {
    better: AssetMemory<BetterSeenOn>,
}

impl Decode for Flespi {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        match parse_topic(message.topic) {
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

    fn take_changed(&mut self) -> bool {
        self.better.take_changed()
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
    /// Logs, intervals, connection states and everything else on the broker.
    Other,
}

fn claims(topic: &str) -> bool {
    topic.starts_with("flespi/")
}

fn parse_topic(topic: &str) -> Option<Topic<'_>> {
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
        let mut values = RankedFields::new();
        let mut position_fields = PositionFields::default();
        json_object::walk(json_object::text(message)?, |json, name| match name {
            "device.id" => device = json.text(),
            "ident" => ident = json.text(),
            "timestamp" => timestamp = json.raw(),
            _ => {
                if let Some(part) = name.strip_prefix("position.") {
                    position_fields.parse_field(json, part);
                } else if let Some(field) = find_field(PARAMETERS, name)
                    && let Some(text) = json.raw()
                {
                    values.offer(field, text);
                }
            }
        })?;
        // A device keeps its id when its tracker is replaced; a channel has the tracker's id only.
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
        let at = time::parse_field("timestamp", timestamp.as_deref(), time::unix_seconds, sink);
        let day = day_of(at, message.received_at);
        let mut entries = Entries::new();
        let better = self.better.get(asset.as_str());
        values.parse_into(&mut entries, sink, |field| is_counted(better, field, day));
        let mut updated = better;
        for field in values
            .fields()
            .filter(|field| field.rank == 0 && entries.has(field.rule.quantity()))
        {
            record_better(&mut updated, field, day);
        }
        self.better.set(asset.as_str(), updated);
        position_fields.add_to(SPEED, &mut entries, sink);
        emit_reading(message, &asset, at, &entries, sink);
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
            time::parse_field(
                "timestamp",
                message.property("timestamp"),
                time::unix_seconds,
                sink,
            )
        };
        // The whole position has a validity flag, its single parts do not; so the parts are not used.
        if parameter == "position" {
            let position_fields = json_object::position_fields(message)?;
            let mut entries = Entries::new();
            position_fields.add_to(SPEED, &mut entries, sink);
            let asset = AssetId::new("flespi", &[device])?;
            emit_reading(message, &asset, at(sink), &entries, sink);
            return Ok(());
        }
        let Some(field) = find_field(PARAMETERS, parameter) else {
            return Ok(());
        };
        let asset = AssetId::new("flespi", &[device])?;
        let at = at(sink);
        let day = day_of(at, message.received_at);
        let mut better = self.better.get(asset.as_str());
        if !is_counted(better, field, day) {
            return Ok(());
        }
        let source = ReadingSource {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        if emit_value_at(message, source, at, parameter, field.rule, sink)? && field.rank == 0 {
            record_better(&mut better, field, day);
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

fn is_counted(better: BetterSeenOn, field: &RankedField, day: u16) -> bool {
    let last_day =
        better_index(field.rule.quantity()).map_or(0, |position_fields| better[position_fields]);
    field.rank == 0 || last_day == 0 || day > last_day.saturating_add(TRUSTED_DAYS)
}

fn record_better(better: &mut BetterSeenOn, field: &RankedField, day: u16) {
    if let Some(position_fields) = better_index(field.rule.quantity()) {
        better[position_fields] = better[position_fields].max(day);
    }
}

fn emit_reading(
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
