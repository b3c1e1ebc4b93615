//! The values of one reading, on the stack: every quantity at most once, so it never overflows and nothing is allocated.

use crate::model::{Quantity, ReadingEntry, Value};

const CAPACITY: usize = Quantity::ALL.len();

// The set of quantities already there is one bit each.
const _: () = assert!(CAPACITY <= 64);

/// Values, in the order they were put.
pub struct Entries<'a> {
    list: [ReadingEntry<'a>; CAPACITY],
    len: usize,
    seen: u64,
}

impl<'a> Entries<'a> {
    /// None.
    pub fn new() -> Self {
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

    /// Adds a value. False if the quantity was there: then this is its value now.
    pub fn put(&mut self, quantity: Quantity, value: Value<'a>) -> bool {
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

    /// Adds a value unless one of the quantity was there before.
    pub fn put_else(&mut self, quantity: Quantity, value: Value<'a>) {
        if !self.has(quantity) {
            self.put(quantity, value);
        }
    }

    /// The quantity has a value.
    pub fn has(&self, quantity: Quantity) -> bool {
        self.seen & 1 << quantity as u8 != 0
    }

    /// There is nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was put.
    pub fn as_slice(&self) -> &[ReadingEntry<'a>] {
        &self.list[..self.len]
    }
}
