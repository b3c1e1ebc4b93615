//! `fleetgauge replay`: a capture of feeds through decode and engine on its own clock, no daemon.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::{EX_CONFIG, fail};
use crate::app::config::{Config, load_factors, load_targets_file};
use crate::app::replay::{Replay, Setting};
use crate::app::{RegisterSource, load_mappings};
use crate::model::TokenHasher;
use crate::store::token_key;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Captures: lines `{"at": .., "mqtt": {..}}` or `{"at": .., "ocpp": {..}}`; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The register's folder; goes before the configuration's.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// The configuration; a capture of its daemon needs it, because the tags in it are hashed with that daemon's key.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Replays and prints.
pub(super) fn main(options: &Options) -> ExitCode {
    let config = match Config::load(options.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let setting = match setting(&config, options) {
        Ok(setting) => setting,
        Err(error) => return fail(error, EX_CONFIG),
    };
    let mut replay = match load_mappings(&config.mapping) {
        Ok(mappings) => Replay::new(setting).with_mappings(mappings),
        Err(errors) => return fail(errors, EX_CONFIG),
    };
    let mut bad = 0usize;
    for file in &options.files {
        match read(file, &mut replay) {
            Ok(lines) => bad += lines,
            Err(error) => return fail(format!("{}: {error}", file.display()), 1),
        }
    }
    replay.finish();
    // By way of a value, which sorts the keys.
    let text = serde_json::to_value(replay.report())
        .and_then(|report| serde_json::to_string_pretty(&report));
    match text {
        Ok(text) => println!("{text}"),
        Err(error) => return fail(error, 1),
    }
    if bad > 0 {
        return fail(
            format!("{bad} lines are not lines of a capture; they were left out"),
            1,
        );
    }
    ExitCode::SUCCESS
}

fn setting(config: &Config, options: &Options) -> Result<Setting, String> {
    // Without a store of its own any key will do: no hash is kept.
    let key = options
        .config
        .as_ref()
        .and_then(|_| token_key(&config.store.directory))
        .unwrap_or_default();
    let hasher = TokenHasher::new(&key);
    let folder = options
        .register
        .clone()
        .or_else(|| config.register.directory.clone());
    let source = folder.map_or(RegisterSource::Empty, RegisterSource::Folder);
    let register = source
        .load(config.engine.jurisdiction, &hasher)
        .map_err(|error| error.to_string())?;
    Ok(Setting {
        engine: config.engine.clone(),
        profile: load_targets_file(config)
            .map_err(|errors| errors.to_string())?
            .profile,
        register: Arc::new(register),
        factors: Arc::new(load_factors(&config.factors)?),
        hasher: hasher.for_captures(),
        repair_metering: config.ocpp.repair_metering,
        max_depth: config.ocpp.max_json_depth,
    })
}

/// Feeds a file; the number of lines that were none.
fn read(file: &Path, replay: &mut Replay) -> std::io::Result<usize> {
    let input: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::io::BufReader::new(std::fs::File::open(file)?))
    };
    let mut bad = 0;
    for (index, line) in input.split(b'\n').enumerate() {
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        if let Err(error) = replay.line(&text) {
            bad += 1;
            replay.record_bad_line(&file.display().to_string(), index + 1, &error, &text);
            eprintln!("{}:{}: {error}", file.display(), index + 1);
        }
    }
    Ok(bad)
}
