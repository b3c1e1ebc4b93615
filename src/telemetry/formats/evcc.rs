//! evcc: one bare value per topic below `evcc/`, to readings of loadpoints, of vehicles and of the site. A loadpoint's topics also carry
//! values of the vehicle that is plugged in; they go to the vehicle that the loadpoint named last. Commands (`/set`), phases (`/l1`, `/1`),
//! settings and the alive marker are left out.
//! Sources: evcc at b29b49e30, `server/mqtt.go`, `core/keys/loadpoint.go`, `core/loadpoint_vehicle.go`; its documentation has wrong units.

use std::collections::BTreeMap;

use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value, check_id};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{
    ReadingSource, emit_entries, emit_value, find_rule, parse_value,
};
use crate::telemetry::kit::value_text;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "evcc",
    format: FORMAT,
    filters: &[
        "evcc/loadpoints/+/+",
        "evcc/vehicles/+/capacity",
        "evcc/status",
    ],
    claims: |topic| topic.starts_with("evcc/"),
    start: || Box::new(Evcc::default()),
};
const FORMAT: FeedFormat = FeedFormat::new(20);

/// Units as the source sends them: the documentation calls `chargeTotalImport` Wh.
const LOADPOINT: &[(&str, Rule)] = &[
    ("chargePower", Rule::Number(Quantity::ChargePower, "W")),
    (
        "chargeTotalImport",
        Rule::Number(Quantity::EnergyImportTotal, "kWh"),
    ),
    ("chargedEnergy", Rule::Number(Quantity::SessionEnergy, "Wh")),
    ("sessionEnergy", Rule::Number(Quantity::SessionEnergy, "Wh")),
    ("charging", Rule::Bool(Quantity::Charging)),
    ("connected", Rule::Bool(Quantity::PluggedIn)),
];
/// Values of the vehicle at a loadpoint. evcc sets them to zero when a vehicle leaves.
const VEHICLE: &[(&str, Rule)] = &[
    ("vehicleSoc", Rule::NonZero(Quantity::Soc, "%")),
    ("vehicleRange", Rule::NonZero(Quantity::Range, "km")),
    ("vehicleOdometer", Rule::NonZero(Quantity::Odometer, "km")),
];
const CAPACITY: Rule = Rule::NonZero(Quantity::BatteryCapacity, "kWh");
const STATUS: Rule = Rule::Either(Quantity::Online, "online", "offline");

/// Loadpoints remembered; a site has a handful.
const MAX_LOADPOINTS: usize = 1_024;
/// How long after a vehicle's name the retained values of its loadpoint are attributed to it.
const NAME_FRESH_MS: i64 = 60_000;

/// What a topic is about.
#[derive(Clone, Copy)]
enum Topic<'a> {
    Loadpoint(&'a str, &'a str),
    Vehicle(&'a str, &'a str),
    Status,
    Other,
}

/// The root, empty for the default `evcc`, and what follows it. The levels of another root become part of the asset ids, because two
/// instances on one broker both have a loadpoint 1.
fn parse_topic(topic: &str) -> Option<(&str, Topic<'_>)> {
    if let Some(rest) = topic.strip_prefix("evcc/") {
        return Some(("", parse_levels(rest).unwrap_or(Topic::Other)));
    }
    topic
        .match_indices('/')
        .find_map(|(at, _)| Some((&topic[..at], parse_levels(&topic[at + 1..])?)))
}

fn parse_levels(rest: &str) -> Option<Topic<'_>> {
    let (class, rest) = rest
        .split_once('/')
        .map_or((rest, None), |(class, rest)| (class, Some(rest)));
    match (class, rest.and_then(|rest| rest.split_once('/'))) {
        ("loadpoints", Some((number, key))) => Some(Topic::Loadpoint(number, key)),
        ("vehicles", Some((name, key))) => Some(Topic::Vehicle(name, key)),
        ("status", None) if rest.is_none() => Some(Topic::Status),
        ("loadpoints" | "vehicles" | "updated" | "site", _) => Some(Topic::Other),
        _ => None,
    }
}

/// The vehicle at each loadpoint, by asset id.
#[derive(Default)]
struct Evcc {
    loadpoints: BTreeMap<String, NamedVehicle>,
    changed: bool,
}

#[derive(Default)]
struct NamedVehicle {
    vehicle: Option<String>,
    /// When the name arrived; `None` if that was before a restart.
    named_at: Option<UtcMs>,
}

