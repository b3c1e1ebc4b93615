//! What a decoder remembers of each vehicle: a small value by its id, bounded, and kept over a restart.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Vehicles that are remembered; five times the largest fleet this is built for. Further ones are decoded as if heard for the
/// first time.
const MAX: usize = 4096;

/// A value by id.
#[derive(Debug)]
pub struct Memory<T> {
    known: BTreeMap<Box<str>, T>,
    news: bool,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
            news: false,
        }
    }
}

impl<T: Copy + Default + PartialEq + Serialize + DeserializeOwned> Memory<T> {
    /// What is remembered of an id; the default if nothing is.
    pub fn get(&self, id: &str) -> T {
        self.known.get(id).copied().unwrap_or_default()
    }

    /// Remembers it.
    pub fn set(&mut self, id: &str, value: T) {
        if let Some(known) = self.known.get_mut(id) {
            if *known == value {
                return;
            }
            *known = value;
        } else if value == T::default() || self.known.len() >= MAX {
            return;
        } else {
            self.known.insert(id.into(), value);
        }
        self.news = true;
    }

    /// Something changed since the last call.
    pub fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// All of it.
    pub fn save(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.known)
            .expect("a map of small values always can be written to memory")
    }

    /// Takes back what was saved; what cannot be read is forgotten.
    pub fn restore(&mut self, saved: &[u8]) {
        let known: BTreeMap<Box<str>, T> = postcard::from_bytes(saved).unwrap_or_default();
        self.known = known.into_iter().take(MAX).collect();
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::memory::*;

    #[test]
    fn remembers_so_many_and_over_a_restart() {
        let mut memory = Memory::<u8>::default();
        memory.set("A", 0);
        assert!(!memory.has_news(), "the default needs no remembering");
        memory.set("A", 3);
        assert!(memory.has_news() && !memory.has_news());
        memory.set("A", 3);
        assert!(!memory.has_news());
        for n in 0..2 * MAX {
            memory.set(&format!("V{n}"), 1);
        }
        assert_eq!(
            (memory.known.len(), memory.get("V0"), memory.get("nobody")),
            (MAX, 1, 0)
        );
        let mut again = Memory::<u8>::default();
        again.restore(&memory.save());
        assert_eq!((again.get("A"), again.known.len()), (3, MAX));
        again.restore(b"\xff\xff\xff\xff\xff");
        assert_eq!(again.get("A"), 0);
    }
}
