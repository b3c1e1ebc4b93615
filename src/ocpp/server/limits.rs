//! How often somebody may try: failed handshakes of an address, and handshakes of an identity (guessing passwords: CVE-2026-24445).

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::Attempts;

/// Addresses and identities remembered.
const MAX_REMEMBERED: usize = 50_000;

/// Who tries how often.
#[derive(Debug)]
pub(super) struct Limits {
    failures: Mutex<Attempts<IpAddr>>,
    handshakes: Mutex<Attempts<String>>,
    /// `ocpp.max_failed_handshakes`, a minute and address.
    max_failures: u32,
    /// `ocpp.max_handshakes`, a minute and identity.
    max_handshakes: u32,
}

impl Limits {
    pub fn new(max_failures: u32, max_handshakes: u32) -> Self {
        let (failures, handshakes) = (
            Mutex::new(Attempts::new(MAX_REMEMBERED)),
            Mutex::new(Attempts::new(MAX_REMEMBERED)),
        );
        Self {
            failures,
            handshakes,
            max_failures,
            max_handshakes,
        }
    }

    /// The address has failed too often lately.
    pub fn refuses(&self, address: IpAddr) -> bool {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of(&address, Instant::now().into_std())
            >= self.max_failures
    }

    /// Notes a failure.
    pub fn failed(&self, address: IpAddr) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(address, Instant::now().into_std());
    }

    /// Notes a handshake in the name of `identity`; false if there were too many.
    pub fn admits(&self, identity: &str) -> bool {
        let mut handshakes = self
            .handshakes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let key = identity.to_lowercase();
        let now = Instant::now().into_std();
        let admitted = handshakes.of(&key, now) < self.max_handshakes;
        if admitted {
            handshakes.add(key, now);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use crate::model::MINUTE;
    use crate::ocpp::server::limits::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_later_all_is_forgiven() {
        let limits = Limits::new(2, 3);
        let address = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        assert!(!limits.refuses(address));
        limits.failed(address);
        limits.failed(address);
        assert!(limits.refuses(address));
        assert_eq!(
            [
                limits.admits("CP1"),
                limits.admits("cp1"),
                limits.admits("CP1"),
                limits.admits("CP1")
            ],
            [true, true, true, false]
        );
        assert!(limits.admits("CP2"));
        tokio::time::advance(MINUTE).await;
        assert!(!limits.refuses(address) && limits.admits("CP1"));
    }
}
