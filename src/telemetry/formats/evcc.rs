//! evcc: one bare value per topic below `evcc/`, to readings of loadpoints, of vehicles and of the site. What a loadpoint says of a
//! vehicle goes to the vehicle it named last. Commands (`/set`), phases (`/l1`, `/1`), settings and the alive marker are left out.
//! Sources: evcc `server/mqtt.go`, `core/keys/loadpoint.go`, `core/loadpoint_vehicle.go`; its documentation has wrong units.

use std::collections::BTreeMap;

use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value, check_id};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::plain::{Of, give, give_all, read, rule_of};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::scalar;
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};
use crate::units::UtcMs;

/// The format's line in the table.
pub const DECODER: Decoder = Decoder {
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
/// Of the vehicle at a loadpoint. Zero is what evcc sets when a vehicle leaves, no reading.
const VEHICLE: &[(&str, Rule)] = &[
    ("vehicleSoc", Rule::NonZero(Quantity::Soc, "%")),
    ("vehicleRange", Rule::NonZero(Quantity::Range, "km")),
    ("vehicleOdometer", Rule::NonZero(Quantity::Odometer, "km")),
];
const CAPACITY: Rule = Rule::NonZero(Quantity::BatteryCapacity, "kWh");
const STATUS: Rule = Rule::Either(Quantity::Online, "online", "offline");

/// Loadpoints remembered; a site has a handful.
const MAX_LOADPOINTS: usize = 1_024;
/// How long after a name retained values of that loadpoint's vehicle are taken for that vehicle's.
const NAME_FRESH_MS: i64 = 60_000;

/// Where a topic belongs.
#[derive(Clone, Copy)]
enum Place<'a> {
    Loadpoint(&'a str, &'a str),
    Vehicle(&'a str, &'a str),
    Status,
    Other,
}

/// The root, empty for evcc's own, and the place below it. With another root, its levels stand in the asset ids: two evcc on one broker
/// both have a loadpoint 1.
fn split(topic: &str) -> Option<(&str, Place<'_>)> {
    if let Some(rest) = topic.strip_prefix("evcc/") {
        return Some(("", place(rest).unwrap_or(Place::Other)));
    }
    topic
        .match_indices('/')
        .find_map(|(at, _)| Some((&topic[..at], place(&topic[at + 1..])?)))
}

fn place(rest: &str) -> Option<Place<'_>> {
    let (class, rest) = rest
        .split_once('/')
        .map_or((rest, None), |(class, rest)| (class, Some(rest)));
    match (class, rest.and_then(|rest| rest.split_once('/'))) {
        ("loadpoints", Some((number, key))) => Some(Place::Loadpoint(number, key)),
        ("vehicles", Some((name, key))) => Some(Place::Vehicle(name, key)),
        ("status", None) if rest.is_none() => Some(Place::Status),
        ("loadpoints" | "vehicles" | "updated" | "site", _) => Some(Place::Other),
        _ => None,
    }
}

/// Which vehicle is where: loadpoint asset to vehicle.
#[derive(Default)]
struct Evcc {
    loadpoints: BTreeMap<String, Named>,
    news: bool,
}

#[derive(Default)]
struct Named {
    vehicle: Option<String>,
    /// When the name came, in this run.
    heard_at: Option<UtcMs>,
}

