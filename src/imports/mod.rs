//! Imports CSV tables: fuel cards, mileage claims, monthly figures. Exports of other systems name their columns differently, so headers
//! may use common other names, and unknown columns are skipped and listed. A bad cell rejects its row, with file, line, column, value and
//! reason.

mod csv_row;
mod dates;
mod fuel;
mod indicators;
mod mileage;
mod register_lookup;

use csv::ByteRecord;

pub use register_lookup::Registrations;

use crate::model::register::{Register, RegisterError};
use crate::model::{ImportKind, ImportedRow, Indicator};
use crate::units::{Day, UtcMs};
use csv_row::{Column, CsvRow};

/// What rows are checked against.
pub struct Context<'a> {
    /// The vehicles and organisations.
    pub register: &'a Register,
    /// Vehicles by number plate.
    pub registrations: &'a Registrations,
    /// The current time; a row must not be later.
    pub now: UtcMs,
    /// Returns true if there is an emission factor per kilometre for this class and fuel on this day.
    pub has_factor: &'a dyn Fn(&str, &str, Day) -> bool,
}

/// A valid row.
#[derive(Clone, PartialEq, Debug)]
pub enum Parsed {
    /// Fuel or mileage.
    Activity(Box<ImportedRow>),
    /// A monthly figure.
    Indicator(Indicator),
    /// A known product that is not fuel, such as AdBlue or a car wash.
    Ignored(&'static str),
}

/// A file's parsed header.
#[derive(Debug)]
pub struct ImportTable {
    kind: ImportKind,
    file: String,
    /// Separated by semicolons: its commas may be decimal.
    semicolons: bool,
    /// By position: the name of the column in this program.
    columns: Vec<Option<&'static str>>,
    /// By position: the title in the file.
    titles: Vec<String>,
}

fn columns(kind: ImportKind) -> &'static [Column] {
    match kind {
        ImportKind::Fuel => fuel::COLUMNS,
        ImportKind::Mileage => mileage::COLUMNS,
        ImportKind::Indicators => indicators::COLUMNS,
    }
}

/// The columns that a file must have: one of each group.
fn required_columns(kind: ImportKind) -> &'static [&'static [&'static str]] {
    match kind {
        ImportKind::Fuel => &[&["date"], &["vehicle_id", "registration"], &["litres"]],
        ImportKind::Mileage => &[
            &["date", "from", "month"],
            &["vehicle_id", "registration", "organisation"],
            &["distance_km", "distance_miles"],
        ],
        ImportKind::Indicators => &[&["month"], &["organisation"], &["name"], &["value"]],
    }
}

impl ImportTable {
    /// Parses a header. The error holds every mistake.
    pub fn from_header(
        kind: ImportKind,
        file: &str,
        line: u64,
        separator: u8,
        header: &ByteRecord,
    ) -> Result<Self, Vec<RegisterError>> {
        let titles: Vec<String> = header
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
            .collect();
        let names = titles
            .iter()
            .map(|title| csv_row::column_name(columns(kind), title))
            .collect();
        let table = Self {
            kind,
            file: file.to_owned(),
            semicolons: separator == b';',
            columns: names,
            titles,
        };
        let errors = table.header_errors(line);
        if errors.is_empty() {
            Ok(table)
        } else {
            Err(errors)
        }
    }

    /// Columns that stand twice, and required columns that are missing.
    fn header_errors(&self, line: u64) -> Vec<RegisterError> {
        let mut errors = Vec::new();
        let mut refuse = |column: &str, reason: String, hint: String| {
            let (file, column) = (self.file.clone(), column.to_owned());
            errors.push(RegisterError {
                file,
                line,
                column,
                value: String::new(),
                reason,
                hint,
            });
        };
        for (index, name) in self.columns.iter().enumerate() {
            if let Some(first) = self.columns[..index]
                .iter()
                .position(|other| name.is_some() && other == name)
            {
                let reason = format!("means the same as `{}`", self.titles[first]);
                refuse(
                    &self.titles[index],
                    reason,
                    "rename or remove one of them".to_owned(),
                );
            }
        }
        let has = |name: &str| self.columns.contains(&Some(name));
        for choice in required_columns(self.kind)
            .iter()
            .filter(|choice| !choice.iter().any(|name| has(name)))
        {
            let reason = format!("the header has no column `{}`", choice.join("` or `"));
            refuse(
                "",
                reason,
                format!(
                    "it has {}; config/imports/README.md names what is understood",
                    self.titles.join(", ")
                ),
            );
        }
        errors
    }

    /// The titles of columns that are not used.
    pub fn left_out(&self) -> Vec<&str> {
        let unread = self
            .columns
            .iter()
            .zip(&self.titles)
            .filter(|(name, title)| name.is_none() && !title.is_empty());
        unread.map(|(_, title)| title.as_str()).collect()
    }

    /// Parses a row; `None` if it is empty, or invalid and reported.
    pub fn row(
        &self,
        line: u64,
        record: &ByteRecord,
        context: &Context<'_>,
        errors: &mut Vec<RegisterError>,
    ) -> Option<Parsed> {
        if record.iter().all(<[u8]>::is_empty) {
            return None;
        }
        let before = errors.len();
        let mut row = CsvRow::new(self, line, record, errors);
        let parsed = match self.kind {
            ImportKind::Fuel => fuel::parse_row(&mut row, context),
            ImportKind::Mileage => mileage::parse_row(&mut row, context),
            ImportKind::Indicators => indicators::parse_row(&mut row, context),
        };
        parsed.filter(|_| errors.len() == before)
    }
}
