//! Counts attempts per key within a minute, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The period in which attempts are counted.
pub const MINUTE: Duration = Duration::from_secs(60);

/// Attempts by key. The caller passes the time. When the table is full, entries older than a minute are removed; if there are none, all
/// entries are.
#[derive(Debug)]
pub struct Attempts<K> {
    counts: HashMap<K, (Instant, u32)>,
    max_remembered: usize,
}

impl<K: Hash + Eq> Attempts<K> {
    /// An empty table for at most `max_remembered` keys.
    pub fn new(max_remembered: usize) -> Self {
        Self {
            counts: HashMap::new(),
            max_remembered,
        }
    }

    /// The number of attempts of a key in its present minute.
    pub fn count(&self, key: &K, now: Instant) -> u32 {
        self.counts
            .get(key)
            .filter(|(since, _)| now.duration_since(*since) < MINUTE)
            .map_or(0, |(_, count)| *count)
    }

    /// Records an attempt.
    pub fn record(&mut self, key: K, now: Instant) {
        if self.counts.len() >= self.max_remembered {
            self.counts
                .retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
            if self.counts.len() >= self.max_remembered {
                self.counts.clear();
            }
        }
        let (since, count) = self.counts.entry(key).or_insert((now, 0));
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
    }

    /// Removes an attempt that turned out to be none.
    pub fn undo(&mut self, key: &K) {
        if let Some((_, count)) = self.counts.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }

    /// The number of keys in the table.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// True if no key is in the table.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
