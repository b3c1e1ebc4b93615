//! One row of a factor file: its id, key, dates and source, with every mistake of its columns. `values` parses its figures.
//!
//! Refused: an empty id, dates that do not exist or contradict the id, and rows without source or confidence.

use std::sync::Arc;

use csv::StringRecord;

use super::row::{FactorKey, FactorKind, FactorRow};
use super::table::FactorMistake;
use crate::jurisdiction::JURISDICTIONS;
use crate::units::Day;

/// The cells of a row by the name of their column.
pub(super) struct Cells<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
    file: &'a Arc<str>,
    line: u64,
    mistakes: &'a mut Vec<FactorMistake>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(
        header: &'a StringRecord,
        record: &'a StringRecord,
        (file, line): (&'a Arc<str>, u64),
        mistakes: &'a mut Vec<FactorMistake>,
    ) -> Self {
        Self {
            header,
            record,
            file,
            line,
            mistakes,
        }
    }

    pub(super) fn text(&self, column: &str) -> &str {
        self.header
            .iter()
            .position(|name| name == column)
            .and_then(|index| self.record.get(index))
            .unwrap_or_default()
    }

    pub(super) fn refuse(&mut self, column: &'static str, reason: impl Into<String>) {
        self.mistakes.push(FactorMistake {
            file: self.file.to_string(),
            line: self.line,
            column,
            reason: reason.into(),
        });
    }

    /// A quantity that is not negative; `None` if the cell is empty or wrong.
    pub(super) fn quantity<Q>(
        &mut self,
        column: &'static str,
        unit: fn(f64) -> Option<Q>,
    ) -> Option<Q> {
        let text = self.text(column).to_owned();
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok().filter(|value| *value >= 0.0);
        let quantity = value.and_then(unit);
        if quantity.is_none() {
            self.refuse(column, format!("`{text}` is not a number from 0 up"));
        }
        quantity
    }

    /// A quantity that must be there; `None` is reported.
    pub(super) fn needed<Q>(
        &mut self,
        column: &'static str,
        unit: fn(f64) -> Option<Q>,
    ) -> Option<Q> {
        let before = self.mistakes.len();
        let quantity = self.quantity(column, unit);
        if quantity.is_none() && self.mistakes.len() == before {
            self.refuse(
                column,
                "is empty: leave the row out where nothing was published",
            );
        }
        quantity
    }

    /// The row, unless something is missing; the caller drops a row with a mistake.
    pub(super) fn row(
        &mut self,
        kind: FactorKind,
        texts: &mut Vec<Arc<str>>,
        missing: &mut Vec<String>,
    ) -> Option<FactorRow> {
        let id = self.text("factor_id").to_owned();
        if id.is_empty() {
            self.refuse("factor_id", "is empty: every factor needs its id");
        }
        let year = self.year(&id);
        let value = self.value(kind);
        if value.is_none() && kind == FactorKind::EvEnergy {
            missing.push(id);
            return None;
        }
        let version = self.version();
        let [source, confidence] = ["source", "confidence"].map(|column| {
            if self.text(column).is_empty() {
                self.refuse(
                    column,
                    "is empty: an auditor needs to know where the figure is from and how sure it is",
                );
            }
            shared(texts, self.text(column))
        });
        let provisional = &*confidence == "found-secondary";
        Some(FactorRow {
            id,
            key: self.key(kind),
            year,
            value: value?,
            version,
            provisional,
            source,
            confidence,
            position: (self.file.clone(), self.line),
            replaced: None,
        })
    }

    fn version(&mut self) -> u8 {
        let version = match self.text("version") {
            "" => 1,
            text => text.parse().unwrap_or(0),
        };
        if version == 0 {
            self.refuse("version", "is not a whole number from 1 to 255");
        }
        version
    }

    fn key(&self, kind: FactorKind) -> FactorKey {
        let (class, component) = match kind {
            FactorKind::AirNonExhaust => ("vehicle_group", "source_component"),
            _ => ("vehicle_class", "component"),
        };
        FactorKey {
            kind,
            vehicle_class: self.text(class).to_owned(),
            fuel: self.text("fuel").to_owned(),
            euro: self.text("euro").to_owned(),
            unit: self.text("unit").to_owned(),
            component: self.text(component).to_owned(),
        }
    }

    /// The calendar year printed on the set, which is that of `valid_from`.
    fn year(&mut self, id: &str) -> i32 {
        let from: Result<Day, _> = self.text("valid_from").parse();
        let Ok(from) = from else {
            self.refuse("valid_from", "is not a date such as 2025-01-01");
            return 0;
        };
        let year = from.ymd().0;
        let to = self.text("valid_to").to_owned();
        if !to.is_empty()
            && !to
                .parse::<Day>()
                .is_ok_and(|to| to >= from && to.ymd().0 == year)
        {
            self.refuse(
                "valid_to",
                format!("`{to}` is not a date from valid_from to the end of its year, {year}"),
            );
        }
        let named = JURISDICTIONS
            .into_iter()
            .find_map(|country| id.strip_prefix(country.factor_family))
            .and_then(|rest| rest.get(..4))
            .and_then(|year| year.parse::<i32>().ok());
        if named.is_some_and(|named| named != year) {
            self.refuse(
                "factor_id",
                format!("`{id}` names another year than valid_from, {year}"),
            );
        }
        year
    }
}

/// One allocation for texts that many rows share.
fn shared(texts: &mut Vec<Arc<str>>, text: &str) -> Arc<str> {
    match texts.iter().find(|known| &***known == text) {
        Some(known) => known.clone(),
        None => {
            texts.push(Arc::from(text));
            Arc::from(text)
        }
    }
}
