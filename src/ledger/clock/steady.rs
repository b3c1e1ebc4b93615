//! What several messages in a row show: one lag, or one stamp.

use serde::{Deserialize, Serialize};

use super::{AGREEMENT_MS, MAX_AHEAD_MS, MINUTE_MS, Stamped};
use crate::units::UtcMs;

/// A queue's lag falls as the queue empties; a clock's error is still there after half an hour.
const MIN_SPAN_MS: i64 = 30 * MINUTE_MS;
const MIN_MESSAGES: u32 = 4;
/// A clock that was put right shows at once; two messages rule out a queue that is emptied.
const MIN_PROMPT: u32 = 2;
/// So often, over so long a time, a stamp repeats only if the clock stands.
const MIN_SAME_STAMP: u32 = 3;
const MIN_SAME_STAMP_MS: i64 = 10 * MINUTE_MS;

/// Messages in a row with one lag.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Steady {
    first_arrival: UtcMs,
    last_arrival: UtcMs,
    first_lag: i64,
    least_lag: i64,
    messages: u32,
}

impl Steady {
    pub(super) fn new(message: &Stamped) -> Self {
        Self {
            first_arrival: message.arrived,
            last_arrival: message.arrived,
            first_lag: message.lag(),
            least_lag: message.lag(),
            messages: 0,
        }
    }

    pub(super) fn observe(&mut self, message: &Stamped) {
        let lag = message.lag();
        if lag.abs_diff(self.first_lag) > AGREEMENT_MS.unsigned_abs() {
            *self = Self::new(message);
        }
        // The samples of one message are one witness.
        if self.messages == 0 || message.arrived > self.last_arrival {
            self.messages = self.messages.saturating_add(1);
        }
        self.last_arrival = message.arrived;
        self.least_lag = self.least_lag.min(lag);
    }

    /// The lag is the clock's error.
    pub(super) fn is_steady(&self) -> bool {
        let span = self.last_arrival.since(self.first_arrival);
        let long = self.messages >= MIN_MESSAGES && span >= MIN_SPAN_MS;
        let right = self.is_prompt() && self.messages >= MIN_PROMPT && span >= MINUTE_MS;
        long || right
    }

    /// The messages came as soon as they were stamped.
    pub(super) fn is_prompt(&self) -> bool {
        self.least_lag.abs() <= MAX_AHEAD_MS
    }

    pub(super) fn least_lag(&self) -> i64 {
        self.least_lag
    }
}

/// Messages in a row with one stamp.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct SameStamp {
    own: UtcMs,
    first_arrival: UtcMs,
    last_arrival: UtcMs,
    content: u64,
    messages: u32,
}

impl SameStamp {
    pub(super) fn new(message: &Stamped, content: u64) -> Self {
        Self {
            own: message.own,
            first_arrival: message.arrived,
            last_arrival: message.arrived,
            content,
            messages: 1,
        }
    }

    /// The newest message's stamp.
    pub(super) fn own(&self) -> UtcMs {
        self.own
    }

    pub(super) fn observe(&mut self, message: &Stamped, content: u64) {
        if message.own != self.own {
            *self = Self::new(message, content);
        } else if message.arrived > self.last_arrival && content != self.content {
            self.messages = self.messages.saturating_add(1);
            self.content = content;
            self.last_arrival = message.arrived;
        }
    }

    pub(super) fn stands(&self) -> bool {
        self.messages >= MIN_SAME_STAMP
            && self.last_arrival.since(self.first_arrival) > MIN_SAME_STAMP_MS
    }
}
