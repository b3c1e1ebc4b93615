//! `fleetgauge decode`: captured messages, one JSON object a line, to the observations they hold and what was left out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use serde::Deserialize;

use super::parse_jurisdiction;
use crate::app::config::MappingConfig;
use crate::app::load_mappings;
use crate::jurisdiction::{Jurisdiction, UK};
use crate::model::{IndicatorReport, Reading, ReadingEntry, RejectReason, Value};
use crate::telemetry::mapping::MappingErrors;
use crate::telemetry::{DECODERS, Decoders, Formats, Message, Refused, Sink};
use crate::units::{UtcMs, Zone, format_scaled};

/// The formats there are.
fn names() -> String {
    let known: Vec<&str> = DECODERS.iter().map(|decoder| decoder.name).collect();
    known.join(", ")
}

/// What follows the options in `fleetgauge decode --help`.
pub fn help() -> String {
    let example = r#"echo '{"topic":"fleet/vehicles/AMB-101/telemetry","payload":"{\"odometer\":84512.3}"}' | fleetgauge decode"#;
    format!(
        "Formats: auto, {}\n\nExample: fleetgauge decode captured.jsonl\n         {example}",
        names()
    )
}

/// Arguments of `fleetgauge decode`.
#[derive(Clone, PartialEq, Debug, clap::Args)]
pub struct DecodeArgs {
    /// Format of the messages, or auto to choose by the topic
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub format: String,
    /// A mapping file with the site's own topics, which go before the formats; may be given several times. What a map looks for and a
    /// message does not have is then listed too
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,
    /// Country by whose clocks times without a zone are read: uk, ireland.
    #[arg(long, value_name = "NAME", default_value = UK.name, value_parser = parse_jurisdiction)]
    pub jurisdiction: &'static Jurisdiction,
    /// Capture to read: one {topic, payload | payload_b64, retain?, props?} a line; standard input without it
    pub file: Option<PathBuf>,
}

/// Why `fleetgauge decode` stopped.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// `--format` is not a format.
    #[error("there is no format `{name}`\n  hint: write one of auto, {known}")]
    UnknownFormat {
        /// The name given to `--format`.
        name: String,
        /// The formats there are.
        known: String,
    },
    /// A mapping file is wrong.
    #[error(transparent)]
    Mapping(#[from] MappingErrors),
    /// The capture cannot be opened.
    #[error(
        "{path}: {source}\n  hint: name a readable file, or leave it out to read standard input"
    )]
    Open {
        /// The path given on the command line.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Reading or writing failed on the way.
    #[error("reading the capture or writing the answer failed: {0}")]
    Io(#[from] io::Error),
}

/// Longest line of a capture: the largest MQTT message anybody sends here, every byte of it escaped.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// Reads the value of `--format`.
pub fn formats(name: &str) -> Result<Formats, DecodeError> {
    if name == "auto" {
        return Ok(Formats::ByTopic);
    }
    Formats::named([name]).map_err(|name| DecodeError::UnknownFormat {
        name: name.to_owned(),
        known: names(),
    })
}

/// Runs the command on a file or standard input, to standard output.
pub fn command(args: &DecodeArgs, now: UtcMs) -> Result<(), DecodeError> {
    let formats = formats(&args.format)?;
    let decoders = match &args.mapping[..] {
        [] => Decoders::default(),
        files => {
            let mappings = load_mappings(&MappingConfig {
                files: files.to_vec(),
                presets: Vec::new(),
            })?;
            Decoders::with_mappings(mappings).reporting_absent()
        }
    };
    let received = Received {
        at: now,
        zone: args.jurisdiction.zone(),
    };
    let output = io::BufWriter::new(io::stdout().lock());
    let result = match &args.file {
        None => decode_lines(decoders, &formats, io::stdin().lock(), output, received),
        Some(path) => {
            let file = File::open(path).map_err(|source| DecodeError::Open {
                path: path.clone(),
                source,
            })?;
            decode_lines(decoders, &formats, BufReader::new(file), output, received)
        }
    };
    match result {
        // `| head` has read enough.
        Err(DecodeError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Decodes every line of `input`; exactly one line of `output` for each. The output of a line that cannot be used is its error; decoding goes on.
pub fn run(
    formats: &Formats,
    input: impl BufRead,
    output: impl Write,
    now: UtcMs,
) -> Result<(), DecodeError> {
    run_with(Decoders::default(), formats, input, output, now)
}

/// The same with decoders that have a site's maps.
pub fn run_with(
    decoders: Decoders,
    formats: &Formats,
    input: impl BufRead,
    output: impl Write,
    now: UtcMs,
) -> Result<(), DecodeError> {
    let received = Received {
        at: now,
        zone: UK.zone(),
    };
    decode_lines(decoders, formats, input, output, received)
}

/// When messages are taken to have arrived, and the zone of times without one.
#[derive(Clone, Copy)]
struct Received {
    at: UtcMs,
    zone: &'static Zone,
}

fn decode_lines(
    mut decoders: Decoders,
    formats: &Formats,
    mut input: impl BufRead,
    mut output: impl Write,
    received: Received,
) -> Result<(), DecodeError> {
    let mut line = Vec::new();
    let mut answer = Answer::default();
    let mut number = 0u64;
    while read_line(&mut input, &mut line)? {
        number += 1;
        answer.clear();
        if let Err(refused) = decode_line(&mut decoders, formats, &line, received, &mut answer) {
            answer.clear();
            answer.refused(&refused, number);
        }
        answer.write(&mut output)?;
    }
    output.flush()?;
    Ok(())
}

/// Reads the next line; false at the end. Of a line that is too long only so much is kept that [`decode_line`] sees it is.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut found = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(found);
        }
        found = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        line.extend_from_slice(&part[..part.len().min(MAX_LINE + 1 - line.len())]);
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// A line of a capture. Further keys (`expect`, `note`) are for others.
#[derive(Deserialize)]
struct Captured<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(default, borrow)]
    payload: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    payload_b64: Option<Cow<'a, str>>,
    #[serde(default)]
    retain: bool,
    #[serde(default)]
    props: BTreeMap<String, String>,
}

fn decode_line(
    decoders: &mut Decoders,
    formats: &Formats,
    line: &[u8],
    received: Received,
    answer: &mut Answer,
) -> Result<(), Refused> {
    let refuse = |reason, detail: String| Refused { reason, detail };
    if line.len() > MAX_LINE {
        return Err(refuse(
            RejectReason::TooLarge,
            format!("the line has more than {MAX_LINE} bytes"),
        ));
    }
    let line = std::str::from_utf8(line).map_err(|error| {
        refuse(
            RejectReason::Utf8,
            format!("the line is not UTF-8: {error}"),
        )
    })?;
    let captured: Captured<'_> = serde_json::from_str(line.trim()).map_err(|error| {
        refuse(
            RejectReason::Syntax,
            format!("the line is not an object with `topic` and `payload`: {error}"),
        )
    })?;
    let payload = match (&captured.payload, &captured.payload_b64) {
        (Some(text), None) => Cow::Borrowed(text.as_bytes()),
        (None, Some(text)) => {
            Cow::Owned(crate::ingest::credentials::unbase64(text).ok_or_else(|| {
                refuse(
                    RejectReason::Syntax,
                    "`payload_b64` is not base64 (RFC 4648)".into(),
                )
            })?)
        }
        (None, None) => {
            return Err(refuse(
                RejectReason::Empty,
                "the line has neither `payload` nor `payload_b64`".into(),
            ));
        }
        (Some(_), Some(_)) => {
            return Err(refuse(
                RejectReason::Syntax,
                "the line has both `payload` and `payload_b64`".into(),
            ));
        }
    };
    let properties: Vec<(String, String)> = captured.props.into_iter().collect();
    let message = Message {
        topic: &captured.topic,
        payload: &payload,
        retained: captured.retain,
        received_at: received.at,
        zone: received.zone,
        properties: &properties,
    };
    decoders.decode(formats, &message, answer)
}

