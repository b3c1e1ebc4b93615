//! A connection to a broker, for the subscriber and the publisher: address, login, TLS and session from the configuration, and one
//! interface to rumqttc's two clients, MQTT 3.1.1 and 5. Connects again when polled again; decides nothing about topics.

mod back_off;
mod events;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{Transport, v5};

pub use back_off::BackOff;
pub use events::{Ack, BrokerEvent, Events};

use super::{BrokerConfig, BrokerError, MqttVersion};
use crate::tls;

/// Larger packets than `max_packet` are read up to this many times its size, to be counted and acknowledged; beyond, the connection ends.
const READ_FACTOR: usize = 16;
/// QoS 1 messages of ours that may wait for the broker's acknowledgement.
const OUTGOING_INFLIGHT: u16 = 100;

/// Messages and acknowledgements of ours between their senders and the connection.
const N_QUEUED_REQUESTS: usize = 256;

/// Contents of CONNECT, beside the login.
#[derive(Clone, Debug)]
pub struct Session {
    /// Must be the same after every start: the broker finds the session by it.
    pub client_id: String,
    /// The broker keeps the session while the daemon is away, and messages are acknowledged by hand. `None` starts a clean session each time.
    pub persistent: Option<PersistentSession>,
    /// Will: topic and payload that the broker publishes, retained with QoS 1, if the connection ends without DISCONNECT.
    pub will: Option<(String, Vec<u8>)>,
}

/// A session that outlasts its connections.
#[derive(Clone, Copy, Debug)]
pub struct PersistentSession {
    /// How long the broker keeps it after a disconnect (MQTT 5; with 3.1.1 the broker decides).
    pub expiry: Duration,
    /// Messages on their way to us that may wait for our acknowledgement (MQTT 5 receive maximum).
    pub max_inflight: u16,
}

/// The sending half of a connection, for requests to the broker.
#[derive(Clone)]
pub enum Client {
    /// A connection that speaks MQTT 3.1.1.
    V4(rumqttc::AsyncClient),
    /// A connection that speaks MQTT 5.
    V5(v5::AsyncClient),
}

/// The client id of a broker's subscriber.
pub fn client_id(config: &BrokerConfig) -> String {
    config
        .client_id
        .clone()
        .unwrap_or_else(|| format!("fleetgauge-{}-{}", host_name(), config.name))
}

/// Prepares a connection; nothing is sent before the first [`Events::next`].
pub fn connect(config: &BrokerConfig, session: &Session) -> Result<(Client, Events), BrokerError> {
    let password = config
        .password_file
        .as_ref()
        .map(|path| read_secret(config, path))
        .transpose()?;
    let login = config
        .username
        .clone()
        .map(|user| (user, password.unwrap_or_default()));
    let transport = config
        .ca_file
        .as_ref()
        .map_or(Ok(Transport::Tcp), |path| tls(config, path))?;
    Ok(match config.version {
        MqttVersion::V4 => {
            let options = options_v4(config, session, transport, login);
            let (client, events) = rumqttc::AsyncClient::new(options, N_QUEUED_REQUESTS);
            (Client::V4(client), Events::from_v4(events))
        }
        MqttVersion::V5 => {
            let options = options_v5(config, session, transport, login);
            let (client, events) = v5::AsyncClient::new(options, N_QUEUED_REQUESTS);
            (Client::V5(client), Events::from_v5(events))
        }
    })
}

fn options_v4(
    config: &BrokerConfig,
    session: &Session,
    transport: Transport,
    login: Option<(String, String)>,
) -> rumqttc::MqttOptions {
    let max_bytes = config.max_packet_bytes.saturating_mul(READ_FACTOR);
    let mut options =
        rumqttc::MqttOptions::new(session.client_id.clone(), &config.host, config.port);
    options
        .set_clean_session(session.persistent.is_none())
        .set_manual_acks(session.persistent.is_some());
    options
        .set_keep_alive(config.keep_alive)
        .set_transport(transport);
    options
        .set_max_packet_size(max_bytes, max_bytes)
        .set_inflight(OUTGOING_INFLIGHT);
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    if let Some((topic, payload)) = session.will.clone() {
        let qos = rumqttc::QoS::AtLeastOnce;
        options.set_last_will(rumqttc::LastWill::new(topic, payload, qos, true));
    }
    options
}

