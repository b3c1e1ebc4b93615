//! Takes a CSV file of fuel, mileage or monthly figures into the store, batch by batch. A file that was interrupted goes on where it was;
//! a row that is there already changes nothing; bad rows are reported and kept out, the good ones are taken.

pub mod register;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::imports::{Context, Parsed, Registrations, Table};
use crate::ledger::emissions::FactorSets;
use crate::model::register::{Register, RegisterError};
use crate::model::{ImportKind, ImportedRow, Indicator, IndicatorKey};
use crate::store::{FileProgress, ImportError, ImportStore, ImportedFile};
use crate::units::UtcMs;
use source::Source;

/// Rows of one transaction: a few milliseconds that a daemon's commit may have to wait.
pub const ROWS_AT_ONCE: usize = 500;

/// What is to be imported.
pub struct Job<'a> {
    /// What the file holds.
    pub kind: ImportKind,
    /// The file.
    pub path: &'a Path,
    /// Who is known.
    pub register: &'a Register,
    /// What can be computed.
    pub factors: &'a FactorSets,
    /// Now.
    pub now: UtcMs,
}

/// What came of a file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// Rows by what came of them. Without a store, `taken` are those that are good.
    pub progress: FileProgress,
    /// Rows that an earlier, interrupted import went through.
    pub went_on_after: u64,
    /// Rows left out on purpose, by what they are; only of this run.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Columns that nobody reads.
    pub columns_left_out: Vec<String>,
}

/// The file cannot be imported at all, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It cannot be read.
    #[error("{}: {error}\n  hint: give the path of a CSV file that this user may read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no such table: all that is wrong with its header.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Header(Vec<RegisterError>),
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] ImportError),
    /// The caller asked to stop after a batch.
    #[error("stopped; import the same file again to go on")]
    Stopped,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Bytes read.
    pub bytes: u64,
    /// Bytes of the file.
    pub of: u64,
    /// Rows gone through.
    pub rows: u64,
}

/// Imports a file; without a store, only checks it. `bad` hears every mistake, `step` where it is after each batch, and may stop it there.
pub fn import(
    job: &Job<'_>,
    mut store: Option<&mut ImportStore>,
    mut bad: impl FnMut(&RegisterError),
    mut step: impl FnMut(Step) -> bool,
) -> Result<Outcome, Failure> {
    let name = job.path.display().to_string();
    let failed = |error| Failure::Read {
        path: job.path.to_path_buf(),
        error,
    };
    let mut source = Source::open(job.path).map_err(failed)?;
    let mut record = ByteRecord::new();
    if !source
        .next(&mut record)
        .map_err(|error| unreadable(&name, source.line(), &error))?
    {
        return Err(unreadable(&name, 1, "is empty"));
    }
    let table = Table::of(job.kind, &name, source.line(), source.separator(), &record)
        .map_err(Failure::Header)?;
    let mut file = match store.as_deref_mut() {
        Some(store) => Some(store.begin(job.kind, source.fingerprint(), &name, job.now)?),
        None => None,
    };
    let registrations = Registrations::of(job.register);
    let has_factor =
        |class: &str, fuel: &str, day| job.factors.kilometre(class, fuel, day).is_some();
    let context = Context {
        register: job.register,
        registrations: &registrations,
        now: job.now,
        has_factor: &has_factor,
    };
    let mut outcome = Outcome {
        went_on_after: file.as_ref().map_or(0, |file| file.progress.position),
        columns_left_out: table.left_out().into_iter().map(str::to_owned).collect(),
        ..Outcome::default()
    };
    let mut batch = Batch::default();
    let mut errors = Vec::new();
    let mut rows = 0;
    loop {
        let more = source
            .next(&mut record)
            .map_err(|error| unreadable(&name, source.line(), &error))?;
        // Monthly figures are few, and a row is compared with those before it.
        if more && rows < outcome.went_on_after && job.kind != ImportKind::Indicators {
            rows += 1;
            continue;
        }
        if more {
            rows += 1;
            let parsed = table.row(source.line(), &record, &context, &mut errors);
            batch.take(parsed, &name, source.line(), &mut errors, &mut outcome);
            errors.drain(..).for_each(|error| bad(&error));
        }
        if !more || batch.len() >= ROWS_AT_ONCE {
            batch.passed = FileProgress {
                position: rows,
                done: !more,
                ..batch.passed
            };
            batch.write(store.as_deref_mut(), file.as_mut(), &mut outcome)?;
            if !step(Step {
                bytes: source.bytes(),
                of: source.length(),
                rows,
            }) {
                return Err(Failure::Stopped);
            }
        }
        if !more {
            return Ok(outcome);
        }
    }
}

fn unreadable(file: &str, line: u64, error: impl ToString) -> Failure {
    let (file, column, value) = (file.to_owned(), String::new(), String::new());
    let hint = "save it as `CSV UTF-8`, with its column names in the first line".to_owned();
    Failure::Header(vec![RegisterError {
        file,
        line,
        column,
        value,
        reason: error.to_string(),
        hint,
    }])
}

/// Rows that wait for their transaction.
#[derive(Default)]
struct Batch {
    rows: Vec<ImportedRow>,
    indicators: Vec<Indicator>,
    passed: FileProgress,
    /// Figures of this file, with their lines.
    seen: HashMap<IndicatorKey, (f64, u64)>,
}

impl Batch {
    fn len(&self) -> usize {
        let passed = self.passed.ignored + self.passed.bad;
        self.rows.len() + self.indicators.len() + usize::try_from(passed).unwrap_or(usize::MAX)
    }

    fn take(
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
                self.passed.ignored += 1;
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
        self.passed.bad += u64::from(!errors.is_empty());
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
                    store.put_rows(file, &self.rows, &self.passed)?;
                } else {
                    store.put_indicators(file, &self.indicators, &self.passed)?;
                }
                outcome.progress = file.progress;
            }
            None => {
                outcome.progress.position = self.passed.position;
                outcome.progress.taken += (self.rows.len() + self.indicators.len()) as u64;
                outcome.progress.ignored += self.passed.ignored;
                outcome.progress.bad += self.passed.bad;
                outcome.progress.done = self.passed.done;
            }
        }
        self.rows.clear();
        self.indicators.clear();
        self.passed = FileProgress::default();
        Ok(())
    }
}
