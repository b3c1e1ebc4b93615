//! `fleetgauge simulate`: the example fleet against any daemon.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::watch;

use super::{fail, parse_jurisdiction};
use crate::app::clock::Clock;
use crate::app::{EXAMPLE_REGISTER, RegisterSource};
use crate::jurisdiction::{Jurisdiction, UK};
use crate::model::TokenHasher;
use crate::simulate::{self, SimulateConfig};

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The daemon's MQTT listener, or a broker.
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT")]
    mqtt: String,
    /// The daemon's OCPP endpoint, without the charge point id.
    #[arg(long, default_value = "ws://127.0.0.1:9310/ocpp", value_name = "URL")]
    ocpp: String,
    /// The register's folder; without it, the example fleet.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// Country by whose rules the register is read: uk, ireland.
    #[arg(long, default_value = UK.name, value_parser = parse_jurisdiction, value_name = "NAME")]
    jurisdiction: &'static Jurisdiction,
    /// How many times faster than real time. Above 1 its times run ahead of real ones; only a demo daemon has such a clock.
    #[arg(long, default_value_t = 1)]
    speed: u32,
    /// The same seed makes the same fleet.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs until SIGINT.
pub(super) fn run(options: &Options) -> ExitCode {
    let source = options
        .register
        .clone()
        .map_or(RegisterSource::Example, RegisterSource::Folder);
    // Hashes of tags are not used here, so any key will do; tags come from their file.
    let register = match source.load(options.jurisdiction, &TokenHasher::new(&[0; 32])) {
        Ok(register) => Arc::new(register),
        Err(error) => return fail(error, super::EX_CONFIG),
    };
    let tags = match &options.register {
        None => EXAMPLE_REGISTER
            .iter()
            .find(|(name, _)| *name == "tags.csv")
            .map(|(_, text)| (*text).to_owned()),
        Some(folder) => std::fs::read_to_string(folder.join("tags.csv")).ok(),
    };
    let config = SimulateConfig {
        mqtt: options.mqtt.clone(),
        ocpp: options.ocpp.clone(),
        speed: options.speed,
        seed: options.seed,
        tags: tags.unwrap_or_default(),
        ..SimulateConfig::default()
    };
    let clock = Clock::faster(options.speed);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, 1),
    };
    runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        tokio::select! {
            ended = simulate::run(config, register, clock.arrival(), stopped) => match ended {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(error, 1),
            },
            _ = tokio::signal::ctrl_c() => {
                stop.send_replace(true);
                ExitCode::SUCCESS
            }
        }
    })
}
