//! One CAN frame of WiCAN's JSON to its identifier and bytes.

use crate::json::Json;
use crate::telemetry::kit::can;
use crate::telemetry::kit::can::Signal;

/// Bytes of a frame of classic CAN.
const MAX_BYTES: usize = 8;
/// Identifiers with more than 11 bits are extended, even without `extd`.
const LONGEST_STANDARD_ID: u32 = 0x7FF;
/// Extended identifiers have 29 bits.
const LONGEST_ID: u32 = 0x1FFF_FFFF;

/// A frame of classic CAN, with at most eight bytes.
pub(super) struct Frame {
    id: u32,
    extended: bool,
    /// A request for data, without data.
    remote: bool,
    data: [u8; MAX_BYTES],
    len: usize,
}

impl Frame {
    /// Parses an object with `id`, `dlc`, `rtr`, `extd` and `data`; only `id` is required.
    pub(super) fn parse(json: &mut Json<'_>) -> Result<Self, ()> {
        let (mut id, mut extended, mut remote, mut length_code, mut valid) =
            (None, None, false, MAX_BYTES, true);
        let mut data = [0; MAX_BYTES];
        let mut len = 0;
        let is_object = json.object(|json, name| match name {
            "id" => id = number(json).filter(|id| *id <= LONGEST_ID),
            "extd" => extended = json.boolean(),
            "rtr" => remote = json.boolean() == Some(true),
            "dlc" => {
                length_code = number(json).map_or(length_code, |length_code| length_code as usize)
            }
            "data" => json.one_or_many(|json| {
                match (
                    data.get_mut(len),
                    number(json).and_then(|byte| u8::try_from(byte).ok()),
                ) {
                    (Some(slot), Some(byte)) => *slot = byte,
                    _ => valid = false,
                }
                len += 1;
            }),
            _ => {}
        });
        let id = id.filter(|_| is_object && valid).ok_or(())?;
        let extended = extended.unwrap_or(id > LONGEST_STANDARD_ID);
        // Bytes behind the length code are left over from an older frame.
        Ok(Self {
            id,
            extended,
            remote,
            data,
            len: len.min(length_code),
        })
    }

    /// Calls `emit` with each value in the frame.
    pub(super) fn signals(&self, emit: impl FnMut(Signal)) {
        if !self.remote {
            can::decode_frame(self.id, self.extended, &self.data[..self.len], emit);
        }
    }
}

fn number(json: &mut Json<'_>) -> Option<u32> {
    json.text()?.trim().parse().ok()
}
