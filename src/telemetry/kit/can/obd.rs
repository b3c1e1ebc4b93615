//! OBD-II responses of one CAN frame: service 01 (current data), big endian. Sources: ISO 15031-5 and SAE J1979 (parameters), ISO 15765-2
//! and -4 (frames), WiCAN `obd2_standard_pids.h`.
//!
//! Left out: service 09 with the lifetime values of OBFCM. They span several frames, and no public document states their scales.

use super::{Grade, Scale, Signal};
use crate::model::Quantity;

/// Parameter id (PID) of service 01, length of its value in bytes, and scale.
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

/// Returns true for responses of a control unit to the tester: 0x7E8 to 0x7EF, or 0x18DAF1xx with 29 bits (ISO 15765-4).
pub(super) fn is_answer(id: u32, extended: bool) -> bool {
    if extended {
        id & 0x1FFF_FF00 == 0x18DA_F100
    } else {
        (0x7E8..=0x7EF).contains(&id)
    }
}

/// Decodes a response of one frame. The first byte is its length; with any higher bit set, the frame is part of a longer response.
pub(super) fn decode(data: &[u8], mut emit: impl FnMut(Signal)) {
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
        // Over a single byte every value is taken; wider ones are all ones where the control unit has no value.
        if *bytes == 1 || value.iter().any(|byte| *byte != 0xFF) {
            emit(
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
