//! The way of our requests: one at a time, ids of their own, and answers that come long after anybody waited for them (Mennekes answers
//! after 90 s: evcc issue 26837). Its health is another one than the link's.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::ocpp::provisioning::requests::Ask;

/// How long a request is remembered that was not answered in time.
const LATE: Duration = Duration::from_secs(600);
/// Requests remembered.
const MAX_PENDING: usize = 16;
/// The first pause after a request without an answer; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct Pending {
    number: u32,
    ask: Ask,
    sent: Instant,
}

/// Requests of one connection.
#[derive(Debug)]
pub(super) struct Channel {
    /// Makes ids of this connection, so that an answer meant for the last one is not taken for one to this.
    prefix: String,
    number: u32,
    pending: VecDeque<Pending>,
    /// The one that is waited for.
    awaited: Option<u32>,
    timeout: Duration,
    /// In a row.
    timeouts: u32,
}

impl Channel {
    pub fn new(prefix: String, timeout: Duration) -> Self {
        Self {
            prefix,
            number: 0,
            pending: VecDeque::new(),
            awaited: None,
            timeout,
            timeouts: 0,
        }
    }

    pub fn is_busy(&self) -> bool {
        self.awaited.is_some()
    }

    /// Notes a request; its id.
    pub fn sent(&mut self, ask: Ask, now: Instant) -> String {
        self.number += 1;
        self.pending
            .retain(|old| now.saturating_duration_since(old.sent) < LATE);
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(Pending {
            number: self.number,
            ask,
            sent: now,
        });
        self.awaited = Some(self.number);
        format!("{}-{}", self.prefix, self.number)
    }

    /// When the awaited answer is late.
    pub fn deadline(&self) -> Option<Instant> {
        let awaited = self.awaited?;
        let pending = self
            .pending
            .iter()
            .find(|pending| pending.number == awaited)?;
        Some(pending.sent + self.timeout)
    }

    /// Gives the awaited request up if it is late: the request, and how many in a row were.
    pub fn expire(&mut self, now: Instant) -> Option<(Ask, u32)> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        let awaited = self.awaited.take()?;
        self.timeouts += 1;
        let late = self
            .pending
            .iter()
            .find(|pending| pending.number == awaited)?;
        Some((late.ask.clone(), self.timeouts))
    }

    /// Nothing is waited for any more.
    pub fn abandon(&mut self) {
        self.awaited = None;
        self.timeouts = 0;
    }

    /// Gives back room that is not needed.
    pub fn rest(&mut self) {
        self.pending.shrink_to_fit();
    }

    /// How long to pause after so many late ones.
    pub fn pause(timeouts: u32) -> Duration {
        FIRST_PAUSE
            .saturating_mul(1 << timeouts.saturating_sub(1).min(16))
            .min(LONGEST_PAUSE)
    }

    /// The request that an id (as JSON text) answers, and whether it was still waited for.
    pub fn answered(&mut self, id: &str) -> Option<(Ask, bool)> {
        let number: u32 = id
            .trim_matches('"')
            .strip_prefix(&self.prefix)?
            .strip_prefix('-')?
            .parse()
            .ok()?;
        let index = self
            .pending
            .iter()
            .position(|pending| pending.number == number)?;
        let pending = self.pending.remove(index)?;
        self.timeouts = 0;
        let awaited = self.awaited.take_if(|awaited| *awaited == number).is_some();
        Some((pending.ask, awaited))
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::channel::*;

    #[test]
    fn late_answers_are_known_for_minutes() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut channel = Channel::new("fg".into(), Duration::from_secs(60));
        let id = channel.sent(Ask::Inventory(1), start);
        assert_eq!(
            (id.as_str(), channel.is_busy(), channel.expire(after(59))),
            ("fg-1", true, None)
        );
        assert_eq!(channel.expire(after(60)), Some((Ask::Inventory(1), 1)));
        assert!(!channel.is_busy());
        let second = channel.sent(Ask::Inventory(2), after(65));
        assert_eq!(
            channel.answered("\"fg-1\""),
            Some((Ask::Inventory(1), false)),
            "the first, late"
        );
        assert!(channel.is_busy(), "the second is still out");
        assert_eq!(
            channel.answered(&format!("\"{second}\"")),
            Some((Ask::Inventory(2), true))
        );
        for unasked in ["\"fg-1\"", "\"fg-9\"", "\"x-1\"", "1", ""] {
            assert_eq!(channel.answered(unasked), None, "{unasked}");
        }
        for (timeouts, seconds) in [(1, 5), (2, 10), (3, 20), (40, 600)] {
            assert_eq!(Channel::pause(timeouts), Duration::from_secs(seconds));
        }
    }
}
