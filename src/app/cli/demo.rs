//! `fleetgauge demo`: the daemon with the example fleet, which talks to it over real sockets, in a temporary store.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::watch;

use super::run::{block_on, until_stopped};
use super::{EX_CONFIG, fail, start_log};
use crate::app::clock::Clock;
use crate::app::config::{Config, Setting};
use crate::app::{Daemon, EXAMPLE_REGISTER, RegisterSource, StartOptions};
use crate::ocpp::server::Unknown;
use crate::simulate::{self, SimulateConfig};
use crate::units::Day;

/// Runs until SIGTERM or SIGINT; the store is removed at the end.
pub(super) fn run(speed: u32, seed: u64) -> ExitCode {
    let mut config = match Config::load(None) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    start_log(&config.log);
    let store = match TemporaryStore::create() {
        Ok(store) => store,
        Err(error) => return fail(format!("cannot make a temporary folder: {error}"), 1),
    };
    config.store.directory = store.0.clone();
    config.ocpp.unknown = Unknown::Accept;
    // A path to look at: from half the fleet in April 2022, as invented as the fleet.
    config.engine.target_start = Day::from_ymd(2022, 4, 1);
    config.engine.target_start_share = Some(0.5);
    prefer_free_ports(&mut config);
    record_settings(&mut config);
    let clock = Clock::faster(speed);
    block_on(async {
        let options = StartOptions {
            clock: clock.clone(),
            register: RegisterSource::Example,
            demo: true,
        };
        let daemon = Daemon::start(&config, options).await?;
        if let Some(page) = daemon.web_address {
            println!(
                "fleetgauge demo: open http://{page}/ (simulated fleet, clock {speed} times as fast; Ctrl-C ends it)"
            );
        }
        let (stop, stopped) = watch::channel(false);
        let fleet = daemon
            .mqtt_address
            .zip(daemon.ocpp_address)
            .map(|(mqtt, ocpp)| {
                let settings = SimulateConfig {
                    mqtt: mqtt.to_string(),
                    ocpp: format!("ws://{ocpp}/ocpp"),
                    speed,
                    seed,
                    tags: tags_text(),
                    ..SimulateConfig::default()
                };
                let register = Arc::clone(&daemon.register.borrow());
                tokio::spawn(simulate::run(settings, register, clock.arrival(), stopped))
            });
        until_stopped(&daemon).await;
        stop.send_replace(true);
        if let Some(fleet) = fleet {
            fleet.abort();
        }
        daemon.stop().await;
        Ok(())
    })
}

/// Adds the settings that the demo makes to those that the page shows; they are in no file.
fn record_settings(config: &mut Config) {
    let store = format!("{:?}", config.store.directory.display().to_string());
    let addresses = [
        ("listener", &config.listener.listen),
        ("ocpp", &config.ocpp.listen),
        ("web", &config.web.listen),
    ];
    let mut set = vec![
        (
            "register.directory".to_owned(),
            "the example of config/register/, compiled in".to_owned(),
        ),
        (
            "store.directory".to_owned(),
            format!("{store} (removed at the end)"),
        ),
        ("ocpp.unknown".to_owned(), "\"accept\"".to_owned()),
        (
            "target.start".to_owned(),
            config
                .engine
                .target_start
                .map(|day| format!("\"{day}\""))
                .unwrap_or_default(),
        ),
        (
            "target.start_share".to_owned(),
            config
                .engine
                .target_start_share
                .unwrap_or_default()
                .to_string(),
        ),
    ];
    set.extend(addresses.map(|(room, address)| (format!("{room}.listen"), format!("{address:?}"))));
    // Overrides of the environment stay in force.
    set.retain(|(key, value)| {
        !config
            .loaded
            .0
            .iter()
            .any(|one| one.key == *key && one.value == *value)
    });
    config
        .loaded
        .0
        .retain(|one| !set.iter().any(|(key, _)| *key == one.key));
    config
        .loaded
        .0
        .extend(set.into_iter().map(|(key, value)| Setting {
            key,
            value,
            from: "fleetgauge demo".to_owned(),
        }));
}

fn tags_text() -> String {
    EXAMPLE_REGISTER
        .iter()
        .find(|(name, _)| *name == "tags.csv")
        .map(|(_, text)| (*text).to_owned())
        .unwrap_or_default()
}

/// A demonstration should not fail because a broker has the port already.
fn prefer_free_ports(config: &mut Config) {
    for address in [
        &mut config.listener.listen,
        &mut config.ocpp.listen,
        &mut config.web.listen,
    ] {
        if std::net::TcpListener::bind(address.as_str()).is_err() {
            "127.0.0.1:0".clone_into(address);
        }
    }
}

/// A folder that goes with the demo.
struct TemporaryStore(PathBuf);

impl TemporaryStore {
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("fleetgauge-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryStore {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!(
                "warning: {} could not be removed: {error}",
                self.0.display()
            );
        }
    }
}
