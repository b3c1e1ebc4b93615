//! The MQTT subscriber: brokers that already have the data. rumqttc, manual acknowledgement after the commit.
//!
//! Three tasks per broker: one only polls the connection (a poll that waits for the engine loses keep-alives), one passes batches to the
//! engine, one sends acknowledgements as there is room. A message is acknowledged on the connection it came on, or not at all: the broker repeats it on the next one.

mod config;
pub mod connection;
mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub use config::{BrokerConfig, MqttVersion, check_filter};

use self::connection::{Ack, BackOff, BrokerEvent, Client, Events, PersistentSession, Session};
use self::subscriptions::Subscriptions;
use crate::ingest::{ArrivalClock, Frame, FrameSender, MqttBatch, MqttMessage, Receipt};
use crate::model::{RejectReason, Stats, Subscription};

/// Messages between the first two tasks beyond the in-flight window (QoS 0 has none).
const N_QUEUED_MESSAGES: usize = 4_096;
/// Messages handed over at once.
const MAX_AT_ONCE: usize = 512;
/// Longest wait for the last acknowledgements when the daemon stops.
const MAX_DRAIN: Duration = Duration::from_millis(500);
/// Longest wait until DISCONNECT is sent.
const MAX_DISCONNECT: Duration = Duration::from_millis(100);

/// A mistake in the configuration that is found only when the files it names are read.
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

/// Recognises topics that this daemon publishes itself, which a filter such as `#` brings back.
pub type IsOwnTopic = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A broker, ready to be connected to.
pub struct Subscriber {
    config: BrokerConfig,
    client_id: String,
    client: Client,
    events: Events,
    subscriptions: Subscriptions,
    /// The newest state of the subscriptions, for the task that stores it.
    memory: watch::Sender<Vec<Subscription>>,
    is_own_topic: IsOwnTopic,
}

impl Subscriber {
    /// Reads the files named in the configuration.
    pub fn new(mut config: BrokerConfig, is_own_topic: IsOwnTopic) -> Result<Self, BrokerError> {
        if config.topics.is_empty() {
            config.topics = config
                .formats
                .filters()
                .into_iter()
                .map(str::to_owned)
                .collect();
        }
        let client_id = connection::client_id(&config);
        let persistent = PersistentSession {
            expiry: config.session_expiry,
            max_inflight: config.max_inflight,
        };
        let session = Session {
            client_id: client_id.clone(),
            persistent: Some(persistent),
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
            is_own_topic,
        })
    }

    /// Key of the session in the store: a broker identifies a session by the client id alone.
    pub fn session(&self) -> String {
        format!(
            "{}@{}:{}",
            self.client_id, self.config.host, self.config.port
        )
    }

    /// Restores the stored state of the session. Returns the state to store before the first connection, and a channel of its changes.
    pub fn restore(
        &mut self,
        remembered: Vec<Subscription>,
    ) -> (Vec<Subscription>, watch::Receiver<Vec<Subscription>>) {
        self.subscriptions =
            Subscriptions::new(self.config.topics.clone(), self.config.qos, remembered);
        let rows = self.subscriptions.rows();
        self.memory.send_replace(rows.clone());
        (rows, self.memory.subscribe())
    }

    /// Subscribes and reads until shutdown.
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
        let acknowledge = acknowledge(committed, self.client.clone(), connection.clone());
        let hand_over = HandOver {
            receiver,
            frames,
            acks,
            clock: clock.clone(),
            stats: stats.clone(),
            config: self.config.clone(),
            is_own_topic: self.is_own_topic.clone(),
        };
        let poller = Poller {
            subscriber: self,
            incoming: sender,
            connection,
            clock,
            stats,
            back_off: BackOff::default(),
            is_connected: false,
            was_away: false,
        };
        let poll = poller.run(shutdown);
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

/// The task that polls the connection, until shutdown or until the engine is gone.
struct Poller {
    subscriber: Subscriber,
    incoming: mpsc::Sender<Incoming>,
    /// Number of the connection, shared with the task that acknowledges.
    connection: Arc<AtomicU64>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    back_off: BackOff,
    is_connected: bool,
    /// The broker could not be reached since the last connection.
    was_away: bool,
}

