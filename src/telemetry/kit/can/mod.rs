//! One CAN frame to values of our quantities: responses of OBD-II, and broadcasts of J1939 (FMS). Frames are not joined, so values
//! that are longer than one frame are left out (see `obd`).

mod j1939;
mod obd;

use crate::model::{Quantity, Value};
use crate::telemetry::kit::rule::{ValueError, counted};

/// A value in a frame.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Signal {
    pub quantity: Quantity,
    /// The value, or why it is not usable.
    pub value: Result<Value<'static>, ValueError>,
    /// Whether this is the counter with smaller or with larger steps; the two are never mixed.
    pub grade: Grade,
}

/// Which of two signals of one quantity is preferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Grade {
    /// There is only one.
    Only,
    /// The one with larger steps.
    Coarse,
    /// The one with smaller steps.
    Fine,
}

/// Where a value stands in a message, and its scale: raw * numerator / denominator = thousandths of the quantity's unit.
#[derive(Clone, Copy, Debug)]
struct Scale {
    quantity: Quantity,
    numerator: i64,
    denominator: i64,
}

impl Scale {
    const fn whole(quantity: Quantity, thousandths: i64) -> Self {
        Self {
            quantity,
            numerator: thousandths,
            denominator: 1,
        }
    }

    fn signal(self, raw: u32, grade: Grade) -> Signal {
        // Nearest; raw is not negative, and 32 bits times the scale are far from 64.
        let thousandths =
            (i64::from(raw) * self.numerator + self.denominator / 2) / self.denominator;
        Signal {
            quantity: self.quantity,
            value: counted(self.quantity, thousandths),
            grade,
        }
    }
}

/// Calls `emit` with each value of a data frame. Frames of other protocols and values that are not available have none.
pub(crate) fn decode_frame(id: u32, extended: bool, data: &[u8], emit: impl FnMut(Signal)) {
    if obd::is_answer(id, extended) {
        obd::decode(data, emit);
    } else if extended {
        j1939::decode(id, data, emit);
    }
}

#[cfg(test)]
mod tests;
