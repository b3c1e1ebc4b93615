//! Sockets, without decoding: raw frames go to the pipeline, and a sender gets its acknowledgement when the frame is durable.

pub mod capture;
pub mod credentials;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::model::{ChargePointEvent, ProvisioningSnapshot};
use crate::telemetry::Formats;
use crate::units::UtcMs;

/// What a socket gives to the pipeline.
#[derive(Debug)]
pub enum Frame {
    /// PUBLISH packets of one connection, in order.
    Mqtt(MqttBatch),
    /// One OCPP message that carries facts.
    Ocpp(OcppFrame),
}

/// PUBLISH packets read together from one connection.
#[derive(Debug)]
pub struct MqttBatch {
    /// In the order received.
    pub messages: Vec<MqttMessage>,
    /// The formats they may be in.
    pub formats: Arc<Formats>,
    /// When they were read.
    pub received_at: UtcMs,
    /// Called once when all of them are durable; dropped if they never will be.
    pub receipt: Option<Receipt>,
}

/// An MQTT PUBLISH packet, of a device or of a broker.
#[derive(Debug)]
pub struct MqttMessage {
    /// The topic, not yet checked for UTF-8.
    pub topic: Bytes,
    /// The payload as sent.
    pub payload: Bytes,
    /// A replay of the broker's stored copy: the retain flag as received, unless the source is known to set it on live messages.
    pub retained: bool,
    /// MQTT 5 user properties.
    pub properties: Vec<(String, String)>,
}

/// One OCPP message, decoded (the socket's task had to read it to answer it).
#[derive(Debug)]
pub struct OcppFrame {
    /// A decoded message of a charge point, or the start or end of its link.
    pub event: ChargePointEvent,
    /// Called once when it is durable; dropped if it never will be.
    pub receipt: Option<Receipt>,
}

/// What the engine decided about a message whose sender waits for an answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settlement {
    /// For StartTransaction: the transaction id to answer.
    pub transaction_id: Option<i32>,
    /// For a note about setting the charge point up: what is remembered, the note included.
    pub provisioning: Option<Box<ProvisioningSnapshot>>,
}

/// The promise to acknowledge: runs after the commit that holds the message. Must not block.
pub struct Receipt(Box<dyn FnOnce(Settlement) + Send>);

impl Receipt {
    /// Wraps what is to be done once the message is durable.
    pub fn new(release: impl FnOnce(Settlement) + Send + 'static) -> Self {
        Self(Box::new(release))
    }

    /// The message is durable.
    pub fn settle(self, settlement: Settlement) {
        (self.0)(settlement);
    }
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receipt")
    }
}

/// The way into the pipeline: bounded, so a slow disk slows the sockets instead of filling memory.
pub type FrameSender = mpsc::Sender<Frame>;

/// Returns the time of arrival. The only clock is in `app`; it passes this function to the sockets.
pub type ArrivalClock = Arc<dyn Fn() -> UtcMs + Send + Sync>;
