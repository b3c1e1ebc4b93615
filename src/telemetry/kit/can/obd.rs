//! OBD-II answers of one CAN frame: service 01 (current data), big endian. Sources: ISO 15765-2 and -4; WiCAN `obd2_standard_pids.h`,
//! mqtt-telemetry section 2.9.
//!
//! Left out: service 09 with the lifetime values of OBFCM. They come in several frames, and their scales are stated nowhere we could read.

use super::{Grade, Scale, Signal};
use crate::model::Quantity;

/// Parameter, bytes, scale.
const PARAMETERS: [(u8, usize, Scale); 5] = [
    (0x0D, 1, Scale::whole(Quantity::Speed, 1_000)),
    (
        0x2F,
        1,
        Scale {
            quantity: Quantity::FuelLevel,
            numerator: 100_000,
            denominator: 255,
        },
    ),
    (
        0x5B,
        1,
        Scale {
            quantity: Quantity::Soc,
            numerator: 100_000,
            denominator: 255,
        },
    ),
    (0x5E, 2, Scale::whole(Quantity::FuelRate, 50)),
    (0xA6, 4, Scale::whole(Quantity::Odometer, 100)),
];

/// Answer to service 01.
const CURRENT_DATA: u8 = 0x41;

/// A control unit answers the tester: 0x7E8 to 0x7EF, or 0x18DAF1xx with 29 bits.
pub fn is_answer(id: u32, extended: bool) -> bool {
    if extended {
        id & 0x1FFF_FF00 == 0x18DA_F100
    } else {
        (0x7E8..=0x7EF).contains(&id)
    }
}

/// Reads an answer of one frame. Its first byte is the length; with any higher bit it belongs to a longer one.
pub fn read(data: &[u8], mut give: impl FnMut(Signal)) {
    let Some((&length, rest)) = data.split_first() else {
        return;
    };
    // A length beyond seven bytes is the first or a later part of several; shorter than promised, it was cut off.
    let Some([CURRENT_DATA, parameters @ ..]) = rest.get(..usize::from(length)) else {
        return;
    };
    let mut rest = parameters;
    while let Some((&number, behind)) = rest.split_first() {
        let Some((_, bytes, scale)) = PARAMETERS.iter().find(|(known, ..)| *known == number) else {
            return;
        };
        let Some((value, behind)) = behind.split_at_checked(*bytes) else {
            return;
        };
        rest = behind;
        // Over a single byte every value is taken; wider ones are all ones where the unit does not know.
        if *bytes == 1 || value.iter().any(|byte| *byte != 0xFF) {
            give(
                scale.signal(
                    value
                        .iter()
                        .fold(0, |raw, byte| raw << 8 | u32::from(*byte)),
                    Grade::Only,
                ),
            );
        }
    }
}
