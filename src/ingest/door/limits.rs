//! How often somebody may try: failed handshakes of an address, and handshakes of an identity (guessing passwords: CVE-2026-24445).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// Addresses and identities remembered. When it is full, what is older than a minute is forgotten, and if nothing is, everything.
const MOST_REMEMBERED: usize = 50_000;

/// Events of the running minute, per whoever caused them.
#[derive(Debug)]
struct Counts<K>(HashMap<K, (Instant, u32)>);

impl<K: Hash + Eq> Counts<K> {
    fn of(&self, key: &K) -> u32 {
        self.0.get(key).filter(|(since, _)| since.elapsed() < MINUTE).map_or(0, |(_, count)| *count)
    }

    fn add(&mut self, key: K) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.retain(|_, (since, _)| since.elapsed() < MINUTE);
            if self.0.len() >= MOST_REMEMBERED {
                self.0.clear();
            }
        }
        let (since, count) = self.0.entry(key).or_insert_with(|| (Instant::now(), 0));
        if since.elapsed() >= MINUTE {
            (*since, *count) = (Instant::now(), 0);
        }
        *count = count.saturating_add(1);
    }
}

/// Who tries how often.
#[derive(Debug)]
pub(super) struct Limits {
    failures: Mutex<Counts<IpAddr>>,
    handshakes: Mutex<Counts<String>>,
    /// `ocpp.max_failed_handshakes`, a minute and address.
    most_failures: u32,
    /// `ocpp.max_handshakes`, a minute and identity.
    most_handshakes: u32,
}

impl Limits {
    pub fn new(most_failures: u32, most_handshakes: u32) -> Self {
        let (failures, handshakes) = (Mutex::new(Counts(HashMap::new())), Mutex::new(Counts(HashMap::new())));
        Self { failures, handshakes, most_failures, most_handshakes }
    }

    /// The address has failed too often lately.
    pub fn refuses(&self, address: IpAddr) -> bool {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).of(&address) >= self.most_failures
    }

    /// Notes a failure.
    pub fn failed(&self, address: IpAddr) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).add(address);
    }

    /// Notes a handshake in the name of `identity`; false if there were too many.
    pub fn admits(&self, identity: &str) -> bool {
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = identity.to_lowercase();
        let admitted = handshakes.of(&key) < self.most_handshakes;
        if admitted {
            handshakes.add(key);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_later_all_is_forgiven() {
        let limits = Limits::new(2, 3);
        let address = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        assert!(!limits.refuses(address));
        limits.failed(address);
        limits.failed(address);
        assert!(limits.refuses(address));
        assert_eq!(
            [limits.admits("CP1"), limits.admits("cp1"), limits.admits("CP1"), limits.admits("CP1")],
            [true, true, true, false]
        );
        assert!(limits.admits("CP2"));
        tokio::time::advance(MINUTE).await;
        assert!(!limits.refuses(address) && limits.admits("CP1"));
    }
}
