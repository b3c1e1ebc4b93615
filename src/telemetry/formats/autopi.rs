//! AutoPi's returner: `{"_type", "_stamp", "value"}` on one topic per device. The message does not name the device, so the topic must.
//! Source: AutoPi core (`autopi-io/autopi-core` at ab42459).

use crate::model::{AssetKind, FeedFormat, Quantity, ReadingEntry, RejectReason};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::rule::{Rule, is_unknown};
use crate::telemetry::kit::{json_object, time};
use crate::telemetry::{Decoder, Message, Refused, Sink};

/// The entry in the table of formats. A returner topic elsewhere has to be configured together with the format.
pub(super) const DECODER: Decoder = Decoder {
    name: "autopi",
    format: FORMAT,
    filters: &["autopi/#"],
    claims,
    start: || Box::new(decode),
};
const FORMAT: FeedFormat = FeedFormat::new(7);
const PREFIX: &str = "autopi/";

/// Type names are the names that a site gives its PIDs. Besides the vocabulary these are accepted: the names of python-OBD, which AutoPi
/// uses, and common words.
const ALIASES: &[(&str, Quantity)] = &[
    ("mileage", Quantity::Odometer),
    ("state_of_charge", Quantity::Soc),
    ("hybrid_battery_remaining", Quantity::Soc),
    ("vehicle_speed", Quantity::Speed),
    ("control_module_voltage", Quantity::AuxVoltage),
    ("elm_voltage", Quantity::AuxVoltage),
];

fn claims(topic: &str) -> bool {
    topic.starts_with(PREFIX)
}

fn decode(message: &Message<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
    let (mut kind, mut stamp, mut value) = (None, None, None);
    let walked = json_object::text(message).and_then(|text| {
        json_object::walk(text, |json, name| match name {
            "_type" => kind = json.text(),
            "_stamp" => stamp = json.text(),
            "value" => value = json.raw(),
            _ => {}
        })
    });
    if !claims(message.topic) && (walked.is_err() || stamp.is_none()) {
        // Another format may claim a topic that is not certainly AutoPi's.
        let detail = "the topic is not below autopi/, and the message is no object with `_stamp`";
        return Err(Refused::new(RejectReason::UnknownTopic, detail));
    }
    walked?;
    // Lists come as `values`, and dictionaries with keys of their own: neither is a value of one quantity.
    let (Some(kind), Some(value)) = (kind, value) else {
        return Ok(());
    };
    let Some(rule) = rule(&kind) else {
        return Ok(());
    };
    let asset = asset(message.topic)?;
    match rule.parse(&value) {
        Ok(Some(value)) => {
            let at = time::parse_field("_stamp", stamp.as_deref(), time::utc, sink);
            let entry = [ReadingEntry {
                quantity: rule.quantity(),
                value,
            }];
            sink.reading(message.reading(FORMAT, AssetKind::Vehicle, asset.as_str(), at, &entry));
        }
        Ok(None) => {}
        Err(error) if is_unknown(error) => sink.ignored(error.0, &kind, error.1),
        Err((reason, what)) => {
            return Err(Refused::new(
                reason,
                format!("{kind:.64}: `{value:.64}` {what}"),
            ));
        }
    }
    Ok(())
}

/// The device: everything below `autopi/`, or the last level of another topic.
fn asset(topic: &str) -> Result<AssetId, Refused> {
    let Some(below) = topic.strip_prefix(PREFIX) else {
        return AssetId::new("autopi", &[topic.rsplit('/').next().unwrap_or_default()]);
    };
    match below.split_once('/') {
        None => AssetId::new("autopi", &[below]),
        Some((first, rest)) => match rest.split_once('/') {
            None => AssetId::new("autopi", &[first, rest]),
            Some((second, third)) => AssetId::new("autopi", &[first, second, third]),
        },
    }
}

/// `odometer`, `OBD.Odometer`: a module's name may stand before it.
fn rule(kind: &str) -> Option<Rule> {
    let name = kind.rsplit('.').next()?;
    let own = Quantity::ALL
        .iter()
        .copied()
        .find(|quantity| quantity.name().eq_ignore_ascii_case(name));
    let alias = || {
        ALIASES
            .iter()
            .find(|(alias, _)| alias.eq_ignore_ascii_case(name))
            .map(|(_, quantity)| *quantity)
    };
    own.or_else(alias).and_then(Rule::canonical)
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::autopi::*;

    #[test]
    fn types_are_vocabulary_names_or_well_known() {
        for (kind, want) in [
            ("odometer", Some(Quantity::Odometer)),
            ("obd.Fuel_Level", Some(Quantity::FuelLevel)),
            ("MILEAGE", Some(Quantity::Odometer)),
            ("rpm", None),
            ("position", None),
            ("", None),
        ] {
            assert_eq!(rule(kind).map(Rule::quantity), want, "{kind}");
        }
    }

    #[test]
    fn the_topic_is_the_device() {
        for (topic, want) in [
            ("autopi/AMB301", Some("autopi:AMB301")),
            ("autopi/depot/AMB301", Some("autopi:depot/AMB301")),
            ("vans/AMB301", Some("autopi:AMB301")),
            ("autopi/", None),
            ("autopi/a/b/c/d", None),
        ] {
            let asset = asset(topic);
            assert_eq!(asset.as_ref().ok().map(AssetId::as_str), want, "{topic}");
        }
    }
}