fn options_v5(
    config: &BrokerConfig,
    session: &Session,
    transport: Transport,
    login: Option<(String, String)>,
) -> v5::MqttOptions {
    let max_bytes = config.max_packet_bytes.saturating_mul(READ_FACTOR);
    let mut options = v5::MqttOptions::new(session.client_id.clone(), &config.host, config.port);
    options
        .set_clean_start(session.persistent.is_none())
        .set_manual_acks(session.persistent.is_some());
    options
        .set_keep_alive(config.keep_alive)
        .set_transport(transport);
    if let Some(persistent) = session.persistent {
        let expiry = u32::try_from(persistent.expiry.as_secs()).unwrap_or(u32::MAX);
        options
            .set_session_expiry_interval(Some(expiry))
            .set_receive_maximum(Some(persistent.max_inflight));
    }
    options
        .set_max_packet_size(u32::try_from(max_bytes).ok())
        .set_outgoing_inflight_upper_limit(OUTGOING_INFLIGHT);
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    if let Some((topic, payload)) = session.will.clone() {
        let qos = v5::mqttbytes::QoS::AtLeastOnce;
        options.set_last_will(v5::mqttbytes::v5::LastWill::new(
            topic, payload, qos, true, None,
        ));
    }
    options
}

fn read_secret(config: &BrokerConfig, path: &Path) -> Result<String, BrokerError> {
    let text = std::fs::read_to_string(path).map_err(|error| BrokerError {
        broker: config.name.clone(),
        path: path.display().to_string(),
        error: error.to_string(),
        hint: "`password_file` holds the password alone",
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn tls(config: &BrokerConfig, path: &Path) -> Result<Transport, BrokerError> {
    let roots = tls::authorities("ca_file", path).map_err(|error| BrokerError {
        broker: config.name.clone(),
        path: error.file,
        error: error.reason,
        hint: "`ca_file` holds the certificate(s) of the authority that signed the broker's, in PEM",
    })?;
    let client = tls::client(roots).with_no_client_auth();
    Ok(Transport::tls_with_config(
        rumqttc::TlsConfiguration::Rustls(Arc::new(client)),
    ))
}

/// The machine's name, for a client id that is the same after every restart.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "gateway".to_owned()
    } else {
        name.to_owned()
    }
}

impl Client {
    /// Publishes a retained message with QoS 1; waits for room. Failing means that the connection's task is gone.
    pub async fn publish(&self, topic: String, payload: Vec<u8>) -> Result<(), String> {
        match self {
            Self::V4(client) => client
                .publish(topic, rumqttc::QoS::AtLeastOnce, true, payload)
                .await
                .map_err(|error| error.to_string()),
            Self::V5(client) => client
                .publish(topic, v5::mqttbytes::QoS::AtLeastOnce, true, payload)
                .await
                .map_err(|error| error.to_string()),
        }
    }

    /// Waits for room: a broker of 3.1.1 may have more on its way to us than `max_inflight`, and an acknowledgement that is lost blocks a
    /// place there until the next connection. Failing means that the connection's task is gone, and with it the need.
    pub async fn acknowledge(&self, Ack(packet_id): Ack) -> Result<(), String> {
        match self {
            Self::V4(client) => {
                let mut publish = rumqttc::Publish::new("", rumqttc::QoS::AtLeastOnce, Vec::new());
                publish.pkid = packet_id;
                client
                    .ack(&publish)
                    .await
                    .map_err(|error| error.to_string())
            }
            Self::V5(client) => {
                let mut publish = v5::mqttbytes::v5::Publish::new(
                    "",
                    v5::mqttbytes::QoS::AtLeastOnce,
                    Bytes::new(),
                    None,
                );
                publish.pkid = packet_id;
                client
                    .ack(&publish)
                    .await
                    .map_err(|error| error.to_string())
            }
        }
    }

    /// Sends DISCONNECT, so that no will is published.
    pub fn disconnect(&self) {
        match self {
            Self::V4(client) => drop(client.try_disconnect()),
            Self::V5(client) => drop(client.try_disconnect()),
        }
    }
}
