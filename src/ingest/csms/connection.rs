//! One charge point's connection: requests one after the other, each answered before the next is read, so that a charge point that
//! empties its memory after a long night cannot flood us.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::answer::{self, ErrorCode, Facts};
use super::{Shared, handshake};
use crate::decode::ocpp::frame::{self, Frame as OcppText, Reading};
use crate::decode::ocpp::observer::{Speaker, is_for_the_books};
use crate::decode::ocpp::repeats::Repeats;
use crate::decode::ocpp::{Action, Checks, Request};
use crate::ingest::capture::Line;
use crate::ingest::{Frame, OcppFrame, Receipt, Settlement};
use crate::model::{ChargePointEvent, ChargePointMessage, IdTokenHash, LinkMode, Manner, OcppVersion, RejectReason, Stats};
use crate::units::UtcMs;

/// How long a charge point may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Buffers per connection. The default of 128 KiB would be the whole memory of a gateway at a thousand charge points.
const READ_BUFFER: usize = 1024;
/// Silence allowed beyond three heartbeats.
const SILENCE_MARGIN: Duration = Duration::from_secs(60);
/// Serves a connection to its end.
pub(super) async fn serve(mut stream: TcpStream, shared: Arc<Shared>, generation: u64) {
    // On the heap, to be gone when it is done: a task keeps room for the largest of its moments as long as it lives.
    let shaken = tokio::time::timeout(HANDSHAKE, Box::pin(handshake::shake(&mut stream, &shared))).await;
    let accepted = match shaken {
        Ok(Ok(Some(accepted))) => accepted,
        Ok(Ok(None) | Err(_)) => return,
        Err(_) => {
            Stats::count(&shared.stats.connections_refused);
            return;
        }
    };
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(shared.config.max_message_bytes.saturating_mul(4)))
        .max_frame_size(Some(shared.config.max_message_bytes.saturating_mul(4)));
    let socket = WebSocketStream::from_partially_read(stream, accepted.rest, Role::Server, Some(limits)).await;
    let mut link = Link {
        socket,
        version: accepted.version.unwrap_or(OcppVersion::V16),
        quarantined: accepted.quarantined,
        shared: shared.clone(),
        repeats: Repeats::default(),
        checks: Checks::default(),
        captured: shared.capture.wants(&accepted.charge_point),
        charge_point: accepted.charge_point,
    };
    if accepted.version.is_none() {
        // OCPP-J 1.6 section 4.2, OCPP 2.0.1 part 4 section 3.2: no version in common is said by a handshake without one, and goodbye.
        Stats::count(&shared.stats.connections_refused);
        return link.close(CloseCode::Protocol, "no OCPP version in common").await;
    }
    let (replaced, when_replaced) = oneshot::channel();
    let key = link.charge_point.to_lowercase();
    // The newest connection wins: the old one is mostly a link that died without saying so.
    let old = lock(&shared).insert(key.clone(), (generation, replaced));
    if let Some((_, old)) = old {
        Stats::count(&shared.stats.ocpp_replaced);
        let _ = old.send(());
    }
    Stats::count(&shared.stats.ocpp_connections);
    link.went(Some((link.version, LinkMode::Csms))).await;
    link.run(when_replaced).await;
    Stats::release(&shared.stats.ocpp_connections);
    let still_ours = {
        let mut links = lock(&shared);
        let ours = links.get(&key).is_some_and(|(newest, _)| *newest == generation);
        if ours {
            links.remove(&key);
        }
        ours
    };
    // The late end of a connection that was replaced must not make its successor look gone.
    if still_ours {
        link.went(None).await;
    }
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, (u64, oneshot::Sender<()>)>> {
    shared.links.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Link {
    socket: WebSocketStream<TcpStream>,
    charge_point: Arc<str>,
    version: OcppVersion,
    /// Answered, but not booked.
    quarantined: bool,
    shared: Arc<Shared>,
    /// Requests for the books lately, and their answers: the same frame again is a repetition, not news.
    repeats: Repeats<Utf8Bytes>,
    checks: Checks,
    /// What is said is written down.
    captured: bool,
}

/// The connection is over.
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
    async fn run(&mut self, mut replaced: oneshot::Receiver<()>) {
        let mut shutdown = self.shared.shutdown.clone();
        let silence = self.shared.config.heartbeat_interval.saturating_mul(3).saturating_add(SILENCE_MARGIN);
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout(silence, self.socket.next()) => message,
                _ = &mut replaced => return self.close(CloseCode::Policy, "another connection with this identity is open").await,
                () = async { drop(shutdown.wait_for(|stop| *stop).await) } => return self.close(CloseCode::Restart, "the central system is stopping").await,
            };
            let goes_on = match message {
                // On the heap for the same reason: an idle connection is waiting for a message, not answering one.
                Ok(Some(Ok(Message::Text(text)))) => Box::pin(self.take(&text)).await,
                // Some charge points mark their text as binary.
                Ok(Some(Ok(Message::Binary(bytes)))) => match std::str::from_utf8(&bytes) {
                    Ok(text) => Box::pin(self.take(text)).await,
                    Err(_) => {
                        self.reject(RejectReason::Utf8, "a binary message that is not UTF-8", &bytes);
                        Ok(())
                    }
                },
                Ok(Some(Ok(_))) => Ok(()),
                Ok(Some(Err(Error::Capacity(error)))) => {
                    self.reject(RejectReason::TooLarge, &error.to_string(), b"");
                    return self.close(CloseCode::Size, "message too large").await;
                }
                Ok(Some(Err(Error::Utf8(_)))) => {
                    // RFC 6455, section 8.1: text that is not UTF-8 ends the connection; there is no way to read on.
                    self.reject(RejectReason::Utf8, "text that is not UTF-8", b"");
                    return self.close(CloseCode::Invalid, "not UTF-8").await;
                }
                Ok(Some(Err(_)) | None) => Err(Ended),
                Err(_) => {
                    tracing::info!(charge_point = %self.charge_point, "silent for three heartbeats: the link is given up");
                    Err(Ended)
                }
            };
            if goes_on.is_err() {
                return;
            }
        }
    }

    async fn close(&mut self, code: CloseCode, reason: &'static str) {
        let goodbye = self.socket.close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
    }

    fn reject(&self, reason: RejectReason, detail: &str, raw: &[u8]) {
        self.shared.stats.reject((self.shared.clock)(), "ocpp", &self.charge_point, reason, detail, raw);
    }

    /// One frame.
    async fn take(&mut self, text: &str) -> Result<(), Ended> {
        Stats::count(&self.shared.stats.ocpp_received);
        let now = (self.shared.clock)();
        self.capture(now, Speaker::ChargePoint, text);
        let shared = self.shared.clone();
        let reading = Reading {
            version: self.version,
            hasher: &shared.hasher,
            most_depth: shared.config.max_json_depth,
            repair_metering: shared.config.repair_metering,
        };
        if text.len() > shared.config.max_message_bytes {
            self.reject(RejectReason::TooLarge, "larger than `ocpp.max_message`", text.as_bytes());
            // Cut off, it is a broken request whose id can be read.
            return match frame::read(text.get(..512).unwrap_or_default(), &reading) {
                OcppText::Malformed { call_id: Some(id), .. } => self.refuse(id, ErrorCode::Format, "message too large").await,
                _ => Ok(()),
            };
        }
        match frame::read(text, &reading) {
            OcppText::Call { id, action, request, silent, zoneless, repaired } => {
                let conformant = self.checks.check(self.version, action, text);
                let manner = Manner { zoneless, repaired, conformant };
                if repaired {
                    Stats::count(&self.shared.stats.ocpp_repaired);
                }
                let call = Call { id, action, manner, text, now };
                if silent { self.silent(call, request).await } else { self.call(call, request).await }
            }
            OcppText::Unknown { id, action, silent, .. } => {
                let detail = format!("action `{}`", action.chars().take(64).collect::<String>());
                self.reject(RejectReason::UnknownAction, &detail, text.as_bytes());
                // OCPP 2.1 part 4: a SEND is never answered.
                if silent { Ok(()) } else { self.refuse(id, ErrorCode::NotImplemented, "this action is not known here").await }
            }
            // We ask nothing, so an answer belongs to nobody.
            OcppText::Result { .. } | OcppText::Error { answers_result: false, .. } => {
                Stats::count(&self.shared.stats.ocpp_unasked);
                Ok(())
            }
            OcppText::Error { code, answers_result: true, .. } => {
                // The charge point could not use our answer: ours to mend.
                self.reject(RejectReason::AnswerRefused, &format!("CALLRESULTERROR {code}"), text.as_bytes());
                Ok(())
            }
            OcppText::Other { kind } => {
                self.reject(RejectReason::Syntax, &format!("message type {kind}"), text.as_bytes());
                Ok(())
            }
            OcppText::Malformed { call_id, reason, detail } => {
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
        if !is_for_the_books(call.action) {
            self.book(messages, &call, None).await;
            return self.answer(&call, None, None).await;
        }
        if let Some(again) = self.repeats.find(call.text) {
            Stats::count(&self.shared.stats.ocpp_repeated);
            let again = again.clone();
            return self.send(again).await;
        }
        let token = messages.first().and_then(token_of);
        let accepted = token.map(|token| self.accepts(token));
        let settlement = self.settled(messages, &call).await?;
        self.answer(&call, accepted, settlement.transaction_id).await
    }

    /// Books and waits for the commit. Without it there is no answer: the charge point will repeat itself after the restart.
    async fn settled(&mut self, messages: Vec<ChargePointMessage>, call: &Call<'_>) -> Result<Settlement, Ended> {
        if messages.is_empty() {
            return Ok(Settlement::default());
        }
        if self.quarantined {
            // It needs some id to go on; nothing will ever be asked about it.
            return Ok(Settlement { transaction_id: Some(1) });
        }
        let starts = matches!(messages.first(), Some(ChargePointMessage::StartTransaction { .. }));
        let (settle, settled) = oneshot::channel();
        let receipt = Receipt::new(move |settlement| {
            let _ = settle.send(settlement);
        });
        self.book(messages, call, Some(receipt)).await;
        let settlement = settled.await.map_err(|_| Ended)?;
        if starts && settlement.transaction_id.is_none() { Err(Ended) } else { Ok(settlement) }
    }

    /// A token of the register, or any in open mode.
    fn accepts(&self, token: IdTokenHash) -> bool {
        self.shared.config.unknown == super::Unknown::Accept || self.shared.register.borrow().tags.contains_key(&token)
    }

    /// Hands messages to the engine; the receipt goes with the last one, behind which all others are durable too.
    async fn book(&self, messages: Vec<ChargePointMessage>, call: &Call<'_>, receipt: Option<Receipt>) {
        let last = messages.len().saturating_sub(1);
        let mut receipt = receipt;
        for (index, message) in messages.into_iter().enumerate() {
            let manner = if index == 0 { call.manner } else { Manner { conformant: None, repaired: false, ..call.manner } };
            let receipt = if index == last { receipt.take() } else { None };
            self.hand_on(message, call.now, manner, receipt).await;
        }
    }

    /// The link is up, or down.
    async fn went(&self, up: Option<(OcppVersion, LinkMode)>) {
        let at = (self.shared.clock)();
        if self.captured {
            self.shared.capture.note(Line::Link { at, charge_point: self.charge_point.clone(), up });
        }
        let message = match up {
            Some((version, mode)) => ChargePointMessage::Connected { version, mode },
            None => ChargePointMessage::Disconnected,
        };
        self.hand_on(message, at, Manner::default(), None).await;
    }

    fn capture(&self, at: UtcMs, from: Speaker, text: &str) {
        if self.captured {
            let (charge_point, version) = (self.charge_point.clone(), self.version);
            self.shared.capture.note(Line::Frame { at, charge_point, version, from, text: text.to_owned() });
        }
    }

    async fn hand_on(&self, message: ChargePointMessage, received_at: UtcMs, manner: Manner, receipt: Option<Receipt>) {
        if self.quarantined {
            return;
        }
        let event = ChargePointEvent { charge_point: self.charge_point.clone(), received_at, manner, message };
        // Fails only when the engine is gone; then the receipt is dropped and nothing is acknowledged.
        let _ = self.shared.frames.send(Frame::Ocpp(OcppFrame { event, receipt })).await;
    }

    async fn answer(&mut self, call: &Call<'_>, token_accepted: Option<bool>, transaction_id: Option<i32>) -> Result<(), Ended> {
        let interval_s = i32::try_from(self.shared.config.heartbeat_interval.as_secs()).unwrap_or(i32::MAX);
        let facts = Facts { now: call.now, interval_s, token_accepted, transaction_id, text: call.text };
        let answer = Utf8Bytes::from(answer::result(call.id, call.action, &facts));
        if is_for_the_books(call.action) {
            self.repeats.note(call.text, answer.clone());
        }
        self.send(answer).await
    }

    async fn refuse(&mut self, id: &str, code: ErrorCode, description: &str) -> Result<(), Ended> {
        self.send(answer::error(id, self.version, code, description).into()).await
    }

    async fn send(&mut self, frame: Utf8Bytes) -> Result<(), Ended> {
        if self.captured {
            self.capture((self.shared.clock)(), Speaker::Csms, &frame);
        }
        self.socket.send(Message::Text(frame)).await.map_err(|_| Ended)
    }
}

/// The tag in a request that starts or stops something.
fn token_of(message: &ChargePointMessage) -> Option<IdTokenHash> {
    match message {
        ChargePointMessage::StartTransaction { id_token, .. } | ChargePointMessage::StopTransaction { id_token, .. } => *id_token,
        ChargePointMessage::Transaction(event) => event.id_token,
        _ => None,
    }
}
