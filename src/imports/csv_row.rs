//! One row of a CSV file: its cells by column, and the mistakes in them. Numbers may have thousands separators; decimal commas are refused,
//! because `1,204` would mean different numbers in different countries.

use csv::ByteRecord;

use super::ImportTable;
use crate::model::register::RegisterError;
use crate::units::{DecimalError, parse_scaled};

/// A column and the other names it goes by, in the form of [`snake_case`].
pub(super) struct Column(pub &'static str, pub &'static [&'static str]);

/// The column of a title, ignoring case, spaces and punctuation.
pub(super) fn column_name(columns: &[Column], title: &str) -> Option<&'static str> {
    let title = snake_case(title);
    columns
        .iter()
        .find(|Column(name, others)| *name == title || others.contains(&title.as_str()))
        .map(|Column(name, _)| *name)
}

/// `Fuel Type (L)` to `fuel_type_l`.
pub(super) fn snake_case(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// A row being parsed.
pub(super) struct CsvRow<'a> {
    table: &'a ImportTable,
    /// Line of the file.
    pub line: u64,
    texts: Vec<(&'static str, &'a str)>,
    errors: &'a mut Vec<RegisterError>,
}

impl<'a> CsvRow<'a> {
    pub(super) fn new(
        table: &'a ImportTable,
        line: u64,
        record: &'a ByteRecord,
        errors: &'a mut Vec<RegisterError>,
    ) -> Self {
        let mut row = Self {
            table,
            line,
            texts: Vec::with_capacity(record.len()),
            errors,
        };
        if record.len() > table.columns.len() {
            let reason = format!(
                "has {} cells, the header has {}",
                record.len(),
                table.columns.len()
            );
            row.refuse(
                "",
                reason,
                "a cell with a comma in it needs quotes: \"1,204.50\"",
            );
        }
        for (column, cell) in table.columns.iter().zip(record.iter()) {
            let Some(column) = *column else { continue };
            match std::str::from_utf8(cell).map(str::trim) {
                Ok("") => {}
                Ok(text) => row.texts.push((column, text)),
                Err(_) => row.refuse(column, "is not UTF-8", "save the file as `CSV UTF-8`"),
            }
        }
        row
    }

    /// A cell's text; `None` if it is empty or there is no such column.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        self.texts
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, text)| *text)
    }

    /// A cell that must be filled.
    pub(super) fn required(&mut self, column: &'static str, hint: &str) -> Option<&'a str> {
        let text = self.text(column);
        if text.is_none() {
            self.refuse(column, "is empty", hint);
        }
        text
    }

    /// Reports something about a cell, under the name the file gives its column.
    pub(super) fn refuse(
        &mut self,
        column: &str,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let index = self
            .table
            .columns
            .iter()
            .position(|name| *name == Some(column));
        let title = index.map_or(column, |index| self.table.titles[index].as_str());
        self.errors.push(RegisterError {
            file: self.table.file.clone(),
            line: self.line,
            column: title.to_owned(),
            value: self.text(column).unwrap_or_default().to_owned(),
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    /// A number in thousandths of its unit, not zero, of at most `most` units either way.
    pub(super) fn amount(&mut self, column: &'static str, max: i64) -> Option<i64> {
        let text = self.text(column)?;
        let found = match thousandths(text, self.table.semicolons) {
            Ok(0) => Err("is nothing"),
            Ok(amount) if amount.unsigned_abs() > max.unsigned_abs() * 1000 => {
                Err("is more than one row can be")
            }
            Ok(amount) => Ok(amount),
            Err(DecimalError::Range) => Err("is out of range"),
            Err(DecimalError::Syntax) => Err("is not a number"),
        };
        match found {
            Ok(amount) => Some(amount),
            Err(reason) => {
                self.refuse(
                    column,
                    reason,
                    format!("a number such as 1204.5, from -{max} to {max}; negative takes back"),
                );
                None
            }
        }
    }
}

/// `1204.5`, `1,204.5`. `45,2` is refused: it would be 45.2 in one country and 452 in another; and so is `45,200` in a file separated by
/// semicolons, which such a country's spreadsheets write.
fn thousandths(text: &str, semicolons: bool) -> Result<i64, DecimalError> {
    if !text.contains(',') {
        return parse_scaled(text, 3);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains(',') || (semicolons && fraction.is_empty()) {
        return Err(DecimalError::Syntax);
    }
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let first = groups.next().unwrap_or_default();
    if !(1..=3).contains(&first.len()) || !groups.all(|group| group.len() == 3) {
        return Err(DecimalError::Syntax);
    }
    parse_scaled(&text.replace(',', ""), 3)
}

#[cfg(test)]
mod tests {
    use crate::imports::csv_row::*;

    #[test]
    fn thousands_are_told_from_decimal_commas() {
        for (text, want) in [
            ("1204.5", Some(1_204_500)),
            ("1,204.5", Some(1_204_500)),
            ("-12,345,678", Some(-12_345_678_000)),
        ] {
            assert_eq!(thousandths(text, false).ok(), want, "{text}");
        }
        for text in [
            "45,2",
            "1,2345",
            "1.204,5",
            ",5",
            "12,34,567",
            "1 204",
            "12 l",
            "",
        ] {
            assert_eq!(
                thousandths(text, false),
                Err(DecimalError::Syntax),
                "{text}"
            );
        }
        assert_eq!(
            thousandths("1,234", false),
            Ok(1_234_000),
            "three digits after a comma are thousands"
        );
        assert_eq!(
            thousandths("1,234", true),
            Err(DecimalError::Syntax),
            "but not where commas may be points"
        );
        assert_eq!(thousandths("1,234.5", true), Ok(1_234_500));
    }

    #[test]
    fn titles_are_read_loosely() {
        let columns = &[Column("litres", &["quantity", "quantity_l"])];
        for title in [
            "Litres",
            " LITRES ",
            "Quantity",
            "Quantity (L)",
            "quantity-l",
        ] {
            assert_eq!(column_name(columns, title), Some("litres"), "{title}");
        }
        assert_eq!(column_name(columns, "Driver"), None);
    }
}
