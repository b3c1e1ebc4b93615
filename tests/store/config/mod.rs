//! The configuration: the shipped file is the defaults, every key is documented, and every mistake is named at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod mistakes;

use crate::support::{TempDir, fleetgauge};
use fleetgauge::app::config::{Config, SHIPPED};

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::parse(text, "test.toml", variables).map_err(|errors| errors.to_string())
}

#[test]
fn the_shipped_file_has_the_defaults() {
    assert_eq!(parse(SHIPPED, &[]).unwrap(), Config::default());
}

/// The shipped file with every key uncommented.
fn uncommented() -> String {
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    SHIPPED
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with("[[")
                    || rest.split_once(" = ").is_some_and(|(key, _)| is_key(key)) =>
            {
                rest
            }
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Sections that are complete once their keys are uncommented must load.
#[test]
fn every_commented_key_exists() {
    let config = parse(&uncommented(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(
        (
            config.brokers.len(),
            config.engine.exempt.len(),
            config.notifiers.len()
        ),
        (1, 2, 4)
    );
    assert_eq!(
        (
            config.engine.alerts.own.len(),
            config.engine.alerts.quiet_hours.is_some()
        ),
        (1, true)
    );
    assert_eq!(config.publish.broker.as_deref(), Some("depot"));
    let counter = &config.engine.counters[0];
    assert_eq!(
        (counter.max_rate_per_hour, counter.modulus),
        (Some(4_000_000), Some(4_294_967_296))
    );
    assert!(
        config.engine.target_start.is_some()
            && config.register.directory.is_some()
            && config.listener.password_file.is_some()
    );
}

#[test]
fn commented_keys_show_the_defaults() {
    let config = parse(&uncommented(), &[]).unwrap();
    assert_eq!(
        config.engine.offline_grace,
        fleetgauge::engine::EngineConfig::default().offline_grace
    );
    let broker = &config.brokers[0];
    let default = fleetgauge::mqtt::client::BrokerConfig::default();
    assert_eq!(
        (
            broker.keep_alive,
            broker.session_expiry,
            broker.max_packet_bytes,
            broker.max_inflight,
            broker.qos,
            broker.version
        ),
        (
            default.keep_alive,
            default.session_expiry,
            default.max_packet_bytes,
            default.max_inflight,
            default.qos,
            default.version
        )
    );
    assert_eq!(
        config.outputs.influx.unwrap().timeout,
        fleetgauge::outputs::influx::InfluxConfig::default().timeout
    );
}

#[test]
fn environment_variables_override_the_file() {
    let config = parse(
        "[ocpp]\nlisten = \"127.0.0.1:1\"\n",
        &[
            ("FLEETGAUGE__OCPP__LISTEN", "0.0.0.0:9310"),
            ("FLEETGAUGE__OCPP__UNKNOWN", "accept"),
            ("FLEETGAUGE__STORE__COMMIT_BATCH", "5"),
            ("FLEETGAUGE__ENGINE__TELEMETRY_INTERVAL", "10s"),
            ("PATH", "/bin"),
            ("FLEETGAUGE_SEED", "1"),
        ],
    );
    let config = config.unwrap();
    assert_eq!(
        (
            config.ocpp.listen.as_str(),
            config.ocpp.unknown,
            config.store.commit_batch
        ),
        ("0.0.0.0:9310", fleetgauge::ocpp::server::Unknown::Accept, 5)
    );
    let errors = parse("", &[("FLEETGAUGE__OCPP__LISTEM", "x")]).unwrap_err();
    assert!(
        errors.contains("in the environment variable FLEETGAUGE__OCPP__LISTEM")
            && errors.contains("did you mean `listen`?"),
        "{errors}"
    );
}
