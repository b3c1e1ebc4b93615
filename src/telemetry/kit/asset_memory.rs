//! A small value per asset that a decoder keeps between messages. Bounded, and kept over a restart.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Assets remembered; five times the largest fleet this is built for. Any further asset is decoded without state.
const MAX_ASSETS: usize = 4096;

/// A value by asset id.
#[derive(Debug)]
pub(crate) struct AssetMemory<T> {
    known: BTreeMap<Box<str>, T>,
    changed: bool,
}

impl<T> Default for AssetMemory<T> {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
            changed: false,
        }
    }
}

impl<T: Copy + Default + PartialEq + Serialize + DeserializeOwned> AssetMemory<T> {
    /// The value of an asset, or the default.
    pub(crate) fn get(&self, id: &str) -> T {
        self.known.get(id).copied().unwrap_or_default()
    }

    /// Sets the value of an asset.
    pub(crate) fn set(&mut self, id: &str, value: T) {
        if let Some(known) = self.known.get_mut(id) {
            if *known == value {
                return;
            }
            *known = value;
        } else if value == T::default() || self.known.len() >= MAX_ASSETS {
            return;
        } else {
            self.known.insert(id.into(), value);
        }
        self.changed = true;
    }

    /// Returns true, once, if a value has changed.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// All values, for [`AssetMemory::restore`].
    pub(crate) fn save(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.known)
            .expect("a map of small values always can be written to memory")
    }

    /// Restores saved values; bytes that cannot be decoded are dropped.
    pub(crate) fn restore(&mut self, saved: &[u8]) {
        let known: BTreeMap<Box<str>, T> = postcard::from_bytes(saved).unwrap_or_default();
        self.known = known.into_iter().take(MAX_ASSETS).collect();
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::asset_memory::*;

    #[test]
    fn values_are_bounded_and_survive_a_restart() {
        let mut memory = AssetMemory::<u8>::default();
        memory.set("A", 0);
        assert!(!memory.take_changed(), "the default is not stored");
        memory.set("A", 3);
        assert!(memory.take_changed() && !memory.take_changed());
        memory.set("A", 3);
        assert!(!memory.take_changed());
        for n in 0..2 * MAX_ASSETS {
            memory.set(&format!("V{n}"), 1);
        }
        assert_eq!(
            (memory.known.len(), memory.get("V0"), memory.get("unknown")),
            (MAX_ASSETS, 1, 0)
        );
        let mut again = AssetMemory::<u8>::default();
        again.restore(&memory.save());
        assert_eq!((again.get("A"), again.known.len()), (3, MAX_ASSETS));
        again.restore(b"\xff\xff\xff\xff\xff");
        assert_eq!(again.get("A"), 0);
    }
}
