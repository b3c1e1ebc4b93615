//! How fresh the readings of an asset are, and how many messages were lost on the way.

use serde::{Deserialize, Serialize};

use crate::model::{Reading, Sequence};
use crate::units::UtcMs;

/// When an asset last sent a message, and with what delay.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Presence {
    /// Last live message: a broker's stored copy proves nothing.
    pub last_message_at: Option<UtcMs>,
    /// From the device's own time to its arrival, of the newest live reading; `None` where that has none.
    lag_ms: Option<i64>,
    /// By its source; `None` is the general setting.
    stale_after_s: Option<u32>,
    sequence: Option<Box<SequenceBook>>,
}

impl Presence {
    /// Observes a message.
    pub(crate) fn observe(&mut self, reading: &Reading<'_>) {
        if reading.stale_after_s.is_some() {
            self.stale_after_s = reading.stale_after_s;
        }
        if reading.retained {
            return;
        }
        self.last_message_at = self.last_message_at.max(Some(reading.received_at));
        if !reading.historical {
            // A fresh message without a time of its own says nothing of its delay, but an old one's delay is not that of now.
            self.lag_ms = reading.at.map(|at| reading.received_at.since(at).max(0));
        }
        if let Some(sequence) = reading.sequence {
            self.sequence.get_or_insert_default().observe(sequence);
        }
    }

    /// Seconds from the device's own time to the arrival of its newest live reading.
    pub(crate) fn lag_s(&self) -> Option<f64> {
        self.lag_ms.map(|ms| ms as f64 / 1000.0)
    }

    /// Never sent a message, or silent for longer than its source's or the general limit.
    pub(crate) fn is_stale(&self, now: UtcMs, general_ms: i64) -> bool {
        self.last_message_at
            .is_none_or(|heard| now.since(heard) > self.limit_ms(general_ms))
    }

    /// How long it may be silent.
    pub(crate) fn limit_ms(&self, general_ms: i64) -> i64 {
        self.stale_after_s
            .map_or(general_ms, |seconds| i64::from(seconds) * 1000)
    }

    /// Messages that its running numbers show to be missing; `None` where it has none.
    pub(crate) fn lost(&self) -> Option<u64> {
        self.sequence.as_ref().map(|book| book.lost)
    }
}

/// Running numbers seen, exact for the newest 64: what comes late is not lost, what comes twice counts once.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct SequenceBook {
    last: Option<u64>,
    /// Bit n: number `last - n` was seen.
    seen: u64,
    lost: u64,
}

/// A step further than this is a device that starts its numbers anew, not a loss.
const LONGEST_GAP: u64 = 10_000;
const WINDOW: u64 = 64;

impl SequenceBook {
    fn observe(&mut self, sequence: Sequence) {
        match (sequence, self.last) {
            (Sequence::Lost(count), _) => self.lost = self.lost.saturating_add(count.into()),
            (Sequence::Number(number), None) => self.begin(number),
            (Sequence::Number(number), Some(last)) if number > last => match number - last {
                gap if gap > LONGEST_GAP => self.begin(number),
                gap => {
                    self.lost = self.lost.saturating_add(gap - 1);
                    self.seen = if gap < WINDOW {
                        self.seen << gap | 1
                    } else {
                        1
                    };
                    self.last = Some(number);
                }
            },
            (Sequence::Number(number), Some(last)) => match last - number {
                behind if behind >= WINDOW => self.begin(number),
                behind => {
                    if self.seen & 1 << behind == 0 {
                        self.seen |= 1 << behind;
                        self.lost = self.lost.saturating_sub(1);
                    }
                }
            },
        }
    }

    /// Whatever came before the first number is not known to be missing.
    fn begin(&mut self, number: u64) {
        (self.last, self.seen) = (Some(number), u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::fleet::assets::presence::*;

    #[test]
    fn missing_messages_are_counted_once() {
        for (numbers, lost) in [
            (&[1u64, 2, 3][..], 0),
            (&[1, 3], 1),
            (&[1, 3, 2], 0),
            (&[1, 3, 2, 2, 3, 1], 0),
            (&[10, 20, 12, 12], 8),
            (&[500, 1, 2, 4], 1),
            (&[5, 1_000_000], 0),
            (&[1, 200, 201], 198),
            (&[7, 6, 5], 0),
            (&[u64::MAX, 0, 1], 0),
        ] {
            let mut book = SequenceBook::default();
            numbers
                .iter()
                .for_each(|number| book.observe(Sequence::Number(*number)));
            assert_eq!(book.lost, lost, "{numbers:?}");
        }
    }
}
