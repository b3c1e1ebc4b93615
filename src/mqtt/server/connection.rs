//! One device's connection: bytes in, batches out, acknowledgements back when they are due.

mod login;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Shared;
use super::packet::{self, Fault, Publish, Raw, Version, Will};
use crate::ingest::{Frame, MqttBatch, MqttMessage, Receipt};
use crate::model::{RejectReason, Stats};
use crate::mqtt::server::responses;
use crate::mqtt::server::responses::{PINGRESP, PUBACK, PUBCOMP, PUBREC};

/// A connection without CONNECT is closed after this time.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Read at once; also the largest batch.
const READ_BYTES: usize = 64 * 1024;
/// Topic aliases a device may set (MQTT 5).
const ALIASES: u16 = 32;
/// No keep-alive: look in a day.
const NO_KEEP_ALIVE: Duration = Duration::from_secs(86_400);

thread_local! {
    /// One read buffer for the whole socket thread, so that an idle connection holds none.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Packet ids that became durable, and whether they were QoS 2.
type Durable = Vec<(u16, bool)>;

pub(super) struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    generation: u64,
    /// Bytes of a packet that is not complete yet.
    partial: BytesMut,
    version: Version,
    client_id: String,
    will: Option<Will>,
    aliases: HashMap<u16, Bytes>,
    /// QoS 2 packet ids between PUBLISH and PUBREL; true once durable.
    exactly_once: BTreeMap<u16, bool>,
    in_flight: usize,
    durable: mpsc::UnboundedReceiver<Durable>,
    durable_sender: mpsc::UnboundedSender<Durable>,
    out: Vec<u8>,
}

