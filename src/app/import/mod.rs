//! Imports a CSV file of fuel, mileage or monthly figures into the store, in batches beside a running daemon. An interrupted import resumes
//! after the last batch; rows that were imported before change nothing; invalid rows are reported and skipped.

mod csv_file;
pub mod register;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::imports::{Context, ImportTable, Parsed, Registrations};
use crate::ledger::emissions::FactorSets;
use crate::model::register::{Register, RegisterError};
use crate::model::{ImportKind, ImportedRow, Indicator, IndicatorKey};
use crate::store::{FileProgress, ImportError, ImportStore, ImportedFile};
use crate::units::UtcMs;
use csv_file::CsvFile;

/// Rows of one transaction: a few milliseconds that a daemon's commit may have to wait.
pub const ROWS_AT_ONCE: usize = 500;

/// An import to run.
pub struct Job<'a> {
    /// What the file holds.
    pub kind: ImportKind,
    /// The path of the file.
    pub path: &'a Path,
    /// The vehicles and organisations.
    pub register: &'a Register,
    /// Decides which classes and fuels of grey fleet are accepted.
    pub factors: &'a FactorSets,
    /// The current time, recorded with the file.
    pub now: UtcMs,
}

/// The result of an import.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// Rows by result. In a dry run `taken` counts the valid rows.
    pub progress: FileProgress,
    /// Rows that an earlier, interrupted import handled.
    pub resumed_after: u64,
    /// Rows skipped on purpose, by product; of this run only.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Titles of columns that are not used.
    pub columns_left_out: Vec<String>,
}

/// Why a file was not imported, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file cannot be read.
    #[error("{}: {error}\n  hint: give the path of a CSV file that this user may read", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The header is wrong: every mistake.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Header(Vec<RegisterError>),
    /// The store cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] ImportError),
    /// `step` stopped the import after a batch.
    #[error("stopped; import the same file again to go on")]
    Stopped,
}

/// The progress after a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes read so far.
    pub bytes: u64,
    /// Bytes of the file.
    pub of: u64,
    /// Rows handled so far.
    pub rows: u64,
}

/// Imports a file; without a store it only checks the file. `bad` receives every mistake; `step` receives the progress after each batch and
/// stops the import by returning false.
pub fn import(
    job: &Job<'_>,
    mut store: Option<&mut ImportStore>,
    mut bad: impl FnMut(&RegisterError),
    mut step: impl FnMut(Progress) -> bool,
) -> Result<Outcome, ImportFailure> {
    let name = job.path.display().to_string();
    let mut record = ByteRecord::new();
    let (mut source, table) = open_table(job, &name, &mut record)?;
    let mut file = match store.as_deref_mut() {
        Some(store) => Some(store.begin(job.kind, source.fingerprint(), &name, job.now)?),
        None => None,
    };
    let registrations = Registrations::from_register(job.register);
    let has_factor =
        |class: &str, fuel: &str, day| job.factors.kilometre(class, fuel, day).is_some();
    let context = Context {
        register: job.register,
        registrations: &registrations,
        now: job.now,
        has_factor: &has_factor,
    };
    let mut outcome = Outcome {
        resumed_after: file.as_ref().map_or(0, |file| file.progress.position),
        columns_left_out: table.left_out().into_iter().map(str::to_owned).collect(),
        ..Outcome::default()
    };
    // Monthly figures are few, and a row is compared with those before it.
    let handled = match job.kind {
        ImportKind::Indicators => 0,
        _ => outcome.resumed_after,
    };
    let mut rows = skip_rows(&mut source, &mut record, &name, handled)?;
    let mut batch = Batch::default();
    let mut errors = Vec::new();
    loop {
        let more = source
            .next(&mut record)
            .map_err(|error| unreadable(&name, source.line(), &error))?;
        if more {
            rows += 1;
            let parsed = table.row(source.line(), &record, &context, &mut errors);
            batch.add(parsed, &name, source.line(), &mut errors, &mut outcome);
            errors.drain(..).for_each(|error| bad(&error));
        }
        if !more || batch.len() >= ROWS_AT_ONCE {
            batch.counted.position = rows;
            batch.counted.done = !more;
            batch.write(store.as_deref_mut(), file.as_mut(), &mut outcome)?;
            if !step(source.progress(rows)) {
                return Err(ImportFailure::Stopped);
            }
        }
        if !more {
            return Ok(outcome);
        }
    }
}

