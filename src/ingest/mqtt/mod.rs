//! The MQTT subscriber: brokers that already have the data. rumqttc, manual acknowledgement after the commit.
//!
//! Two tasks per broker: one does nothing but poll the connection (a poll that is held up loses keep-alives), the other hands batches to the
//! engine. A message is acknowledged on the connection it came on, or not at all: the broker repeats it on the next one.

mod client;
mod config;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{mpsc, watch};

pub use config::{BrokerConfig, MqttVersion};

use self::client::{Ack, Client, Happening, Loop};
use super::{ArrivalClock, Frame, FrameSender, MqttBatch, MqttMessage, Receipt};
use crate::model::{RejectReason, Stats};

/// Messages between the two tasks beyond the in-flight window (QoS 0 has none).
const N_QUEUED_MESSAGES: usize = 4_096;
/// Messages handed over at once.
const MOST_AT_ONCE: usize = 512;
/// First and longest pause after a failed connection.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long acknowledgements may still leave when the daemon stops.
const GOODBYE: Duration = Duration::from_millis(500);
/// A connection that lasted this long was a good one: the next pause starts small again.
const SETTLED: Duration = Duration::from_secs(60);

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

/// A broker, ready to be connected to.
pub struct Subscriber {
    config: BrokerConfig,
    client: Client,
    events: Loop,
}

impl Subscriber {
    /// Reads the files named in the configuration.
    pub fn new(mut config: BrokerConfig) -> Result<Self, BrokerError> {
        if config.topics.is_empty() {
            config.topics = config.formats.filters().into_iter().map(str::to_owned).collect();
        }
        let (client, events) = client::connect(&config)?;
        Ok(Self { config, client, events })
    }

    /// Subscribes and reads until told to stop.
    pub async fn run(self, frames: FrameSender, clock: ArrivalClock, stats: Arc<Stats>, shutdown: watch::Receiver<bool>) {
        let (sender, receiver) = mpsc::channel(N_QUEUED_MESSAGES + usize::from(self.config.max_inflight));
        let connection = Arc::new(AtomicU64::new(0));
        let hand_over =
            hand_over(receiver, frames, self.client.clone(), connection.clone(), clock, stats.clone(), self.config.clone());
        let poll = poll(self, sender, connection, stats, shutdown);
        tokio::join!(hand_over, poll);
    }
}

async fn poll(
    subscriber: Subscriber,
    sender: mpsc::Sender<Incoming>,
    connection: Arc<AtomicU64>,
    stats: Arc<Stats>,
    mut shutdown: watch::Receiver<bool>,
) {
    let Subscriber { config, client, mut events } = subscriber;
    let broker = config.name.as_str();
    let mut pause = BACK_OFF.0;
    let mut connected_since: Option<tokio::time::Instant> = None;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        };
        match event {
            Ok(Happening::Connected { session_present }) => {
                connection.fetch_add(1, Ordering::SeqCst);
                Stats::count(&stats.brokers_connected);
                connected_since = Some(tokio::time::Instant::now());
                tracing::info!(broker, session_present, "connected");
                // Again on every connection: a broker that lost its sessions would otherwise stay silent.
                if let Err(error) = client.subscribe(&config.topics, config.qos) {
                    tracing::error!(broker, %error, "cannot subscribe; check `topics`");
                }
            }
            Ok(Happening::Subscribed(refused)) => {
                for (topic, reason) in config.topics.iter().zip(refused).filter_map(|(topic, refused)| Some((topic, refused?))) {
                    tracing::error!(broker, topic, reason, "the broker refuses this subscription; check its access rules");
                }
            }
            Ok(Happening::Message { message, ack }) => {
                Stats::count(&stats.mqtt_received);
                let incoming = Incoming { message, ack, connection: connection.load(Ordering::SeqCst) };
                if sender.send(incoming).await.is_err() {
                    break;
                }
            }
            Ok(Happening::Nothing) => {}
            Err(error) => {
                if let Some(since) = connected_since.take() {
                    Stats::release(&stats.brokers_connected);
                    if since.elapsed() >= SETTLED {
                        pause = BACK_OFF.0;
                    }
                }
                let wait = with_jitter(pause);
                tracing::warn!(broker, error, again_in_ms = wait.as_millis() as u64, "no connection");
                pause = (pause * 2).min(BACK_OFF.1);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
                }
            }
        }
    }
    drop(sender);
    // What is committed in the next moments is acknowledged still; the rest the broker keeps for the next start.
    let goodbye = async {
        while let Ok(event) = events.next().await {
            drop(event);
        }
    };
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    client.disconnect();
    let _ = tokio::time::timeout(Duration::from_millis(100), events.next()).await;
    if connected_since.is_some() {
        Stats::release(&stats.brokers_connected);
    }
}

async fn hand_over(
    mut receiver: mpsc::Receiver<Incoming>,
    frames: FrameSender,
    client: Client,
    connection: Arc<AtomicU64>,
    clock: ArrivalClock,
    stats: Arc<Stats>,
    config: BrokerConfig,
) {
    let mut waiting = Vec::with_capacity(MOST_AT_ONCE);
    while receiver.recv_many(&mut waiting, MOST_AT_ONCE).await > 0 {
        let received_at = clock();
        let mut messages = Vec::with_capacity(waiting.len());
        let mut acks = Vec::new();
        for Incoming { mut message, ack, connection } in waiting.drain(..) {
            acks.extend(ack.map(|ack| (connection, ack)));
            if message.payload.len() > config.max_packet_bytes {
                // Acknowledged all the same: refused with a disconnect, the broker would send it again for ever.
                let topic = String::from_utf8_lossy(&message.topic);
                stats.reject(received_at, "mqtt", &topic, RejectReason::TooLarge, "larger than `max_packet`", &message.payload);
                continue;
            }
            message.retained &= config.retain_means_replay;
            messages.push(message);
        }
        let receipt = (!acks.is_empty()).then(|| {
            let (client, connection) = (client.clone(), connection.clone());
            Receipt::new(move |_| {
                let now = connection.load(Ordering::SeqCst);
                // A packet id means something else on another connection; the broker repeats what was not acknowledged on this one.
                acks.into_iter().filter(|(came_on, _)| *came_on == now).for_each(|(_, ack)| client.acknowledge(ack));
            })
        });
        if frames.send(Frame::Mqtt(MqttBatch { messages, formats: config.formats.clone(), received_at, receipt })).await.is_err()
        {
            return;
        }
    }
}

/// Between half and the whole of a pause, so that a fleet of gateways does not return all at once.
fn with_jitter(pause: Duration) -> Duration {
    let mut byte = [0u8; 1];
    let _ = SystemRandom::new().fill(&mut byte);
    pause / 2 + pause / 2 * u32::from(byte[0]) / 255
}
