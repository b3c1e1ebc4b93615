//! The MQTT subscriber: brokers that already have the data. rumqttc, manual acknowledgement after the commit.
//!
//! Three tasks per broker: one does nothing but poll the connection (a poll that is held up loses keep-alives), one hands batches to the
//! engine, one passes acknowledgements on as there is room. A message is acknowledged on the connection it came on, or not at all: the broker repeats it on the next one.

mod config;
pub mod connection;
mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub use config::{BrokerConfig, MqttVersion, check_filter};

use self::connection::{Ack, BackOff, Client, Events, Happening, Kept, Session};
use self::subscriptions::Subscriptions;
use crate::ingest::{ArrivalClock, Frame, FrameSender, MqttBatch, MqttMessage, Receipt};
use crate::model::{RejectReason, Stats, Subscription};

/// Messages between the first two tasks beyond the in-flight window (QoS 0 has none).
const N_QUEUED_MESSAGES: usize = 4_096;
/// Messages handed over at once.
const MAX_AT_ONCE: usize = 512;
/// How long acknowledgements may still leave when the daemon stops.
const GOODBYE: Duration = Duration::from_millis(500);

/// A configuration that only shows its faults when files are read.
#[derive(Debug, thiserror::Error)]
#[error("broker `{broker}`: {path}: {error}\n  hint: {hint}")]
pub struct BrokerError {
    broker: String,
    path: String,
    error: String,
    hint: &'static str,
}

/// A message on its way to the engine.
struct Incoming {
    message: MqttMessage,
    ack: Option<Ack>,
    /// The connection it came on.
    connection: u64,
}

/// Topics that are our own results, which a filter such as `#` brings back.
pub type IsOurs = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A broker, ready to be connected to.
pub struct Subscriber {
    config: BrokerConfig,
    client_id: String,
    client: Client,
    events: Events,
    subscriptions: Subscriptions,
    /// The newest state of the subscriptions, for whoever writes it down.
    memory: watch::Sender<Vec<Subscription>>,
    is_ours: IsOurs,
}

impl Subscriber {
    /// Reads the files named in the configuration.
    pub fn new(mut config: BrokerConfig, is_ours: IsOurs) -> Result<Self, BrokerError> {
        if config.topics.is_empty() {
            config.topics = config
                .formats
                .filters()
                .into_iter()
                .map(str::to_owned)
                .collect();
        }
        let client_id = connection::client_id(&config);
        let kept = Kept {
            expiry: config.session_expiry,
            max_inflight: config.max_inflight,
        };
        let session = Session {
            client_id: client_id.clone(),
            kept: Some(kept),
            will: None,
        };
        let (client, events) = connection::connect(&config, &session)?;
        let subscriptions = Subscriptions::new(config.topics.clone(), config.qos, Vec::new());
        Ok(Self {
            config,
            client_id,
            client,
            events,
            subscriptions,
            memory: watch::Sender::default(),
            is_ours,
        })
    }

    /// What the session is remembered by: a broker knows it by the client id, and by nothing else.
    pub fn session(&self) -> String {
        format!(
            "{}@{}:{}",
            self.client_id, self.config.host, self.config.port
        )
    }

    /// Takes what is remembered of the session. Gives what is to be remembered from now on, before the first connection, and then whenever
    /// it changes.
    pub fn recall(
        &mut self,
        remembered: Vec<Subscription>,
    ) -> (Vec<Subscription>, watch::Receiver<Vec<Subscription>>) {
        self.subscriptions =
            Subscriptions::new(self.config.topics.clone(), self.config.qos, remembered);
        let rows = self.subscriptions.rows();
        self.memory.send_replace(rows.clone());
        (rows, self.memory.subscribe())
    }

    /// Subscribes and reads until told to stop.
    pub async fn run(
        self,
        frames: FrameSender,
        clock: ArrivalClock,
        stats: Arc<Stats>,
        shutdown: watch::Receiver<bool>,
    ) {
        let (sender, receiver) =
            mpsc::channel(N_QUEUED_MESSAGES + usize::from(self.config.max_inflight));
        let connection = Arc::new(AtomicU64::new(0));
        // Unbounded, because a receipt must not wait; in fact a connection has at most 65,535 messages in flight.
        let (acks, committed) = mpsc::unbounded_channel();
        let poll_clock = clock.clone();
        let acknowledge = acknowledge(committed, self.client.clone(), connection.clone());
        let hand_over = HandOver {
            receiver,
            frames,
            acks,
            clock,
            stats: stats.clone(),
            config: self.config.clone(),
            is_ours: self.is_ours.clone(),
        };
        let poll = poll(self, sender, connection, poll_clock, stats, shutdown);
        tokio::select! {
            _ = async { tokio::join!(hand_over.run(), poll) } => {}
            // Ends on its own only with the connection; what is committed after that is repeated by the broker.
            () = async { acknowledge.await; std::future::pending().await } => {}
        }
    }
}

/// A message that is durable, and the connection it came on.
type Durable = (u64, Ack);

async fn acknowledge(
    mut committed: mpsc::UnboundedReceiver<Vec<Durable>>,
    client: Client,
    connection: Arc<AtomicU64>,
) {
    while let Some(acks) = committed.recv().await {
        for (came_on, ack) in acks {
            // A packet id means something else on another connection; the broker repeats what was not acknowledged on this one.
            if came_on == connection.load(Ordering::SeqCst)
                && client.acknowledge(ack).await.is_err()
            {
                return;
            }
        }
    }
}

