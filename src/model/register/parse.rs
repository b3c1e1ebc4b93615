//! CSV text to a register: every bad cell is reported with file, line, column, value, reason and hint; nothing is half taken.

use std::fmt;

use csv::ByteRecord;

use super::{Register, rows};
use crate::jurisdiction::Jurisdiction;
use crate::model::{TokenHasher, nearest};

/// The files of a register as read, by kind. A file that is not there counts as empty, and references to it are not checked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RegisterFiles {
    /// `organisations.csv`: name for messages, content.
    pub organisations: Option<(String, Vec<u8>)>,
    /// Name and bytes of `sites.csv`; `None` if the file is absent.
    pub sites: Option<(String, Vec<u8>)>,
    /// Name and bytes of `vehicles.csv`; `None` if the file is absent.
    pub vehicles: Option<(String, Vec<u8>)>,
    /// Name and bytes of `charge_points.csv`; `None` if the file is absent.
    pub charge_points: Option<(String, Vec<u8>)>,
    /// Name and bytes of `renewable.csv`; `None` if the file is absent.
    pub renewable: Option<(String, Vec<u8>)>,
    /// Name and bytes of `tags.csv`; `None` if the file is absent.
    pub tags: Option<(String, Vec<u8>)>,
}

impl RegisterFiles {
    /// Sorts files by the last part of their name; other names are left out.
    pub fn from_bytes(files: Vec<(String, Vec<u8>)>) -> Self {
        let mut sorted = Self::default();
        for (name, bytes) in files {
            let base = name.rsplit('/').next().unwrap_or(&name).to_owned();
            match base.as_str() {
                "organisations.csv" => sorted.organisations = Some((name, bytes)),
                "sites.csv" => sorted.sites = Some((name, bytes)),
                "vehicles.csv" => sorted.vehicles = Some((name, bytes)),
                "charge_points.csv" => sorted.charge_points = Some((name, bytes)),
                "renewable.csv" => sorted.renewable = Some((name, bytes)),
                "tags.csv" => sorted.tags = Some((name, bytes)),
                _ => {}
            }
        }
        sorted
    }

    /// A vehicle register alone, whatever its name.
    pub fn vehicles_only(name: String, bytes: Vec<u8>) -> Self {
        Self {
            vehicles: Some((name, bytes)),
            ..Self::default()
        }
    }
}

/// A mistake in a cell, a line or a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterError {
    /// The file, as named by the caller.
    pub file: String,
    /// From 1, the header's line.
    pub line: u64,
    /// The column; empty for the line as a whole.
    pub column: String,
    /// The cell as found.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to write instead; may be empty.
    pub hint: String,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file, self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, ": `{}`", self.value)?;
        }
        write!(f, ": {}", self.reason)?;
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\n  hint: {}", self.hint)
        }
    }
}

impl Register {
    /// Reads and checks all files by the rules of the default country. On any mistake, all mistakes.
    pub fn parse(files: &RegisterFiles, hasher: &TokenHasher) -> Result<Self, Vec<RegisterError>> {
        Self::parse_in(Default::default(), files, hasher)
    }

    /// Reads and checks all files by the rules of a country. On any mistake, all mistakes.
    pub fn parse_in(
        jurisdiction: &'static Jurisdiction,
        files: &RegisterFiles,
        hasher: &TokenHasher,
    ) -> Result<Self, Vec<RegisterError>> {
        let mut errors = Vec::new();
        let register = rows::parse(jurisdiction, files, hasher, &mut errors);
        if errors.is_empty() {
            Ok(register)
        } else {
            Err(errors)
        }
    }
}

/// Calls `handle` for each row of one file. `columns` are all that exist, the first is required.
pub(super) fn each_row(
    file: Option<&(String, Vec<u8>)>,
    columns: &'static [&'static str],
    errors: &mut Vec<RegisterError>,
    mut handle: impl FnMut(&mut Row<'_>),
) {
    let Some((file, bytes)) = file else { return };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let error = line_error(file, 1, "is UTF-16", "save it as `CSV UTF-8`");
        return errors.push(error);
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let mut record = ByteRecord::new();
    let mut header: Option<Vec<Option<&'static str>>> = None;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = reader.position().line();
                let hint = "check the quotes of this line";
                return errors.push(line_error(file, line, error.to_string(), hint));
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let Some(header) = &header else {
            header = Some(read_header(file, line, &record, columns, errors));
            continue;
        };
        if let Some(cells) = cells(file, line, header, &record, errors) {
            handle(&mut Row {
                file,
                line,
                cells,
                errors,
            });
        }
    }
    if header.is_none() {
        let hint = format!(
            "the first line names the columns, such as `{}`; leave the file out if there is nothing to say",
            columns[0]
        );
        errors.push(line_error(file, 1, "is empty", &hint));
    }
}

/// A mistake in the line as a whole.
fn line_error(file: &str, line: u64, reason: impl Into<String>, hint: &str) -> RegisterError {
    RegisterError {
        file: file.to_owned(),
        line,
        column: String::new(),
        value: String::new(),
        reason: reason.into(),
        hint: hint.to_owned(),
    }
}