/// How a connection ended.
enum End {
    /// By a DISCONNECT packet: the will is not published.
    Clean,
    /// By an error, a time-out or the end of the stream: the will is published.
    Abrupt,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>, generation: u64) -> Self {
        let (durable_sender, durable) = mpsc::unbounded_channel();
        Self {
            stream,
            shared,
            generation,
            partial: BytesMut::new(),
            version: Version::V4,
            client_id: String::new(),
            will: None,
            aliases: HashMap::new(),
            exactly_once: BTreeMap::new(),
            in_flight: 0,
            durable,
            durable_sender,
            out: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let connect = match timeout(CONNECT_TIME, self.read_connect()).await {
            Ok(Some(connect)) => connect,
            Ok(None) => return,
            Err(_) => {
                self.reject(RejectReason::Syntax, "no CONNECT within 10 s", &[]);
                return;
            }
        };
        let keep_alive = connect.keep_alive;
        if !self.handshake(connect).await {
            return;
        }
        Stats::count(&self.shared.stats.listener_connections);
        let (taken_over, mut taken) = oneshot::channel();
        self.register(taken_over);
        let end = self.serve(keep_alive, &mut taken).await;
        self.release();
        Stats::release(&self.shared.stats.listener_connections);
        if let (End::Abrupt, Some(will)) = (end, self.will.take()) {
            let message = self.message(will.topic, will.payload, will.retained, Vec::new());
            let formats = self.shared.config.formats.clone();
            let batch = MqttBatch {
                messages: vec![message],
                formats,
                received_at: (self.shared.clock)(),
                receipt: None,
            };
            Stats::count(&self.shared.stats.mqtt_received);
            let _ = self.shared.frames.send(Frame::Mqtt(batch)).await;
        }
    }

    fn refuse<T>(&mut self, fault: &Fault) -> Option<T> {
        let reason = if matches!(fault, Fault::TooLarge(_)) {
            RejectReason::TooLarge
        } else {
            RejectReason::Syntax
        };
        self.reject(reason, &fault.to_string(), &[]);
        None
    }

    fn reject(&self, reason: RejectReason, detail: &str, raw: &[u8]) {
        let peer = self
            .stream
            .peer_addr()
            .map(|peer| peer.ip().to_string())
            .unwrap_or_default();
        let origin = if self.client_id.is_empty() {
            peer
        } else {
            format!("client {}", self.client_id)
        };
        self.shared
            .stats
            .reject((self.shared.clock)(), "mqtt", &origin, reason, detail, raw);
    }

    async fn serve(&mut self, keep_alive: u16, taken: &mut oneshot::Receiver<()>) -> End {
        // One and a half times the keep-alive (section 3.1.2.10); 0 is none.
        let patience = if keep_alive == 0 {
            NO_KEEP_ALIVE
        } else {
            Duration::from_millis(u64::from(keep_alive) * 1500)
        };
        let mut last_packet_at = Instant::now();
        let mut silence: Pin<Box<Sleep>> = Box::pin(sleep_until(last_packet_at + patience));
        // What came together with the CONNECT.
        if !self.partial.is_empty() {
            let data = std::mem::take(&mut self.partial);
            if let Some(end) = self.receive(data).await {
                return end;
            }
        }
        loop {
            let may_read = self.in_flight < usize::from(self.shared.config.max_inflight);
            tokio::select! {
                biased;
                Some(durable) = self.durable.recv() => self.acknowledge(durable),
                readable = self.stream.readable(), if may_read => {
                    last_packet_at = Instant::now();
                    if readable.is_err() {
                        return End::Abrupt;
                    }
                    match self.read() {
                        Ok(Some(data)) => if let Some(end) = self.receive(data).await {
                            return end;
                        },
                        Ok(None) => {}
                        Err(()) => return End::Abrupt,
                    }
                }
                () = silence.as_mut() => {
                    // The timer is only moved when it rings: a packet costs no timer.
                    let due = last_packet_at + patience;
                    if due <= Instant::now() {
                        responses::disconnect(self.version, 0x8d, &mut self.out);
                        self.flush().await;
                        return End::Abrupt;
                    }
                    silence.as_mut().reset(due);
                }
                _ = &mut *taken => {
                    responses::disconnect(self.version, 0x8e, &mut self.out);
                    self.flush().await;
                    return End::Abrupt;
                }
            }
            if !self.out.is_empty() && !self.flush().await {
                return End::Abrupt;
            }
        }
    }

    /// Reads what is there, behind what was left over. `Err` is the end of the stream.
    fn read(&mut self) -> Result<Option<BytesMut>, ()> {
        SCRATCH.with_borrow_mut(|scratch| match self.stream.try_read(scratch) {
            Ok(0) => Err(()),
            Ok(count) => {
                let mut data = std::mem::take(&mut self.partial);
                data.extend_from_slice(&scratch[..count]);
                Ok(Some(data))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(_) => Err(()),
        })
    }

    /// Handles all complete packets of a read; PUBLISH packets become one batch.
    async fn receive(&mut self, mut data: BytesMut) -> Option<End> {
        let mut messages = Vec::new();
        let mut waiting: Durable = Vec::new();
        let end = loop {
            match packet::next(&mut data, self.shared.config.max_packet_bytes) {
                Ok(Some(raw)) => match self.packet(raw, &mut messages, &mut waiting) {
                    Ok(None) => {}
                    Ok(Some(end)) => break Some(end),
                    Err(fault) => break self.close_faulty(&fault).await,
                },
                Ok(None) => break None,
                Err(fault) => break self.close_faulty(&fault).await,
            }
        };
        if !data.is_empty() {
            // A copy of its own: the rest of a large read must not be held for the sake of a few bytes.
            self.partial = BytesMut::from(&data[..]);
        }
        if !messages.is_empty() {
            Stats::add(&self.shared.stats.mqtt_received, messages.len() as u64);
            self.in_flight += waiting.len();
            let sender = self.durable_sender.clone();
            let receipt = (!waiting.is_empty()).then(|| {
                Receipt::new(move |_| {
                    // If the connection is closed, the acknowledgement is not needed any more.
                    let _ = sender.send(waiting);
                })
            });
            let formats = self.shared.config.formats.clone();
            let batch = MqttBatch {
                messages,
                formats,
                received_at: (self.shared.clock)(),
                receipt,
            };
            if self.shared.frames.send(Frame::Mqtt(batch)).await.is_err() {
                return Some(End::Abrupt);
            }
        }
        end
    }

    async fn close_faulty(&mut self, fault: &Fault) -> Option<End> {
        self.refuse::<()>(fault);
        let reason = match fault {
            Fault::Malformed(_) => 0x81,
            Fault::Protocol(_) => 0x82,
            Fault::TooLarge(_) => 0x95,
        };
        responses::disconnect(self.version, reason, &mut self.out);
        self.flush().await;
        Some(End::Abrupt)
    }

    fn packet(
        &mut self,
        raw: Raw,
        messages: &mut Vec<MqttMessage>,
        waiting: &mut Durable,
    ) -> Result<Option<End>, Fault> {
        match raw.first >> 4 {
            3 => {
                let publish = packet::publish(raw, self.version)?;
                self.publish(publish, messages, waiting)?;
            }
            6 => {
                let id = packet::packet_id(raw)?;
                self.exactly_once.remove(&id);
                responses::acknowledge(PUBCOMP, id, &mut self.out);
            }
            kind @ (8 | 10) => {
                let (id, granted) = packet::filters(raw, self.version)?;
                responses::filters(
                    if kind == 8 { 0x90 } else { 0xb0 },
                    self.version,
                    id,
                    &granted,
                    &mut self.out,
                );
            }
            12 => self.out.extend_from_slice(&PINGRESP),
            14 => {
                return Ok(Some(if packet::disconnect_keeps_will(&raw, self.version) {
                    End::Abrupt
                } else {
                    End::Clean
                }));
            }
            // PUBACK, PUBREC, PUBCOMP for messages we never sent.
            4 | 5 | 7 => {}
            1 => return Err(Fault::Protocol("a second CONNECT")),
            _ => return Err(Fault::Protocol("a packet that a client does not send")),
        }
        Ok(None)
    }

    fn publish(
        &mut self,
        publish: Publish,
        messages: &mut Vec<MqttMessage>,
        waiting: &mut Durable,
    ) -> Result<(), Fault> {
        let topic = match publish.alias {
            None => publish.topic,
            Some(alias) if alias == 0 || alias > ALIASES => {
                return Err(Fault::Protocol(
                    "a topic alias beyond the topic alias maximum",
                ));
            }
            Some(alias) if publish.topic.is_empty() => self
                .aliases
                .get(&alias)
                .cloned()
                .ok_or(Fault::Protocol("a topic alias that was never set"))?,
            Some(alias) => {
                self.aliases
                    .insert(alias, Bytes::copy_from_slice(&publish.topic));
                publish.topic
            }
        };
        if let Some(id) = publish.packet_id {
            if publish.qos == 2 {
                match self.exactly_once.get(&id) {
                    // Sent again between PUBLISH and PUBREL (section 4.3.3): not delivered twice.
                    Some(true) => {
                        responses::acknowledge(PUBREC, id, &mut self.out);
                        return Ok(());
                    }
                    Some(false) => return Ok(()),
                    None => self.exactly_once.insert(id, false),
                };
            }
            waiting.push((id, publish.qos == 2));
        }
        messages.push(self.message(topic, publish.payload, publish.retained, publish.user));
        Ok(())
    }

    /// In a PUBLISH to a server the retain flag only requests that a copy is kept (MQTT 5, section 3.3.1.3): the value itself is live.
    fn message(
        &self,
        topic: Bytes,
        payload: Bytes,
        retained: bool,
        properties: Vec<(String, String)>,
    ) -> MqttMessage {
        MqttMessage {
            topic,
            payload,
            retained: retained && self.shared.config.retain_means_replay,
            properties,
        }
    }

    /// Writes down the acknowledgements of everything durable by now.
    fn acknowledge(&mut self, mut durable: Durable) {
        loop {
            self.in_flight -= durable.len();
            for (id, exactly_once) in durable {
                if exactly_once {
                    if let Some(state) = self.exactly_once.get_mut(&id) {
                        *state = true;
                    }
                    responses::acknowledge(PUBREC, id, &mut self.out);
                } else {
                    responses::acknowledge(PUBACK, id, &mut self.out);
                }
            }
            match self.durable.try_recv() {
                Ok(more) => durable = more,
                Err(_) => return,
            }
        }
    }

    /// Sends what is due; false if the device is gone.
    async fn flush(&mut self) -> bool {
        let sent = self.stream.write_all(&self.out).await.is_ok();
        self.out.clear();
        // A burst's buffer is not kept by an idle connection.
        self.out.shrink_to(256);
        sent
    }
}
