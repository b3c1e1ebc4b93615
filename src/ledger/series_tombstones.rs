//! Remembers which rows were written for each day. A time-series database never deletes a point, so a row that disappears is overwritten
//! with zeros; otherwise it would be counted beside the row that replaced it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{DaySeries, Fact, ZeroRowFact};
use crate::series::table::{self, FieldValue, RowTime, RowVisitor};
use crate::units::{Day, UtcMs};

/// The running day, and those that the back-fill (`app/backfill.rs`) does not look at yet, which are the two newest, with one to spare.
const DAYS_KEPT: usize = 4;
/// Rows remembered of a day. Beyond it, a row that disappears is overwritten once and then forgotten.
const MAX_ROWS: usize = 20_000;

/// Identifies a row of a day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RowTags {
    /// The measurement that the row is in.
    #[serde(rename = "table")]
    pub series: DaySeries,
    /// Values of all its tags, in the order of the table.
    tags: Vec<Arc<str>>,
}

impl RowTags {
    /// The tags of a row; `None` for measurements that are never rewritten by the day.
    pub fn from_fact(fact: &Fact) -> Option<Self> {
        let RowTime::RewrittenDay { series, .. } = table::measurement(fact).time else {
            return None;
        };
        let (TagValues(tags), _) = table::visit(fact, |_| TagValues(Vec::new()));
        Some(Self { series, tags })
    }

    /// A row of the day that starts at `at` with these tags, in which every field is zero. `None` if an earlier version of the program wrote rows with fewer tags.
    pub fn zero_row(&self, at: UtcMs) -> Option<Fact> {
        let row = ZeroRowFact {
            series: self.series,
            tags: self.tags.clone(),
            at,
        };
        let fact = Fact::ZeroRow(Box::new(row));
        let n_tags = table::measurement(&fact).tags.len();
        (self.tags.len() == n_tags).then_some(fact)
    }

    /// True if the row rests on activity, which may arrive late; else it rests on the day's register alone.
    pub fn is_from_activity(&self) -> bool {
        matches!(
            table::day_series(self.series).time,
            RowTime::RewrittenDay {
                from_activity: true,
                ..
            }
        )
    }
}

/// Collects the tags of a row.
struct TagValues(Vec<Arc<str>>);

impl RowVisitor for TagValues {
    fn tag(&mut self, value: &str) {
        self.0.push(Arc::from(value));
    }

    fn field(&mut self, _: FieldValue<'_>) {}
}

/// Tags of the rows of the last days.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WrittenRows(BTreeMap<Day, BTreeSet<RowTags>>);

impl WrittenRows {
    /// Takes all rows of one measurement of a day that starts at `at`, and returns them with a row of zeros for each that was written before and is not among
    /// them.
    pub fn add_zero_rows(
        &mut self,
        (day, at): (Day, UtcMs),
        series: DaySeries,
        mut rows: Vec<Fact>,
    ) -> Vec<Fact> {
        let current: BTreeSet<RowTags> = rows.iter().filter_map(RowTags::from_fact).collect();
        if current.is_empty() && !self.0.contains_key(&day) {
            return rows;
        }
        let known = self.0.entry(day).or_default();
        let is_full = known.len() + current.len() > MAX_ROWS;
        let has_gone = |tags: &RowTags| tags.series == series && !current.contains(tags);
        rows.extend(
            known
                .iter()
                .filter(|tags| has_gone(tags))
                .filter_map(|tags| tags.zero_row(at)),
        );
        if is_full {
            known.retain(|tags| !has_gone(tags));
        }
        known.extend(current);
        while self.0.len() > DAYS_KEPT {
            self.0.pop_first();
        }
        rows
    }

    /// What was written of a day; empty if the day is older than what is kept, or no row was written.
    pub fn of_day(&self, day: Day) -> impl Iterator<Item = &RowTags> {
        self.0.get(&day).into_iter().flatten()
    }
}
