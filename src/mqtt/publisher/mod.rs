//! Figures back to a broker: the overview as a tree of retained topics, and configured vehicles as devices of Home Assistant. Publishes what
//! has changed, and everything again on a new connection, because a broker may have lost it.
//!
//! Three tasks: one polls the connection, one queries the engine, one publishes; only the last waits for room. What earlier runs published to Home
//! Assistant is read back from the broker, where it is retained, and not kept in the store: the broker's copy is the one that matters, it
//! is right after any crash on either side, and there is nothing to keep in step.

mod config;
mod discovery;
mod topics;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub use config::{HomeAssistantConfig, PublishConfig};

use crate::api::requests::EngineClient;
use crate::engine::views::HomeAssistantView;
use crate::engine::{AlertsQuery, HomeAssistantQuery, OverviewQuery};
use crate::model::Stats;
use crate::mqtt::client::connection;
use crate::mqtt::client::connection::{BackOff, BrokerEvent, Client, Events, Session};
use crate::mqtt::client::{BrokerConfig, BrokerError};

/// Devices of earlier runs that may wait to be looked at; beyond it they are seen on the next connection.
const MAX_FOUND: usize = 4_096;
/// How long the farewell may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// A retained message. An empty payload erases.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Message {
    topic: String,
    payload: String,
    /// What decides whether the message has changed, if not the payload.
    compared: Option<String>,
}

impl Message {
    fn new(topic: String, payload: String) -> Self {
        Self {
            topic,
            payload,
            compared: None,
        }
    }
}

/// The connection, as the publishing task sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Link {
    connected: bool,
    /// Number of connections to the broker so far.
    number: u64,
    /// Birth messages of Home Assistant so far.
    births: u64,
}

/// The engine's newest answers.
#[derive(Debug, Default)]
struct Results {
    /// The tree of topics.
    messages: Vec<Message>,
    /// Vehicles for Home Assistant.
    vehicles: HomeAssistantView,
}

/// A publisher, ready to connect.
pub struct Publisher {
    config: PublishConfig,
    broker: String,
    client: Client,
    events: Events,
}

impl Publisher {
    /// Reads the files named in the broker's configuration.
    pub fn new(config: PublishConfig, broker: &BrokerConfig) -> Result<Self, BrokerError> {
        // An id of its own: a broker ends the older of two connections of one client.
        let client_id = format!("{}-publisher", connection::client_id(broker));
        let will = Some((
            format!("{}/{}", config.prefix, topics::STATUS),
            b"offline".to_vec(),
        ));
        let (client, events) = connection::connect(
            broker,
            &Session {
                client_id,
                persistent: None,
                will,
            },
        )?;
        Ok(Self {
            config,
            broker: broker.name.clone(),
            client,
            events,
        })
    }

    /// Publishes until the shutdown, then publishes "offline".
    pub async fn run(
        self,
        engine: EngineClient,
        stats: Arc<Stats>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let Self {
            config,
            broker,
            client,
            events,
        } = self;
        let (link, link_of_poll) = {
            let sender = watch::Sender::new(Link::default());
            (sender.subscribe(), sender)
        };
        let (found_sender, found) = mpsc::channel(MAX_FOUND);
        let (answers, results) = watch::channel(Arc::new(None));
        let poll = Poll {
            config: config.clone(),
            broker,
            events,
            link: link_of_poll,
            found: found_sender,
            stats: stats.clone(),
        };
        let poll = poll.run(shutdown.clone());
        let publish = async {
            let status = format!("{}/{}", config.prefix, topics::STATUS);
            let mut publishing = Publishing {
                config: &config,
                client: client.clone(),
                stats,
                sent: HashMap::new(),
                devices: BTreeSet::new(),
                left_out: 0,
            };
            tokio::select! {
                () = publishing.run(link.clone(), found, results) => {}
                () = poll_engine(&config, &engine, &answers) => {}
                () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
            }
            if link.borrow().connected {
                let _ = tokio::time::timeout(GOODBYE, client.publish(status, b"offline".to_vec()))
                    .await;
                client.disconnect();
            }
        };
        tokio::join!(poll, publish);
    }
}

