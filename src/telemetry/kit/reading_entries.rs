//! The values of one reading, on the stack: every quantity at most once, so it never overflows and nothing is allocated.

use crate::model::{Quantity, ReadingEntry, Value};

const CAPACITY: usize = Quantity::ALL.len();

// The set of quantities already there is one bit each.
const _: () = assert!(CAPACITY <= 64);

/// Values in insertion order.
pub(crate) struct Entries<'a> {
    list: [ReadingEntry<'a>; CAPACITY],
    len: usize,
    seen: u64,
}

impl<'a> Entries<'a> {
    /// An empty list of fixed capacity, on the stack.
    pub(crate) fn new() -> Self {
        let list = [const {
            ReadingEntry {
                quantity: Quantity::Odometer,
                value: Value::Bool(false),
            }
        }; CAPACITY];
        Self {
            list,
            len: 0,
            seen: 0,
        }
    }

    /// Inserts a value. Returns false if the quantity had one, which is replaced.
    pub(crate) fn insert(&mut self, quantity: Quantity, value: Value<'a>) -> bool {
        if self.has(quantity) {
            if let Some(entry) = self.list[..self.len]
                .iter_mut()
                .find(|entry| entry.quantity == quantity)
            {
                entry.value = value;
            }
            return false;
        }
        self.seen |= 1 << quantity as u8;
        self.list[self.len] = ReadingEntry { quantity, value };
        self.len += 1;
        true
    }

    /// Inserts a value unless the quantity has one.
    pub(crate) fn insert_if_absent(&mut self, quantity: Quantity, value: Value<'a>) {
        if !self.has(quantity) {
            self.insert(quantity, value);
        }
    }

    /// Returns true if the quantity has a value.
    pub(crate) fn has(&self, quantity: Quantity) -> bool {
        self.seen & 1 << quantity as u8 != 0
    }

    /// Returns true if there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values in insertion order.
    pub(crate) fn as_slice(&self) -> &[ReadingEntry<'a>] {
        &self.list[..self.len]
    }
}
