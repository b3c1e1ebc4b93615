//! `fleetgauge import`: CSV files into the store or the register, beside a daemon that may run.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::{EX_CONFIG, fail, load_config};
use crate::app::RegisterSource;
use crate::app::clock::Clock;
use crate::app::config::{Config, load_factors};
use crate::app::import::{
    self, Job, Outcome, Progress,
    register::{self, Replaced},
};
use crate::model::register::RegisterError;
use crate::model::{ImportKind, TokenHasher};
use crate::store::ImportStore;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// What the file holds.
    #[arg(value_enum)]
    what: What,
    /// The CSV file; for `register` also a folder of them.
    file: PathBuf,
    /// The daemon's configuration: its store and register.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum What {
    /// vehicles.csv, charge_points.csv, ...: replaces those of the register's folder, whole or not at all
    Register,
    /// Mileage claims (grey fleet) and distances by hand
    Mileage,
    /// Fuel cards and bunkers
    Fuel,
    /// Monthly figures for targets: charge points in service, renewable share, ...
    Indicators,
}

/// Mistakes that a JSON answer lists; more are counted in `rows_bad`.
const MAX_LISTED: usize = 10_000;

#[derive(Serialize)]
struct Answer<'a> {
    kind: &'static str,
    file: String,
    dry_run: bool,
    rows: u64,
    rows_new: u64,
    rows_changed: u64,
    rows_known: u64,
    rows_left_out: u64,
    rows_bad: u64,
    resumed_after: u64,
    left_out: &'a BTreeMap<&'static str, u64>,
    columns_left_out: &'a [String],
    errors: Vec<Mistake>,
}

#[derive(Serialize)]
struct Mistake {
    file: String,
    line: u64,
    column: String,
    value: String,
    reason: String,
    hint: String,
}

impl Mistake {
    fn from_error(error: &RegisterError) -> Self {
        let RegisterError {
            file,
            line,
            column,
            value,
            reason,
            hint,
        } = error.clone();
        Self {
            file,
            line,
            column,
            value,
            reason,
            hint,
        }
    }
}

