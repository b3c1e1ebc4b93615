//! The configuration of all rooms: a file, the environment on top, every mistake at once, before any port is opened.

mod air;
mod alerts;
mod brokers;
mod engine;
mod exempt;
mod factors;
mod intensity;
mod keys;
mod lengths;
mod loaded;
mod notify;
mod ocpp;
mod outputs;
mod provisioning;
mod publish;
mod sections;
mod source;
mod targets;
mod web;

pub use factors::{FactorsConfig, load_factors, load_table};

use std::fmt;
use std::path::{Path, PathBuf};

pub use loaded::{Loaded, Setting};
use source::SourcePosition;

pub use targets::{
    SHIPPED_TARGETS, TargetsConfig, TargetsFile, load_targets, load_targets_file, parse_targets,
    parse_targets_file,
};

use crate::engine::EngineConfig;
use crate::ingest::capture::CaptureConfig;
use crate::intensity::IntensityConfig;
use crate::mqtt::client::BrokerConfig;
use crate::mqtt::publisher::PublishConfig;
use crate::mqtt::server::ListenerConfig;
use crate::notify::NotifierConfig;
use crate::ocpp::server::OcppConfig;
use crate::outputs::OutputsConfig;
use crate::store::StoreConfig;
use crate::web::WebConfig;

/// The shipped configuration: every key, its meaning, default and unit.
pub const SHIPPED: &str = include_str!("../../../config/fleetgauge.toml");
/// Everything that can be set.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Config {
    /// `[listener]`: devices that connect straight to this daemon by MQTT.
    pub listener: ListenerConfig,
    /// `[[broker]]`: MQTT brokers that this daemon subscribes at.
    pub brokers: Vec<BrokerConfig>,
    /// `[ocpp]`, `[tap]`, `[setup]`: the server for charge points.
    pub ocpp: OcppConfig,
    /// `[capture]`: received messages, written to files for `fleetgauge replay`.
    pub capture: CaptureConfig,
    /// `[store]`, `[history]`: the SQLite file, and how long its rows are kept.
    pub store: StoreConfig,
    /// `[influx]`, and the section of any further output.
    pub outputs: OutputsConfig,
    /// `[publish]`, `[home_assistant]`: results as retained topics of a broker.
    pub publish: PublishConfig,
    /// `[web]`: the page, the JSON API, `/metrics`, and access to them.
    pub web: WebConfig,
    /// `[engine]`, `[limits]`, `[target]`, `[[exempt]]`, `[alerts]`, `[[alert]]`.
    pub engine: EngineConfig,
    /// `[mapping]`: maps for payloads that no compiled-in format decodes.
    pub mapping: MappingConfig,
    /// `[register]`: the folder of the register's CSV files.
    pub register: RegisterConfig,
    /// `[factors]`: emission factors and the choice of a year's set.
    pub factors: FactorsConfig,
    /// `[targets]`: the file of targets; without it those compiled in.
    pub targets: TargetsConfig,
    /// `[[notify]]`: receivers of alerts.
    pub notifiers: Vec<NotifierConfig>,
    /// `[intensity]`: requests for the grid's half-hourly carbon intensity.
    pub intensity: IntensityConfig,
    /// `[log]`: which log lines are written.
    pub log: LogConfig,
    /// What of all this was set, and where.
    pub loaded: Loaded,
}

/// `[mapping]`: maps for payloads that no compiled-in format decodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MappingConfig {
    /// `files` with maps of the site's own payloads.
    pub files: Vec<PathBuf>,
    /// `presets`: maps compiled in, by name.
    pub presets: Vec<String>,
}

/// `[register]`: organisations, sites, vehicles, charge points and tags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RegisterConfig {
    /// `directory` with the CSV files; without it the register is empty.
    pub directory: Option<PathBuf>,
}

/// `[log]`: which log lines are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogConfig {
    /// `level`: the least severe level that is written; default info.
    pub level: tracing::Level,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: tracing::Level::INFO,
        }
    }
}

/// One mistake of a configuration, with its position and a hint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    key: String,
    position: SourcePosition,
    value: String,
    reason: String,
    hint: String,
}

/// All mistakes of a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigErrors {
    file: String,
    errors: Vec<ConfigError>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "error:")?;
            if !error.key.is_empty() {
                write!(f, " `{}`", error.key)?;
            }
            match &error.position {
                SourcePosition::Line(line) => write!(f, " in {} line {line}", self.file)?,
                SourcePosition::Variable(name) => write!(f, " in the environment variable {name}")?,
            }
            if error.value.is_empty() {
                write!(f, ": {}", error.reason)?;
            } else {
                write!(f, ": `{}` {}", error.value, error.reason)?;
            }
            if !error.hint.is_empty() {
                write!(f, "\n  hint: {}", error.hint)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// The file (or the defaults without one) with the environment's `FLEETGAUGE__SECTION__KEY` on top.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigErrors> {
        match Self::look(file)? {
            (config, None) => Ok(config),
            (_, Some(errors)) => Err(errors),
        }
    }

    /// The same; what can be read comes with the mistakes of the rest, so that what it names can be looked at too.
    pub fn look(file: Option<&Path>) -> Result<(Self, Option<ConfigErrors>), ConfigErrors> {
        let name = file.map_or_else(
            || "the shipped defaults".to_owned(),
            |file| file.display().to_string(),
        );
        let text = match file.map(std::fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                let hint = "give the path of a file that can be read; `fleetgauge config` prints one to start from";
                return Err(one(name, 1, format!("cannot be read: {error}"), hint));
            }
        };
        Self::read(
            &text,
            &name,
            std::env::vars_os().filter_map(|(key, value)| {
                Some((key.into_string().ok()?, value.into_string().ok()?))
            }),
        )
    }

    /// From text and variables.
    pub fn parse(
        text: &str,
        file: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        match Self::read(text, file, variables)? {
            (config, None) => Ok(config),
            (_, Some(errors)) => Err(errors),
        }
    }

    fn read(
        text: &str,
        file: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(Self, Option<ConfigErrors>), ConfigErrors> {
        let mut tree = source::parse(text).map_err(|(line, message)| {
            one(file.to_owned(), line, message, "this line is not TOML")
        })?;
        source::overlay(&mut tree, variables);
        let mut errors = Vec::new();
        let loaded = Loaded::of(&tree, file);
        let config = Self {
            loaded,
            ..sections::read(&mut tree, &mut errors)
        };
        // In the order of the file, as one goes through it with an editor; the environment comes last.
        errors.sort_by_key(|error| match error.position {
            SourcePosition::Line(line) => line,
            SourcePosition::Variable(_) => usize::MAX,
        });
        Ok((
            config,
            (!errors.is_empty()).then(|| ConfigErrors {
                file: file.to_owned(),
                errors,
            }),
        ))
    }
}

fn one(file: String, line: usize, reason: String, hint: &str) -> ConfigErrors {
    ConfigErrors {
        file,
        errors: vec![ConfigError {
            key: String::new(),
            position: SourcePosition::Line(line),
            value: String::new(),
            reason,
            hint: hint.to_owned(),
        }],
    }
}
