//! Gen1: `relay/<n>/...` counts watt-minutes and restarts at zero with the device, `emeter/<n>/...` counts Wh and does not.
//! Switching states, temperatures and announcements are left out.

use super::FORMAT;
use crate::model::{AssetKind, Quantity};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::{ReadingSource, emit_value, find_rule};
use crate::telemetry::{Message, Refused, Sink};

const RELAY: &[(&str, Rule)] = &[
    ("energy", Rule::Number(Quantity::EnergyImportTotal, "Wmin")),
    ("power", Rule::Number(Quantity::ChargePower, "W")),
];
/// `energy` is left out: it is that of the last minute only.
const EMETER: &[(&str, Rule)] = &[
    ("total", Rule::Number(Quantity::EnergyImportTotal, "Wh")),
    (
        "total_returned",
        Rule::Number(Quantity::EnergyExportTotal, "Wh"),
    ),
    ("power", Rule::Number(Quantity::ChargePower, "W")),
];

/// Decodes what follows `shellies/<device>/`.
pub(super) fn decode(
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
    let Some(rule) = find_rule(table, field) else {
        return Ok(());
    };
    let asset = AssetId::new("shelly", &[device, number])?;
    emit_value(
        message,
        ReadingSource {
            format: FORMAT,
            kind: AssetKind::Meter,
            asset: &asset,
        },
        field,
        rule,
        sink,
    )
}
