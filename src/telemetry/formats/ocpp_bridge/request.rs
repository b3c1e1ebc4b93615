//! A request of OCPP 1.6 that EMQX's gateway forwards: an OCPP-J frame as it is, or an object with the frame's parts by name. Its meter
//! values and states become readings of the connector; responses, other actions and other versions are left out.

use super::open_transactions::OpenTransactions;
use super::{FORMAT, status_entries};
use crate::json::Json;
use crate::model::{
    AssetKind, ChargePointMessage, MeterSample, OcppVersion, Quantity, ReadingEntry, RejectReason,
    TokenHasher, Value,
};
use crate::ocpp::codec;
use crate::ocpp::codec::frame;
use crate::ocpp::codec::frame::Frame;
use crate::ocpp::codec::{Action, Request};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::kit::json_object;
use crate::telemetry::kit::{unit, value_text};
use crate::telemetry::{Message, Refused, Sink};
use crate::units::{Thousandths, UtcMs};

/// Nesting of a frame; MeterValues have 6.
const MAX_DEPTH: usize = 32;
/// Bytes of a frame: a StopTransaction with the samples of a long session.
const MAX_BYTES: usize = 1024 * 1024;
/// `MessageTypeId` of a request.
const CALL: &str = "2";

/// Decodes a request of a charge point.
pub(super) fn decode(
    message: &Message<'_>,
    point: &str,
    hasher: &TokenHasher,
    open_transactions: &mut OpenTransactions,
    sink: &mut dyn Sink,
) -> Result<(), Refused> {
    let text = json_object::text_within(message, MAX_BYTES)?;
    if value_text::known(text).is_none() {
        return Ok(());
    }
    let request = if text.trim_start().starts_with('{') {
        parse_object(text, hasher)?
    } else {
        parse_frame(text, hasher)?
    };
    let Some((event, zoneless)) = request else {
        return Ok(());
    };
    AssetId::new("ocpp", &[point])?;
    Output {
        message,
        point,
        zoneless,
        sink,
    }
    .apply(event, open_transactions)
}

/// The request, and whether a time in it has no zone.
type ParsedRequest = Option<(ChargePointMessage, bool)>;

fn parse_frame(text: &str, hasher: &TokenHasher) -> Result<ParsedRequest, Refused> {
    let options = frame::ParseOptions {
        version: OcppVersion::V16,
        hasher,
        max_depth: MAX_DEPTH,
        repair_metering: true,
    };
    match frame::parse(text, &options) {
        Frame::Call {
            request: Request::Event(event),
            zoneless,
            ..
        } => Ok(Some((event, zoneless))),
        Frame::Malformed { reason, detail, .. } => Err(Refused::new(
            reason,
            format!("the message is no OCPP-J frame: {detail}"),
        )),
        _ => Ok(None),
    }
}

/// `{"MessageTypeId":2,"UniqueId":...,"Action":...,"Payload":{...}}`. No capture confirms the names, so their
/// letter case is ignored.
fn parse_object(text: &str, hasher: &TokenHasher) -> Result<ParsedRequest, Refused> {
    let (mut kind, mut action, mut payload) = (None, None, None);
    let mut json = Json::new(text, MAX_DEPTH);
    json.object(|json, name| {
        if name.eq_ignore_ascii_case("MessageTypeId") {
            kind = value_text::known(json_object::raw(json));
        } else if name.eq_ignore_ascii_case("Action") {
            action = json.text();
        } else if name.eq_ignore_ascii_case("Payload") {
            payload = Some(json_object::raw(json));
        }
    });
    json_object::end(&mut json)?;
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
        Ok((Request::Event(event), zoneless)) => Ok(Some((event, zoneless))),
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
    fn apply(
        &mut self,
        event: ChargePointMessage,
        open_transactions: &mut OpenTransactions,
    ) -> Result<(), Refused> {
        match event {
            ChargePointMessage::MeterValues {
                connector_id,
                transaction_id,
                samples,
            } => {
                // Connector 0 is the main meter, which has no transactions.
                if let Some(transaction) = transaction_id.filter(|_| connector_id != 0) {
                    open_transactions.record(self.point, connector_id, Some(transaction));
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
                let (entries, len) = status_entries(status);
                let len = if connector_id == 0 { 0 } else { len };
                self.reading(connector_id, at, &entries[..len])
            }
            ChargePointMessage::StartTransaction {
                connector_id,
                meter_start_tenth_wh,
                at,
                ..
            } => {
                open_transactions.record(self.point, connector_id, None);
                self.register(connector_id, at, meter_start_tenth_wh, "meterStart")
            }
            ChargePointMessage::StopTransaction {
                transaction_id,
                meter_stop_tenth_wh,
                at,
                samples,
                ..
            } => {
                let Some(connector_id) = open_transactions.end(self.point, transaction_id) else {
                    let what =
                        "its transaction was not started here, so its connector is not known";
                    self.sink.ignored(RejectReason::Id, "meterStop", what);
                    return Ok(());
                };
                self.samples(connector_id, &samples)?;
                self.register(connector_id, at, meter_stop_tenth_wh, "meterStop")
            }
            _ => Ok(()),
        }
    }

    fn register(
        &mut self,
        connector: u32,
        at: Option<UtcMs>,
        tenth_wh: Option<i64>,
        field: &str,
    ) -> Result<(), Refused> {
        let value = tenth_wh
            .and_then(|tenth_wh| self.value(Quantity::EnergyImportTotal, tenth_wh, 10, field));
        self.reading(connector, at, value.as_slice())
    }

    fn samples(&mut self, connector: u32, samples: &[MeterSample]) -> Result<(), Refused> {
        for sample in samples {
            // With the steps per thousandth of the quantity's unit: the samples are in tenths of Wh, mW and thousandths of a per cent.
            let values = [
                (
                    Quantity::EnergyImportTotal,
                    sample.register_tenth_wh,
                    10,
                    "Energy.Active.Import.Register",
                ),
                (
                    Quantity::EnergyExportTotal,
                    sample.export_register_tenth_wh,
                    10,
                    "Energy.Active.Export.Register",
                ),
                (
                    Quantity::ChargePower,
                    sample.power_milliwatts,
                    1_000,
                    "Power.Active.Import",
                ),
                (Quantity::Soc, sample.soc_millipercent, 1, "SoC"),
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

    /// A number in steps, `steps` of which are one thousandth of the quantity's unit. Rounds to the nearest, ties away from zero.
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

    /// A time without a zone may be local, so the time of arrival is used instead.
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
