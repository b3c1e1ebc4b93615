//! How often somebody may fail to log in: by address, and by the name he tries.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// Addresses and names remembered. When it is full, what is older than a minute is forgotten, and if nothing is, everything.
const MOST_REMEMBERED: usize = 10_000;

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

    fn take_back(&mut self, key: &K) {
        if let Some((_, count)) = self.0.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Who fails how often.
#[derive(Debug)]
pub(super) struct Limits {
    counts: Mutex<(Counts<IpAddr>, Counts<String>)>,
    /// `web.max_failed_logins`, a minute.
    most: u32,
}

impl Limits {
    pub fn new(most: u32) -> Self {
        Self { counts: Mutex::new((Counts(HashMap::new()), Counts(HashMap::new()))), most }
    }

    /// Counts an attempt before it is checked, so that many at once are no way around; false if there were too many.
    pub fn attempt(&self, address: IpAddr, name: &str) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, name) = (network(address), name.to_lowercase());
        let admitted = counts.0.of(&address) < self.most && counts.1.of(&name) < self.most;
        if admitted {
            counts.0.add(address);
            counts.1.add(name);
        }
        admitted
    }

    /// It was no failure.
    pub fn succeeded(&self, address: IpAddr, name: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.0.take_back(&network(address));
        counts.1.take_back(&name.to_lowercase());
    }
}

/// Whoever has one IPv6 address has the 2^64 of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for number in 0..3 * MOST_REMEMBERED {
            limits.attempt(IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8]), &number.to_string());
        }
        let counts = limits.counts.lock().expect("nobody panicked");
        assert!(counts.0.0.len() <= MOST_REMEMBERED && counts.1.0.len() <= MOST_REMEMBERED);
    }
}
