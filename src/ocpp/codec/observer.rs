//! In OCPP 1.6 the transaction id is only in the central system's response. To learn it without being that central system, the observer
//! follows both directions of a connection and joins each StartTransaction with its response. It sends nothing. The tap uses it, and the
//! replay of recorded traffic.

use std::collections::VecDeque;

use super::frame::{self, Frame, ParseOptions};
use super::repeats::Repeats;
use super::{Action, Checks, Request, field};
use crate::json::Json;
use crate::model::{ChargePointMessage, Deviations, Issue, OcppVersion, RejectReason};
use crate::units::UtcMs;

/// Pending requests of the central system that are remembered.
const MAX_PENDING: usize = 16;

/// The side that sent a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The charge point.
    ChargePoint,
    /// Its central system.
    Csms,
}

/// A message for the engine.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedMessage {
    /// When its frame was received.
    pub received_at: UtcMs,
    /// Peculiarities of its frame.
    pub deviations: Deviations,
    /// The decoded message.
    pub message: ChargePointMessage,
}

/// Why a frame was rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedFrame {
    /// The class of the defect, for the counters.
    pub reason: RejectReason,
    /// The defect itself.
    pub detail: String,
}

/// ChangeAvailability of the central system, until the charge point has answered it.
#[derive(Debug)]
struct PendingAvailability {
    id: String,
    connector_id: u32,
    operative: bool,
}

/// A CALL of the charge point.
struct Call<'a> {
    id: &'a str,
    action: Action,
    text: &'a str,
    deviations: Deviations,
    received_at: UtcMs,
}

/// Follows one connection.
#[derive(Debug)]
pub struct Observer {
    version: OcppVersion,
    /// A StartTransaction without its response yet, by its message id.
    start: Option<(String, ObservedMessage)>,
    pending: VecDeque<PendingAvailability>,
    repeats: Repeats<()>,
    checks: Checks,
}

impl Observer {
    /// For a connection that uses `version`.
    pub fn new(version: OcppVersion) -> Self {
        Self {
            version,
            start: None,
            pending: VecDeque::new(),
            repeats: Repeats::default(),
            checks: Checks::default(),
        }
    }

    /// The version of the connection.
    pub fn version(&self) -> OcppVersion {
        self.version
    }

    /// Processes a frame and appends its messages to `out`.
    pub fn observe(
        &mut self,
        origin: Origin,
        text: &str,
        options: &ParseOptions<'_>,
        received_at: UtcMs,
        out: &mut Vec<ObservedMessage>,
    ) -> Result<(), RejectedFrame> {
        let options = ParseOptions {
            version: self.version,
            ..*options
        };
        let frame = frame::parse(text, &options);
        if let Frame::Malformed { reason, detail, .. } = frame {
            return Err(RejectedFrame { reason, detail });
        }
        match origin {
            Origin::ChargePoint => self.charge_point_frame(frame, text, received_at, out),
            Origin::Csms => {
                self.csms_frame(frame, received_at, out);
                Ok(())
            }
        }
    }

    fn charge_point_frame(
        &mut self,
        frame: Frame<'_>,
        text: &str,
        received_at: UtcMs,
        out: &mut Vec<ObservedMessage>,
    ) -> Result<(), RejectedFrame> {
        match frame {
            Frame::Call {
                id,
                action,
                request,
                zoneless,
                repaired,
                ..
            } => {
                let deviations = Deviations {
                    zoneless,
                    repaired,
                    conformant: self.checks.check(self.version, action, text),
                };
                let call = Call {
                    id,
                    action,
                    text,
                    deviations,
                    received_at,
                };
                self.call(&call, request, out);
            }
            Frame::Unknown { action, .. } => {
                self.release_start(out);
                let detail = format!("action `{}`", action.chars().take(64).collect::<String>());
                return Err(RejectedFrame {
                    reason: RejectReason::UnknownAction,
                    detail,
                });
            }
            Frame::Result { id, payload } => {
                self.charge_point_response(id, payload, received_at, out);
            }
            _ => {}
        }
        Ok(())
    }

    fn csms_frame(&mut self, frame: Frame<'_>, received_at: UtcMs, out: &mut Vec<ObservedMessage>) {
        match frame {
            Frame::Result { id, payload } => self.csms_response(id, payload, out),
            Frame::Error {
                id,
                answers_result: false,
                ..
            } => {
                // Refused: there is no transaction, unless the charge point repeats the request.
                self.start.take_if(|(request, _)| request == id);
            }
            Frame::Unknown {
                id,
                action,
                payload,
                ..
            } => self.csms_request(id, &action, payload, received_at, out),
            _ => {}
        }
    }

