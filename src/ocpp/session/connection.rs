//! One charge point's connection: requests one after the other, each answered before the next is read, so that a charge point that
//! empties its memory after a long night cannot flood us.

mod command;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::ingest::capture::Line;
use crate::ingest::{Frame, OcppFrame, Receipt, Settlement};
use crate::model::{
    ChargePointEvent, ChargePointMessage, IdTokenHash, LinkMode, Manner, OcppVersion, RejectReason,
    Stats,
};
use crate::ocpp::codec::frame;
use crate::ocpp::codec::frame::{Frame as OcppText, ParseOptions};
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::codec::repeats::Repeats;
use crate::ocpp::codec::{Action, Checks, Request, ResponseInputs};
use crate::ocpp::provisioning::Setup;
use crate::ocpp::server::links::ConnectionSlot;
use crate::ocpp::server::{Shared, Stream, Unknown};
use crate::ocpp::session::responses;
use crate::ocpp::session::responses::ErrorCode;
use crate::ocpp::websocket::{Incoming, Socket, close};
use crate::units::UtcMs;

/// Silence allowed beyond three heartbeats.
const SILENCE_MARGIN: Duration = Duration::from_secs(60);

/// How long a link may be silent.
fn patience(heartbeat: Duration) -> Duration {
    heartbeat.saturating_mul(3).saturating_add(SILENCE_MARGIN)
}

/// A charge point that we are the central system of.
pub(super) struct Link {
    socket: Socket<Stream>,
    charge_point: Arc<str>,
    /// Agreed on.
    pub version: OcppVersion,
    /// Answered, but not booked.
    quarantined: bool,
    shared: Arc<Shared>,
    /// Requests for the books lately, and their answers: the same frame again is a repetition, not news.
    repeats: Repeats<Arc<str>>,
    checks: Checks,
    /// What is said is written down.
    captured: bool,
    /// It is being set up. On the heap, because most are not.
    setup: Option<Box<Setup>>,
}

/// The connection is over.
#[derive(Debug)]
struct Ended;

/// A request that was read.
struct Call<'a> {
    id: &'a str,
    action: Action,
    manner: Manner,
    text: &'a str,
    now: UtcMs,
}