/// The cells of a row that are not empty, by column; `None` for an empty row and one with too many cells.
fn cells<'a>(
    file: &str,
    line: u64,
    header: &[Option<&'static str>],
    record: &'a ByteRecord,
    errors: &mut Vec<RegisterError>,
) -> Option<Vec<(&'static str, &'a str)>> {
    if record.iter().all(<[u8]>::is_empty) {
        return None;
    }
    let (found, expected) = (record.len(), header.len());
    if found > expected {
        let reason = format!("has {found} cells, the header has {expected}");
        let hint = "a cell with a comma in it needs quotes: \"a, b\"";
        errors.push(line_error(file, line, reason, hint));
        return None;
    }
    let mut cells = Vec::with_capacity(expected);
    for (column, cell) in header.iter().zip(record.iter()) {
        let Some(column) = column else { continue };
        match std::str::from_utf8(cell) {
            Ok("") => {}
            Ok(text) => cells.push((*column, text)),
            Err(_) => errors.push(RegisterError {
                column: (*column).to_owned(),
                value: String::from_utf8_lossy(cell).into_owned(),
                ..line_error(file, line, "is not UTF-8", "save the file as `CSV UTF-8`")
            }),
        }
    }
    Some(cells)
}

fn read_header(
    file: &str,
    line: u64,
    record: &ByteRecord,
    columns: &'static [&'static str],
    errors: &mut Vec<RegisterError>,
) -> Vec<Option<&'static str>> {
    let mut refuse = |value: &str, reason: &str, hint: String| {
        errors.push(RegisterError {
            file: file.to_owned(),
            line,
            column: String::new(),
            value: value.to_owned(),
            reason: reason.to_owned(),
            hint,
        });
    };
    let mut header = Vec::with_capacity(record.len());
    for cell in record {
        let name = String::from_utf8_lossy(cell);
        let found = columns
            .iter()
            .copied()
            .find(|column| column.eq_ignore_ascii_case(&name));
        match found {
            Some(column) if header.contains(&Some(column)) => {
                refuse(&name, "this column is there twice", String::new())
            }
            Some(_) => {}
            None if name.contains(';') || name.contains('\t') => refuse(
                &name,
                "the columns are not separated by commas",
                "save it as `CSV UTF-8 (comma delimited)`".into(),
            ),
            None => refuse(&name, "unknown column", nearest(&name, columns)),
        }
        header.push(found);
    }
    if !header.contains(&Some(columns[0])) {
        refuse(
            "",
            &format!("the column `{}` is missing", columns[0]),
            format!("the columns are: {}", columns.join(", ")),
        );
    }
    header
}

/// One row's cells, and the list that mistakes go to.
pub(super) struct Row<'a> {
    file: &'a str,
    line: u64,
    cells: Vec<(&'static str, &'a str)>,
    errors: &'a mut Vec<RegisterError>,
}

impl Row<'_> {
    /// Line number in the file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The cell's text; `None` if empty.
    pub(super) fn text(&self, column: &str) -> Option<String> {
        self.raw(column).map(str::to_owned)
    }

    fn raw(&self, column: &str) -> Option<&str> {
        self.cells
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, text)| *text)
    }

    /// Reports something about a cell.
    pub(super) fn refuse(
        &mut self,
        column: &str,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let value = self.raw(column).unwrap_or_default().to_owned();
        self.errors.push(RegisterError {
            file: self.file.to_owned(),
            line: self.line,
            column: column.to_owned(),
            value,
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    /// A cell parsed by `parse`; the error text completes "`value`: ...".
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        column: &str,
        hint: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.raw(column).map(parse)? {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(column, error.to_string(), hint);
                None
            }
        }
    }

    /// The value of one of `words`, without regard to case; any other word is a mistake.
    pub(super) fn word<T: Copy>(&mut self, column: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.raw(column)?.to_owned();
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text))
            .map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(
                column,
                "is not one of the known words",
                nearest(&text, &known),
            );
        }
        found
    }

    /// `yes`, `true`, `y` or `1`, and their opposites.
    pub(super) fn flag(&mut self, column: &str) -> Option<bool> {
        self.word(
            column,
            &[
                ("yes", true),
                ("no", false),
                ("true", true),
                ("false", false),
                ("y", true),
                ("n", false),
                ("1", true),
                ("0", false),
            ],
        )
    }

    /// A number within a range, ends included.
    pub(super) fn number(&mut self, column: &str, low: f64, high: f64) -> Option<f64> {
        let hint = format!("a number from {low} to {high}");
        self.parsed(column, &hint, |text| match text.parse::<f64>() {
            Ok(number) if (low..=high).contains(&number) => Ok(number),
            Ok(_) => Err("is out of range"),
            Err(_) => Err("is not a number"),
        })
    }

    /// A whole number within a range, ends included.
    pub(super) fn whole(&mut self, column: &str, low: u32, high: u32) -> Option<u32> {
        let hint = format!("a whole number from {low} to {high}");
        self.parsed(column, &hint, |text| match text.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => Ok(number),
            Ok(_) => Err("is out of range"),
            Err(_) => Err("is not a whole number"),
        })
    }

    /// A list split by `;`.
    pub(super) fn list(&self, column: &str) -> Vec<String> {
        self.raw(column)
            .into_iter()
            .flat_map(|text| text.split(';'))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }
}
