//! One CAN frame of WiCAN's JSON to its identifier and bytes. Does not know what they mean.

use crate::json::Json;
use crate::telemetry::kit::can;
use crate::telemetry::kit::can::Signal;

/// Bytes of a frame of classic CAN.
const MAX_BYTES: usize = 8;
/// Identifiers with more than 11 bits are extended, should nobody say so.
const LONGEST_STANDARD_ID: u32 = 0x7FF;
/// 29 bits.
const LONGEST_ID: u32 = 0x1FFF_FFFF;

/// A frame.
pub struct Frame {
    id: u32,
    extended: bool,
    /// Asks for data and has none.
    remote: bool,
    data: [u8; MAX_BYTES],
    len: usize,
}

impl Frame {
    /// Reads `{"id","dlc","rtr","extd","data"}`.
    pub fn read(json: &mut Json<'_>) -> Result<Self, ()> {
        let (mut id, mut extended, mut remote, mut code, mut sound) =
            (None, None, false, MAX_BYTES, true);
        let mut data = [0; MAX_BYTES];
        let mut len = 0;
        let is_object = json.object(|json, name| match name {
            "id" => id = number(json).filter(|id| *id <= LONGEST_ID),
            "extd" => extended = json.boolean(),
            "rtr" => remote = json.boolean() == Some(true),
            "dlc" => code = number(json).map_or(code, |code| code as usize),
            "data" => json.one_or_many(|json| {
                match (
                    data.get_mut(len),
                    number(json).and_then(|byte| u8::try_from(byte).ok()),
                ) {
                    (Some(place), Some(byte)) => *place = byte,
                    _ => sound = false,
                }
                len += 1;
            }),
            _ => {}
        });
        let id = id.filter(|_| is_object && sound).ok_or(())?;
        let extended = extended.unwrap_or(id > LONGEST_STANDARD_ID);
        // The length code counts; what stands behind it is an old frame's.
        Ok(Self {
            id,
            extended,
            remote,
            data,
            len: len.min(code),
        })
    }

    /// Gives out what it says.
    pub fn signals(&self, give: impl FnMut(Signal)) {
        if !self.remote {
            can::read(self.id, self.extended, &self.data[..self.len], give);
        }
    }
}

fn number(json: &mut Json<'_>) -> Option<u32> {
    json.text()?.trim().parse().ok()
}