/// Requests the figures again and again.
async fn poll_engine(
    config: &PublishConfig,
    engine: &EngineClient,
    answers: &watch::Sender<Arc<Option<Results>>>,
) {
    let mut ticks = tokio::time::interval(config.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match results(config, engine).await {
            Ok(Ok(results)) => drop(answers.send_replace(Arc::new(Some(results)))),
            Ok(Err(error)) => {
                tracing::error!(%error, "an answer of the engine cannot be published")
            }
            // The engine is busy or stopping: the next tick tries again.
            Err(_) => {}
        }
    }
}

/// The newest figures as messages. The outer error is the engine's, the inner one the serialiser's.
async fn results(
    config: &PublishConfig,
    engine: &EngineClient,
) -> Result<serde_json::Result<Results>, String> {
    let overview = engine.request(OverviewQuery).await?;
    let alerts = engine.request(AlertsQuery).await?;
    let home = &config.home_assistant;
    let vehicles = if home.enabled {
        let query = HomeAssistantQuery {
            vehicles: home.vehicles.clone(),
            organisations: home.organisations.clone(),
            limit: home.max_devices,
        };
        engine.request(query).await?
    } else {
        HomeAssistantView::default()
    };
    let messages = topics::overview(&config.prefix, overview).and_then(|mut messages| {
        messages.extend(topics::alerts(&config.prefix, &alerts)?);
        Ok(messages)
    });
    Ok(messages.map(|messages| Results { messages, vehicles }))
}

struct Poll {
    config: PublishConfig,
    broker: String,
    events: Events,
    link: watch::Sender<Link>,
    found: mpsc::Sender<String>,
    stats: Arc<Stats>,
}

impl Poll {
    /// Never waits for anything but the connection: the publishing task waits for this one.
    async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut back_off = BackOff::default();
        loop {
            let event = tokio::select! {
                event = self.events.next() => event,
                () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
            };
            match event {
                Ok(event) => self.handle(event, &mut back_off),
                Err(error) => {
                    self.is_connected(false);
                    let wait = back_off.pause();
                    tracing::warn!(
                        broker = self.broker,
                        error,
                        again_in_ms = wait.as_millis() as u64,
                        "cannot publish"
                    );
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
                    }
                }
            }
        }
        if self.link.borrow().connected {
            let goodbye = async { while self.events.next().await.is_ok() {} };
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        self.is_connected(false);
    }

    fn handle(&mut self, event: BrokerEvent, back_off: &mut BackOff) {
        let home = &self.config.home_assistant;
        let birth = format!("{}/status", home.prefix);
        match event {
            BrokerEvent::Connected { .. } => {
                back_off.connected();
                tracing::info!(
                    broker = self.broker,
                    prefix = self.config.prefix,
                    "publishing"
                );
                // Home Assistant's start, and the devices of earlier runs: also where it is switched off now, so that they go.
                self.events
                    .subscribe(&[birth, format!("{}/device/+/config", home.prefix)], 1);
                self.is_connected(true);
            }
            BrokerEvent::Subscribed(answers) => {
                for reason in answers.into_iter().filter_map(Result::err) {
                    let hint = "the publisher's user must read the topics of Home Assistant, or old devices stay there";
                    tracing::warn!(
                        broker = self.broker,
                        reason,
                        hint,
                        "the broker refuses a subscription"
                    );
                }
            }
            BrokerEvent::Message { message, .. } => {
                let Ok(topic) = std::str::from_utf8(&message.topic) else {
                    return;
                };
                if topic == birth {
                    // A retained one is from before we connected, and everything is published then.
                    let is_birth = !message.retained && &*message.payload == b"online";
                    self.link.send_if_modified(|link| {
                        link.births += u64::from(is_birth);
                        is_birth
                    });
                } else if message.retained
                    && let Some(suffix) = discovery::found(&self.config, topic, &message.payload)
                {
                    let _ = self.found.try_send(suffix);
                }
            }
            BrokerEvent::Unsubscribed(_) | BrokerEvent::Other => {}
        }
    }

    fn is_connected(&self, connected: bool) {
        self.stats
            .publisher_connected
            .store(u64::from(connected), Ordering::Relaxed);
        self.link.send_if_modified(|link| {
            let changed = link.connected != connected || connected;
            link.number += u64::from(connected);
            link.connected = connected;
            changed
        });
    }
}

