//! Compares the factor sets of two years: which factors were added, removed or changed, and which only got another name.

use std::collections::BTreeMap;

use super::row::{FactorKey, FactorRow};
use super::table::FactorTable;
use crate::units::Ratio;

/// The kind of difference between two years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// In both years, with another figure.
    Changed,
    /// A removed factor's figures under a new name: a new label, not a new measurement. Where several fit, none is called so.
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
    /// The kind of difference.
    pub change: Change,
    /// The row of the earlier year.
    pub before: Option<&'a FactorRow>,
    /// The row of the later year.
    pub after: Option<&'a FactorRow>,
}

impl FactorChange<'_> {
    /// The change as a share of the earlier figure; `None` where there is none or it is 0.
    pub fn ratio(&self) -> Option<Ratio> {
        let (before, after) = (self.before?.value.main(), self.after?.value.main());
        Ratio::new(after / before - 1.0).filter(|_| before != 0.0)
    }
}

/// Compares the sets of two years.
pub fn diff(table: &FactorTable, before: i32, after: i32) -> Vec<FactorChange<'_>> {
    let (old, new) = (of_year(table, before), of_year(table, after));
    let mut changes: Vec<FactorChange<'_>> = new
        .iter()
        .filter_map(|(key, after)| Some(in_both(old.get(key)?, after)))
        .collect();
    let mut removed = only_in(&old, &new);
    let added = only_in(&new, &old);
    for &after in &added {
        // The same figures per the same unit in the same component, and no other new factor has them: only the label changed.
        let same: Vec<usize> = (0..removed.len())
            .filter(|&index| same_figures(removed[index], after))
            .collect();
        let rivals = added.iter().filter(|row| same_figures(row, after)).count();
        let before = match same.as_slice() {
            [index] if rivals == 1 && after.value.main() != 0.0 => Some(removed.remove(*index)),
            _ => None,
        };
        changes.push(FactorChange {
            change: if before.is_some() {
                Change::Relabelled
            } else {
                Change::Added
            },
            before,
            after: Some(after),
        });
    }
    changes.extend(removed.into_iter().map(|row| FactorChange {
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

type Rows<'a> = BTreeMap<&'a FactorKey, &'a FactorRow>;

fn of_year(table: &FactorTable, year: i32) -> Rows<'_> {
    let rows = table.rows.values().filter(|row| row.year == year);
    rows.map(|row| (&row.key, row)).collect()
}

fn only_in<'a>(rows: &Rows<'a>, other: &Rows<'a>) -> Vec<&'a FactorRow> {
    let own = rows.iter().filter(|(key, _)| !other.contains_key(*key));
    own.map(|(_, row)| *row).collect()
}

fn in_both<'a>(before: &'a FactorRow, after: &'a FactorRow) -> FactorChange<'a> {
    FactorChange {
        change: if before.value == after.value {
            Change::Unchanged
        } else {
            Change::Changed
        },
        before: Some(before),
        after: Some(after),
    }
}

fn same_figures(row: &FactorRow, other: &FactorRow) -> bool {
    row.value == other.value
        && row.key.kind == other.key.kind
        && row.key.unit == other.key.unit
        && row.key.component == other.key.component
}
