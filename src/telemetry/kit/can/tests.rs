//! OBD answers and J1939 frames, signal by signal.

use Quantity as Q;

use crate::telemetry::kit::can::*;
use crate::units::Thousandths;

fn all(id: u32, extended: bool, data: &[u8]) -> Vec<(Quantity, Option<i64>)> {
    let mut found = Vec::new();
    decode_frame(id, extended, data, |signal| {
        found.push((
            signal.quantity,
            match signal.value {
                Ok(Value::Number(Thousandths(number))) => Some(number),
                _ => None,
            },
        ));
    });
    found
}

/// Quantities and their values in thousandths; `None` is a signal without a usable value.
type Signals = &'static [(Q, Option<i64>)];

/// Data of a frame, and the signals in it.
const OBD_ANSWERS: &[(&[u8], Signals)] = &[
    (&[3, 0x41, 0x5B, 170, 0, 0, 0, 0], &[(Q::Soc, Some(66_667))]),
    (&[3, 0x41, 0x2F, 255], &[(Q::FuelLevel, Some(100_000))]),
    (
        &[6, 0x41, 0xA6, 0, 0x0C, 0xE5, 0x53, 0],
        &[(Q::Odometer, Some(84_513_900))],
    ),
    (
        &[4, 0x41, 0x5E, 0, 100, 0, 0, 0],
        &[(Q::FuelRate, Some(5_000))],
    ),
    (
        &[3, 0x41, 0x0D, 50, 0, 0, 0, 0],
        &[(Q::Speed, Some(50_000))],
    ),
    // Several parameters in one answer, as SAE J1979 allows; behind an unknown one nothing can be found.
    (
        &[5, 0x41, 0x0D, 50, 0x2F, 51, 0, 0],
        &[(Q::Speed, Some(50_000)), (Q::FuelLevel, Some(20_000))],
    ),
    (&[5, 0x41, 0x0C, 0x1A, 0xF8, 0x0D, 50, 0], &[]),
    (&[6, 0x41, 0xA6, 0, 0, 0, 0, 0], &[(Q::Odometer, None)]),
    (&[6, 0x41, 0xA6, 255, 255, 255, 255, 0], &[]),
    (&[4, 0x41, 0x5E, 255, 255, 0, 0, 0], &[]),
    (&[3, 0x7F, 1, 0x12, 0xAA, 0xAA, 0xAA, 0xAA], &[]),
    (&[3, 0x49, 0x17, 4, 0, 0, 0, 0], &[]),
    (&[0x10, 0x0B, 0x49, 0x17, 1, 0, 0, 0], &[]),
    (&[0x21, 0x41, 0x5B, 170, 0, 0, 0, 0], &[]),
    (&[3, 0x41, 0x5B], &[]),
    (&[2, 0x41, 0x5B, 170], &[]),
    (&[0, 0x41, 0x5B, 170], &[]),
    (&[], &[]),
];

#[test]
fn obd_answers_become_signals() {
    for &(data, want) in OBD_ANSWERS {
        assert_eq!(all(0x7E8, false, data), want, "{data:02x?}");
        assert_eq!(all(0x18DA_F110, true, data), want, "{data:02x?}");
        assert_eq!(all(0x7DF, false, data), vec![], "a request");
    }
    assert_eq!(
        all(0x7E8, true, &[3, 0x41, 0x5B, 170]),
        vec![],
        "not the 11-bit identifier"
    );
}

/// Parameter group, data, and the signals in it.
const J1939_FRAMES: &[(u32, [u8; 8], Signals)] = &[
    (
        65_217,
        [69, 233, 1, 1, 232, 3, 0, 0],
        &[(Q::Odometer, Some(84_512_345))],
    ),
    (65_217, [0, 0, 0, 0, 232, 3, 0, 0], &[(Q::Odometer, None)]),
    (
        65_248,
        [0, 0, 0, 0, 64, 81, 10, 0],
        &[(Q::OdometerCoarse, Some(84_520_000))],
    ),
    (
        65_257,
        [100, 0, 0, 0, 147, 41, 0, 0],
        &[(Q::FuelUsedTotal, Some(5_321_500))],
    ),
    (
        64_777,
        [0, 0, 0, 0, 0x8F, 0x32, 0x51, 0],
        &[(Q::FuelUsedTotal, Some(5_321_359))],
    ),
    (
        65_253,
        [16, 39, 0, 0, 0, 0, 0, 0],
        &[(Q::EngineHoursTotal, Some(500_000))],
    ),
    (
        65_276,
        [255, 125, 0, 0, 0, 0, 0, 0],
        &[(Q::FuelLevel, Some(50_000))],
    ),
    (
        65_276,
        [255, 0xFA, 0, 0, 0, 0, 0, 0],
        &[(Q::FuelLevel, Some(100_000))],
    ),
    (65_276, [255, 0xFB, 0, 0, 0, 0, 0, 0], &[]),
    (
        65_266,
        [100, 0, 0, 0, 0, 0, 0, 0],
        &[(Q::FuelRate, Some(5_000))],
    ),
    (
        65_266,
        [0xFF, 0xFA, 0, 0, 0, 0, 0, 0],
        &[(Q::FuelRate, Some(3_212_750))],
    ),
    (65_266, [0, 0xFB, 0, 0, 0, 0, 0, 0], &[]),
    (65_257, [255; 8], &[]),
    (65_257, [0, 0, 0, 0, 0, 0, 0, 0xFB], &[]),
    (65_265, [0; 8], &[]),
];

#[test]
fn j1939_frames_become_signals() {
    let frame = |pgn: u32| 0x1800_0000 | pgn << 8 | 0x17;
    for &(pgn, data, want) in J1939_FRAMES {
        assert_eq!(all(frame(pgn), true, &data), want, "{pgn} {data:02x?}");
        assert_eq!(all(frame(pgn), true, &data[..1]), vec![], "cut off");
    }
}

#[test]
fn a_j1939_group_is_part_of_the_identifier() {
    // Addressed to one (PDU1): the destination is no part of the group's number.
    assert_eq!(j1939::group(0x18EF_1700), 0xEF00);
    assert_eq!(j1939::group(0x1CFE_C100), 65_217);
    assert_eq!(j1939::group(0x19FE_C100), 0x1_0000 | 65_217);
}
