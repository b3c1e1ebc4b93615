//! A request of OCPP 1.6 that EMQX's gateway passes on: an OCPP-J frame as it is, or an object with the frame's parts by name. Its meter
//! readings and states become readings of the connector; answers, other actions and other versions are left out.

use super::memory::Memory;
use super::{FORMAT, said_by};
use crate::json::Json;
use crate::model::{
    AssetKind, ChargePointMessage, MeterSample, OcppVersion, Quantity, ReadingEntry, RejectReason,
    TokenHasher, Value,
};
use crate::ocpp::codec;
use crate::ocpp::codec::frame;
use crate::ocpp::codec::frame::Frame;
use crate::ocpp::codec::{Action, Request};
use crate::telemetry::kit::asset::AssetId;
use crate::telemetry::kit::object;
use crate::telemetry::kit::{scalar, unit};
use crate::telemetry::{Message, Refused, Sink};
use crate::units::{Thousandths, UtcMs};

/// Nesting of a frame; MeterValues have 6.
const MAX_DEPTH: usize = 32;
/// Bytes of a frame: a StopTransaction with the samples of a long session.
const MAX_BYTES: usize = 1024 * 1024;
/// `MessageTypeId` of a request.
const CALL: &str = "2";

/// Decodes what a charge point said upstream.
pub fn decode(
    message: &Message<'_>,
    point: &str,
    hasher: &TokenHasher,
    memory: &mut Memory,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = object::text_within(message, MAX_BYTES)?;
    if scalar::known(text).is_none() {
        return Ok(());
    }
    let request = if text.trim_start().starts_with('{') {
        of_object(text, hasher)?
    } else {
        of_frame(text, hasher)?
    };
    let Some((said, zoneless)) = request else {
        return Ok(());
    };
    AssetId::new("ocpp", &[point])?;
    Output {
        message,
        point,
        zoneless,
        sink,
    }
    .give(said, memory)
}

/// What is said, and whether a time in it names no zone.
type Said = Option<(ChargePointMessage, bool)>;

fn of_frame(text: &str, hasher: &TokenHasher) -> Result<Said, Refused> {
    let options = frame::ParseOptions {
        version: OcppVersion::V16,
        hasher,
        max_depth: MAX_DEPTH,
        repair_metering: true,
    };
    match frame::parse(text, &options) {
        Frame::Call {
            request: Request::Event(said),
            zoneless,
            ..
        } => Ok(Some((said, zoneless))),
        Frame::Malformed { reason, detail, .. } => Err(Refused::new(
            reason,
            format!("the message is no OCPP-J frame: {detail}"),
        )),
        _ => Ok(None),
    }
}

/// `{"MessageTypeId":2,"UniqueId":...,"Action":...,"Payload":{...}}`. The names are recalled, not read (`mqtt-telemetry` section 14), so
/// their case is left open.
fn of_object(text: &str, hasher: &TokenHasher) -> Result<Said, Refused> {
    let (mut kind, mut action, mut payload) = (None, None, None);
    let mut json = Json::new(text, MAX_DEPTH);
    json.object(|json, name| {
        if name.eq_ignore_ascii_case("MessageTypeId") {
            kind = scalar::known(object::raw(json));
        } else if name.eq_ignore_ascii_case("Action") {
            action = json.text();
        } else if name.eq_ignore_ascii_case("Payload") {
            payload = Some(object::raw(json));
        }
    });
    object::end(&mut json)?;
    if kind.is_some_and(|kind| kind != CALL) {
        return Ok(None);
    }
    let (Some(action), Some(payload)) = (action, payload) else {
        return Err(Refused::new(
            RejectReason::Type,
            "the message is an object without `Action` and `Payload`, so no OCPP request",
        ));
    };
    let Some(action) = Action::from_name(OcppVersion::V16, &action) else {
        return Ok(None);
    };
    match codec::parse_payload(action, payload, MAX_DEPTH, hasher) {
        Ok((Request::Event(said), zoneless)) => Ok(Some((said, zoneless))),
        Ok(_) => Ok(None),
        Err(detail) => Err(Refused::new(
            RejectReason::Syntax,
            format!("the payload is not JSON: {detail}"),
        )),
    }
}

struct Output<'a> {
    message: &'a Message<'a>,
    point: &'a str,
    zoneless: bool,
    sink: &'a mut dyn Sink,
}

