//! Tesla fleet-telemetry, MQTT dispatcher: one JSON value per topic `<topic_base>/<VIN>/v/<Field>`, without the record's time.
//! Sources: fleet-telemetry `datastore/mqtt`, `protos/vehicle_data.proto`, its issues 255, 287, 335; `mqtt-telemetry` section 2.3.

use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::memory::Memory;
use crate::telemetry::kit::plain::{Of, give, rule_of};
use crate::telemetry::kit::rule::{Rule, boolean};
use crate::telemetry::kit::{object, scalar, time};
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};

/// The format's line in the table. `telemetry` is the topic base of Tesla's own example; another one needs its topics configured.
pub const DECODER: Decoder = Decoder {
    name: "tesla",
    format: FORMAT,
    filters: &["telemetry/+/v/+", "telemetry/+/connectivity"],
    claims,
    start: || Box::new(Tesla::default()),
};
const FORMAT: FeedFormat = FeedFormat::new(3);

/// ISO 3779.
const VIN_LENGTH: usize = 17;
/// No car's own AC charger reaches this; what is more comes from a DC charger.
const MAX_AC_W: i64 = 25_000;
/// Unknown: what fleet-telemetry wrote for an invalid datum before it wrote `null`, and the enum's own zero.
const UNKNOWN: [&[u8]; 2] = [b"\"<invalid>\"", b"\"DetailedChargeStateUnknown\""];

/// Fields with a place in the vocabulary. Distances and speed are imperial whatever `SettingDistanceUnit` says (issue 335).
const FIELDS: &[(&str, Rule)] = &[
    ("Odometer", Rule::Number(Quantity::Odometer, "mi")),
    ("BatteryLevel", Rule::Number(Quantity::Soc, "%")),
    ("Soc", Rule::Number(Quantity::SocUsable, "%")),
    (
        "EnergyRemaining",
        Rule::Number(Quantity::BatteryEnergy, "kWh"),
    ),
    (
        "LifetimeEnergyUsed",
        Rule::Number(Quantity::EnergyDischargedTotal, "kWh"),
    ),
    (AC_ENERGY, Rule::Number(Quantity::ChargeEnergyAdded, "kWh")),
    (AC_POWER, Rule::Number(Quantity::ChargePower, "kW")),
    (DC_ENERGY, Rule::Number(Quantity::ChargeEnergyAdded, "kWh")),
    (DC_POWER, Rule::Number(Quantity::ChargePower, "kW")),
    (
        CHARGE_STATE,
        Rule::Is(
            Quantity::Charging,
            &["DetailedChargeStateCharging", "Charging"],
        ),
    ),
    ("VehicleSpeed", Rule::Number(Quantity::Speed, "mph")),
    ("RatedRange", Rule::Number(Quantity::Range, "mi")),
];
const AC_ENERGY: &str = "ACChargingEnergyIn";
const AC_POWER: &str = "ACChargingPower";
const DC_ENERGY: &str = "DCChargingEnergyIn";
const DC_POWER: &str = "DCChargingPower";
const CHARGE_STATE: &str = "DetailedChargeState";
const FAST_CHARGER: &str = "FastChargerPresent";

/// Which of the two sets of charging values counts, one bit each. During DC charging Tesla says to ignore the AC set; during AC
/// charging the DC set goes on as well, measured at the battery (issues 255, 287). One session must see only one of them.
///
/// `FastChargerPresent` decides where it is streamed. Where it is not, the AC set has it once it was heard, unless the DC power is
/// more than AC can be; and where only the DC set is streamed there is nothing to choose.
#[derive(Default)]
struct Tesla {
    memory: Memory<u8>,
}

/// `FastChargerPresent` has been heard.
const TOLD: u8 = 1;
/// A DC charger is there.
const DC: u8 = 2;
/// Something of the AC set was more than zero.
const AC_HEARD: u8 = 4;

impl Decode for Tesla {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let (vin, topic) = split(message.topic).ok_or_else(|| {
            Refused::new(
                RejectReason::UnknownTopic,
                "the topic is not <topic_base>/<VIN>/<v/Field|connectivity|alerts/...|errors/...> with a VIN of 17 characters",
            )
        })?;
        let field = match topic {
            Topic::Field(field) => field,
            Topic::Connectivity => return connectivity(message, vin, sink),
            Topic::Other => return Ok(()),
        };
        if UNKNOWN.contains(&message.payload) {
            return Ok(());
        }
        if field == FAST_CHARGER {
            return self.fast_charger(message, vin);
        }
        let asset = AssetId::new("tesla", &[vin])?;
        let of = Of {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        match rule_of(FIELDS, field) {
            Some(rule) if self.counts(vin, field, rule, message) => {
                give(message, of, field, rule, sink)
            }
            None if field == "Location" => object::give_place(message, of, field, sink),
            _ => Ok(()),
        }
    }

    fn has_news(&mut self) -> bool {
        self.memory.has_news()
    }

    fn save(&self) -> Vec<u8> {
        self.memory.save()
    }

    fn restore(&mut self, saved: &[u8]) {
        self.memory.restore(saved);
    }
}

impl Tesla {
    fn fast_charger(&mut self, message: &Message<'_>, vin: &str) -> Result<(), Refused> {
        let Some(text) = scalar::text(message)? else {
            return Ok(());
        };
        let present = boolean(text).map_err(|(reason, what)| {
            Refused::new(reason, format!("{FAST_CHARGER}: `{text:.64}` {what}"))
        })?;
        let others = self.memory.get(vin) & !(TOLD | DC);
        self.memory
            .set(vin, others | TOLD | if present { DC } else { 0 });
        Ok(())
    }

