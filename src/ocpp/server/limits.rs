//! Limits on handshakes, against guessed passwords (CVE-2026-24445): failed ones per address, and all of them per identity.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::Attempts;

/// The number of addresses, and of identities, that are remembered.
const MAX_REMEMBERED: usize = 50_000;

/// Handshakes of the last minute.
#[derive(Debug)]
pub(super) struct Limits {
    failures: Mutex<Attempts<IpAddr>>,
    handshakes: Mutex<Attempts<String>>,
    /// `ocpp.max_failed_handshakes`, per minute and address.
    max_failures: u32,
    /// `ocpp.max_handshakes`, per minute and identity.
    max_handshakes: u32,
}

impl Limits {
    pub(super) fn new(max_failures: u32, max_handshakes: u32) -> Self {
        Self {
            failures: Mutex::new(Attempts::new(MAX_REMEMBERED)),
            handshakes: Mutex::new(Attempts::new(MAX_REMEMBERED)),
            max_failures,
            max_handshakes,
        }
    }

    /// Returns true if the address had too many failed handshakes.
    pub(super) fn is_blocked(&self, address: IpAddr) -> bool {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(&address, Instant::now().into_std())
            >= self.max_failures
    }

    /// Records a failed handshake.
    pub(super) fn record_failure(&self, address: IpAddr) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(address, Instant::now().into_std());
    }

    /// Records a handshake of an identity. Returns false, and records nothing, if there were too many.
    pub(super) fn allow(&self, identity: &str) -> bool {
        let mut handshakes = self
            .handshakes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let key = identity.to_lowercase();
        let now = Instant::now().into_std();
        let allowed = handshakes.count(&key, now) < self.max_handshakes;
        if allowed {
            handshakes.record(key, now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use crate::model::MINUTE;
    use crate::ocpp::server::limits::*;

    #[tokio::test(start_paused = true)]
    async fn limits_end_after_a_minute() {
        let limits = Limits::new(2, 3);
        let address = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        assert!(!limits.is_blocked(address));
        limits.record_failure(address);
        limits.record_failure(address);
        assert!(limits.is_blocked(address));
        assert_eq!(
            ["CP1", "cp1", "CP1", "CP1"].map(|identity| limits.allow(identity)),
            [true, true, true, false]
        );
        assert!(limits.allow("CP2"));
        tokio::time::advance(MINUTE).await;
        assert!(!limits.is_blocked(address) && limits.allow("CP1"));
    }
}
