//! openWB 2 (`openWB/chargepoint/<n>/get/<key>`, `openWB/vehicle/<n>/get/<key>`) and 1.9 (`openWB/lp/<n>/<key>`): one bare value per
//! topic, no time. The internal bus `openWB/set/...` is ignored: it carries the same values and all commands.
//! Sources: openWB core at 3039a2101, `packages/control/chargepoint/chargepoint_data.py`; openWB 1.9 at 8d253afa.

use crate::model::{AssetKind, FeedFormat, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats.
pub(super) const DECODER: Decoder = Decoder {
    name: "openwb",
    format: FORMAT,
    filters: &[
        "openWB/chargepoint/+/get/+",
        "openWB/vehicle/+/get/+",
        "openWB/lp/+/+",
    ],
    claims: |topic| topic.starts_with(ROOT),
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(21);
const ROOT: &str = "openWB/";

const CHARGE_POINT: &[(&str, Rule)] = &[
    ("imported", Rule::Number(Quantity::EnergyImportTotal, "Wh")),
    ("exported", Rule::Number(Quantity::EnergyExportTotal, "Wh")),
    ("power", Rule::Number(Quantity::ChargePower, "W")),
    ("plug_state", Rule::Bool(Quantity::PluggedIn)),
    ("charge_state", Rule::Bool(Quantity::Charging)),
    // What the charge point reads of the vehicle (a MAC address), not openWB's number of it. `null`: not read.
    ("vehicle_id", Rule::Id(Quantity::VehicleRef)),
];
const VEHICLE: &[(&str, Rule)] = &[
    ("soc", Rule::Number(Quantity::Soc, "%")),
    ("odometer", Rule::Number(Quantity::Odometer, "km")),
    ("range", Rule::Number(Quantity::Range, "km")),
];
/// Version 1.9. `%Soc` is that of whatever is plugged in, so it stays with the charge point.
const LEGACY: &[(&str, Rule)] = &[
    ("W", Rule::Number(Quantity::ChargePower, "W")),
    ("%Soc", Rule::Number(Quantity::Soc, "%")),
    (
        "kWhCounter",
        Rule::Number(Quantity::EnergyImportTotal, "kWh"),
    ),
    (
        "kWhChargedSincePlugged",
        Rule::Number(Quantity::SessionEnergy, "kWh"),
    ),
    ("boolPlugStat", Rule::Bool(Quantity::PluggedIn)),
    ("boolChargeStat", Rule::Bool(Quantity::Charging)),
];

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let rest = message.topic.strip_prefix(ROOT).ok_or_else(|| {
        Refused::new(
            RejectReason::UnknownTopic,
            "the topic does not begin with openWB/",
        )
    })?;
    let Some((class, rest)) = rest.split_once('/') else {
        return Ok(());
    };
    // Sums over all charge points (`openWB/chargepoint/get/power`) have no number: they would count everything twice.
    let Some((number, rest)) = rest.split_once('/').filter(|(number, _)| is_number(number)) else {
        return Ok(());
    };
    let (name, kind, rule, field) = match (class, rest.strip_prefix("get/")) {
        ("chargepoint", Some(key)) => ("cp", AssetKind::Charger, find_rule(CHARGE_POINT, key), key),
        ("vehicle", Some(key)) => ("vehicle", AssetKind::Vehicle, find_rule(VEHICLE, key), key),
        ("lp", None) => ("lp", AssetKind::Charger, find_rule(LEGACY, rest), rest),
        _ => return Ok(()),
    };
    let Some(rule) = rule else { return Ok(()) };
    let asset = AssetId::new("openwb", &[name, number])?;
    emit_value(
        message,
        ReadingSource {
            format: FORMAT,
            kind,
            asset: &asset,
        },
        field,
        rule,
        sink,
    )
}

fn is_number(level: &str) -> bool {
    !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit())
}
