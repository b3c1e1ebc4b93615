//! Two years' sets side by side: what was added, taken out, changed, and what only got another name.

use std::collections::BTreeMap;

use super::table::{FactorKey, FactorRow, FactorTable};

/// What happened to a factor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Another figure.
    Changed,
    /// The figures of one that is gone under a new name: a new label, not a new measurement. A guess where several fit is not made.
    Relabelled,
    /// Only in the later year.
    Added,
    /// Only in the earlier year.
    Removed,
    /// The same figure.
    Unchanged,
}

/// One factor in both years.
#[derive(Clone, PartialEq, Debug)]
pub struct FactorChange<'a> {
    /// What happened.
    pub change: Change,
    /// In the earlier year.
    pub before: Option<&'a FactorRow>,
    /// In the later year.
    pub after: Option<&'a FactorRow>,
}

impl FactorChange<'_> {
    /// Relative to the earlier year, where there is something to relate to.
    pub fn ratio(&self) -> Option<f64> {
        let (before, after) = (self.before?.value.main(), self.after?.value.main());
        (before != 0.0).then(|| after / before - 1.0)
    }
}

/// Compares the sets of two years.
pub fn diff(table: &FactorTable, before: i32, after: i32) -> Vec<FactorChange<'_>> {
    let of = |year: i32| -> BTreeMap<&FactorKey, &FactorRow> {
        table
            .rows
            .values()
            .filter(|row| row.year == year)
            .map(|row| (&row.key, row))
            .collect()
    };
    let (old, new) = (of(before), of(after));
    let mut changes: Vec<FactorChange<'_>> = Vec::new();
    let mut gone: Vec<&FactorRow> = old
        .iter()
        .filter(|(key, _)| !new.contains_key(*key))
        .map(|(_, row)| *row)
        .collect();
    let came: Vec<&FactorRow> = new
        .iter()
        .filter(|(key, _)| !old.contains_key(*key))
        .map(|(_, row)| *row)
        .collect();
    for (key, after) in &new {
        if let Some(before) = old.get(key) {
            let change = if before.value == after.value {
                Change::Unchanged
            } else {
                Change::Changed
            };
            changes.push(FactorChange {
                change,
                before: Some(before),
                after: Some(after),
            });
        }
    }
    for after in &came {
        // The same figures per the same unit in the same component, and nobody else has them: the label changed.
        let same = |row: &FactorRow| {
            row.value == after.value
                && (row.key.kind, &row.key.unit, &row.key.component)
                    == (after.key.kind, &after.key.unit, &after.key.component)
        };
        let found: Vec<usize> = gone
            .iter()
            .enumerate()
            .filter(|(_, row)| same(row))
            .map(|(index, _)| index)
            .collect();
        let rivals = came.iter().filter(|row| same(row)).count();
        match found.as_slice() {
            [index] if rivals == 1 && after.value.main() != 0.0 => {
                changes.push(FactorChange {
                    change: Change::Relabelled,
                    before: Some(gone.remove(*index)),
                    after: Some(after),
                });
            }
            _ => changes.push(FactorChange {
                change: Change::Added,
                before: None,
                after: Some(after),
            }),
        }
    }
    changes.extend(gone.into_iter().map(|row| FactorChange {
        change: Change::Removed,
        before: Some(row),
        after: None,
    }));
    changes.sort_by_key(|change| {
        (
            change.change,
            change.after.or(change.before).map(|row| row.id.as_str()),
        )
    });
    changes
}