impl Decode for Evcc {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let (root, topic) = parse_topic(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is not evcc/<loadpoints/<n>|vehicles/<name>|site>/<key> or evcc/status",
            )
        })?;
        let kind = AssetKind::Charger;
        match topic {
            Topic::Status => {
                let asset = AssetId::from_paths("evcc", &[root, "site"])?;
                emit_value(
                    message,
                    ReadingSource {
                        format: FORMAT,
                        kind,
                        asset: &asset,
                    },
                    "status",
                    STATUS,
                    sink,
                )
            }
            Topic::Vehicle(name, "capacity") => {
                let asset = AssetId::from_paths("evcc", &[root, "vehicle", name])?;
                emit_value(
                    message,
                    ReadingSource {
                        format: FORMAT,
                        kind: AssetKind::Vehicle,
                        asset: &asset,
                    },
                    "capacity",
                    CAPACITY,
                    sink,
                )
            }
            Topic::Loadpoint(number, key) => {
                let asset = AssetId::from_paths("evcc", &[root, "lp", number])?;
                let source = ReadingSource {
                    format: FORMAT,
                    kind,
                    asset: &asset,
                };
                if key == "vehicleName" {
                    self.vehicle_name(message, source, sink)
                } else if let Some(rule) = find_rule(VEHICLE, key) {
                    self.vehicle(message, root, asset.as_str(), (key, rule), sink)
                } else if let Some(rule) = find_rule(LOADPOINT, key) {
                    emit_value(message, source, key, rule, sink)
                } else {
                    Ok(())
                }
            }
            Topic::Vehicle(..) | Topic::Other => Ok(()),
        }
    }

    fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn save(&self) -> Vec<u8> {
        let names: Vec<(&str, &str)> = self
            .loadpoints
            .iter()
            .filter_map(|(loadpoint, named)| Some((loadpoint.as_str(), named.vehicle.as_deref()?)))
            .collect();
        postcard::to_stdvec(&names).unwrap_or_default()
    }

    fn restore(&mut self, saved: &[u8]) {
        let names: Vec<(String, String)> = postcard::from_bytes(saved).unwrap_or_default();
        let named = |vehicle| NamedVehicle {
            vehicle: Some(vehicle),
            named_at: None,
        };
        self.loadpoints = names
            .into_iter()
            .take(MAX_LOADPOINTS)
            .map(|(loadpoint, vehicle)| (loadpoint, named(vehicle)))
            .collect();
    }
}

impl Evcc {
    /// `vehicleName`; empty when the vehicle has left, and when evcc wipes its topics at start and shutdown.
    fn vehicle_name(
        &mut self,
        message: &Message<'_>,
        source: ReadingSource<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        // An invalid name is still not the old name, which is dropped.
        let name = value_text::text(message).and_then(|text| {
            let check = |text| {
                check_id(text).map_err(|error| {
                    Refused::new(
                        RejectReason::Id,
                        format!("the vehicle name `{text:.64}` {error}"),
                    )
                })
            };
            text.map(check).transpose()
        });
        if !self.record_vehicle(
            source.asset.as_str(),
            name.as_ref().ok().copied().flatten(),
            message.received_at,
        ) {
            sink.ignored(
                RejectReason::Limit,
                "vehicleName",
                "there are too many loadpoints to remember its vehicle",
            );
        }
        let value = name?.map_or(Value::NoId, |name| Value::Id(name.into()));
        emit_entries(
            message,
            source,
            &[ReadingEntry {
                quantity: Quantity::VehicleRef,
                value,
            }],
            sink,
        );
        Ok(())
    }

    /// Records the vehicle at a loadpoint; false if there are too many loadpoints.
    fn record_vehicle(&mut self, loadpoint: &str, vehicle: Option<&str>, now: UtcMs) -> bool {
        if !self.loadpoints.contains_key(loadpoint) {
            if vehicle.is_none() || self.loadpoints.len() >= MAX_LOADPOINTS {
                return vehicle.is_none();
            }
            self.loadpoints
                .insert(loadpoint.to_owned(), NamedVehicle::default());
        }
        let Some(named) = self.loadpoints.get_mut(loadpoint) else {
            return false;
        };
        named.named_at = Some(now);
        if named.vehicle.as_deref() != vehicle {
            named.vehicle = vehicle.map(str::to_owned);
            self.changed = true;
        }
        true
    }

    /// A value of the vehicle that is at a loadpoint.
    ///
    /// After a reconnect the broker sends retained values in any order. If another vehicle was plugged in meanwhile, its values may arrive
    /// before its name and would be booked to the vehicle that has left. So retained values count only shortly after a name.
    fn vehicle(
        &self,
        message: &Message<'_>,
        root: &str,
        loadpoint: &str,
        (key, rule): (&str, Rule),
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let Some(value) = parse_value(message, key, rule, sink)? else {
            return Ok(());
        };
        let named = self.loadpoints.get(loadpoint);
        let Some(vehicle) = named.and_then(|named| named.vehicle.as_deref()) else {
            sink.ignored(
                RejectReason::Id,
                key,
                "no vehicle was named at this loadpoint, so the value has no owner",
            );
            return Ok(());
        };
        let age = named
            .and_then(|named| named.named_at)
            .map(|named_at| message.received_at.since(named_at));
        if message.retained && !age.is_some_and(|age| (0..=NAME_FRESH_MS).contains(&age)) {
            sink.ignored(
                RejectReason::Id,
                key,
                "a retained value without its vehicle's name in the minute before may be of another vehicle",
            );
            return Ok(());
        }
        let asset = AssetId::from_paths("evcc", &[root, "vehicle", vehicle])?;
        let source = ReadingSource {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        emit_entries(
            message,
            source,
            &[ReadingEntry {
                quantity: rule.quantity(),
                value,
            }],
            sink,
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