impl Output<'_> {
    fn give(&mut self, said: ChargePointMessage, memory: &mut Memory) -> Result<(), Refused> {
        match said {
            ChargePointMessage::MeterValues {
                connector_id,
                transaction_id,
                samples,
            } => {
                // Connector 0 is the main meter, which has no transactions.
                if let Some(transaction) = transaction_id.filter(|_| connector_id != 0) {
                    memory.note(self.point, connector_id, Some(transaction));
                }
                self.samples(connector_id, &samples)
            }
            ChargePointMessage::Status {
                connector_id,
                status,
                at,
                ..
            } => {
                // Connector 0 is the charge point as a whole: nothing is plugged into it.
                let (entries, len) = said_by(status);
                self.reading(
                    connector_id,
                    at,
                    if connector_id == 0 {
                        &[]
                    } else {
                        &entries[..len]
                    },
                )
            }
            ChargePointMessage::StartTransaction {
                connector_id,
                meter_start_dwh,
                at,
                ..
            } => {
                memory.note(self.point, connector_id, None);
                self.register(connector_id, at, meter_start_dwh, "meterStart")
            }
            ChargePointMessage::StopTransaction {
                transaction_id,
                meter_stop_dwh,
                at,
                samples,
                ..
            } => {
                let Some(connector_id) = memory.end(self.point, transaction_id) else {
                    let what =
                        "its transaction was not heard before, so its connector is not known";
                    self.sink.ignored(RejectReason::Id, "meterStop", what);
                    return Ok(());
                };
                self.samples(connector_id, &samples)?;
                self.register(connector_id, at, meter_stop_dwh, "meterStop")
            }
            _ => Ok(()),
        }
    }

    fn register(
        &mut self,
        connector: u32,
        at: Option<UtcMs>,
        dwh: Option<i64>,
        field: &str,
    ) -> Result<(), Refused> {
        let value = dwh.and_then(|dwh| self.value(Quantity::EnergyImportTotal, dwh, 10, field));
        self.reading(connector, at, value.as_slice())
    }

    fn samples(&mut self, connector: u32, samples: &[MeterSample]) -> Result<(), Refused> {
        for sample in samples {
            // In which steps each is counted: tenths of Wh, mW, thousandths of a per cent.
            let values = [
                (
                    Quantity::EnergyImportTotal,
                    sample.register_dwh,
                    10,
                    "Energy.Active.Import.Register",
                ),
                (
                    Quantity::EnergyExportTotal,
                    sample.export_register_dwh,
                    10,
                    "Energy.Active.Export.Register",
                ),
                (
                    Quantity::ChargePower,
                    sample.power_mw,
                    1_000,
                    "Power.Active.Import",
                ),
                (Quantity::Soc, sample.soc_mpct, 1, "SoC"),
            ];
            let mut entries = [const {
                ReadingEntry {
                    quantity: Quantity::Soc,
                    value: Value::Bool(false),
                }
            }; 4];
            let mut len = 0;
            for (quantity, number, step, field) in values {
                if let Some(entry) =
                    number.and_then(|number| self.value(quantity, number, step, field))
                {
                    entries[len] = entry;
                    len += 1;
                }
            }
            self.reading(connector, sample.at, &entries[..len])?;
        }
        Ok(())
    }

    /// A number counted in steps, of which so many are one thousandth of the quantity's unit. Nearest, ties away from zero, as everywhere.
    fn value(
        &mut self,
        quantity: Quantity,
        number: i64,
        steps: i64,
        field: &str,
    ) -> Option<ReadingEntry<'static>> {
        let thousandths = (number + steps / 2 * number.signum()) / steps;
        if unit::is_plausible(quantity, thousandths) {
            return Some(ReadingEntry {
                quantity,
                value: Value::Number(Thousandths(thousandths)),
            });
        }
        self.sink
            .ignored(RejectReason::Number, field, "is a number that cannot be");
        None
    }

    /// A time without a zone may be local: the arrival is better.
    fn reading(
        &mut self,
        connector: u32,
        at: Option<UtcMs>,
        entries: &[ReadingEntry<'_>],
    ) -> Result<(), Refused> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut digits = [0; 10];
        let asset = AssetId::new("ocpp", &[self.point, decimal(connector, &mut digits)])?;
        let at = at.filter(|_| !self.zoneless);
        self.sink.reading(self.message.reading(
            FORMAT,
            AssetKind::Charger,
            asset.as_str(),
            at,
            entries,
        ));
        Ok(())
    }
}

/// A number's digits, on the stack.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &str {
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[from..]).unwrap_or_default()
}