impl Poller {
    async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        self.stats
            .broker(&self.subscriber.config.name, Some((self.clock)()));
        loop {
            let event = tokio::select! {
                event = self.subscriber.events.next() => event,
                () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
            };
            match event {
                Ok(BrokerEvent::Message { message, ack }) => {
                    Stats::count(&self.stats.mqtt_received);
                    let incoming = Incoming {
                        message,
                        ack,
                        connection: self.connection.load(Ordering::SeqCst),
                    };
                    if self.incoming.send(incoming).await.is_err() {
                        break;
                    }
                }
                Ok(BrokerEvent::Connected { session_present }) => self.connected(session_present),
                Ok(BrokerEvent::Subscribed(answers)) => self.subscriber.subscribed(answers),
                Ok(BrokerEvent::Unsubscribed(answers)) => self.subscriber.unsubscribed(answers),
                Ok(BrokerEvent::Other) => {}
                Err(error) => {
                    let pause = self.connection_lost(&error);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
                    }
                }
            }
        }
        self.disconnect().await;
    }

    fn connected(&mut self, session_present: bool) {
        self.connection.fetch_add(1, Ordering::SeqCst);
        Stats::count(&self.stats.brokers_connected);
        self.stats.broker(&self.subscriber.config.name, None);
        self.back_off.connected();
        self.is_connected = true;
        let was_away = std::mem::take(&mut self.was_away);
        self.subscriber.connected(session_present, was_away);
    }

    /// Returns the pause before the next attempt.
    fn connection_lost(&mut self, error: &str) -> Duration {
        // Acknowledgements of messages that are committed from here on have no connection to go to.
        self.connection.fetch_add(1, Ordering::SeqCst);
        let broker = self.subscriber.config.name.as_str();
        self.stats.broker(broker, Some((self.clock)()));
        if std::mem::take(&mut self.is_connected) {
            Stats::release(&self.stats.brokers_connected);
        } else {
            self.was_away = true;
        }
        let pause = self.back_off.pause();
        tracing::warn!(
            broker,
            error,
            again_in_ms = pause.as_millis() as u64,
            "no connection"
        );
        pause
    }

    /// Sends the acknowledgements of the next moments, then DISCONNECT; the broker keeps the other messages for the next start.
    async fn disconnect(self) {
        drop(self.incoming);
        let Subscriber {
            client, mut events, ..
        } = self.subscriber;
        let acknowledgements = async {
            while let Ok(event) = events.next().await {
                drop(event);
            }
        };
        let _ = tokio::time::timeout(MAX_DRAIN, acknowledgements).await;
        client.disconnect();
        let _ = tokio::time::timeout(MAX_DISCONNECT, events.next()).await;
        if self.is_connected {
            Stats::release(&self.stats.brokers_connected);
        }
    }
}

impl Subscriber {
    /// SUBACK: records what was granted and logs what was refused.
    fn subscribed(&mut self, answers: Vec<Result<u8, String>>) {
        for (topic, reason) in self.subscriptions.subscribed(answers) {
            tracing::error!(
                broker = self.config.name,
                topic,
                reason,
                "the broker refuses this subscription; check its access rules"
            );
        }
        self.memory.send_replace(self.subscriptions.rows());
    }

    /// UNSUBACK: records what ended and logs what did not.
    fn unsubscribed(&mut self, answers: Vec<Option<String>>) {
        for (topic, reason) in self.subscriptions.unsubscribed(answers) {
            tracing::error!(
                broker = self.config.name,
                topic,
                reason,
                "the broker does not end this subscription, which is not in `topics`"
            );
        }
        self.memory.send_replace(self.subscriptions.rows());
    }

    /// Subscribes to the configured filters that are missing, and unsubscribes from those that are no longer configured.
    fn connected(&mut self, session_present: bool, was_away: bool) {
        // With MQTT 5, subscribing again costs nothing, and repairs a session that the broker restored from an older copy. With 3.1.1 it
        // replays every retained message, so it is done only if the broker itself was away.
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
    is_own_topic: IsOwnTopic,
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
                // It is acknowledged all the same: if the connection were closed instead, the broker would send it again for ever.
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
            if (self.is_own_topic)(&message.topic) {
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