/// Imports and prints what came of it. Exit code 1 if any row was bad.
pub(super) fn run(options: &Options) -> ExitCode {
    let config = match load_config(options.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let kind = match options.what {
        What::Register => return run_register(options, &config),
        What::Mileage => ImportKind::Mileage,
        What::Fuel => ImportKind::Fuel,
        What::Indicators => ImportKind::Indicators,
    };
    import_rows(kind, options, &config).unwrap_or_else(|code| code)
}

fn import_rows(kind: ImportKind, options: &Options, config: &Config) -> Result<ExitCode, ExitCode> {
    let source = config
        .register
        .directory
        .clone()
        .map_or(RegisterSource::Empty, RegisterSource::Folder);
    // Tags are not used here, so any key hides them; the store has the true one.
    let register = source
        .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
        .map_err(|error| fail(error, EX_CONFIG))?;
    let factors = load_factors(&config.factors).map_err(|error| fail(error, EX_CONFIG))?;
    let mut store = (!options.dry_run)
        .then(|| ImportStore::open(&config.store.directory))
        .transpose()
        .map_err(|error| fail(error, 1))?;
    let job = Job {
        kind,
        path: &options.file,
        register: &register,
        factors: &factors,
        now: Clock::system().now(),
    };
    let bar = std::cell::RefCell::new(Bar::new(!options.json));
    let mut listed = Vec::new();
    let bad = |error: &RegisterError| {
        if !options.json {
            bar.borrow_mut().clear();
            eprintln!("error: {error}");
        } else if listed.len() < MAX_LISTED {
            listed.push(Mistake::from_error(error));
        }
    };
    let step = |step| {
        bar.borrow_mut().draw(step);
        true
    };
    let outcome = import::import(&job, store.as_mut(), bad, step);
    bar.borrow_mut().clear();
    let outcome = outcome.map_err(|error| fail(error, 1))?;
    if options.json {
        print_json(kind, options, &outcome, listed);
    } else {
        print!("{}", summary(&options.file, &outcome, options.dry_run));
    }
    Ok(ExitCode::from(u8::from(outcome.progress.bad > 0)))
}

fn print_json(kind: ImportKind, options: &Options, outcome: &Outcome, errors: Vec<Mistake>) {
    let progress = &outcome.progress;
    let answer = Answer {
        kind: kind.name(),
        file: options.file.display().to_string(),
        dry_run: options.dry_run,
        rows: progress.position,
        rows_new: progress.taken,
        rows_changed: progress.changed,
        rows_known: progress.known,
        rows_left_out: progress.ignored,
        rows_bad: progress.bad,
        resumed_after: outcome.resumed_after,
        left_out: &outcome.ignored,
        columns_left_out: &outcome.columns_left_out,
        errors,
    };
    println!(
        "{}",
        serde_json::to_string_pretty(&answer).unwrap_or_default()
    );
}

fn summary(file: &Path, outcome: &Outcome, dry_run: bool) -> String {
    let p = &outcome.progress;
    let mut text = format!("{}: {} rows: ", file.display(), p.position);
    if dry_run {
        text.push_str(&format!(
            "{} good, {} left out, {} bad; nothing was written\n",
            p.taken, p.ignored, p.bad
        ));
    } else {
        let counts = (p.taken, p.changed, p.known, p.ignored, p.bad);
        let (taken, changed, known, ignored, bad) = counts;
        text.push_str(&format!(
            "{taken} new, {changed} changed, {known} known before, {ignored} left out, {bad} bad\n"
        ));
    }
    if outcome.resumed_after > 0 {
        text.push_str(&format!(
            "an interrupted import went on after row {}\n",
            outcome.resumed_after
        ));
    }
    for (what, count) in &outcome.ignored {
        text.push_str(&format!("left out: {count} rows of {what}\n"));
    }
    if !outcome.columns_left_out.is_empty() {
        text.push_str(&format!(
            "columns that are not used: {}\n",
            outcome.columns_left_out.join(", ")
        ));
    }
    text
}

fn run_register(options: &Options, config: &Config) -> ExitCode {
    let Some(folder) = &config.register.directory else {
        let text = "`register.directory` is not set, so there is no register to import into\n  hint: set it in the configuration, and name that with --config";
        return fail(text, EX_CONFIG);
    };
    let now = Clock::system().now();
    match register::replace(&options.file, folder, now, options.dry_run) {
        Ok(replaced) => {
            for doubt in replaced.register.doubts() {
                eprintln!("warning: {doubt}");
            }
            if options.json {
                print_replaced_json(&replaced, options.dry_run);
            } else {
                print_replaced(&replaced, options.dry_run);
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(error, 1),
    }
}

fn print_replaced_json(replaced: &Replaced, dry_run: bool) {
    let register = &replaced.register;
    let files: Vec<_> = replaced
        .files
        .iter()
        .map(|(name, backup)| serde_json::json!({ "name": name, "backup": backup.as_ref().map(|p| p.display().to_string()) }))
        .collect();
    let answer = serde_json::json!({
        "kind": "register", "dry_run": dry_run, "files": files,
        "vehicles": register.vehicles.len(), "charge_points": register.charge_points.len(),
    });
    println!("{answer}");
}

fn print_replaced(replaced: &Replaced, dry_run: bool) {
    let done = if dry_run {
        "would be replaced"
    } else {
        "replaced"
    };
    for (name, backup) in &replaced.files {
        let old = backup.as_ref().map_or_else(String::new, |path| {
            format!(", the old one is {}", path.display())
        });
        println!("{name}: {done}{old}");
    }
    if replaced.files.is_empty() {
        println!("nothing has changed");
    }
    let register = &replaced.register;
    println!(
        "{} vehicles, {} charge points",
        register.vehicles.len(),
        register.charge_points.len()
    );
    if !dry_run && !replaced.files.is_empty() {
        println!("a running daemon loads it on SIGHUP (systemctl reload fleetgauge)");
    }
}

/// A line that is written over, on a terminal only.
struct Bar {
    on: bool,
    drawn: bool,
}

impl Bar {
    fn new(wanted: bool) -> Self {
        Self {
            on: wanted && std::io::stderr().is_terminal(),
            drawn: false,
        }
    }

    fn draw(&mut self, Progress { bytes, of, rows }: Progress) {
        if !self.on {
            return;
        }
        let percent = (bytes * 100).checked_div(of).unwrap_or(100).min(100) as usize;
        let bar: String = (0..25)
            .map(|place| if place * 4 < percent { '#' } else { '.' })
            .collect();
        eprint!("\r[{bar}] {percent:>3} %  {rows} rows");
        let _ = std::io::stderr().flush();
        self.drawn = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            eprint!("\r{:70}\r", "");
            let _ = std::io::stderr().flush();
        }
    }
}