/// The answer to one line, written as it is decoded; its buffers are used again.
#[derive(Default)]
struct Answer {
    observations: Vec<u8>,
    ignored: Vec<u8>,
}

impl Answer {
    fn clear(&mut self) {
        self.observations.clear();
        self.ignored.clear();
    }

    fn refused(&mut self, refused: &Refused, line: u64) {
        self.begin_ignored(refused.reason);
        self.ignored.extend_from_slice(b",\"detail\":");
        push_text(&refused.detail, &mut self.ignored);
        self.ignored
            .extend_from_slice(format!(",\"line\":{line}}}").as_bytes());
    }

    fn begin_ignored(&mut self, reason: RejectReason) {
        if !self.ignored.is_empty() {
            self.ignored.push(b',');
        }
        self.ignored.extend_from_slice(b"{\"reason\":");
        push_text(reason.name(), &mut self.ignored);
    }

    fn observation(&mut self, asset: &str, entry: &ReadingEntry<'_>, at: Option<UtcMs>) {
        let out = &mut self.observations;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"asset\":");
        push_text(asset, out);
        out.extend_from_slice(b",\"quantity\":");
        push_text(entry.quantity.name(), out);
        out.extend_from_slice(b",\"value\":");
        push_value(&entry.value, out);
        out.extend_from_slice(b",\"unit\":");
        push_text(entry.quantity.unit(), out);
        if let Some(at) = at {
            out.extend_from_slice(b",\"ts\":");
            push_text(&at.to_string(), out);
        }
        out.push(b'}');
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        output.write_all(b"{\"observations\":[")?;
        output.write_all(&self.observations)?;
        output.write_all(b"],\"ignored\":[")?;
        output.write_all(&self.ignored)?;
        output.write_all(b"]}\n")
    }
}

impl Sink for Answer {
    fn reading(&mut self, reading: Reading<'_>) {
        for entry in reading.entries.iter() {
            self.observation(&reading.asset, entry, reading.at);
        }
    }

    fn indicator(&mut self, report: IndicatorReport<'_>) {
        let line = serde_json::json!({
            "organisation": report.organisation, "indicator": report.name, "month": report.month.to_string(),
            "value": report.value, "unit": report.unit,
        });
        if !self.observations.is_empty() {
            self.observations.push(b',');
        }
        self.observations
            .extend_from_slice(line.to_string().as_bytes());
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        self.begin_ignored(reason);
        self.ignored.extend_from_slice(b",\"field\":");
        push_text(field, &mut self.ignored);
        self.ignored.extend_from_slice(b",\"detail\":");
        push_text(detail, &mut self.ignored);
        self.ignored.push(b'}');
    }
}

fn push_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Number(number) => push_number(number.0, 3, out),
        Value::Bool(state) => out.extend_from_slice(if *state { b"true" } else { b"false" }),
        Value::Id(id) => push_text(id, out),
        Value::NoId => out.extend_from_slice(b"null"),
        Value::Angle(angle) => push_number((*angle).into(), 7, out),
        Value::Position(latitude, longitude) => {
            out.push(b'[');
            push_number((*latitude).into(), 7, out);
            out.push(b',');
            push_number((*longitude).into(), 7, out);
            out.push(b']');
        }
    }
}

/// A JSON number without a needless `.0`.
fn push_number(value: i64, scale: u32, out: &mut Vec<u8>) {
    format_scaled(value, scale, out);
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text always is JSON, and a Vec always has room");
}