    /// The connection is closed: no response will follow.
    pub fn ended(&mut self, out: &mut Vec<ObservedMessage>) {
        self.release_start(out);
        self.pending.clear();
    }

    fn call(&mut self, call: &Call<'_>, request: Request, out: &mut Vec<ObservedMessage>) {
        if self.repeats.find(call.text).is_some() {
            return;
        }
        // A charge point sends one request at a time: the response to the last one will not come any more.
        self.release_start(out);
        if call.action.needs_commit() {
            self.repeats.record(call.text, ());
        }
        let observed = |message| ObservedMessage {
            received_at: call.received_at,
            deviations: call.deviations,
            message,
        };
        match request {
            Request::Authorize(_) => {}
            Request::Event(message @ ChargePointMessage::StartTransaction { .. }) => {
                self.start = Some((call.id.to_owned(), observed(message)));
            }
            Request::Event(message) => out.push(observed(message)),
            Request::Events(messages) => out.extend(messages.into_iter().map(observed)),
        }
    }

    /// Passes on a StartTransaction whose response did not come: the transaction has no known id.
    fn release_start(&mut self, out: &mut Vec<ObservedMessage>) {
        if let Some((_, start)) = self.start.take() {
            out.push(with_transaction_id(start, None));
        }
    }

    fn csms_response(&mut self, id: &str, payload: &str, out: &mut Vec<ObservedMessage>) {
        let Some((_, start)) = self.start.take_if(|(request, _)| request == id) else {
            return;
        };
        let mut transaction_id = None;
        Json::new(payload, 32).object(|json, name| {
            if name == "transactionId" {
                transaction_id = field::integer(json);
            }
        });
        // 0 is no id: many central systems send it with a refused tag.
        let transaction_id = transaction_id.filter(|id| *id != 0);
        out.push(with_transaction_id(start, transaction_id));
    }

    fn csms_request(
        &mut self,
        id: &str,
        action: &str,
        payload: &str,
        received_at: UtcMs,
        out: &mut Vec<ObservedMessage>,
    ) {
        match action {
            "ChangeAvailability" => self.change_availability(id, payload),
            // It makes the charge point connect elsewhere: soon no traffic will come through here.
            "SetNetworkProfile" => {
                let message = ChargePointMessage::Notice {
                    action: action.to_owned(),
                    status: None,
                };
                out.push(ObservedMessage {
                    received_at,
                    deviations: Deviations::default(),
                    message,
                });
            }
            _ => {}
        }
    }

    fn change_availability(&mut self, id: &str, payload: &str) {
        let (mut connector_id, mut operative) = (0, None);
        Json::new(payload, 32).object(|json, name| match name {
            "connectorId" => connector_id = field::number(json),
            "evse" => {
                json.object(|json, name| {
                    if name == "id" {
                        connector_id = field::number(json);
                    }
                });
            }
            "type" | "operationalStatus" => {
                operative = field::trimmed(json).map(|word| word == "Operative")
            }
            _ => {}
        });
        let Some(operative) = operative else { return };
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(PendingAvailability {
            id: id.to_owned(),
            connector_id,
            operative,
        });
    }

    fn charge_point_response(
        &mut self,
        id: &str,
        payload: &str,
        received_at: UtcMs,
        out: &mut Vec<ObservedMessage>,
    ) {
        let index = self.pending.iter().position(|pending| pending.id == id);
        let Some(request) = index.and_then(|index| self.pending.remove(index)) else {
            return;
        };
        let mut accepted = false;
        Json::new(payload, 32).object(|json, name| {
            if name == "status" {
                accepted = field::trimmed(json)
                    .is_some_and(|word| word == "Accepted" || word == "Scheduled");
            }
        });
        if accepted {
            out.push(ObservedMessage {
                received_at,
                deviations: Deviations::default(),
                message: ChargePointMessage::AvailabilityChanged {
                    connector_id: request.connector_id,
                    operative: request.operative,
                },
            });
        }
    }
}

fn with_transaction_id(mut start: ObservedMessage, transaction_id: Option<i64>) -> ObservedMessage {
    if let ChargePointMessage::StartTransaction { issue, .. } = &mut start.message {
        *issue = Issue::Theirs(transaction_id);
    }
    start
}

#[cfg(test)]
mod tests;
