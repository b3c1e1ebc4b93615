//! The command line: one file per subcommand.

mod alerts;
mod check_config;
mod classify;
mod client;
mod counters;
mod dashboards;
pub mod decode;
mod demo;
mod factors;
mod hash_password;
mod import;
mod replay;
mod report;
mod run;
mod simulate;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::clock::Clock;
use super::config::{Config, LogConfig};
use crate::jurisdiction::{JURISDICTIONS, Jurisdiction};

/// Exit code of a configuration that cannot be used (sysexits' EX_CONFIG).
const EX_CONFIG: u8 = 78;

/// Listens to charge points (OCPP) and fleet vehicles (MQTT), keeps durable facts, computes fleet emissions and the
/// low-emission share, and writes time series.
#[derive(Debug, Parser)]
#[command(name = "fleetgauge", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon (the default command).
    ///
    /// With no file: the shipped defaults, loopback only, store in `./data`. SIGHUP reads the register, users and tokens again; SIGTERM and
    /// SIGINT stop it.
    #[command(after_help = "Example: fleetgauge run --config /etc/fleetgauge/fleetgauge.toml")]
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// The daemon with a simulated ambulance fleet over real sockets, in a temporary store.
    ///
    /// Its clock runs faster than the world, so that a charging session takes seconds.
    #[command(after_help = "Example: fleetgauge demo --speed 60")]
    Demo {
        /// How much faster than the world, 1 to 600.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
        speed: u32,
        /// Seed of the simulated fleet.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The simulated fleet alone, against any daemon.
    #[command(
        after_help = "Example: fleetgauge simulate --mqtt 127.0.0.1:1883 --ocpp ws://127.0.0.1:9310/ocpp"
    )]
    Simulate(simulate::Options),
    /// Checks a configuration: all mistakes at once, with file, line, key and a hint.
    #[command(
        after_help = "Example: fleetgauge check-config /etc/fleetgauge/fleetgauge.toml --connect"
    )]
    CheckConfig {
        /// The file; without one, the shipped defaults with the environment's overrides.
        file: Option<PathBuf>,
        /// Also try the brokers, InfluxDB and the ports.
        #[arg(long)]
        connect: bool,
    },
    /// Prints the shipped configuration: every key with its meaning, default and unit.
    #[command(after_help = "Example: fleetgauge config > fleetgauge.toml")]
    Config,
    /// Decodes captured messages, one JSON object a line.
    #[command(after_help = decode::help())]
    Decode(decode::DecodeArgs),
    /// Feeds a capture through decode and engine on its own clock and prints vehicles, sessions, charge points, emissions, rejects.
    ///
    /// No daemon, no store. The daemon writes captures (`[capture]`); lines may also come from elsewhere.
    #[command(
        after_help = "Example: fleetgauge replay capture/capture-*.jsonl --config fleetgauge.toml"
    )]
    Replay(replay::Options),
    /// Class, rule and basis of every vehicle of a register, and the share with bounds.
    #[command(after_help = "Example: fleetgauge classify config/register/vehicles.csv --json")]
    Classify(classify::Options),
    /// How every target stands, from the register and the store; and what a plan of replacements would do.
    ///
    /// Needs no running daemon. Figures that only the daemon has are listed as missing.
    #[command(
        after_help = "Example: fleetgauge targets --config fleetgauge.toml --convert van=5/month --tonnes van_n1_iii=7.1"
    )]
    Targets(targets::Options),
    /// The report of a month, quarter or April-March year for boards and care systems, from the register and the store.
    ///
    /// Targets, emissions by scope and organisation with the change on last year, pollutants, league table, chargers, method, data
    /// quality. Needs no running daemon and writes nothing but the report; it lists what is missing.
    #[command(
        after_help = "Example: fleetgauge report --period 2025-26 --format html --out report.html --config fleetgauge.toml"
    )]
    Report(report::Options),
    /// The audit log of registers of a running daemon: resets, jumps, suspected units; each can be undone by hand.
    #[command(after_help = "Example: fleetgauge counters list; fleetgauge counters undo 7")]
    Counters(counters::Options),
    /// The emission factors in force, and what changed between two years' sets.
    #[command(
        after_help = "Example: fleetgauge factors list --year 2025; fleetgauge factors diff 2024 2025 --json"
    )]
    Factors(factors::Options),
    /// Alerts of a running daemon: what is firing, acknowledge, silence; and a test of a notifier.
    #[command(
        after_help = "Example: fleetgauge alerts list; fleetgauge alerts silence site=DERBY --for 2h; fleetgauge alerts test --to mail"
    )]
    Alerts(alerts::Options),
    /// Takes CSV files in: the register, fuel cards, mileage claims, monthly figures for targets.
    ///
    /// The daemon may run or not. Interrupted, the same command goes on; the same file again changes nothing; bad rows are named
    /// and kept out (exit code 1), the others are taken.
    #[command(
        after_help = "Example: fleetgauge import fuel october.csv --config /etc/fleetgauge/fleetgauge.toml"
    )]
    Import(import::Options),
    /// Dashboards for Grafana, alert rules for Grafana and Prometheus, and what provisions them, as files.
    #[command(after_help = "Example: fleetgauge dashboards export /etc/fleetgauge/dashboards")]
    Dashboards(dashboards::Options),
    /// Prints the hash of a password read from standard input, for `password_file`, `auth` and `web.users_file`.
    #[command(after_help = "Example: echo -n secret | fleetgauge hash-password")]
    HashPassword {
        /// A person's password, which can be guessed: by Argon2id. `web.users_file` takes no other
        #[arg(long)]
        user: bool,
    },
    /// Prints the hash of a token read from standard input, for `web.tokens_file`.
    #[command(
        after_help = "Example: openssl rand -hex 32 > fleetgauge.token; echo \"grafana:viewer:$(fleetgauge hash-token < fleetgauge.token)\" >> tokens.txt"
    )]
    HashToken,
}

