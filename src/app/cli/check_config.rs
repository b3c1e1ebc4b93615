//! `fleetgauge check-config` and `fleetgauge config`: is it right, and what is there to set.

use std::net::ToSocketAddrs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::EX_CONFIG;
use crate::app::config::{Config, SHIPPED, load_factors, load_targets};
use crate::app::{RegisterSource, check_files, load_mappings};
use crate::model::register::Register;
use crate::model::{ExemptWindow, TokenHasher};
use crate::store::check as check_store;

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints the shipped configuration.
pub(super) fn print_shipped() -> ExitCode {
    print!("{SHIPPED}");
    ExitCode::SUCCESS
}

/// Checks a configuration, the register and factors it names, and with `connect` the addresses.
pub(super) fn run(file: Option<&Path>, connect: bool) -> ExitCode {
    let (config, errors) = match Config::look(file) {
        Ok(looked) => looked,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    // What the rest names is looked at all the same: all mistakes at once.
    if let Some(errors) = &errors {
        eprintln!("{errors}");
    }
    let mut good = errors.is_none();
    let mut report = |what: &str, result: Result<String, String>| match result {
        Ok(found) => println!("ok: {what}: {found}"),
        Err(reason) => {
            good = false;
            eprintln!("error: {what}: {reason}");
        }
    };
    let source = config
        .register
        .directory
        .clone()
        .map_or(RegisterSource::Empty, RegisterSource::Folder);
    // Only who is there matters here; the key that hides tags is the store's.
    let register = source
        .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
        .map_err(|error| error.to_string());
    if let Ok(register) = &register {
        register
            .doubts()
            .iter()
            .for_each(|doubt| eprintln!("warning: {doubt}"));
    }
    if let (Ok(register), false) = (&register, config.engine.exempt.is_empty()) {
        report("exempt windows", strangers(&config.engine.exempt, register));
    }
    report(
        "register",
        register.map(|register| {
            format!(
                "{} vehicles, {} charge points, {} tags",
                register.vehicles.len(),
                register.charge_points.len(),
                register.tags.len()
            )
        }),
    );
    report(
        "factors",
        load_factors(&config.factors).map(|sets| format!("{} rows", sets.len())),
    );
    report(
        "targets",
        load_targets(&config)
            .map(|targets| format!("{} targets", targets.len()))
            .map_err(|errors| errors.to_string()),
    );
    report(
        "mappings",
        load_mappings(&config.mapping)
            .map(|maps| format!("{} maps", maps.len()))
            .map_err(|errors| errors.to_string()),
    );
    report(
        "password and certificate files",
        check_files(&config)
            .map(|()| "read".to_owned())
            .map_err(|error| error.to_string()),
    );
    if connect {
        for (what, enabled, address) in [
            (
                "listener.listen",
                config.listener.enabled,
                &config.listener.listen,
            ),
            ("ocpp.listen", config.ocpp.enabled, &config.ocpp.listen),
            ("web.listen", config.web.enabled, &config.web.listen),
            (
                "web.tls_listen",
                config.web.enabled && config.web.tls_listen.is_some(),
                config.web.tls_listen.as_ref().unwrap_or(&config.web.listen),
            ),
        ] {
            if enabled {
                let bound = std::net::TcpListener::bind(address.as_str());
                report(
                    what,
                    bound
                        .map(|_| format!("{address} is free"))
                        .map_err(|error| {
                            format!("{address}: {error}; is the daemon running already?")
                        }),
                );
            }
        }
        report(
            "store",
            check_store(&config.store).map_err(|error| error.to_string()),
        );
        for broker in &config.brokers {
            report(
                &format!("broker {}", broker.name),
                reach(&format!("{}:{}", broker.host, broker.port)),
            );
        }
        for (key, url) in config.outputs.servers() {
            report(key, reach(&host_and_port(url)));
        }
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EX_CONFIG)
    }
}

/// A window for what is not registered would never be open.
fn strangers(windows: &[ExemptWindow], register: &Register) -> Result<String, String> {
    for (index, window) in windows.iter().enumerate() {
        if let Some(site) = window
            .site
            .as_deref()
            .filter(|site| register.site(site).is_none())
        {
            return Err(format!(
                "`exempt[{index}].site`: `{site}` is not in sites.csv\n  hint: add it there, or correct the spelling"
            ));
        }
        if let Some(id) = window
            .charge_point
            .as_deref()
            .filter(|id| register.charge_point(id).is_none())
        {
            return Err(format!(
                "`exempt[{index}].charge_point`: `{id}` is not in charge_points.csv\n  hint: add it there, or correct the spelling"
            ));
        }
    }
    Ok(format!("{} windows", windows.len()))
}

fn reach(address: &str) -> Result<String, String> {
    let found = address
        .to_socket_addrs()
        .map_err(|error| format!("{address}: {error}"))?;
    let mut last = format!("{address}: no such host");
    for candidate in found {
        match std::net::TcpStream::connect_timeout(&candidate, PATIENCE) {
            Ok(_) => return Ok(format!("{address} answers")),
            Err(error) => last = format!("{candidate}: {error}"),
        }
    }
    Err(last)
}

/// `http://host:8086/path` to `host:8086`.
fn host_and_port(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:{}", if scheme == "https" { 443 } else { 80 })
    }
}
