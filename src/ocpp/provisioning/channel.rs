//! Our requests and their responses: one request at a time, with ids of its own. Responses may come long after the time-out (a Mennekes
//! responds after 90 s: evcc issue 26837) and still count. A charge point may be online without answering any request.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::requests::ProvisioningRequest;

/// How long a request without a response in time is remembered.
const MAX_DELAY: Duration = Duration::from_secs(600);
/// Requests without a response that are remembered.
const MAX_PENDING: usize = 16;
/// The first pause after a request without a response; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const MAX_PAUSE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct Pending {
    number: u32,
    request: ProvisioningRequest,
    sent: Instant,
}

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Channel {
    /// Different for each connection, so that a response to a request of an older one is not mistaken.
    prefix: String,
    number: u32,
    pending: VecDeque<Pending>,
    /// Number of the request whose response has time left.
    awaited: Option<u32>,
    timeout: Duration,
    /// Time-outs in a row.
    timeouts: u32,
}

impl Channel {
    pub(super) fn new(prefix: String, timeout: Duration) -> Self {
        Self {
            prefix,
            number: 0,
            pending: VecDeque::new(),
            awaited: None,
            timeout,
            timeouts: 0,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.awaited.is_some()
    }

    /// Records a request; returns its message id.
    pub(super) fn sent(&mut self, request: ProvisioningRequest, now: Instant) -> String {
        self.number += 1;
        self.pending
            .retain(|old| now.saturating_duration_since(old.sent) < MAX_DELAY);
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(Pending {
            number: self.number,
            request,
            sent: now,
        });
        self.awaited = Some(self.number);
        format!("{}-{}", self.prefix, self.number)
    }

    /// When the request under way times out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let awaited = self.awaited?;
        let pending = self
            .pending
            .iter()
            .find(|pending| pending.number == awaited)?;
        Some(pending.sent + self.timeout)
    }

    /// Gives up the request under way if it has timed out; returns it with the number of time-outs in a row.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(ProvisioningRequest, u32)> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        let awaited = self.awaited.take()?;
        self.timeouts += 1;
        let late = self
            .pending
            .iter()
            .find(|pending| pending.number == awaited)?;
        Some((late.request.clone(), self.timeouts))
    }

    /// Gives up the request under way without counting a time-out.
    pub(super) fn abandon(&mut self) {
        self.awaited = None;
        self.timeouts = 0;
    }

    pub(super) fn free_memory(&mut self) {
        self.pending.shrink_to_fit();
    }

    /// The pause after so many time-outs in a row.
    pub(super) fn pause(timeouts: u32) -> Duration {
        FIRST_PAUSE
            .saturating_mul(1 << timeouts.saturating_sub(1).min(16))
            .min(MAX_PAUSE)
    }

    /// The request with this message id (JSON text), and whether its response came in time.
    pub(super) fn response(&mut self, id: &str) -> Option<(ProvisioningRequest, bool)> {
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
        Some((pending.request, awaited))
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::channel::*;

    #[test]
    fn late_responses_are_matched_for_minutes() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut channel = Channel::new("fg".into(), Duration::from_secs(60));
        let id = channel.sent(ProvisioningRequest::Inventory(1), start);
        assert_eq!(
            (id.as_str(), channel.is_busy(), channel.expire(after(59))),
            ("fg-1", true, None)
        );
        assert_eq!(
            channel.expire(after(60)),
            Some((ProvisioningRequest::Inventory(1), 1))
        );
        assert!(!channel.is_busy());
        let second = channel.sent(ProvisioningRequest::Inventory(2), after(65));
        assert_eq!(
            channel.response("\"fg-1\""),
            Some((ProvisioningRequest::Inventory(1), false)),
            "the first, late"
        );
        assert!(channel.is_busy(), "the second is still out");
        assert_eq!(
            channel.response(&format!("\"{second}\"")),
            Some((ProvisioningRequest::Inventory(2), true))
        );
        for unknown in ["\"fg-1\"", "\"fg-9\"", "\"x-1\"", "1", ""] {
            assert_eq!(channel.response(unknown), None, "{unknown}");
        }
        for (timeouts, seconds) in [(1, 5), (2, 10), (3, 20), (40, 600)] {
            assert_eq!(Channel::pause(timeouts), Duration::from_secs(seconds));
        }
    }
}
