//! From a WebSocket message to a call: what is not a frame is rejected, and answered with an error where its message id can be read.

use super::calls::Call;
use super::responses::ErrorCode;
use super::{ChargePointSession, Ended};
use crate::model::{Deviations, RejectReason, Stats};
use crate::ocpp::codec::frame;
use crate::ocpp::codec::frame::{Frame, ParseOptions};
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::websocket::{Incoming, close};

impl ChargePointSession {
    pub(super) async fn incoming(&mut self, incoming: Incoming) -> Result<(), Ended> {
        match incoming {
            Incoming::Text(payload) => match String::from_utf8(payload) {
                Ok(text) => self.handle_text(&text).await,
                Err(error) => {
                    // RFC 6455, section 8.1: text that is not UTF-8 ends the connection.
                    self.reject(
                        RejectReason::Utf8,
                        "text that is not UTF-8",
                        error.as_bytes(),
                    );
                    self.close(close::INVALID, "not UTF-8").await;
                    Err(Ended)
                }
            },
            // Some charge points mark their text as binary.
            Incoming::Binary(payload) => match String::from_utf8(payload) {
                Ok(text) => self.handle_text(&text).await,
                Err(error) => {
                    self.reject(
                        RejectReason::Utf8,
                        "a binary message that is not UTF-8",
                        error.as_bytes(),
                    );
                    Ok(())
                }
            },
            Incoming::TooLarge(beginning) => self.handle_too_large(&beginning).await,
            Incoming::Ping(payload) => self.socket.pong(&payload).await.map_err(|_| Ended),
            Incoming::Pong => Ok(()),
            Incoming::Broken(why) => {
                self.reject(RejectReason::Syntax, &format!("no WebSocket: {why}"), b"");
                self.close(close::PROTOCOL, why).await;
                Err(Ended)
            }
            Incoming::Close(code) => {
                self.close(code.unwrap_or(1000), "").await;
                Err(Ended)
            }
            Incoming::End => Err(Ended),
        }
    }

    async fn handle_too_large(&mut self, beginning: &[u8]) -> Result<(), Ended> {
        Stats::count(&self.shared.stats.ocpp_received);
        self.reject(
            RejectReason::TooLarge,
            "larger than `ocpp.max_message`",
            beginning,
        );
        // The beginning is a request that is cut off; its id can be read.
        match frame::call_id_of(&String::from_utf8_lossy(beginning)) {
            Some(id) => {
                self.respond_error(id, ErrorCode::Format, "message too large")
                    .await
            }
            None => Ok(()),
        }
    }

    /// Handles one frame.
    async fn handle_text(&mut self, text: &str) -> Result<(), Ended> {
        Stats::count(&self.shared.stats.ocpp_received);
        let now = (self.shared.clock)();
        self.capture(now, Origin::ChargePoint, text);
        let shared = self.shared.clone();
        let options = ParseOptions {
            version: self.version,
            hasher: &shared.hasher,
            max_depth: shared.config.max_json_depth,
            repair_metering: shared.config.repair_metering,
        };
        let raw = text.as_bytes();
        match frame::parse(text, &options) {
            Frame::Call {
                id,
                action,
                request,
                silent,
                zoneless,
                repaired,
            } => {
                let deviations = Deviations {
                    zoneless,
                    repaired,
                    conformant: self.checks.check(self.version, action, text),
                };
                let call = Call {
                    id,
                    action,
                    deviations,
                    text,
                    now,
                };
                self.handle_call(call, request, silent).await
            }
            Frame::Unknown {
                id, action, silent, ..
            } => self.handle_unknown(id, &action, silent, raw).await,
            Frame::Malformed {
                call_id,
                reason,
                detail,
            } => {
                self.reject(reason, &detail, raw);
                match call_id {
                    Some(id) => self.respond_error(id, ErrorCode::Format, &detail).await,
                    None => Ok(()),
                }
            }
            frame => {
                self.handle_without_reply(frame, raw);
                Ok(())
            }
        }
    }

    /// Handles responses, and frames of unknown types.
    fn handle_without_reply(&mut self, frame: Frame<'_>, raw: &[u8]) {
        match frame {
            Frame::Result { id, payload } => self.handle_response(id, Ok(payload)),
            Frame::Error {
                id,
                code,
                answers_result: false,
            } => self.handle_response(id, Err(&code)),
            Frame::Error {
                code,
                answers_result: true,
                ..
            } => {
                // The charge point could not use our response: a defect on our side.
                let detail = format!("CALLRESULTERROR {code}");
                self.reject(RejectReason::AnswerRefused, &detail, raw);
            }
            Frame::Other { kind } => {
                self.reject(RejectReason::Syntax, &format!("message type {kind}"), raw);
            }
            Frame::Call { .. } | Frame::Unknown { .. } | Frame::Malformed { .. } => {}
        }
    }

    async fn handle_unknown(
        &mut self,
        id: &str,
        action: &str,
        silent: bool,
        raw: &[u8],
    ) -> Result<(), Ended> {
        let detail = format!("action `{}`", action.chars().take(64).collect::<String>());
        self.reject(RejectReason::UnknownAction, &detail, raw);
        // OCPP 2.1 part 4: a SEND has no response.
        if silent {
            return Ok(());
        }
        self.respond_error(
            id,
            ErrorCode::NotImplemented,
            "this action is not known here",
        )
        .await
    }
}
