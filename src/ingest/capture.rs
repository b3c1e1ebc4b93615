//! Writes down what was heard and answered, as lines that `fleetgauge replay` reads. Tags are hashed before they reach the disk.
//!
//! Behind a bounded queue: a slow disk loses lines, and counts them, but holds nobody up.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::model::{LinkMode, OcppVersion, Stats, TokenHasher, redact};
use crate::ocpp::codec::observer::Origin;
use crate::units::UtcMs;

/// Lines waiting for the disk.
const N_QUEUED_LINES: usize = 4_096;

/// `[capture]`.
#[derive(Clone, PartialEq, Debug)]
pub struct CaptureConfig {
    /// `directory`; without it nothing is captured.
    pub directory: Option<PathBuf>,
    /// `max_file`: a new file is begun at this size.
    pub max_file_bytes: u64,
    /// `max_files`: the oldest beyond are removed.
    pub max_files: usize,
    /// `charge_points`: only these; empty is all.
    pub charge_points: Vec<String>,
    /// `mqtt`: MQTT messages too. They may hold positions.
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

/// Something heard or said.
#[derive(Debug)]
pub enum Line {
    /// A PUBLISH.
    Mqtt {
        /// When.
        at: UtcMs,
        /// Topic.
        topic: Bytes,
        /// Payload.
        payload: Bytes,
        /// Retained.
        retained: bool,
        /// MQTT 5 user properties.
        properties: Vec<(String, String)>,
    },
    /// An OCPP frame.
    Frame {
        /// When.
        at: UtcMs,
        /// Whose link.
        charge_point: Arc<str>,
        /// Spoken on it.
        version: OcppVersion,
        /// Who said it.
        from: Origin,
        /// The text.
        text: String,
    },
    /// A link went up or down.
    Link {
        /// When.
        at: UtcMs,
        /// Whose.
        charge_point: Arc<str>,
        /// Up: version and mode.
        up: Option<(OcppVersion, LinkMode)>,
    },
}

/// The way to the capture; does nothing if there is none.
#[derive(Clone, Debug)]
pub struct Capture {
    sender: Option<mpsc::Sender<Line>>,
    charge_points: Arc<[String]>,
    mqtt: bool,
    stats: Arc<Stats>,
}

impl Capture {
    /// None.
    pub fn none(stats: Arc<Stats>) -> Self {
        Self {
            sender: None,
            charge_points: Arc::new([]),
            mqtt: false,
            stats,
        }
    }

    /// Opens a capture; the writer is to be run.
    pub fn open(
        config: &CaptureConfig,
        hasher: TokenHasher,
        stats: Arc<Stats>,
    ) -> std::io::Result<(Self, Option<Writer>)> {
        let Some(directory) = config.directory.clone() else {
            return Ok((Self::none(stats), None));
        };
        std::fs::create_dir_all(&directory)?;
        let (sender, lines) = mpsc::channel(N_QUEUED_LINES);
        let writer = Writer {
            lines,
            directory,
            max_file_bytes: config.max_file_bytes,
            max_files: config.max_files,
            hasher,
            open: None,
        };
        let charge_points = config
            .charge_points
            .iter()
            .map(|id| id.to_lowercase())
            .collect();
        Ok((
            Self {
                sender: Some(sender),
                charge_points,
                mqtt: config.mqtt,
                stats,
            },
            Some(writer),
        ))
    }

    /// Somebody listens to MQTT.
    pub fn wants_mqtt(&self) -> bool {
        self.sender.is_some() && self.mqtt
    }

    /// Somebody listens to this charge point.
    pub fn wants(&self, charge_point: &str) -> bool {
        self.sender.is_some()
            && (self.charge_points.is_empty()
                || self.charge_points.contains(&charge_point.to_lowercase()))
    }

