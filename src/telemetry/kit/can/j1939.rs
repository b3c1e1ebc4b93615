//! J1939 broadcasts of one CAN frame, little endian, as commercial vehicles send them and FMS gateways pass them on.
//! Sources: SAE J1939-21 (identifiers) and J1939-71 (parameters). SPN 5054 is not confirmed by a capture.

use super::{Grade, Scale, Signal};
use crate::model::Quantity;

/// Where a suspect parameter number (SPN) stands.
struct Parameter {
    group: u32,
    /// First byte, from 0.
    from: usize,
    bytes: usize,
    scale: Scale,
    grade: Grade,
}

const fn parameter(group: u32, from: usize, bytes: usize, scale: Scale, grade: Grade) -> Parameter {
    Parameter {
        group,
        from,
        bytes,
        scale,
        grade,
    }
}

/// SPN 245, 917, 250, 5054, 247, 96, 183. The two odometers are quantities of their own; the two fuel totals are one.
const PARAMETERS: [Parameter; 7] = [
    parameter(
        65_248,
        4,
        4,
        Scale::whole(Quantity::OdometerCoarse, 125),
        Grade::Only,
    ),
    parameter(
        65_217,
        0,
        4,
        Scale::whole(Quantity::Odometer, 5),
        Grade::Only,
    ),
    parameter(
        65_257,
        4,
        4,
        Scale::whole(Quantity::FuelUsedTotal, 500),
        Grade::Coarse,
    ),
    parameter(
        64_777,
        4,
        4,
        Scale::whole(Quantity::FuelUsedTotal, 1),
        Grade::Fine,
    ),
    parameter(
        65_253,
        0,
        4,
        Scale::whole(Quantity::EngineHoursTotal, 50),
        Grade::Only,
    ),
    parameter(
        65_276,
        1,
        1,
        Scale::whole(Quantity::FuelLevel, 400),
        Grade::Only,
    ),
    parameter(
        65_266,
        0,
        2,
        Scale::whole(Quantity::FuelRate, 50),
        Grade::Only,
    ),
];

/// The highest first byte of a value; above it are errors and "not available" (J1939-71, signal ranges).
const HIGHEST: u32 = 0xFA;

/// The parameter group of an identifier. Below format 240 the next byte is an address, not part of the group.
pub(super) fn group(id: u32) -> u32 {
    let group = id >> 8 & 0x3_FFFF;
    if group >> 8 & 0xFF < 240 {
        group & 0x3_FF00
    } else {
        group
    }
}

/// Decodes a broadcast frame by its parameter group; calls `emit` with each value.
pub(super) fn decode(id: u32, data: &[u8], mut emit: impl FnMut(Signal)) {
    let group = group(id);
    for parameter in PARAMETERS
        .iter()
        .filter(|parameter| parameter.group == group)
    {
        let Some(value) = data.get(parameter.from..parameter.from + parameter.bytes) else {
            continue;
        };
        let raw = value
            .iter()
            .rev()
            .fold(0, |raw, byte| raw << 8 | u32::from(*byte));
        if raw >> (8 * (parameter.bytes - 1)) <= HIGHEST {
            emit(parameter.scale.signal(raw, parameter.grade));
        }
    }
}
