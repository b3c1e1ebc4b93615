//! Sequence numbers of one OCPP 2.x transaction: which events were received, and whether some are missing.

use serde::{Deserialize, Serialize};

/// Stretches kept; a transaction torn into more pieces is one with gaps whatever comes.
const MAX_STRETCHES: usize = 64;

/// Numbers heard, as rising stretches that do not touch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct SeqNumbers(Vec<(i64, i64)>);

impl SeqNumbers {
    /// Notes a number; false if it was heard before.
    pub(super) fn insert(&mut self, number: i64) -> bool {
        let index = self.0.partition_point(|(_, last)| *last < number);
        if self.0.get(index).is_some_and(|(first, _)| *first <= number) {
            return false;
        }
        let joins_before = index > 0 && self.0[index - 1].1.checked_add(1) == Some(number);
        let joins_after = self
            .0
            .get(index)
            .is_some_and(|(first, _)| number.checked_add(1) == Some(*first));
        match (joins_before, joins_after) {
            (true, true) => {
                self.0[index - 1].1 = self.0[index].1;
                self.0.remove(index);
            }
            (true, false) => self.0[index - 1].1 = number,
            (false, true) => self.0[index].0 = number,
            (false, false) if self.0.len() < MAX_STRETCHES => {
                self.0.insert(index, (number, number))
            }
            (false, false) => {}
        }
        true
    }

    /// The highest number heard.
    pub(super) fn newest(&self) -> Option<i64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// Some number between the first and the last was not heard.
    pub(super) fn has_gap(&self) -> bool {
        self.0.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::charging::sequence::*;

    #[test]
    fn any_order_ends_in_one_stretch() {
        let mut seq = SeqNumbers::default();
        for (number, new, gap) in [
            (3, true, false),
            (0, true, true),
            (3, false, true),
            (1, true, true),
            (2, true, false),
            (0, false, false),
            (9, true, true),
        ] {
            assert_eq!(
                (seq.insert(number), seq.has_gap()),
                (new, gap),
                "{number}: {seq:?}"
            );
        }
        assert_eq!((seq.newest(), seq.0.len()), (Some(9), 2));
        assert!(seq.insert(i64::MAX) && seq.insert(i64::MIN));
    }
}