impl Link {
    pub fn new(
        socket: Socket<Stream>,
        charge_point: Arc<str>,
        version: OcppVersion,
        quarantined: bool,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            captured: shared.capture.wants(&charge_point),
            setup: command::setup(&shared, &charge_point, version, quarantined),
            repeats: Repeats::default(),
            checks: Checks::default(),
            socket,
            charge_point,
            version,
            quarantined,
            shared,
        }
    }

    pub async fn run(&mut self, slot: &mut ConnectionSlot) {
        let mut shutdown = self.shared.shutdown.clone();
        let silence = patience(self.shared.config.heartbeat_interval);
        let ping = self.shared.config.ping_interval;
        let wait = if ping.is_zero() {
            silence
        } else {
            ping.min(silence)
        };
        let liveness = slot.liveness.clone();
        // All but the socket are looked at once and then left alone: a busy link pays nothing for them.
        let mut stop = pin!(async { drop(shutdown.wait_for(|stop| *stop).await) });
        let mut asked = pin!(liveness.probe.notified());
        let mut waited = pin!(tokio::time::sleep(wait));
        loop {
            let setup_in = self.setup_due();
            tokio::select! {
                biased;
                incoming = self.socket.next() => {
                    liveness.touch();
                    // On the heap for the same reason as the welcome: an idle connection is waiting for a message, not answering one.
                    if Box::pin(self.incoming(incoming.unwrap_or(Incoming::End))).await.is_err() {
                        return;
                    }
                }
                _ = &mut slot.replaced => return self.close(close::POLICY, "another connection with this identity is open").await,
                () = &mut stop => return self.close(close::RESTART, "the central system is stopping").await,
                () = &mut asked => {
                    asked.set(liveness.probe.notified());
                    if self.socket.ping().await.is_err() {
                        return;
                    }
                }
                () = &mut waited => {
                    let silent = liveness.silent_for();
                    if silent >= silence {
                        tracing::info!(charge_point = %self.charge_point, "silent for three heartbeats: the link is given up");
                        return;
                    }
                    // A missing pong ends nothing: some charge points never send one.
                    if silent >= wait && self.socket.ping().await.is_err() {
                        return;
                    }
                    let next = if silent >= wait { wait.min(silence - silent) } else { wait - silent };
                    waited.as_mut().reset(Instant::now() + next);
                }
                () = async { tokio::time::sleep(setup_in.unwrap_or_default()).await }, if setup_in.is_some() => {}
            }
            if self.setup.is_some() && Box::pin(self.drive()).await.is_err() {
                return;
            }
        }
    }

    async fn incoming(&mut self, incoming: Incoming) -> Result<(), Ended> {
        match incoming {
            Incoming::Text(payload) => match String::from_utf8(payload) {
                Ok(text) => self.take(&text).await,
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
                Ok(text) => self.take(&text).await,
                Err(error) => {
                    self.reject(
                        RejectReason::Utf8,
                        "a binary message that is not UTF-8",
                        error.as_bytes(),
                    );
                    Ok(())
                }
            },
            Incoming::TooLarge(beginning) => {
                Stats::count(&self.shared.stats.ocpp_received);
                self.reject(
                    RejectReason::TooLarge,
                    "larger than `ocpp.max_message`",
                    &beginning,
                );
                // Cut off, it is a broken request whose id can be read.
                match frame::call_id_of(&String::from_utf8_lossy(&beginning)) {
                    Some(id) => {
                        self.refuse(id, ErrorCode::Format, "message too large")
                            .await
                    }
                    None => Ok(()),
                }
            }
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

    pub async fn close(&mut self, code: u16, reason: &str) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.close(code, reason)).await;
    }

    fn reject(&self, reason: RejectReason, detail: &str, raw: &[u8]) {
        self.shared.stats.reject(
            (self.shared.clock)(),
            "ocpp",
            &self.charge_point,
            reason,
            detail,
            raw,
        );
    }

    /// One frame.
    async fn take(&mut self, text: &str) -> Result<(), Ended> {
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
        match frame::parse(text, &options) {
            OcppText::Call {
                id,
                action,
                request,
                silent,
                zoneless,
                repaired,
            } => {
                let conformant = self.checks.check(self.version, action, text);
                let manner = Manner {
                    zoneless,
                    repaired,
                    conformant,
                };
                if repaired {
                    Stats::count(&self.shared.stats.ocpp_repaired);
                }
                let call = Call {
                    id,
                    action,
                    manner,
                    text,
                    now,
                };
                self.overhear(&call, &request);
                if silent {
                    self.silent(call, request).await
                } else {
                    self.call(call, request).await
                }
            }
            OcppText::Unknown {
                id, action, silent, ..
            } => {
                let detail = format!("action `{}`", action.chars().take(64).collect::<String>());
                self.reject(RejectReason::UnknownAction, &detail, text.as_bytes());
                // OCPP 2.1 part 4: a SEND is never answered.
                if silent {
                    Ok(())
                } else {
                    self.refuse(
                        id,
                        ErrorCode::NotImplemented,
                        "this action is not known here",
                    )
                    .await
                }
            }
            OcppText::Result { id, payload } => {
                self.answered(id, Ok(payload));
                Ok(())
            }
            OcppText::Error {
                id,
                code,
                answers_result: false,
            } => {
                self.answered(id, Err(&code));
                Ok(())
            }
            OcppText::Error {
                code,
                answers_result: true,
                ..
            } => {
                // The charge point could not use our answer: ours to mend.
                self.reject(
                    RejectReason::AnswerRefused,
                    &format!("CALLRESULTERROR {code}"),
                    text.as_bytes(),
                );
                Ok(())
            }
            OcppText::Other { kind } => {
                self.reject(
                    RejectReason::Syntax,
                    &format!("message type {kind}"),
                    text.as_bytes(),
                );
                Ok(())
            }
            OcppText::Malformed {
                call_id,
                reason,
                detail,
            } => {
                self.reject(reason, &detail, text.as_bytes());
                match call_id {
                    Some(id) => self.refuse(id, ErrorCode::Format, &detail).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn silent(&mut self, call: Call<'_>, request: Request) -> Result<(), Ended> {
        match request {
            Request::Authorize(_) => {}
            Request::Event(message) => self.book(vec![message], &call, None).await,
            Request::Events(messages) => self.book(messages, &call, None).await,
        }
        Ok(())
    }

    async fn call(&mut self, call: Call<'_>, request: Request) -> Result<(), Ended> {
        let messages = match request {
            Request::Authorize(token) => {
                let accepted = token.is_some_and(|token| self.accepts(token));
                return self.answer(&call, Some(accepted), None).await;
            }
            Request::Event(message) => vec![message],
            Request::Events(messages) => messages,
        };
        if !call.action.needs_commit() {
            self.book(messages, &call, None).await;
            return self.answer(&call, None, None).await;
        }
        if let Some(again) = self.repeats.find(call.text) {
            Stats::count(&self.shared.stats.ocpp_repeated);
            let again = again.clone();
            return self.send(&again).await;
        }
        let token = messages.first().and_then(token_of);
        let accepted = token.map(|token| self.accepts(token));
        let settlement = self.settled(messages, &call).await?;
        self.answer(&call, accepted, settlement.transaction_id)
            .await
    }

    /// Books and waits for the commit. Without it there is no answer: the charge point will repeat itself after the restart.
    async fn settled(
        &mut self,
        messages: Vec<ChargePointMessage>,
        call: &Call<'_>,
    ) -> Result<Settlement, Ended> {
        if messages.is_empty() {
            return Ok(Settlement::default());
        }
        if self.quarantined {
            // It needs some id to go on; nothing will ever be asked about it.
            return Ok(Settlement {
                transaction_id: Some(1),
                provisioning: None,
            });
        }
        let starts = matches!(
            messages.first(),
            Some(ChargePointMessage::StartTransaction { .. })
        );
        let (settle, settled) = oneshot::channel();
        let receipt = Receipt::new(move |settlement| {
            let _ = settle.send(settlement);
        });
        self.book(messages, call, Some(receipt)).await;
        let settlement = settled.await.map_err(|_| Ended)?;
        if starts && settlement.transaction_id.is_none() {
            Err(Ended)
        } else {
            Ok(settlement)
        }
    }

    /// A token of the register, or any in open mode.
    fn accepts(&self, token: IdTokenHash) -> bool {
        self.shared.config.unknown == Unknown::Accept
            || self.shared.register.borrow().tags.contains_key(&token)
    }

    /// Hands messages to the engine; the receipt goes with the last one, behind which all others are durable too.
    async fn book(
        &self,
        messages: Vec<ChargePointMessage>,
        call: &Call<'_>,
        receipt: Option<Receipt>,
    ) {
        let last = messages.len().saturating_sub(1);
        let mut receipt = receipt;
        for (index, message) in messages.into_iter().enumerate() {
            let manner = if index == 0 {
                call.manner
            } else {
                Manner {
                    conformant: None,
                    repaired: false,
                    ..call.manner
                }
            };
            let receipt = if index == last { receipt.take() } else { None };
            self.hand_on(message, call.now, manner, receipt).await;
        }
    }

    /// The link is up, or down.
    pub async fn went(&self, up: Option<(OcppVersion, LinkMode)>) {
        let at = (self.shared.clock)();
        if self.captured {
            self.shared.capture.note(Line::Link {
                at,
                charge_point: self.charge_point.clone(),
                up,
            });
        }
        let message = match up {
            Some((version, mode)) => ChargePointMessage::Connected { version, mode },
            None => ChargePointMessage::Disconnected,
        };
        self.hand_on(message, at, Manner::default(), None).await;
    }

    fn capture(&self, at: UtcMs, from: Origin, text: &str) {
        if self.captured {
            let (charge_point, version) = (self.charge_point.clone(), self.version);
            self.shared.capture.note(Line::Frame {
                at,
                charge_point,
                version,
                from,
                text: text.to_owned(),
            });
        }
    }

    async fn hand_on(
        &self,
        message: ChargePointMessage,
        received_at: UtcMs,
        manner: Manner,
        receipt: Option<Receipt>,
    ) {
        if self.quarantined {
            return;
        }
        let event = ChargePointEvent {
            charge_point: self.charge_point.clone(),
            received_at,
            manner,
            message,
        };
        // Fails only when the engine is gone; then the receipt is dropped and nothing is acknowledged.
        let _ = self
            .shared
            .frames
            .send(Frame::Ocpp(OcppFrame { event, receipt }))
            .await;
    }

    async fn answer(
        &mut self,
        call: &Call<'_>,
        token_accepted: Option<bool>,
        transaction_id: Option<i32>,
    ) -> Result<(), Ended> {
        let interval_s =
            i32::try_from(self.shared.config.heartbeat_interval.as_secs()).unwrap_or(i32::MAX);
        let inputs = ResponseInputs {
            now: call.now,
            interval_s,
            token_accepted,
            transaction_id,
            frame: call.text,
        };
        let answer: Arc<str> =
            responses::result(call.id, self.version, call.action, &inputs).into();
        if call.action.needs_commit() {
            self.repeats.record(call.text, answer.clone());
        }
        self.send(&answer).await
    }

    async fn refuse(&mut self, id: &str, code: ErrorCode, description: &str) -> Result<(), Ended> {
        let answer = responses::error(id, self.version, code, description);
        self.send(&answer).await
    }

    async fn send(&mut self, frame: &str) -> Result<(), Ended> {
        if self.captured {
            self.capture((self.shared.clock)(), Origin::Csms, frame);
        }
        self.socket.send(frame).await.map_err(|_| Ended)
    }
}

/// The tag in a request that starts or stops something.
fn token_of(message: &ChargePointMessage) -> Option<IdTokenHash> {
    match message {
        ChargePointMessage::StartTransaction { id_token, .. }
        | ChargePointMessage::StopTransaction { id_token, .. } => *id_token,
        ChargePointMessage::Transaction(event) => event.id_token,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::session::connection::*;

    #[test]
    fn silence_is_three_heartbeats_and_a_minute() {
        assert_eq!(patience(Duration::from_secs(300)), Duration::from_secs(960));
        assert_eq!(patience(Duration::MAX), Duration::MAX);
    }
}
