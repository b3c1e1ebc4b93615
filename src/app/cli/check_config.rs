//! `fleetgauge check-config` and `fleetgauge config`: finds every mistake of a configuration, and prints the shipped one.

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

/// How long `--connect` waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
    // The files that the configuration names are checked all the same: all mistakes at once.
    if let Some(errors) = &errors {
        eprintln!("{errors}");
    }
    let mut findings = Findings {
        good: errors.is_none(),
    };
    check_register(&config, &mut findings);
    check_named_files(&config, &mut findings);
    if connect {
        check_listen_addresses(&config, &mut findings);
        findings.report(
            "store",
            check_store(&config.store).map_err(|error| error.to_string()),
        );
        check_servers(&config, &mut findings);
    }
    if findings.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EX_CONFIG)
    }
}

/// Prints the result of each check, and remembers whether all were good.
struct Findings {
    good: bool,
}

impl Findings {
    fn report(&mut self, what: &str, result: Result<String, String>) {
        match result {
            Ok(found) => println!("ok: {what}: {found}"),
            Err(reason) => {
                self.good = false;
                eprintln!("error: {what}: {reason}");
            }
        }
    }
}

fn check_register(config: &Config, findings: &mut Findings) {
    let source = config
        .register
        .directory
        .clone()
        .map_or(RegisterSource::Empty, RegisterSource::Folder);
    // Tags are only counted here, so any key hides them; the store has the true one.
    let register = source
        .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
        .map_err(|error| error.to_string());
    if let Ok(register) = &register {
        for doubt in register.doubts() {
            eprintln!("warning: {doubt}");
        }
        if !config.engine.exempt.is_empty() {
            findings.report(
                "exempt windows",
                check_exempt_windows(&config.engine.exempt, register),
            );
        }
    }
    let counts = |register: Register| {
        format!(
            "{} vehicles, {} charge points, {} tags",
            register.vehicles.len(),
            register.charge_points.len(),
            register.tags.len()
        )
    };
    findings.report("register", register.map(counts));
}

fn check_named_files(config: &Config, findings: &mut Findings) {
    findings.report(
        "factors",
        load_factors(&config.factors).map(|sets| format!("{} rows", sets.len())),
    );
    findings.report(
        "targets",
        load_targets(config)
            .map(|targets| format!("{} targets", targets.len()))
            .map_err(|errors| errors.to_string()),
    );
    findings.report(
        "mappings",
        load_mappings(&config.mapping)
            .map(|maps| format!("{} maps", maps.len()))
            .map_err(|errors| errors.to_string()),
    );
    findings.report(
        "password and certificate files",
        check_files(config)
            .map(|()| "read".to_owned())
            .map_err(|error| error.to_string()),
    );
}

fn check_listen_addresses(config: &Config, findings: &mut Findings) {
    let (listener, ocpp, web) = (&config.listener, &config.ocpp, &config.web);
    let addresses = [
        ("listener.listen", listener.enabled, Some(&listener.listen)),
        ("ocpp.listen", ocpp.enabled, Some(&ocpp.listen)),
        ("web.listen", web.enabled, Some(&web.listen)),
        ("web.tls_listen", web.enabled, web.tls_listen.as_ref()),
    ];
    for (key, enabled, address) in addresses {
        if let Some(address) = address.filter(|_| enabled) {
            let result = match std::net::TcpListener::bind(address.as_str()) {
                Ok(_) => Ok(format!("{address} is free")),
                Err(error) => Err(format!(
                    "{address}: {error}; is the daemon running already?"
                )),
            };
            findings.report(key, result);
        }
    }
}

/// Connects to the brokers and to the servers of the outputs.
fn check_servers(config: &Config, findings: &mut Findings) {
    for broker in &config.brokers {
        findings.report(
            &format!("broker {}", broker.name),
            reach(&format!("{}:{}", broker.host, broker.port)),
        );
    }
    for (key, url) in config.outputs.servers() {
        findings.report(key, reach(&host_and_port(url)));
    }
}

/// An exempt window of a site or charge point that is not registered would never apply.
fn check_exempt_windows(windows: &[ExemptWindow], register: &Register) -> Result<String, String> {
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
        match std::net::TcpStream::connect_timeout(&candidate, CONNECT_TIMEOUT) {
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
