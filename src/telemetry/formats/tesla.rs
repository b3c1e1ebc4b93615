//! Tesla fleet-telemetry, MQTT dispatcher: one JSON value per topic `<topic_base>/<VIN>/v/<Field>`, without the record's time.
//! Sources: teslamotors/fleet-telemetry at 4767414, `datastore/mqtt`, `protos/vehicle_data.proto`; its issues 255, 287, 335.

use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason, Value};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::asset_memory::AssetMemory;
use crate::telemetry::kit::rule::{Rule, boolean};
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::kit::{json_object, time, value_text};
use crate::telemetry::{Decode, Decoder, Message, Refused, Sink};

/// The entry in the table of formats. `telemetry` is the topic base of Tesla's own example; another one needs its topics configured.
pub(super) const DECODER: Decoder = Decoder {
    name: "tesla",
    format: FORMAT,
    filters: &["telemetry/+/v/+", "telemetry/+/connectivity"],
    claims,
    start: || Box::new(Tesla::default()),
};
const FORMAT: FeedFormat = FeedFormat::new(3);

/// Characters of a VIN (ISO 3779).
const VIN_LENGTH: usize = 17;
/// No car's own AC charger reaches this power; a higher one comes from a DC charger.
const MAX_AC_W: i64 = 25_000;
/// Unknown: what fleet-telemetry wrote for an invalid datum before it wrote `null`, and the enum's own zero.
const UNKNOWN: [&[u8]; 2] = [b"\"<invalid>\"", b"\"DetailedChargeStateUnknown\""];

/// Fields with a place in the vocabulary. Distances and speed are imperial whatever the value of `SettingDistanceUnit` (issue 335).
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

/// Which of the two sets of charging values counts, as bits per vehicle. During DC charging the AC set must be ignored; during AC
/// charging the DC set is sent as well, measured at the battery (issues 255, 287). One session must use only one of them.
///
/// `FastChargerPresent` decides if the vehicle streams it. If not, the AC set is used once it was seen, unless the DC power is more than
/// an AC charger can deliver. If only the DC set is streamed, it is used.
#[derive(Default)]
struct Tesla {
    memory: AssetMemory<u8>,
}

/// `FastChargerPresent` was received.
const FAST_CHARGER_SEEN: u8 = 1;
/// A DC charger is connected.
const DC: u8 = 2;
/// Something of the AC set was more than zero.
const AC_SEEN: u8 = 4;

impl Decode for Tesla {
    fn decode(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        let (vin, topic) = parse_topic(message.topic).ok_or_else(|| {
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
        let source = ReadingSource {
            format: FORMAT,
            kind: AssetKind::Vehicle,
            asset: &asset,
        };
        match find_rule(FIELDS, field) {
            Some(rule) if self.is_counted(vin, field, rule, message) => {
                emit_value(message, source, field, rule, sink)
            }
            None if field == "Location" => json_object::emit_position(message, source, field, sink),
            _ => Ok(()),
        }
    }

    fn take_changed(&mut self) -> bool {
        self.memory.take_changed()
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
        let Some(text) = value_text::text(message)? else {
            return Ok(());
        };
        let present = boolean(text).map_err(|(reason, what)| {
            Refused::new(reason, format!("{FAST_CHARGER}: `{text:.64}` {what}"))
        })?;
        let others = self.memory.get(vin) & !(FAST_CHARGER_SEEN | DC);
        self.memory.set(
            vin,
            others | FAST_CHARGER_SEEN | if present { DC } else { 0 },
        );
        Ok(())
    }

    /// Whether the field's value counts now. Updates the vehicle's state from it.
    fn is_counted(&mut self, vin: &str, field: &str, rule: Rule, message: &Message<'_>) -> bool {
        if !matches!(
            field,
            AC_ENERGY | AC_POWER | DC_ENERGY | DC_POWER | CHARGE_STATE
        ) {
            return true;
        }
        let value = match value_text::text(message)
            .ok()
            .flatten()
            .map(|text| rule.parse(text))
        {
            Some(Ok(Some(value))) => value,
            // Unknown or bad: the caller parses it again and reports the error.
            _ => return true,
        };
        let mut state = self.memory.get(vin);
        match (field, value) {
            (AC_ENERGY | AC_POWER, Value::Number(number)) if number.0 > 0 && state & DC == 0 => {
                state |= AC_SEEN
            }
            (DC_POWER, Value::Number(number))
                if state & FAST_CHARGER_SEEN == 0 && number.0 > MAX_AC_W =>
            {
                state |= DC
            }
            (CHARGE_STATE, Value::Bool(false)) if state & FAST_CHARGER_SEEN == 0 => state &= !DC,
            _ => {}
        }
        self.memory.set(vin, state);
        match field {
            AC_ENERGY | AC_POWER => state & DC == 0,
            DC_ENERGY | DC_POWER => state & DC != 0 || state & (FAST_CHARGER_SEEN | AC_SEEN) == 0,
            _ => true,
        }
    }
}

enum Topic<'a> {
    Field(&'a str),
    Connectivity,
    /// Alerts and errors.
    Other,
}

fn claims(topic: &str) -> bool {
    parse_topic(topic).is_some()
}

/// The VIN, and what is below it. The base may have several levels; a VIN in it would not be the last one that fits.
fn parse_topic(topic: &str) -> Option<(&str, Topic<'_>)> {
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
    json_object::walk(json_object::text(message)?, |json, name| match name {
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
    let at = time::parse_field("CreatedAt", created_at.as_deref(), time::rfc3339, sink);
    let entry = [ReadingEntry {
        quantity: Quantity::Online,
        value: Value::Bool(online),
    }];
    sink.reading(message.reading(FORMAT, AssetKind::Vehicle, asset.as_str(), at, &entry));
    Ok(())
}

#[cfg(test)]
mod tests;
