//! One charge point's connection: requests one after the other, each answered before the next is read, so that a charge point that
//! empties its memory after a long night cannot flood us.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::answer::{self, ErrorCode};
use super::{Shared, handshake};
use crate::decode::ocpp::frame::{self, Frame as OcppText};
use crate::decode::ocpp::v16::{self, Action, Request};
use crate::ingest::{Frame, OcppFrame, Receipt};
use crate::model::{ChargePointEvent, ChargePointMessage, IdTokenHash, OcppVersion, RejectReason, Stats};

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
    let (replaced, when_replaced) = oneshot::channel();
    let key = accepted.charge_point.to_lowercase();
    // The newest connection wins: the old one is mostly a link that died without saying so.
    let old = lock(&shared).insert(key.clone(), (generation, replaced));
    if let Some((_, old)) = old {
        let _ = old.send(());
    }
    Stats::count(&shared.stats.ocpp_connections);
    let mut link = Link { socket, charge_point: accepted.charge_point, shared: shared.clone(), last: None };
    link.tell(ChargePointMessage::Connected { version: OcppVersion::V16 }, None).await;
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
        link.tell(ChargePointMessage::Disconnected, None).await;
    }
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, (u64, oneshot::Sender<()>)>> {
    shared.links.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Link {
    socket: WebSocketStream<TcpStream>,
    charge_point: Arc<str>,
    shared: Arc<Shared>,
    /// Digest of the last request for the books, and its answer: the same frame again is a repetition, not news.
    last: Option<(u64, Utf8Bytes)>,
}

/// The connection is over.
struct Ended;

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
        if text.len() > self.shared.config.max_message_bytes {
            self.reject(RejectReason::TooLarge, "larger than `ocpp.max_message_bytes`", text.as_bytes());
            let head = text.get(..512).unwrap_or_default();
            return match frame::read(head) {
                OcppText::Malformed { call_id: Some(id), .. } => {
                    self.answer(answer::error(id, ErrorCode::FormationViolation, "message too large")).await
                }
                _ => Ok(()),
            };
        }
        match frame::read(text) {
            OcppText::Call { id, action, payload } => match Action::from_name(&action) {
                Some(action) => self.call(text, id, action, payload).await,
                None => {
                    self.reject(
                        RejectReason::UnknownAction,
                        &format!("action `{}`", action.chars().take(64).collect::<String>()),
                        text.as_bytes(),
                    );
                    self.answer(answer::error(id, ErrorCode::NotImplemented, "this action is not known here")).await
                }
            },
            // We ask nothing, so an answer belongs to nobody.
            OcppText::Other { kind: 3 | 4 } => Ok(()),
            OcppText::Other { kind } => {
                self.reject(RejectReason::Syntax, &format!("message type {kind}"), text.as_bytes());
                Ok(())
            }
            OcppText::Malformed { call_id, detail } => {
                self.reject(RejectReason::Syntax, &detail, text.as_bytes());
                match call_id {
                    Some(id) => self.answer(answer::error(id, ErrorCode::FormationViolation, &detail)).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn call(
        &mut self,
        text: &str,
        id: &str,
        action: Action,
        payload: Option<&serde_json::value::RawValue>,
    ) -> Result<(), Ended> {
        let now = (self.shared.clock)();
        let message = match v16::decode(action, payload, &self.shared.hasher) {
            Request::Authorize(token) => {
                let accepted = self.accepts(token);
                return self.answer(answer::authorize(id, accepted)).await;
            }
            Request::Event(message) => message,
        };
        match action {
            Action::Heartbeat => {
                self.tell(message, None).await;
                return self.answer(answer::heartbeat(id, now)).await;
            }
            Action::BootNotification => {
                self.tell(message, None).await;
                let interval = i32::try_from(self.shared.config.heartbeat_interval.as_secs()).unwrap_or(i32::MAX);
                return self.answer(answer::boot(id, now, interval)).await;
            }
            _ => {}
        }
        let digest = digest(text);
        if let Some((_, answer)) = self.last.as_ref().filter(|(last, _)| *last == digest) {
            let again = answer.clone();
            return self.send(again).await;
        }
        let (token, refusable) = match &message {
            ChargePointMessage::StartTransaction { id_token, .. } => (*id_token, true),
            ChargePointMessage::StopTransaction { id_token, .. } => (*id_token, false),
            _ => (None, false),
        };
        let (settle, settled) = oneshot::channel();
        let receipt = Receipt::new(move |settlement| {
            let _ = settle.send(settlement);
        });
        self.tell(message, Some(receipt)).await;
        // Without the commit there is no answer: the charge point will repeat itself after the restart.
        let settlement = settled.await.map_err(|_| Ended)?;
        let answer = match action {
            Action::StartTransaction => {
                let transaction_id = settlement.transaction_id.ok_or(Ended)?;
                answer::start_transaction(id, transaction_id, !refusable || self.accepts(token))
            }
            Action::StopTransaction => answer::stop_transaction(id, token.is_some()),
            Action::DataTransfer => answer::data_transfer(id),
            Action::SignCertificate => answer::sign_certificate(id),
            _ => answer::empty(id),
        };
        let answer = Utf8Bytes::from(answer);
        self.last = Some((digest, answer.clone()));
        self.send(answer).await
    }

    /// A token of the register, or any in open mode. A charge point that sends none (free vending) decides for itself.
    fn accepts(&self, token: Option<IdTokenHash>) -> bool {
        let Some(token) = token else { return true };
        self.shared.config.accept_unknown || self.shared.register.borrow().tags.contains_key(&token)
    }

    async fn tell(&self, message: ChargePointMessage, receipt: Option<Receipt>) {
        let received_at = (self.shared.clock)();
        let event = ChargePointEvent { charge_point: self.charge_point.clone(), received_at, message };
        // Fails only when the engine is gone; then the receipt is dropped and nothing is acknowledged.
        let _ = self.shared.frames.send(Frame::Ocpp(OcppFrame { event, receipt })).await;
    }

    async fn answer(&mut self, frame: String) -> Result<(), Ended> {
        self.send(frame.into()).await
    }

    async fn send(&mut self, frame: Utf8Bytes) -> Result<(), Ended> {
        self.socket.send(Message::Text(frame)).await.map_err(|_| Ended)
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
