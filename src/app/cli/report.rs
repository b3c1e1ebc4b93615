//! `fleetgauge report`: the board's report of a month, quarter or April-March year, out of the register and the store, without a daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;

use super::{EX_CONFIG, fail, targets};
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

/// As of arguments that cannot be used.
const EX_USAGE: u8 = 2;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// 2025-26 (April to March), 2025-Q4 (October to December), 2025-26-Q4 (January to March 2026), 2026-03, or 2026-01-01..2026-02-15.
    #[arg(long, value_name = "PERIOD")]
    period: Period,
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
    /// Markdown.
    Md,
    /// One tidy table.
    Csv,
    /// All of it, unrounded.
    Json,
    /// To print.
    Html,
    /// CSV for national returns: vehicles by kind, with activity and emissions.
    Returns,
}

/// Makes the report and writes it.
pub(super) fn main(options: &Options) -> ExitCode {
    let config = match Config::load(options.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let (period, clock) = (&options.period, Clock::system());
    let today = Day::of(clock.now(), config.engine.jurisdiction.zone());
    if period.until(today).is_none() {
        let begins = period.from;
        return fail(
            format!(
                "`--period`: {} begins on {begins}: nothing of it has happened yet\n  hint: write a period that has begun by {today}",
                period.name
            ),
            EX_USAGE,
        );
    }
    let text = match render(&config, options, clock) {
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

/// A reader of the file never sees half of it.
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

fn render(config: &Config, options: &Options, clock: Clock) -> Result<String, String> {
    let said = |error: String| format!("error: {error}");
    let now = clock.now();
    let folder = options
        .register
        .clone()
        .or_else(|| config.register.directory.clone());
    let mut missing = Vec::new();
    if folder.is_none() {
        missing.push("register: give --register DIR, or register.directory in the configuration; no vehicle is known".to_owned());
    }
    let source = folder.map_or(RegisterSource::Empty, RegisterSource::Folder);
    let register = Arc::new(
        source
            .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
            .map_err(|error| said(error.to_string()))?,
    );
    let TargetsFile {
        targets: list,
        profile,
        restatements,
    } = load_targets_file(config).map_err(|errors| errors.to_string())?;
    let factors = Arc::new(load_factors(&config.factors).map_err(said)?);
    let published = config.factors.directory.as_ref().map(|_| {
        load_factors(&FactorsConfig {
            directory: None,
            ..config.factors.clone()
        })
    });
    let published = published.transpose().map_err(said)?;
    let figures = targets::figures(
        config,
        &register,
        options.period.to.min(Day::of(now, register.zone())),
        &mut missing,
    );
    let reader = match Reader::open(&config.store.directory) {
        Ok(reader) => {
            missing.push("what a running daemon has heard since its last checkpoint (store.checkpoint_interval)".to_owned());
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
    };
    let uptime = match &reader {
        None => Uptime::Unknown("there is no store to read the chargers' history from".to_owned()),
        Some(_) if options.format == Format::Returns => Uptime::Unknown(String::new()),
        Some(reader) => uptime(config, reader, &register, &factors, &options.period).map_or_else(
            |error| Uptime::Unknown(format!("{error}; a running daemon's /api/v1/uptime has it")),
            Uptime::Known,
        ),
    };
    let input = Input {
        period: &options.period,
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
    if options.format == Format::Returns {
        let (rows, missing) = returns(input);
        // A table for a machine has no room for words.
        missing
            .iter()
            .for_each(|missing| eprintln!("note: {missing}"));
        return returns_csv(&rows).map_err(said);
    }
    let report = build_report(input);
    Ok(match options.format {
        Format::Md | Format::Returns => markdown(&report),
        Format::Csv => csv_rows(&report),
        Format::Html => html(&report),
        Format::Json => format!(
            "{}\n",
            serde_json::to_string(&report).map_err(|error| said(error.to_string()))?
        ),
    })
}

/// The engine as the store has it, asked as the daemon is: what it was at the last checkpoint, and told everything since again.
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
    // Nothing is known of the time after the last message: it would count as silence of the chargers.
    let at = engine
        .last_alive()
        .ok_or("no daemon has run on this store")?;
    let months = (
        Month::of_day(period.from),
        Month::of_day(period.to).min(Month::of(at, register.zone())),
    );
    if months.1 < months.0 {
        return Err("nothing was heard in the period".to_owned());
    }
    let context = ViewContext {
        now: at,
        late: 0,
        rejected: 0,
    };
    Ok(Box::new(engine.uptime_view(&context, months.0, months.1)))
}
