//! The activity journal: kilometres, litres and energy by local day, as additions since the last checkpoint.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{ActivityData, ActivityKey, ActivityRow, Subject};
use crate::units::Day;

/// Additions since the last checkpoint, and those of a checkpoint under way.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(in crate::engine) struct Journal {
    /// The checkpoint that the open additions come after.
    generation: u64,
    open: BTreeMap<ActivityKey, ActivityData>,
    /// Handed to a checkpoint that is not confirmed yet; it will be `generation`.
    frozen: BTreeMap<ActivityKey, ActivityData>,
}

impl Journal {
    /// Adds to a day.
    pub(crate) fn add(&mut self, day: Day, subject: &Subject, activity: &ActivityData) {
        if !activity.is_empty() {
            self.open
                .entry(ActivityKey {
                    day,
                    subject: subject.clone(),
                })
                .or_default()
                .add(activity);
        }
    }

    /// Hands over everything open for a checkpoint; returns its generation. An unconfirmed earlier one is taken along.
    pub(crate) fn freeze(&mut self) -> (u64, Vec<ActivityRow>) {
        for (key, activity) in std::mem::take(&mut self.open) {
            self.frozen.entry(key).or_default().add(&activity);
        }
        self.generation += 1;
        let rows = self
            .frozen
            .iter()
            .map(|(key, activity)| ActivityRow {
                key: key.clone(),
                activity: *activity,
            })
            .collect();
        (self.generation, rows)
    }

    /// The checkpoint is in the store.
    pub(crate) fn confirm(&mut self, generation: u64) {
        if generation == self.generation {
            self.frozen.clear();
        }
    }

    /// What the store does not have yet, given the generation it was read at, for days `from..=to`.
    pub(crate) fn since(
        &self,
        generation: u64,
        from: Day,
        to: Day,
    ) -> impl Iterator<Item = (&ActivityKey, &ActivityData)> {
        let frozen = (generation < self.generation).then_some(&self.frozen);
        frozen
            .into_iter()
            .flatten()
            .chain(&self.open)
            .filter(move |(key, _)| (from..=to).contains(&key.day))
    }

    /// The state that goes into the snapshot of the checkpoint just frozen: nothing is open after it.
    pub(crate) fn for_snapshot(&self) -> Self {
        Self {
            generation: self.generation,
            open: BTreeMap::new(),
            frozen: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::engine::activity::journal::*;
    use crate::units::Metres;

    #[test]
    fn a_checkpoint_under_way_is_neither_lost_nor_counted_twice() {
        let mut journal = Journal::default();
        let subject = Subject::Vehicle(Arc::from("AMB-101"));
        let day = Day(20_000);
        let km = |metres| ActivityData {
            distance: Metres(metres),
            ..ActivityData::default()
        };
        let visible = |journal: &Journal, generation| {
            journal
                .since(generation, day, day)
                .map(|(_, a)| a.distance.0)
                .sum::<i64>()
        };
        journal.add(day, &subject, &km(5));
        let (generation, rows) = journal.freeze();
        journal.add(day, &subject, &km(2));
        assert_eq!(rows.len(), 1);
        assert_eq!(
            visible(&journal, generation - 1),
            7,
            "the store has not got it yet"
        );
        assert_eq!(
            visible(&journal, generation),
            2,
            "the store has it, the confirmation is on its way"
        );
        let (second, rows) = journal.freeze();
        assert_eq!(
            rows[0].activity.distance,
            Metres(7),
            "an unconfirmed checkpoint is taken along"
        );
        journal.confirm(second);
        assert_eq!(visible(&journal, second), 0);
    }
}
