//! Limits failed logins, against the guessing of passwords: by address, and by the name that is tried.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::Attempts;

/// Addresses and names remembered.
const MAX_REMEMBERED: usize = 10_000;

/// Failed logins of the last minute, by address and by name.
#[derive(Debug)]
pub(super) struct Limits {
    counts: Mutex<(Attempts<IpAddr>, Attempts<String>)>,
    /// `web.max_failed_logins`, a minute.
    max_failures: u32,
}

impl Limits {
    pub(super) fn new(max_failures: u32) -> Self {
        Self {
            counts: Mutex::new((Attempts::new(MAX_REMEMBERED), Attempts::new(MAX_REMEMBERED))),
            max_failures,
        }
    }

    /// Counts an attempt before it is checked, so that many at once are no way around; false if there were too many.
    pub(super) fn attempt(&self, address: IpAddr, name: &str) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, name) = (network(address), name.to_lowercase());
        let now = Instant::now().into_std();
        let admitted = counts.0.count(&address, now) < self.max_failures
            && counts.1.count(&name, now) < self.max_failures;
        if admitted {
            counts.0.record(address, now);
            counts.1.record(name, now);
        }
        admitted
    }

    /// It was no failure.
    pub(super) fn succeeded(&self, address: IpAddr, name: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.0.undo(&network(address));
        counts.1.undo(&name.to_lowercase());
    }
}

/// A client with one IPv6 address can use the 2^64 of its network, so the network counts.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::MINUTE;
    use crate::web::access::limits::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_later_all_is_forgiven() {
        let limits = Limits::new(2);
        let address = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, last, 1, 2, 3, last));
        assert!(limits.attempt(address(1), "ann") && limits.attempt(address(1), "bob"));
        assert!(!limits.attempt(address(1), "eve"), "the address");
        let neighbour = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9));
        assert!(!limits.attempt(neighbour, "eve"), "the same network");
        assert!(limits.attempt(address(2), "Ann"));
        assert!(!limits.attempt(address(3), "ann"), "the name");
        limits.succeeded(address(2), "ann");
        assert!(limits.attempt(address(3), "ann"));
        tokio::time::advance(MINUTE).await;
        assert!(limits.attempt(address(1), "ann"));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let limits = Limits::new(2);
        for number in 0..3 * MAX_REMEMBERED {
            limits.attempt(
                IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8]),
                &number.to_string(),
            );
        }
        let counts = limits.counts.lock().expect("no holder panicked");
        assert!(counts.0.len() <= MAX_REMEMBERED && counts.1.len() <= MAX_REMEMBERED);
    }
}
