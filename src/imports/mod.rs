//! CSV tables from outside (fuel cards, mileage claims, monthly figures) to rows for the books. Headers may use common other names;
//! columns nobody knows are left out and named; a bad cell costs its row, with file, line, column, value and reason.

mod cells;
mod date;
mod fuel;
mod indicators;
mod mileage;
mod who;

use csv::ByteRecord;

pub use who::Registrations;

use crate::model::register::{Register, RegisterError};
use crate::model::{ImportKind, ImportedRow, Indicator};
use crate::units::{Day, UtcMs};
use cells::{Cells, Column};

/// What rows are read against.
pub struct Context<'a> {
    /// Who is known.
    pub register: &'a Register,
    /// Vehicles by number plate.
    pub registrations: &'a Registrations,
    /// Now: nothing is bought or driven later.
    pub now: UtcMs,
    /// Kilometres of this class and fuel can be computed.
    pub has_factor: &'a dyn Fn(&str, &str, Day) -> bool,
}

/// A good row.
#[derive(Clone, PartialEq, Debug)]
pub enum Parsed {
    /// Fuel or mileage.
    Activity(Box<ImportedRow>),
    /// A monthly figure.
    Indicator(Indicator),
    /// Known, and deliberately not taken: AdBlue, a car wash.
    Ignored(&'static str),
}

/// A file's header, read.
#[derive(Debug)]
pub struct Table {
    kind: ImportKind,
    file: String,
    /// Separated by semicolons: its commas may be decimal.
    semicolons: bool,
    /// By place: the column as this program calls it.
    columns: Vec<Option<&'static str>>,
    /// By place: as the file calls it.
    titles: Vec<String>,
}

fn columns(kind: ImportKind) -> &'static [Column] {
    match kind {
        ImportKind::Fuel => fuel::COLUMNS,
        ImportKind::Mileage => mileage::COLUMNS,
        ImportKind::Indicators => indicators::COLUMNS,
    }
}

impl Table {
    /// Reads a header. All that is wrong with it at once.
    pub fn of(
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
            .map(|title| cells::name_of(columns(kind), title))
            .collect();
        let table = Self {
            kind,
            file: file.to_owned(),
            semicolons: separator == b';',
            columns: names,
            titles,
        };
        let mut errors = Vec::new();
        let mut refuse = |column: &str, reason: String, hint: String| {
            let (file, column) = (file.to_owned(), column.to_owned());
            errors.push(RegisterError {
                file,
                line,
                column,
                value: String::new(),
                reason,
                hint,
            });
        };
        for (place, name) in table.columns.iter().enumerate() {
            if let Some(first) = table.columns[..place]
                .iter()
                .position(|other| name.is_some() && other == name)
            {
                let reason = format!("means the same as `{}`", table.titles[first]);
                refuse(
                    &table.titles[place],
                    reason,
                    "rename or remove one of them".to_owned(),
                );
            }
        }
        let has = |name: &str| table.columns.contains(&Some(name));
        let required: &[&[&str]] = match kind {
            ImportKind::Fuel => &[&["date"], &["vehicle_id", "registration"], &["litres"]],
            ImportKind::Mileage => &[
                &["date", "from", "month"],
                &["vehicle_id", "registration", "organisation"],
                &["distance_km", "distance_miles"],
            ],
            ImportKind::Indicators => &[&["month"], &["organisation"], &["name"], &["value"]],
        };
        for choice in required
            .iter()
            .filter(|choice| !choice.iter().any(|name| has(name)))
        {
            let reason = format!("the header has no column `{}`", choice.join("` or `"));
            refuse(
                "",
                reason,
                format!(
                    "it has {}; config/imports/README.md names what is understood",
                    table.titles.join(", ")
                ),
            );
        }
        if errors.is_empty() {
            Ok(table)
        } else {
            Err(errors)
        }
    }

    /// Columns that nobody reads, as the file calls them.
    pub fn left_out(&self) -> Vec<&str> {
        let unread = self
            .columns
            .iter()
            .zip(&self.titles)
            .filter(|(name, title)| name.is_none() && !title.is_empty());
        unread.map(|(_, title)| title.as_str()).collect()
    }

    /// Reads a row; `None` if it is empty, or bad and then reported.
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
        let mut cells = Cells::of(self, line, record, errors);
        let parsed = match self.kind {
            ImportKind::Fuel => fuel::read(&mut cells, context),
            ImportKind::Mileage => mileage::read(&mut cells, context),
            ImportKind::Indicators => indicators::read(&mut cells, context),
        };
        parsed.filter(|_| errors.len() == before)
    }
}
