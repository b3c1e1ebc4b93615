//! `fleetgauge report`: the board's report of a month, quarter or April-March year, from the register and the store, without a daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;

use super::{EX_CONFIG, fail, load_config, targets};
use crate::app::RegisterSource;
use crate::app::clock::Clock;
use crate::app::config::{Config, FactorsConfig, TargetsFile, load_factors, load_targets_file};
use crate::app::recovery::recover;
use crate::engine::ViewContext;
use crate::engine::views::UptimeView;
use crate::ledger::emissions::FactorSets;
use crate::model::TokenHasher;
use crate::model::register::Register;
use crate::report::{
    Input, Period, Uptime, build_report, csv_rows, html, markdown, returns, returns_csv,
};
use crate::store::Reader;
use crate::units::{Day, Month};

/// The exit code of arguments that cannot be used, as clap's.
const EX_USAGE: u8 = 2;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// 2025-26 (April to March), 2025-Q4 (October to December), 2025-26-Q4 (January to March 2026), 2026-03, or 2026-01-01..2026-02-15.
    /// Years are those of `engine.jurisdiction`: 2025 where they are calendar years.
    #[arg(long, value_name = "PERIOD")]
    period: String,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// The daemon's configuration; without one, the shipped defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The register's folder; goes before the configuration's.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// Where to write; without it, standard output. A file that is there is replaced whole.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// Markdown, for a wiki or a mail.
    Md,
    /// One table with a figure per row.
    Csv,
    /// All of it, unrounded.
    Json,
    /// One HTML page with print styles.
    Html,
    /// CSV for national returns: vehicles by kind, with activity and emissions.
    Returns,
}

/// Makes the report and writes it.
pub(super) fn main(options: &Options) -> ExitCode {
    let config = match load_config(options.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let period = match Period::parse(&options.period, &config.engine.jurisdiction.calendar) {
        Ok(period) => period,
        Err(error) => return fail(format!("`--period`: {error}"), EX_USAGE),
    };
    let clock = Clock::system();
    let today = Day::of(clock.now(), config.engine.jurisdiction.zone());
    if period.until(today).is_none() {
        let begins = period.from;
        return fail(
            format!(
                "`--period`: {} begins on {begins}, which is in the future\n  hint: write a period that has begun by {today}",
                period.name
            ),
            EX_USAGE,
        );
    }
    let text = match render(&config, options, &period, clock) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let Some(path) = &options.out else {
        use std::io::Write as _;
        return match std::io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(error, 1),
        };
    };
    match replace(path, &text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(
            format!(
                "{}: {error}\n  hint: `--out` is a file in a folder this user may write",
                path.display()
            ),
            1,
        ),
    }
}

/// Replaces a file at once, so that its readers never see half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or_else(|| std::io::Error::other("is no file"))?
        .to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}

fn render(
    config: &Config,
    options: &Options,
    period: &Period,
    clock: Clock,
) -> Result<String, String> {
    let now = clock.now();
    let mut missing = Vec::new();
    let register = load_register(config, options, &mut missing)?;
    let TargetsFile {
        targets: list,
        profile,
        restatements,
    } = load_targets_file(config).map_err(|errors| errors.to_string())?;
    let factors = Arc::new(load_factors(&config.factors).map_err(prefixed)?);
    let published = published_factors(&config.factors)?;
    let as_of = period.to.min(Day::of(now, register.zone()));
    let figures = targets::figures(config, &register, as_of, &mut missing);
    let reader = open_store(config, &mut missing);
    let uptime = match &reader {
        None => Uptime::Unknown("there is no store to read the chargers' history from".to_owned()),
        Some(_) if options.format == Format::Returns => Uptime::Unknown(String::new()),
        Some(reader) => uptime(config, reader, &register, &factors, period).map_or_else(
            |error| Uptime::Unknown(format!("{error}; a running daemon's /api/v1/uptime has it")),
            Uptime::Known,
        ),
    };
    let input = Input {
        period,
        now,
        engine: &config.engine,
        profile: &profile,
        register: &register,
        factors: &factors,
        published: published.as_ref(),
        year_policy: config.factors.year_policy,
        targets: &list,
        declared: &restatements,
        figures: &figures,
        reader: reader.as_ref(),
        uptime,
        missing,
    };
    write_as(options.format, input)
}

fn prefixed(error: String) -> String {
    format!("error: {error}")
}

fn load_register(
    config: &Config,
    options: &Options,
    missing: &mut Vec<String>,
) -> Result<Arc<Register>, String> {
    let folder = options
        .register
        .clone()
        .or_else(|| config.register.directory.clone());
    if folder.is_none() {
        missing.push("register: give --register DIR, or register.directory in the configuration; no vehicle is known".to_owned());
    }
    folder
        .map_or(RegisterSource::Empty, RegisterSource::Folder)
        .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
        .map(Arc::new)
        .map_err(|error| prefixed(error.to_string()))
}

/// The factors compiled in, where a directory replaces some of them.
fn published_factors(config: &FactorsConfig) -> Result<Option<FactorSets>, String> {
    if config.directory.is_none() {
        return Ok(None);
    }
    let published = FactorsConfig {
        directory: None,
        ..config.clone()
    };
    load_factors(&published).map(Some).map_err(prefixed)
}

fn open_store(config: &Config, missing: &mut Vec<String>) -> Option<Reader> {
    match Reader::open(&config.store.directory) {
        Ok(reader) => {
            missing.push("what a running daemon has received since its last checkpoint (store.checkpoint_interval)".to_owned());
            Some(reader)
        }
        Err(error) => {
            let reason = error.to_string();
            missing.push(format!(
                "emissions, pollutants, charging: no store can be read: {}",
                reason.lines().next().unwrap_or_default()
            ));
            None
        }
    }
}

fn write_as(format: Format, input: Input<'_>) -> Result<String, String> {
    if format == Format::Returns {
        let (rows, missing) = returns(input);
        // A table for a machine has no room for words.
        for missing in missing {
            eprintln!("note: {missing}");
        }
        return returns_csv(&rows).map_err(prefixed);
    }
    let report = build_report(input);
    Ok(match format {
        Format::Md | Format::Returns => markdown(&report),
        Format::Csv => csv_rows(&report),
        Format::Html => html(&report),
        Format::Json => format!(
            "{}\n",
            serde_json::to_string(&report).map_err(|error| prefixed(error.to_string()))?
        ),
    })
}

/// The uptime from the engine as the store has it: the last checkpoint, with every message since applied again.
fn uptime(
    config: &Config,
    reader: &Reader,
    register: &Arc<Register>,
    factors: &Arc<FactorSets>,
    period: &Period,
) -> Result<Box<UptimeView>, String> {
    let recovery = reader.recovery().map_err(|error| error.to_string())?;
    let clock = Clock::system();
    let file = load_targets_file(config).map_err(|errors| errors.to_string())?;
    let engine = recover(config, register, factors, file, 1, &recovery, &clock)
        .map_err(|error| error.to_string())?;
    // The time after the last message would count as silence of the chargers.
    let at = engine
        .last_alive()
        .ok_or("no daemon has run on this store")?;
    let months = (
        Month::of_day(period.from),
        Month::of_day(period.to).min(Month::of(at, register.zone())),
    );
    if months.1 < months.0 {
        return Err("no message arrived in the period".to_owned());
    }
    let context = ViewContext {
        now: at,
        late: 0,
        rejected: 0,
    };
    Ok(Box::new(engine.uptime_view(&context, months.0, months.1)))
}
