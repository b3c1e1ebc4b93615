//! Gen2 and later: the status object of one component, alone on its topic or several in a notification with its time. All Wh and W.
//! A notification holds what has changed; what it leaves out is unknown, not zero.

use super::FORMAT;
use crate::json::Json;
use crate::model::{AssetKind, Quantity, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::object_fields::ObjectFields;
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::single_value::ReadingSource;
use crate::telemetry::kit::value_text;
use crate::telemetry::{Message, Refused, Sink};
use crate::units::{UtcMs, parse_scaled};

/// Components that measure: `switch:0`, `em1data:1`.
const COMPONENTS: [&str; 8] = [
    "switch", "pm1", "em1", "em1data", "em", "emdata", "cover", "light",
];
const IMPORT: Rule = Rule::Number(Quantity::EnergyImportTotal, "Wh");
const EXPORT: Rule = Rule::Number(Quantity::EnergyExportTotal, "Wh");
const POWER: Rule = Rule::Number(Quantity::ChargePower, "W");
/// Fields of all components together; no name has two meanings.
const FIELDS: &[(&str, Rule)] = &[
    ("apower", POWER),
    ("act_power", POWER),
    ("total_act_power", POWER),
    ("total_act_energy", IMPORT),
    ("total_act_ret_energy", EXPORT),
    ("total_act", IMPORT),
    ("total_act_ret", EXPORT),
];
/// A `ts` before 2001-09-09 comes from a device whose clock was not set and counts from its start.
const CLOCK_SET: UtcMs = UtcMs(1_000_000_000_000);

/// The number of a component that measures.
pub(super) fn component_number(component: &str) -> Option<&str> {
    let (name, number) = component.split_once(':')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && COMPONENTS.contains(&name)).then_some(number)
}

/// Parses a component's status object; false if the value is not an object.
fn component<'a>(json: &mut Json<'a>, fields: &mut ObjectFields<'a>) -> bool {
    json.object(|json, name| match name {
        "aenergy" => total(json, fields, "aenergy.total", IMPORT),
        "ret_aenergy" => total(json, fields, "ret_aenergy.total", EXPORT),
        _ => fields.parse_known(json, FIELDS, name),
    })
}

fn total<'a>(json: &mut Json<'a>, fields: &mut ObjectFields<'a>, field: &'static str, rule: Rule) {
    json.object(|json, name| {
        if name == "total" {
            fields.parse_field(json, field, rule);
        }
    });
}

/// Decodes `<prefix>/status/<component>`: the whole status of one component.
pub(super) fn status(
    message: &Message<'_>,
    device: &str,
    name: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    // Inputs, system, network: nothing to measure.
    let Some(number) = component_number(name) else {
        return Ok(());
    };
    let text = json_object::text(message)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    let asset = AssetId::from_paths("shelly", &[device, number])?;
    let mut json = json_object::json(text);
    let mut fields = ObjectFields::new();
    let is_object = component(&mut json, &mut fields);
    json_object::end(&mut json)?;
    if !is_object {
        return Err(Refused::new(
            RejectReason::Type,
            "the status is not an object such as {\"id\":0,\"apower\":0.0}",
        ));
    }
    fields.emit(
        message,
        ReadingSource {
            format: FORMAT,
            kind: AssetKind::Meter,
            asset: &asset,
        },
        None,
        sink,
    );
    Ok(())
}

/// Decodes `<prefix>/events/rpc`: a JSON-RPC notification with the components that changed.
pub(super) fn notification(
    message: &Message<'_>,
    device: &str,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = json_object::text(message)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    AssetId::from_paths("shelly", &[device])?;
    // `ts` may come last, and nothing may be emitted from text that is not JSON: so the text is walked twice.
    let mut head = Head::default();
    let mut json = json_object::json(text);
    let is_object = walk(&mut json, &mut head, &mut |_, _| {});
    json_object::end(&mut json)?;
    if !is_object {
        return Err(Refused::new(
            RejectReason::Type,
            "the notification is not an object with `method` and `params`",
        ));
    }
    // `NotifyEvent` is about buttons and updates.
    if !head.status {
        return Ok(());
    }
    let mut refused = None;
    walk(
        &mut json_object::json(text),
        &mut Head::default(),
        &mut |number, fields| match AssetId::from_paths("shelly", &[device, number]) {
            Ok(asset) => fields.emit(
                message,
                ReadingSource {
                    format: FORMAT,
                    kind: AssetKind::Meter,
                    asset: &asset,
                },
                head.at,
                sink,
            ),
            Err(error) => refused = Some(error),
        },
    );
    refused.map_or(Ok(()), Err)
}

/// What all components of a notification have in common.
#[derive(Default)]
struct Head {
    /// It is a status notification, full or partial.
    status: bool,
    at: Option<UtcMs>,
}

fn walk<'a>(
    json: &mut Json<'a>,
    head: &mut Head,
    each: &mut dyn FnMut(&str, &ObjectFields<'a>),
) -> bool {
    json.object(|json, name| match name {
        "method" => {
            head.status = json
                .text()
                .is_some_and(|method| matches!(&*method, "NotifyStatus" | "NotifyFullStatus"))
        }
        "params" => {
            json.object(|json, name| {
                if name == "ts" {
                    // Unix seconds with a fraction; floats are exact to the ms here.
                    head.at = parse_scaled(json_object::raw(json), 3)
                        .ok()
                        .map(UtcMs)
                        .filter(|at| *at >= CLOCK_SET);
                } else if let Some(number) = component_number(name) {
                    let mut fields = ObjectFields::new();
                    component(json, &mut fields);
                    each(number, &fields);
                }
            });
        }
        _ => {}
    })
}
