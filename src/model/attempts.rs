//! Who tries how often: events of the running minute per whoever caused them, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long an event counts.
pub const MINUTE: Duration = Duration::from_secs(60);

/// Events of the running minute by key; told the time. When it is full, what is older than a minute is forgotten, and if nothing is,
/// everything.
#[derive(Debug)]
pub struct Attempts<K> {
    counts: HashMap<K, (Instant, u32)>,
    max_remembered: usize,
}

impl<K: Hash + Eq> Attempts<K> {
    /// None yet; so many keys are remembered.
    pub fn new(max_remembered: usize) -> Self {
        Self {
            counts: HashMap::new(),
            max_remembered,
        }
    }

    /// Events of a key's minute.
    pub fn of(&self, key: &K, now: Instant) -> u32 {
        self.counts
            .get(key)
            .filter(|(since, _)| now.duration_since(*since) < MINUTE)
            .map_or(0, |(_, count)| *count)
    }

    /// One more.
    pub fn add(&mut self, key: K, now: Instant) {
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

    /// One less: it was none.
    pub fn take_back(&mut self, key: &K) {
        if let Some((_, count)) = self.counts.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }

    /// Keys remembered.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// No key is remembered.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