/// Skips the rows that an interrupted import handled; returns how many there were.
fn skip_rows(
    source: &mut CsvFile,
    record: &mut ByteRecord,
    name: &str,
    handled: u64,
) -> Result<u64, ImportFailure> {
    for skipped in 0..handled {
        let more = source
            .next(record)
            .map_err(|error| unreadable(name, source.line(), &error))?;
        if !more {
            return Ok(skipped);
        }
    }
    Ok(handled)
}

/// Opens the file and checks its header.
fn open_table(
    job: &Job<'_>,
    name: &str,
    record: &mut ByteRecord,
) -> Result<(CsvFile, ImportTable), ImportFailure> {
    let mut source = CsvFile::open(job.path).map_err(|error| ImportFailure::Read {
        path: job.path.to_path_buf(),
        error,
    })?;
    let has_header = source
        .next(record)
        .map_err(|error| unreadable(name, source.line(), &error))?;
    if !has_header {
        return Err(unreadable(name, 1, "is empty"));
    }
    let table = ImportTable::from_header(job.kind, name, source.line(), source.separator(), record)
        .map_err(ImportFailure::Header)?;
    Ok((source, table))
}

fn unreadable(file: &str, line: u64, error: impl ToString) -> ImportFailure {
    let (file, column, value) = (file.to_owned(), String::new(), String::new());
    let hint = "save it as `CSV UTF-8`, with its column names in the first line".to_owned();
    ImportFailure::Header(vec![RegisterError {
        file,
        line,
        column,
        value,
        reason: error.to_string(),
        hint,
    }])
}

/// The rows of the next transaction.
#[derive(Default)]
struct Batch {
    rows: Vec<ImportedRow>,
    indicators: Vec<Indicator>,
    counted: FileProgress,
    /// Figures of this file, with their lines.
    seen: HashMap<IndicatorKey, (f64, u64)>,
}

impl Batch {
    fn len(&self) -> usize {
        let counted = self.counted.ignored + self.counted.bad;
        self.rows.len() + self.indicators.len() + usize::try_from(counted).unwrap_or(usize::MAX)
    }

    fn add(
        &mut self,
        parsed: Option<Parsed>,
        name: &str,
        line: u64,
        errors: &mut Vec<RegisterError>,
        outcome: &mut Outcome,
    ) {
        match parsed {
            Some(Parsed::Activity(row)) => self.rows.push(*row),
            Some(Parsed::Ignored(what)) => {
                self.counted.ignored += 1;
                *outcome.ignored.entry(what).or_default() += 1;
            }
            Some(Parsed::Indicator(row)) => {
                match self.seen.insert(row.key.clone(), (row.value, line)) {
                    Some((other, first)) if other != row.value => {
                        self.seen.insert(row.key, (other, first));
                        errors.push(RegisterError {
                            file: name.to_owned(),
                            line,
                            column: "value".to_owned(),
                            value: row.value.to_string(),
                            reason: format!("is {other} in line {first}"),
                            hint: "a month has one figure of a name: keep the right line"
                                .to_owned(),
                        });
                    }
                    _ => self.indicators.push(row),
                }
            }
            None => {}
        }
        self.counted.bad += u64::from(!errors.is_empty());
    }

    fn write(
        &mut self,
        store: Option<&mut ImportStore>,
        file: Option<&mut ImportedFile>,
        outcome: &mut Outcome,
    ) -> Result<(), ImportError> {
        match store.zip(file) {
            Some((store, file)) => {
                if self.indicators.is_empty() {
                    store.put_rows(file, &self.rows, &self.counted)?;
                } else {
                    store.put_indicators(file, &self.indicators, &self.counted)?;
                }
                outcome.progress = file.progress;
            }
            None => {
                outcome.progress.position = self.counted.position;
                outcome.progress.taken += (self.rows.len() + self.indicators.len()) as u64;
                outcome.progress.ignored += self.counted.ignored;
                outcome.progress.bad += self.counted.bad;
                outcome.progress.done = self.counted.done;
            }
        }
        self.rows.clear();
        self.indicators.clear();
        self.counted = FileProgress::default();
        Ok(())
    }
}