/// Parses the arguments and runs the command. Exit codes: 0, 1 runtime, 2 usage, 78 configuration (sysexits).
pub fn main() -> ExitCode {
    match Arguments::parse()
        .command
        .unwrap_or(Command::Run { config: None })
    {
        Command::Run { config } => run::run(config.as_deref()),
        Command::Demo { speed, seed } => demo::run(speed, seed),
        Command::Simulate(options) => simulate::run(&options),
        Command::CheckConfig { file, connect } => check_config::run(file.as_deref(), connect),
        Command::Config => check_config::print_shipped(),
        Command::Decode(options) => decode_messages(&options),
        Command::Replay(options) => replay::main(&options),
        Command::Classify(options) => classify::main(&options),
        Command::Targets(options) => targets::main(&options),
        Command::Report(options) => report::main(&options),
        Command::Counters(options) => counters::run(&options),
        Command::Factors(options) => factors::run(&options),
        Command::Alerts(options) => alerts::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Dashboards(options) => dashboards::run(&options),
        Command::HashPassword { user } => hash_password::run(user),
        Command::HashToken => hash_password::token(),
    }
}

/// Loads the configuration, or prints every mistake.
fn load_config(file: Option<&Path>) -> Result<Config, ExitCode> {
    Config::load(file).map_err(|errors| {
        eprintln!("{errors}");
        ExitCode::from(EX_CONFIG)
    })
}

/// The country that `--jurisdiction` names; the error lists the known names.
fn parse_jurisdiction(name: &str) -> Result<&'static Jurisdiction, String> {
    let known = JURISDICTIONS.map(|jurisdiction| jurisdiction.name);
    Jurisdiction::by_name(name).ok_or_else(|| format!("known are {}", known.join(", ")))
}

/// Prints an error that ends the program.
fn fail(error: impl std::fmt::Display, code: u8) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

fn decode_messages(options: &decode::DecodeArgs) -> ExitCode {
    match decode::command(options, Clock::system().now()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ decode::DecodeError::UnknownFormat { .. }) => fail(error, 2),
        Err(error @ decode::DecodeError::Mapping(_)) => fail(error, EX_CONFIG),
        Err(error) => fail(error, 1),
    }
}

/// One log line per event on standard error; no timestamps when systemd's journal adds its own.
fn start_log(config: &LogConfig) {
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let builder = tracing_subscriber::fmt()
        // An event that cannot be written is lost: complaining about it on the same full disk would panic the thread that logs.
        .log_internal_errors(false)
        .with_max_level(config.level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    let started = if journal {
        tracing::subscriber::set_global_default(builder.without_time().finish())
    } else {
        tracing::subscriber::set_global_default(builder.finish())
    };
    if started.is_err() {
        eprintln!("warning: the log was set up before; its level stays");
    }
}
