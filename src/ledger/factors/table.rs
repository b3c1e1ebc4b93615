//! Builds one table of dated rows from factor files: the compiled-in base, then the rows of a folder on top of it.
//!
//! A row of the folder replaces the row of the base with the same `factor_id`; within the folder the highest `version` holds. Every mistake
//! of every file is reported at once. A value that was not published is listed as missing and never becomes 0.

use std::collections::BTreeMap;
use std::fmt;

use super::file;
use super::row::{FactorKey, FactorRow};

/// A mistake in a factor file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorMistake {
    /// Name of the file.
    pub file: String,
    /// From 1; 0 is the file as a whole.
    pub line: u64,
    /// Empty where no single column is wrong.
    pub column: &'static str,
    /// What is wrong and how to mend it.
    pub reason: String,
}

/// Every mistake of all factor files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorError(pub Vec<FactorMistake>);

impl fmt::Display for FactorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            write!(f, "{}", mistake.file)?;
            if mistake.line > 0 {
                write!(f, " line {}", mistake.line)?;
            }
            if !mistake.column.is_empty() {
                write!(f, ", column `{}`", mistake.column)?;
            }
            writeln!(f, ": {}", mistake.reason)?;
        }
        write!(
            f,
            "  hint: config/factors/README.md describes the columns of every kind"
        )
    }
}

impl std::error::Error for FactorError {}

/// All factors, by id.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorTable {
    /// The rows in force.
    pub rows: BTreeMap<String, FactorRow>,
    /// Rows without a published value, by id.
    pub missing: Vec<String>,
}

impl FactorTable {
    /// The base's files, then a folder's files on top, each given with its name.
    pub fn parse(base: &[(&str, &str)], own: &[(&str, &str)]) -> Result<Self, FactorError> {
        let mut mistakes = Vec::new();
        let mut table = Self::default();
        for layer in [base, own] {
            let mut rows: BTreeMap<String, FactorRow> = BTreeMap::new();
            for (name, text) in layer {
                let mut parsed = file::parse(name, text);
                table.missing.append(&mut parsed.missing);
                for row in parsed.rows {
                    insert_newest(&mut rows, row, &mut parsed.mistakes);
                }
                parsed.mistakes.sort_by_key(|mistake| mistake.line);
                mistakes.append(&mut parsed.mistakes);
            }
            table.lay_over(rows, &mut mistakes);
        }
        table.missing.sort();
        table.missing.dedup();
        table.missing.retain(|id| !table.rows.contains_key(id));
        if mistakes.is_empty() {
            Ok(table)
        } else {
            Err(FactorError(mistakes))
        }
    }

    fn lay_over(&mut self, rows: BTreeMap<String, FactorRow>, mistakes: &mut Vec<FactorMistake>) {
        let mut ids: BTreeMap<(FactorKey, i32), String> = self
            .rows
            .values()
            .map(|row| ((row.key.clone(), row.year), row.id.clone()))
            .collect();
        for (id, mut row) in rows {
            if let Some(other) = ids
                .insert((row.key.clone(), row.year), id.clone())
                .filter(|other| *other != id)
            {
                mistakes.push(mistake(
                    &row,
                    format!(
                        "the set of {} has this factor as `{other}` already: use that id",
                        row.year
                    ),
                ));
                continue;
            }
            if let Some(before) = self
                .rows
                .get(&id)
                .filter(|before| before.value != row.value)
            {
                row.replaced = Some(before.value);
                // A figure of second hand, of a set that was not published yet, is confirmed by this and not corrected.
                row.version = row.version.max(if before.provisional {
                    before.version
                } else {
                    before.version.saturating_add(1)
                });
            }
            self.rows.insert(id, row);
        }
    }
}

fn insert_newest(
    rows: &mut BTreeMap<String, FactorRow>,
    row: FactorRow,
    mistakes: &mut Vec<FactorMistake>,
) {
    match rows.get(&row.id) {
        Some(other) if other.version == row.version => mistakes.push(mistake(
            &row,
            format!(
                "`{}` is already in {} line {}; a correction needs a higher `version`",
                row.id, other.position.0, other.position.1
            ),
        )),
        Some(other) if other.version > row.version => {}
        _ => {
            rows.insert(row.id.clone(), row);
        }
    }
}

fn mistake(row: &FactorRow, reason: String) -> FactorMistake {
    FactorMistake {
        file: row.position.0.to_string(),
        line: row.position.1,
        column: "factor_id",
        reason,
    }
}