    /// Whether the field's value is to be taken now; learns from it.
    fn counts(&mut self, vin: &str, field: &str, rule: Rule, message: &Message<'_>) -> bool {
        if !matches!(
            field,
            AC_ENERGY | AC_POWER | DC_ENERGY | DC_POWER | CHARGE_STATE
        ) {
            return true;
        }
        let value = match scalar::text(message)
            .ok()
            .flatten()
            .map(|text| rule.read(text))
        {
            Some(Ok(Some(value))) => value,
            // Unknown or bad: whoever reads it next says so.
            _ => return true,
        };
        let mut state = self.memory.get(vin);
        match (field, value) {
            (AC_ENERGY | AC_POWER, Value::Number(number)) if number.0 > 0 && state & DC == 0 => {
                state |= AC_HEARD
            }
            (DC_POWER, Value::Number(number)) if state & TOLD == 0 && number.0 > MAX_AC_W => {
                state |= DC
            }
            (CHARGE_STATE, Value::Bool(false)) if state & TOLD == 0 => state &= !DC,
            _ => {}
        }
        self.memory.set(vin, state);
        match field {
            AC_ENERGY | AC_POWER => state & DC == 0,
            DC_ENERGY | DC_POWER => state & DC != 0 || state & (TOLD | AC_HEARD) == 0,
            _ => true,
        }
    }
}

enum Topic<'a> {
    Field(&'a str),
    Connectivity,
    /// Alerts and errors: for the workshop.
    Other,
}

fn claims(topic: &str) -> bool {
    split(topic).is_some()
}

/// The VIN, and what is below it. The base may have several levels; a VIN in it would not be the last one that fits.
fn split(topic: &str) -> Option<(&str, Topic<'_>)> {
    let mut levels = topic.rsplit('/');
    let (last, second, third, fourth) =
        (levels.next()?, levels.next()?, levels.next(), levels.next());
    let (vin, what) = match (fourth, third, second, last) {
        (_, Some(vin), "v", field) if is_vin(vin) => (vin, Topic::Field(field)),
        (_, _, vin, "connectivity") if is_vin(vin) => (vin, Topic::Connectivity),
        (_, Some(vin), "errors", _) if is_vin(vin) => (vin, Topic::Other),
        (Some(vin), Some("alerts"), _, "current" | "history") if is_vin(vin) => (vin, Topic::Other),
        _ => return None,
    };
    Some((vin, what))
}

fn is_vin(text: &str) -> bool {
    text.len() == VIN_LENGTH
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// `{"ConnectionId", "Status", "CreatedAt"}`.
fn connectivity(message: &Message<'_>, vin: &str, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (mut status, mut created_at) = (None, None);
    object::walk(object::text(message)?, |json, name| match name {
        "Status" => status = json.raw(),
        "CreatedAt" => created_at = json.raw(),
        _ => {}
    })?;
    let online = match status.as_deref() {
        Some("CONNECTED") => true,
        Some("DISCONNECTED") => false,
        // The protocol's third word is UNKNOWN.
        _ => return Ok(()),
    };
    let asset = AssetId::new("tesla", &[vin])?;
    let at = time::read("CreatedAt", created_at.as_deref(), time::rfc3339, sink);
    let entry = [ReadingEntry {
        quantity: Quantity::Online,
        value: Value::Bool(online),
    }];
    sink.reading(message.reading(FORMAT, AssetKind::Vehicle, asset.as_str(), at, &entry));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::tesla::*;

    #[test]
    fn the_vin_is_found_under_any_base() {
        for (topic, want) in [
            ("telemetry/5YJ3E1EA7KF000001/v/Odometer", true),
            ("a/b/c/5YJ3E1EA7KF000001/v/Odometer", true),
            ("5YJ3E1EA7KF000001/v/Odometer", true),
            ("telemetry/5YJ3E1EA7KF000001/connectivity", true),
            ("telemetry/5YJ3E1EA7KF000001/alerts/FrontLeft/current", true),
            ("telemetry/5YJ3E1EA7KF000001/errors/e", true),
            ("telemetry/5YJ3E1EA7KF00001/v/Odometer", false),
            ("telemetry/5yj3e1ea7kf000001/v/Odometer", false),
            ("telemetry/5YJ3E1EA7KF000001/v", false),
            ("telemetry/5YJ3E1EA7KF000001/v/a/b", false),
            ("v/Odometer", false),
        ] {
            assert_eq!(
                split(topic).map(|(vin, _)| vin),
                want.then_some("5YJ3E1EA7KF000001"),
                "{topic}"
            );
        }
    }

    #[test]
    fn dc_charging_is_remembered_over_a_restart() {
        struct Count(usize);
        impl Sink for Count {
            fn reading(&mut self, _: crate::model::Reading<'_>) {
                self.0 += 1;
            }
            fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
                panic!("{reason:?} {field} {detail}");
            }
        }
        let say = |tesla: &mut Tesla, field: &str, payload: &str| {
            let topic = format!("telemetry/5YJ3E1EA7KF000001/v/{field}");
            let received_at = crate::units::UtcMs(1_787_390_000_000);
            let message = Message {
                topic: &topic,
                payload: payload.as_bytes(),
                retained: false,
                zone: crate::jurisdiction::UK.zone(),
                received_at,
                properties: &[],
            };
            let mut count = Count(0);
            tesla.decode(&message, &mut count).unwrap();
            count.0
        };
        let mut before = Tesla::default();
        say(&mut before, FAST_CHARGER, "true");
        assert!(before.has_news());
        let mut after = Tesla::default();
        after.restore(&before.save());
        assert_eq!(
            (
                say(&mut after, AC_ENERGY, "0.5"),
                say(&mut after, DC_ENERGY, "21.5")
            ),
            (0, 1)
        );
        assert!(!after.has_news(), "nothing changed");
    }
}
