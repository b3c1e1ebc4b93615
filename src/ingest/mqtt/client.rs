//! One face for rumqttc's two clients, MQTT 3.1.1 and 5.

use std::sync::Arc;

use bytes::Bytes;
use rumqttc::{Transport, v5};

use super::{BrokerConfig, BrokerError, MqttMessage, MqttVersion};
use crate::ingest::certificates;

/// Larger packets than `max_packet` are read up to this many times its size, to be counted and acknowledged; beyond, the connection ends.
const READ_FACTOR: usize = 16;
/// We publish nothing, so this only sizes tables.
const OUTGOING_INFLIGHT: u16 = 100;

/// What came from the broker.
pub(super) enum Happening {
    /// CONNACK.
    Connected {
        /// The broker kept our session.
        session_present: bool,
    },
    /// SUBACK: for each filter, why it was refused.
    Subscribed(Vec<Option<String>>),
    /// PUBLISH.
    Message {
        message: MqttMessage,
        /// For QoS 1.
        ack: Option<Ack>,
    },
    /// Anything else.
    Nothing,
}

/// The packet id of a QoS 1 message.
#[derive(Clone, Copy)]
pub(super) struct Ack(u16);

/// The sending half.
#[derive(Clone)]
pub(super) enum Client {
    V4(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// The reading half.
pub(super) enum Loop {
    V4(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// Prepares a connection; nothing is sent before the first [`Loop::next`].
pub(super) fn connect(config: &BrokerConfig) -> Result<(Client, Loop), BrokerError> {
    let id = config.client_id.clone().unwrap_or_else(|| format!("fleetgauge-{}-{}", host_name(), config.name));
    let password = config.password_file.as_ref().map(|path| read_secret(config, path)).transpose()?;
    let login = config.username.clone().map(|user| (user, password.unwrap_or_default()));
    let transport = config.ca_file.as_ref().map_or(Ok(Transport::Tcp), |path| tls(config, path))?;
    // Every message in flight must find room for its acknowledgement, and a SUBSCRIBE beside them: try_ack must never fail.
    let capacity = usize::from(config.max_inflight) + 64;
    let most_bytes = config.max_packet_bytes.saturating_mul(READ_FACTOR);
    Ok(match config.version {
        MqttVersion::V4 => {
            let mut options = rumqttc::MqttOptions::new(id, &config.host, config.port);
            options.set_clean_session(false).set_manual_acks(true).set_keep_alive(config.keep_alive).set_transport(transport);
            options.set_max_packet_size(most_bytes, most_bytes).set_inflight(OUTGOING_INFLIGHT);
            if let Some((user, password)) = login {
                options.set_credentials(user, password);
            }
            let (client, events) = rumqttc::AsyncClient::new(options, capacity);
            (Client::V4(client), Loop::V4(Box::new(events)))
        }
        MqttVersion::V5 => {
            let mut options = v5::MqttOptions::new(id, &config.host, config.port);
            options.set_clean_start(false).set_manual_acks(true).set_keep_alive(config.keep_alive).set_transport(transport);
            let expiry = u32::try_from(config.session_expiry.as_secs()).unwrap_or(u32::MAX);
            options.set_session_expiry_interval(Some(expiry)).set_receive_maximum(Some(config.max_inflight));
            options.set_max_packet_size(u32::try_from(most_bytes).ok()).set_outgoing_inflight_upper_limit(OUTGOING_INFLIGHT);
            if let Some((user, password)) = login {
                options.set_credentials(user, password);
            }
            let (client, events) = v5::AsyncClient::new(options, capacity);
            (Client::V5(client), Loop::V5(Box::new(events)))
        }
    })
}

fn read_secret(config: &BrokerConfig, path: &std::path::Path) -> Result<String, BrokerError> {
    let text = std::fs::read_to_string(path).map_err(|error| BrokerError {
        broker: config.name.clone(),
        path: path.display().to_string(),
        error: error.to_string(),
        hint: "`password_file` holds the password alone",
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn tls(config: &BrokerConfig, path: &std::path::Path) -> Result<Transport, BrokerError> {
    let roots = certificates::authorities("ca_file", path).map_err(|error| BrokerError {
        broker: config.name.clone(),
        path: error.file,
        error: error.reason,
        hint: "`ca_file` holds the certificate(s) of the authority that signed the broker's, in PEM",
    })?;
    let client = certificates::client(roots).with_no_client_auth();
    Ok(Transport::tls_with_config(rumqttc::TlsConfiguration::Rustls(Arc::new(client))))
}

/// The machine's name, for a client id that is the same after every restart.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "gateway".to_owned() } else { name.to_owned() }
}

impl Client {
    pub fn subscribe(&self, topics: &[String], qos: u8) -> Result<(), String> {
        match self {
            Self::V4(client) => {
                let qos = if qos == 0 { rumqttc::QoS::AtMostOnce } else { rumqttc::QoS::AtLeastOnce };
                let filters = topics.iter().map(|topic| rumqttc::SubscribeFilter::new(topic.clone(), qos));
                client.try_subscribe_many(filters).map_err(|error| error.to_string())
            }
            Self::V5(client) => {
                let qos = if qos == 0 { v5::mqttbytes::QoS::AtMostOnce } else { v5::mqttbytes::QoS::AtLeastOnce };
                let filters = topics.iter().map(|topic| v5::mqttbytes::v5::Filter::new(topic.clone(), qos));
                client.try_subscribe_many(filters).map_err(|error| error.to_string())
            }
        }
    }

    /// Never blocks. Failing means that the connection task is gone, and with it the need.
    pub fn acknowledge(&self, Ack(packet_id): Ack) {
        match self {
            Self::V4(client) => {
                let mut publish = rumqttc::Publish::new("", rumqttc::QoS::AtLeastOnce, Vec::new());
                publish.pkid = packet_id;
                let _ = client.try_ack(&publish);
            }
            Self::V5(client) => {
                let mut publish = v5::mqttbytes::v5::Publish::new("", v5::mqttbytes::QoS::AtLeastOnce, Bytes::new(), None);
                publish.pkid = packet_id;
                let _ = client.try_ack(&publish);
            }
        }
    }

    pub fn disconnect(&self) {
        match self {
            Self::V4(client) => drop(client.try_disconnect()),
            Self::V5(client) => drop(client.try_disconnect()),
        }
    }
}

impl Loop {
    /// The next thing that happens; an error means no connection, and the next call tries again.
    pub async fn next(&mut self) -> Result<Happening, String> {
        match self {
            Self::V4(events) => events.poll().await.map(of_v4).map_err(|error| error.to_string()),
            Self::V5(events) => events.poll().await.map(of_v5).map_err(|error| error.to_string()),
        }
    }
}

fn of_v4(event: rumqttc::Event) -> Happening {
    use rumqttc::{Event, Packet, QoS, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(ack)) => Happening::Connected { session_present: ack.session_present },
        Event::Incoming(Packet::SubAck(ack)) => Happening::Subscribed(
            ack.return_codes
                .iter()
                .map(|code| matches!(code, SubscribeReasonCode::Failure).then(|| "refused".to_owned()))
                .collect(),
        ),
        Event::Incoming(Packet::Publish(publish)) => Happening::Message {
            ack: (publish.qos == QoS::AtLeastOnce).then_some(Ack(publish.pkid)),
            message: MqttMessage {
                topic: Bytes::from(publish.topic),
                payload: publish.payload,
                retained: publish.retain,
                properties: Vec::new(),
            },
        },
        _ => Happening::Nothing,
    }
}

fn of_v5(event: v5::Event) -> Happening {
    use v5::Event;
    use v5::mqttbytes::QoS;
    use v5::mqttbytes::v5::{Packet, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(ack)) => Happening::Connected { session_present: ack.session_present },
        Event::Incoming(Packet::SubAck(ack)) => {
            let refused =
                |code: &SubscribeReasonCode| (!matches!(code, SubscribeReasonCode::Success(_))).then(|| format!("{code:?}"));
            Happening::Subscribed(ack.return_codes.iter().map(refused).collect())
        }
        Event::Incoming(Packet::Publish(publish)) => Happening::Message {
            ack: (publish.qos == QoS::AtLeastOnce).then_some(Ack(publish.pkid)),
            message: MqttMessage {
                topic: publish.topic,
                payload: publish.payload,
                retained: publish.retain,
                properties: publish.properties.map(|properties| properties.user_properties).unwrap_or_default(),
            },
        },
        _ => Happening::Nothing,
    }
}