async fn poll(
    mut subscriber: Subscriber,
    sender: mpsc::Sender<Incoming>,
    connection: Arc<AtomicU64>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    mut shutdown: watch::Receiver<bool>,
) {
    let broker = subscriber.config.name.clone();
    let broker = broker.as_str();
    let mut back_off = BackOff::default();
    let mut is_connected = false;
    let mut was_away = false;
    stats.broker(broker, Some(clock()));
    loop {
        let event = tokio::select! {
            event = subscriber.events.next() => event,
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        };
        match event {
            Ok(Happening::Connected { session_present }) => {
                connection.fetch_add(1, Ordering::SeqCst);
                Stats::count(&stats.brokers_connected);
                stats.broker(broker, None);
                back_off.connected();
                is_connected = true;
                subscriber.connected(session_present, was_away);
                was_away = false;
            }
            Ok(Happening::Subscribed(answers)) => {
                for (topic, reason) in subscriber.subscriptions.subscribed(answers) {
                    tracing::error!(
                        broker,
                        topic,
                        reason,
                        "the broker refuses this subscription; check its access rules"
                    );
                }
                subscriber
                    .memory
                    .send_replace(subscriber.subscriptions.rows());
            }
            Ok(Happening::Unsubscribed(answers)) => {
                for (topic, reason) in subscriber.subscriptions.unsubscribed(answers) {
                    tracing::error!(
                        broker,
                        topic,
                        reason,
                        "the broker does not end this subscription, which is not in `topics`"
                    );
                }
                subscriber
                    .memory
                    .send_replace(subscriber.subscriptions.rows());
            }
            Ok(Happening::Message { message, ack }) => {
                Stats::count(&stats.mqtt_received);
                let incoming = Incoming {
                    message,
                    ack,
                    connection: connection.load(Ordering::SeqCst),
                };
                if sender.send(incoming).await.is_err() {
                    break;
                }
            }
            Ok(Happening::Nothing) => {}
            Err(error) => {
                // What is committed from here on has nowhere to be acknowledged.
                connection.fetch_add(1, Ordering::SeqCst);
                stats.broker(broker, Some(clock()));
                if std::mem::take(&mut is_connected) {
                    Stats::release(&stats.brokers_connected);
                } else {
                    was_away = true;
                }
                let wait = back_off.pause();
                tracing::warn!(
                    broker,
                    error,
                    again_in_ms = wait.as_millis() as u64,
                    "no connection"
                );
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
                }
            }
        }
    }
    drop(sender);
    let Subscriber {
        client, mut events, ..
    } = subscriber;
    // What is committed in the next moments is acknowledged still; the rest the broker keeps for the next start.
    let goodbye = async {
        while let Ok(event) = events.next().await {
            drop(event);
        }
    };
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    client.disconnect();
    let _ = tokio::time::timeout(Duration::from_millis(100), events.next()).await;
    if is_connected {
        Stats::release(&stats.brokers_connected);
    }
}

impl Subscriber {
    /// Asks for what is wanted and missing, and for the end of what is not wanted any more.
    fn connected(&mut self, session_present: bool, was_away: bool) {
        // With MQTT 5, asking again costs nothing, and heals a session that the broker restored from an older copy. With 3.1.1 it replays
        // every retained message, so it is done only if the broker itself was away.
        let again = was_away || self.config.version == MqttVersion::V5;
        let plan = self.subscriptions.connected(session_present, again);
        self.memory.send_replace(self.subscriptions.rows());
        let (subscribing, unsubscribing) = (plan.subscribe.len(), plan.unsubscribe.len());
        tracing::info!(
            broker = self.config.name,
            session_present,
            subscribing,
            unsubscribing,
            "connected"
        );
        self.events.unsubscribe(plan.unsubscribe);
        self.events.subscribe(&plan.subscribe, self.config.qos);
    }
}

struct HandOver {
    receiver: mpsc::Receiver<Incoming>,
    frames: FrameSender,
    acks: mpsc::UnboundedSender<Vec<Durable>>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    config: BrokerConfig,
    is_ours: IsOurs,
}

impl HandOver {
    async fn run(mut self) {
        let mut waiting = Vec::with_capacity(MAX_AT_ONCE);
        while self.receiver.recv_many(&mut waiting, MAX_AT_ONCE).await > 0 {
            let batch = self.batch(&mut waiting);
            if self.frames.send(Frame::Mqtt(batch)).await.is_err() {
                return;
            }
        }
    }

    fn batch(&self, waiting: &mut Vec<Incoming>) -> MqttBatch {
        let received_at = (self.clock)();
        let mut messages = Vec::with_capacity(waiting.len());
        let mut acks = Vec::new();
        for Incoming {
            mut message,
            ack,
            connection,
        } in waiting.drain(..)
        {
            acks.extend(ack.map(|ack| (connection, ack)));
            if message.payload.len() > self.config.max_packet_bytes {
                // Acknowledged all the same: refused with a disconnect, the broker would send it again for ever.
                let topic = String::from_utf8_lossy(&message.topic);
                let reason = RejectReason::TooLarge;
                self.stats.reject(
                    received_at,
                    "mqtt",
                    &topic,
                    reason,
                    "larger than `max_packet`",
                    &message.payload,
                );
                continue;
            }
            if (self.is_ours)(&message.topic) {
                Stats::count(&self.stats.mqtt_own);
                continue;
            }
            message.retained &= self.config.retain_means_replay;
            messages.push(message);
        }
        let receipt = (!acks.is_empty()).then(|| {
            let durable = self.acks.clone();
            Receipt::new(move |_| drop(durable.send(acks)))
        });
        MqttBatch {
            messages,
            formats: self.config.formats.clone(),
            received_at,
            receipt,
        }
    }
}