    /// Writes a line down, unless there is no room.
    pub fn note(&self, line: Line) {
        if self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(line).is_err())
        {
            Stats::count(&self.stats.capture_dropped);
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mqtt: Option<WrittenMqtt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocpp: Option<WrittenOcpp<'a>>,
}

#[derive(Serialize)]
struct WrittenMqtt<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_b64: Option<String>,
    retain: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    props: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct WrittenOcpp<'a> {
    charge_point: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<LinkMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<&'a str>,
}

/// The capture's end at the disk.
#[derive(Debug)]
pub struct Writer {
    lines: mpsc::Receiver<Line>,
    directory: PathBuf,
    max_file_bytes: u64,
    max_files: usize,
    hasher: TokenHasher,
    open: Option<(BufWriter<File>, u64)>,
}

impl Writer {
    /// Runs until every sender is gone. Blocks; for a thread of its own.
    pub fn run(mut self) {
        let mut waiting = Vec::new();
        while self.lines.blocking_recv_many(&mut waiting, 256) > 0 {
            for line in waiting.drain(..) {
                let at = match &line {
                    Line::Mqtt { at, .. } | Line::Frame { at, .. } | Line::Link { at, .. } => *at,
                };
                let text = self.text(&line);
                if let Err(error) = self.write(at, &text) {
                    tracing::warn!(%error, directory = %self.directory.display(), "the capture cannot be written; this line is lost");
                    self.open = None;
                }
            }
            if let Some((file, _)) = &mut self.open {
                let _ = file.flush();
            }
        }
    }

    fn write(&mut self, at: UtcMs, text: &str) -> std::io::Result<()> {
        if self
            .open
            .as_ref()
            .is_none_or(|(_, size)| *size >= self.max_file_bytes)
        {
            self.open = Some((self.begin(at)?, 0));
        }
        let Some((file, size)) = &mut self.open else {
            return Ok(());
        };
        *size += text.len() as u64 + 1;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    }

    fn begin(&self, at: UtcMs) -> std::io::Result<BufWriter<File>> {
        let is_ours = |name: &str| name.starts_with("capture-") && name.ends_with(".jsonl");
        let mut old: Vec<PathBuf> = std::fs::read_dir(&self.directory)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(is_ours)
            })
            .collect();
        old.sort();
        let excess = (old.len() + 1).saturating_sub(self.max_files.max(1));
        for path in &old[..excess.min(old.len())] {
            std::fs::remove_file(path)?;
        }
        let name = format!("capture-{}.jsonl", at.to_string().replace([':', '.'], "-"));
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.directory.join(name)).map(BufWriter::new)
    }

    fn text(&self, line: &Line) -> String {
        let hide = |text: &str| redact(text, |tag| self.hasher.written(tag)).into_owned();
        match line {
            Line::Mqtt {
                at,
                topic,
                payload,
                retained,
                properties,
            } => {
                let topic = String::from_utf8_lossy(topic);
                let payload_text = std::str::from_utf8(payload).ok().map(hide);
                let props = properties
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let payload_b64 = payload_text
                    .is_none()
                    .then(|| data_encoding::BASE64.encode(payload));
                let mqtt = WrittenMqtt {
                    topic: &topic,
                    payload: payload_text.as_deref(),
                    payload_b64,
                    retain: *retained,
                    props,
                };
                json(&Written {
                    at: at.to_string(),
                    mqtt: Some(mqtt),
                    ocpp: None,
                })
            }
            Line::Frame {
                at,
                charge_point,
                version,
                from,
                text,
            } => {
                let hidden = hide(text);
                let from = match from {
                    Origin::ChargePoint => "charge_point",
                    Origin::Csms => "csms",
                };
                let (from, frame, version) =
                    (Some(from), Some(hidden.as_str()), Some(version.name()));
                let ocpp = WrittenOcpp {
                    charge_point,
                    event: None,
                    version,
                    mode: None,
                    from,
                    frame,
                };
                json(&Written {
                    at: at.to_string(),
                    mqtt: None,
                    ocpp: Some(ocpp),
                })
            }
            Line::Link {
                at,
                charge_point,
                up,
            } => {
                let event = Some(if up.is_some() {
                    "connected"
                } else {
                    "disconnected"
                });
                let (version, mode) = (
                    up.map(|(version, _)| version.name()),
                    up.map(|(_, mode)| mode),
                );
                let ocpp = WrittenOcpp {
                    charge_point,
                    event,
                    version,
                    mode,
                    from: None,
                    frame: None,
                };
                json(&Written {
                    at: at.to_string(),
                    mqtt: None,
                    ocpp: Some(ocpp),
                })
            }
        }
    }
}

fn json(line: &Written<'_>) -> String {
    serde_json::to_string(line).expect("structures of text always serialise")
}