impl Decode for Evcc {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let (root, place) = split(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is not evcc/<loadpoints/<n>|vehicles/<name>|site>/<key> or evcc/status",
            )
        })?;
        let kind = AssetKind::Charger;
        match place {
            Place::Status => {
                let asset = AssetId::of_paths("evcc", &[root, "site"])?;
                give(
                    message,
                    Of {
                        format: FORMAT,
                        kind,
                        asset: &asset,
                    },
                    "status",
                    STATUS,
                    sink,
                )
            }
            Place::Vehicle(name, "capacity") => {
                let asset = AssetId::of_paths("evcc", &[root, "vehicle", name])?;
                give(
                    message,
                    Of {
                        format: FORMAT,
                        kind: AssetKind::Vehicle,
                        asset: &asset,
                    },
                    "capacity",
                    CAPACITY,
                    sink,
                )
            }
            Place::Loadpoint(number, key) => {
                let asset = AssetId::of_paths("evcc", &[root, "lp", number])?;
                let of = Of {
                    format: FORMAT,
                    kind,
                    asset: &asset,
                };
                if key == "vehicleName" {
                    self.name(message, of, sink)
                } else if let Some(rule) = rule_of(VEHICLE, key) {
                    self.vehicle(message, root, asset.as_str(), (key, rule), sink)
                } else if let Some(rule) = rule_of(LOADPOINT, key) {
                    give(message, of, key, rule, sink)
                } else {
                    Ok(())
                }
            }
            Place::Vehicle(..) | Place::Other => Ok(()),
        }
    }

    fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
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
        let named = |vehicle| Named {
            vehicle: Some(vehicle),
            heard_at: None,
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
    fn name(
        &mut self,
        message: &Message<'_>,
        of: Of<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        // A name that cannot be read is not the old one.
        let name = scalar::text(message).and_then(|text| {
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
        if !self.note(
            of.asset.as_str(),
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
        give_all(
            message,
            of,
            &[ReadingEntry {
                quantity: Quantity::VehicleRef,
                value,
            }],
            sink,
        );
        Ok(())
    }

    /// Remembers who is where; false if there is no room.
    fn note(&mut self, loadpoint: &str, vehicle: Option<&str>, now: UtcMs) -> bool {
        if !self.loadpoints.contains_key(loadpoint) {
            if vehicle.is_none() || self.loadpoints.len() >= MAX_LOADPOINTS {
                return vehicle.is_none();
            }
            self.loadpoints
                .insert(loadpoint.to_owned(), Named::default());
        }
        let Some(named) = self.loadpoints.get_mut(loadpoint) else {
            return false;
        };
        named.heard_at = Some(now);
        if named.vehicle.as_deref() != vehicle {
            named.vehicle = vehicle.map(str::to_owned);
            self.news = true;
        }
        true
    }

    /// A value of the vehicle that is at a loadpoint.
    ///
    /// After a reconnect the broker sends what it retained in any order. Another vehicle may have come meanwhile, and its values before
    /// its name: they would be booked to the one that has left. So retained values are only taken shortly after a name.
    fn vehicle(
        &self,
        message: &Message<'_>,
        root: &str,
        loadpoint: &str,
        (key, rule): (&str, Rule),
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        let Some(value) = read(message, key, rule, sink)? else {
            return Ok(());
        };
        let named = self.loadpoints.get(loadpoint);
        let Some(vehicle) = named.and_then(|named| named.vehicle.as_deref()) else {
            sink.ignored(
                RejectReason::Id,
                key,
                "no vehicle was named at this loadpoint, so nobody knows whose it is",
            );
            return Ok(());
        };
        let age = named
            .and_then(|named| named.heard_at)
            .map(|heard_at| message.received_at.since(heard_at));
        if message.retained && !age.is_some_and(|age| (0..=NAME_FRESH_MS).contains(&age)) {
            sink.ignored(
                RejectReason::Id,
                key,
                "a retained value without its vehicle's name in the minute before may be of another vehicle",
            );
            return Ok(());
        }
        let asset = AssetId::of_paths("evcc", &[root, "vehicle", vehicle])?;
        let of = Of {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        give_all(
            message,
            of,
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
mod tests {
    use crate::model::Reading;
    use crate::telemetry::formats::evcc::*;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn reading(&mut self, reading: Reading<'_>) {
            self.0.push(reading.asset.into_owned());
        }
        fn ignored(&mut self, reason: RejectReason, _field: &str, _detail: &str) {
            self.0.push(format!("{reason:?}"));
        }
    }

    fn hear(evcc: &mut Evcc, second: i64, retained: bool, topic: &str, payload: &str) -> String {
        let received_at = UtcMs(second * 1_000);
        let message = Message {
            topic,
            payload: payload.as_bytes(),
            retained,
            zone: crate::jurisdiction::UK.zone(),
            received_at,
            properties: &[],
        };
        let mut heard = Heard::default();
        evcc.decode(&message, &mut heard).expect("a good message");
        heard.0.join(" ")
    }

    const NAME: &str = "evcc/loadpoints/1/vehicleName";
    const SOC: &str = "evcc/loadpoints/1/vehicleSoc";

    #[test]
    fn retained_values_need_a_fresh_name() {
        let mut evcc = Evcc::default();
        for (second, retained, topic, payload, want) in [
            (0, true, SOC, "64", "Id"),
            (1, true, NAME, "golf", "evcc:lp/1"),
            (2, true, SOC, "64", "evcc:vehicle/golf"),
            (61, true, SOC, "64", "evcc:vehicle/golf"),
            (62, true, SOC, "64", "Id"),
            (5_000, false, SOC, "65", "evcc:vehicle/golf"),
            // A reconnect: the new vehicle's value comes first.
            (9_000, true, SOC, "20", "Id"),
            (9_000, true, NAME, "zoe", "evcc:lp/1"),
            (9_001, false, SOC, "21", "evcc:vehicle/zoe"),
            (9_002, false, NAME, "", "evcc:lp/1"),
            (9_003, false, SOC, "21", "Id"),
        ] {
            assert_eq!(
                hear(&mut evcc, second, retained, topic, payload),
                want,
                "{second} {topic} {payload}"
            );
        }
    }

    #[test]
    fn names_outlast_a_restart_but_their_age_does_not() {
        let mut evcc = Evcc::default();
        hear(&mut evcc, 0, false, NAME, "db:22");
        assert_eq!((evcc.has_news(), evcc.has_news()), (true, false));
        hear(&mut evcc, 1, false, NAME, "db:22");
        assert!(!evcc.has_news(), "the same name again");
        let mut again = Evcc::default();
        again.restore(&evcc.save());
        assert_eq!(hear(&mut again, 2, true, SOC, "64"), "Id");
        assert_eq!(hear(&mut again, 2, false, SOC, "64"), "evcc:vehicle/db:22");
        again.restore(b"\xff");
        assert_eq!(hear(&mut again, 3, false, SOC, "64"), "Id");
    }

    #[test]
    fn a_name_that_is_none_forgets_the_old_one() {
        let mut evcc = Evcc::default();
        hear(&mut evcc, 0, false, NAME, "golf");
        let message = Message {
            topic: NAME,
            payload: b"my car",
            retained: false,
            zone: crate::jurisdiction::UK.zone(),
            received_at: UtcMs(0),
            properties: &[],
        };
        let refused = evcc
            .decode(&message, &mut Heard::default())
            .map_err(|refused| refused.reason);
        assert_eq!(refused, Err(RejectReason::Id));
        assert_eq!(hear(&mut evcc, 1, false, SOC, "64"), "Id");
    }

    #[test]
    fn loadpoints_are_bounded() {
        let mut evcc = Evcc::default();
        for number in 0..MAX_LOADPOINTS {
            hear(
                &mut evcc,
                0,
                false,
                &format!("evcc/loadpoints/{number}/vehicleName"),
                "a",
            );
        }
        assert_eq!(
            hear(&mut evcc, 0, false, "evcc/loadpoints/x/vehicleName", "a"),
            "Limit evcc:lp/x"
        );
        assert_eq!(evcc.loadpoints.len(), MAX_LOADPOINTS);
    }
}
