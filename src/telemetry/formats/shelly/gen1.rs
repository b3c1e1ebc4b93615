//! Gen1: `relay/<n>/...` counts watt-minutes and restarts at zero with the device, `emeter/<n>/...` counts Wh and does not.
//! Switching states, temperatures and announcements are left out.

use super::FORMAT;
use crate::model::{AssetKind, Quantity};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::plain::{Of, give, rule_of};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::{Message, Refused, Sink};

const RELAY: &[(&str, Rule)] = &[
    ("energy", Rule::Number(Quantity::EnergyImportTotal, "Wmin")),
    ("power", Rule::Number(Quantity::ChargePower, "W")),
];
/// Its `energy` is the last minute's only.
const EMETER: &[(&str, Rule)] = &[
    ("total", Rule::Number(Quantity::EnergyImportTotal, "Wh")),
    (
        "total_returned",
        Rule::Number(Quantity::EnergyExportTotal, "Wh"),
    ),
    ("power", Rule::Number(Quantity::ChargePower, "W")),
];

/// Decodes what follows `shellies/<device>/`.
pub fn decode(
    message: &Message<'_>,
    device: &str,
    rest: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let Some((part, rest)) = rest.split_once('/') else {
        return Ok(());
    };
    let Some((number, field)) = rest.split_once('/') else {
        return Ok(());
    };
    let table = match part {
        "relay" => RELAY,
        "emeter" => EMETER,
        _ => return Ok(()),
    };
    let Some(rule) = rule_of(table, field) else {
        return Ok(());
    };
    let asset = AssetId::new("shelly", &[device, number])?;
    give(
        message,
        Of {
            format: FORMAT,
            kind: AssetKind::Meter,
            asset: &asset,
        },
        field,
        rule,
        sink,
    )
}