struct Publishing<'a> {
    config: &'a PublishConfig,
    client: Client,
    stats: Arc<Stats>,
    /// What was published on this connection, as compared.
    sent: HashMap<String, String>,
    /// Devices that were published to Home Assistant, by this run or an earlier one.
    devices: BTreeSet<String>,
    left_out: u64,
}

impl Publishing<'_> {
    async fn run(
        &mut self,
        mut link: watch::Receiver<Link>,
        mut found: mpsc::Receiver<String>,
        mut results: watch::Receiver<Arc<Option<Results>>>,
    ) {
        let mut known = Link::default();
        loop {
            let woken = tokio::select! {
                changed = link.changed() => changed.map(|()| true),
                Some(suffix) = found.recv() => Ok(self.devices.insert(suffix)),
                changed = results.changed() => changed.map(|()| true),
            };
            let Ok(changed) = woken else { return };
            let now = *link.borrow_and_update();
            if now.number != known.number {
                self.sent.clear();
            }
            if now.births != known.births {
                self.forget_devices();
            }
            known = now;
            let newest = results.borrow_and_update().clone();
            if let (true, true, Some(results)) = (changed, now.connected, newest.as_ref()) {
                self.publish(results).await;
            }
        }
    }

    /// Home Assistant has started: its devices must be published again.
    fn forget_devices(&mut self) {
        for suffix in &self.devices {
            self.sent
                .remove(&discovery::config_topic(self.config, suffix));
            self.sent
                .remove(&discovery::state_topic(self.config, suffix));
        }
    }

    async fn publish(&mut self, results: &Results) {
        for message in &results.messages {
            self.send(message).await;
        }
        let vehicles: BTreeMap<String, _> = results
            .vehicles
            .vehicles
            .iter()
            .map(|vehicle| (discovery::object_suffix(&vehicle.vehicle_id), vehicle))
            .collect();
        self.record_left_out(results.vehicles.left_out as u64);
        for suffix in std::mem::take(&mut self.devices) {
            if vehicles.contains_key(&suffix) {
                self.devices.insert(suffix);
            } else {
                // Not on the list any more.
                self.send(&Message::new(
                    discovery::config_topic(self.config, &suffix),
                    String::new(),
                ))
                .await;
                self.send(&Message::new(
                    discovery::state_topic(self.config, &suffix),
                    String::new(),
                ))
                .await;
            }
        }
        for (suffix, vehicle) in vehicles {
            let Ok(messages) = discovery::messages(self.config, &suffix, vehicle) else {
                continue;
            };
            if !messages.is_empty() {
                self.devices.insert(suffix);
            }
            for message in &messages {
                self.send(message).await;
            }
        }
        // Last, so that a subscriber that sees it finds the rest.
        let status = format!("{}/{}", self.config.prefix, topics::STATUS);
        self.send(&Message::new(status, "online".into())).await;
    }

    async fn send(&mut self, message: &Message) {
        let compared = message.compared.as_ref().unwrap_or(&message.payload);
        if self.sent.get(&message.topic) == Some(compared) {
            return;
        }
        if self
            .client
            .publish(message.topic.clone(), message.payload.clone().into_bytes())
            .await
            .is_ok()
        {
            Stats::count(&self.stats.published);
            self.sent.insert(message.topic.clone(), compared.clone());
        }
    }

    fn record_left_out(&mut self, left_out: u64) {
        if left_out != self.left_out && left_out > 0 {
            let limit = self.config.home_assistant.max_devices;
            tracing::warn!(
                left_out,
                limit,
                "more vehicles are listed than `home_assistant.max_devices` allows"
            );
        }
        self.left_out = left_out;
        self.stats
            .devices_left_out
            .store(left_out, Ordering::Relaxed);
    }
}
