//! Records the traffic of devices and charge points as lines that `fleetgauge replay` reads. RFID tags are hashed before they reach the
//! disk.
//!
//! Lines go through a bounded queue: with a slow disk they are dropped and counted, and no connection waits.

mod text;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

pub use self::writer::Writer;
use crate::model::{LinkMode, OcppVersion, Stats, TokenHasher};
use crate::ocpp::codec::observer::Origin;
use crate::units::UtcMs;

/// The number of lines that may wait for the disk.
const MAX_QUEUED_LINES: usize = 4_096;

/// `[capture]`: received messages, written to files for `fleetgauge replay`.
#[derive(Clone, PartialEq, Debug)]
pub struct CaptureConfig {
    /// `directory` of the capture files; without it nothing is captured.
    pub directory: Option<PathBuf>,
    /// `max_file`: the size at which a new file is started.
    pub max_file_bytes: u64,
    /// `max_files`: the oldest files beyond this number are removed.
    pub max_files: usize,
    /// `charge_points` to capture; empty for all.
    pub charge_points: Vec<String>,
    /// `mqtt`: MQTT messages are captured too. They may contain positions.
    pub mqtt: bool,
}

impl Default for CaptureConfig {
    fn default() -> Self {
        Self {
            directory: None,
            max_file_bytes: 64 << 20,
            max_files: 8,
            charge_points: Vec::new(),
            mqtt: true,
        }
    }
}

/// One event to capture.
#[derive(Debug)]
pub enum Line {
    /// An MQTT PUBLISH packet that was received.
    Mqtt {
        /// The time of arrival.
        at: UtcMs,
        /// The topic, not yet checked for UTF-8.
        topic: Bytes,
        /// The payload as sent, positions included.
        payload: Bytes,
        /// The packet is a replay of a stored message.
        retained: bool,
        /// The MQTT 5 user properties.
        properties: Vec<(String, String)>,
    },
    /// An OCPP frame that was received or sent.
    Frame {
        /// The time of arrival or dispatch.
        at: UtcMs,
        /// The charge point at one end of the link.
        charge_point: Arc<str>,
        /// The version of OCPP on the link.
        version: OcppVersion,
        /// The side that sent the frame.
        from: Origin,
        /// The JSON text.
        text: String,
    },
    /// An OCPP link that was opened or closed.
    Link {
        /// The time of the change.
        at: UtcMs,
        /// The charge point at one end of the link.
        charge_point: Arc<str>,
        /// The version and mode of an opened link; `None` if the link was closed.
        up: Option<(OcppVersion, LinkMode)>,
    },
}

impl Line {
    fn at(&self) -> UtcMs {
        match self {
            Self::Mqtt { at, .. } | Self::Frame { at, .. } | Self::Link { at, .. } => *at,
        }
    }
}

/// The sender's side of the capture. Does nothing if no capture is configured.
#[derive(Clone, Debug)]
pub struct Capture {
    sender: Option<mpsc::Sender<Line>>,
    charge_points: Arc<[String]>,
    mqtt: bool,
    stats: Arc<Stats>,
}

impl Capture {
    /// A capture that records nothing.
    pub fn none(stats: Arc<Stats>) -> Self {
        Self {
            sender: None,
            charge_points: Arc::new([]),
            mqtt: false,
            stats,
        }
    }

    /// Opens a capture. The caller must run the [`Writer`], if there is one.
    pub fn open(
        config: &CaptureConfig,
        hasher: TokenHasher,
        stats: Arc<Stats>,
    ) -> std::io::Result<(Self, Option<Writer>)> {
        let Some(directory) = config.directory.clone() else {
            return Ok((Self::none(stats), None));
        };
        std::fs::create_dir_all(&directory)?;
        let (sender, lines) = mpsc::channel(MAX_QUEUED_LINES);
        let writer = Writer::new(lines, directory, config, hasher);
        let charge_points = config
            .charge_points
            .iter()
            .map(|id| id.to_lowercase())
            .collect();
        let capture = Self {
            sender: Some(sender),
            charge_points,
            mqtt: config.mqtt,
            stats,
        };
        Ok((capture, Some(writer)))
    }

    /// Returns true if MQTT messages are captured.
    pub fn includes_mqtt(&self) -> bool {
        self.sender.is_some() && self.mqtt
    }

    /// Returns true if frames of this charge point are captured.
    pub fn includes(&self, charge_point: &str) -> bool {
        self.sender.is_some()
            && (self.charge_points.is_empty()
                || self.charge_points.contains(&charge_point.to_lowercase()))
    }

    /// Queues a line; drops and counts it if the queue is full.
    pub fn record(&self, line: Line) {
        if self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(line).is_err())
        {
            Stats::count(&self.stats.capture_dropped);
        }
    }
}
