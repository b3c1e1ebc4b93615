//! The packets a device sends (MQTT 3.1.1 and 5), read from bytes and fully checked.
//!
//! Written here because rumqttc's public codec is a client's: its MQTT 5 side refuses the two-byte DISCONNECT that section 3.14 allows,
//! and both sides copy every topic. Section numbers are those of the OASIS specifications.

use bytes::{Buf, Bytes, BytesMut};

/// The protocol spoken on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    V4,
    V5,
}

/// Why a connection must be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    #[error("a packet of {0} bytes is larger than `listener.max_packet_bytes`")]
    TooLarge(usize),
    #[error("protocol error: {0}")]
    Protocol(&'static str),
}

/// A packet, still in one piece: type and flags, and everything after the remaining length.
pub(super) struct Raw {
    pub first: u8,
    pub body: Bytes,
}

/// Takes the next complete packet off the buffer (section 2.1).
pub(super) fn next(buffer: &mut BytesMut, max_length: usize) -> Result<Option<Raw>, Fault> {
    let Some(&first) = buffer.first() else {
        return Ok(None);
    };
    let mut length = 0usize;
    let mut at = 1;
    loop {
        let Some(&byte) = buffer.get(at) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
        if at > 4 {
            return Err(Fault::Malformed(
                "the remaining length has more than four bytes",
            ));
        }
    }
    if length + at > max_length {
        return Err(Fault::TooLarge(length + at));
    }
    if buffer.len() < at + length {
        return Ok(None);
    }
    buffer.advance(at);
    Ok(Some(Raw {
        first,
        body: buffer.split_to(length).freeze(),
    }))
}

/// CONNECT (section 3.1).
#[derive(Debug)]
pub(super) struct Connect {
    pub version: Version,
    pub clean: bool,
    pub keep_alive: u16,
    pub client_id: String,
    pub will: Option<Will>,
    pub username: Option<String>,
    pub password: Option<Bytes>,
}

#[derive(Debug)]
pub(super) struct Will {
    pub topic: Bytes,
    pub payload: Bytes,
    pub retained: bool,
}

/// PUBLISH (section 3.3).
pub(super) struct Publish {
    pub topic: Bytes,
    pub packet_id: Option<u16>,
    pub qos: u8,
    pub retained: bool,
    pub alias: Option<u16>,
    pub user: Vec<(String, String)>,
    pub payload: Bytes,
}

/// The properties that change what we do.
#[derive(Default)]
struct Properties {
    alias: Option<u16>,
    user: Vec<(String, String)>,
}

/// User properties kept of a packet; the rest is stepped over.
const MAX_USER_PROPERTIES: usize = 32;

/// Reads the body of a packet piece by piece; every read checks what is left.
struct Body(Bytes);

impl Body {
    fn u8(&mut self) -> Result<u8, Fault> {
        self.0
            .try_get_u8()
            .map_err(|_| Fault::Malformed("it ends too early"))
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.0
            .try_get_u16()
            .map_err(|_| Fault::Malformed("it ends too early"))
    }

    fn bytes(&mut self) -> Result<Bytes, Fault> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Fault> {
        if self.0.len() < length {
            return Err(Fault::Malformed("a field is longer than the packet"));
        }
        Ok(self.0.split_to(length))
    }

    fn text(&mut self) -> Result<String, Fault> {
        String::from_utf8(self.bytes()?.to_vec())
            .map_err(|_| Fault::Malformed("a string is not UTF-8"))
    }

    fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(Fault::Malformed("packet id 0")),
            id => Ok(id),
        }
    }

    /// Properties (MQTT 5 section 2.2.2).
    fn properties(&mut self) -> Result<Properties, Fault> {
        let mut length = 0usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let mut properties = Body(self.take(length)?);
                let mut found = Properties::default();
                while !properties.0.is_empty() {
                    properties.property(&mut found)?;
                }
                return Ok(found);
            }
        }
        Err(Fault::Malformed(
            "the properties' length has more than four bytes",
        ))
    }

    fn property(&mut self, found: &mut Properties) -> Result<(), Fault> {
        match self.u8()? {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => self.take(1).map(drop),
            0x13 | 0x21 | 0x22 => self.take(2).map(drop),
            0x23 => {
                found.alias = Some(self.u16()?);
                Ok(())
            }
            0x02 | 0x11 | 0x18 | 0x27 => self.take(4).map(drop),
            0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => self.bytes().map(drop),
            0x26 => {
                let (name, value) = (self.text()?, self.text()?);
                if found.user.len() < MAX_USER_PROPERTIES {
                    found.user.push((name, value));
                }
                Ok(())
            }
            0x0b => {
                for _ in 0..4 {
                    if self.u8()? & 0x80 == 0 {
                        return Ok(());
                    }
                }
                Err(Fault::Malformed(
                    "a subscription identifier has more than four bytes",
                ))
            }
            _ => Err(Fault::Malformed("an unknown property")),
        }
    }
}

/// Reads a CONNECT. `Err(None)`: a protocol version other than 3.1.1 and 5.
pub(super) fn connect(raw: Raw) -> Result<Connect, Option<Fault>> {
    if raw.first != 0x10 {
        return Err(Some(Fault::Protocol("the first packet is not a CONNECT")));
    }
    let mut body = Body(raw.body);
    if body.bytes()?.as_ref() != b"MQTT" {
        return Err(Some(Fault::Protocol("the protocol's name is not MQTT")));
    }
    let version = match body.u8()? {
        4 => Version::V4,
        5 => Version::V5,
        _ => return Err(None),
    };
    let flags = body.u8()?;
    if flags & 0x01 != 0 || flags & 0x18 == 0x18 || (flags & 0x04 == 0 && flags & 0x38 != 0) {
        return Err(Some(Fault::Malformed("reserved connect flags")));
    }
    let keep_alive = body.u16()?;
    if version == Version::V5 {
        body.properties()?;
    }
    let client_id = body.text()?;
    let will = if flags & 0x04 == 0 {
        None
    } else {
        if version == Version::V5 {
            body.properties()?;
        }
        Some(Will {
            topic: body.bytes()?,
            payload: body.bytes()?,
            retained: flags & 0x20 != 0,
        })
    };
    let username = if flags & 0x80 == 0 {
        None
    } else {
        Some(body.text()?)
    };
    let password = if flags & 0x40 == 0 {
        None
    } else {
        Some(body.bytes()?)
    };
    Ok(Connect {
        version,
        clean: flags & 0x02 != 0,
        keep_alive,
        client_id,
        will,
        username,
        password,
    })
}

/// Reads a PUBLISH.
pub(super) fn publish(raw: Raw, version: Version) -> Result<Publish, Fault> {
    let qos = raw.first >> 1 & 3;
    if qos == 3 {
        return Err(Fault::Malformed("QoS 3"));
    }
    let mut body = Body(raw.body);
    let topic = body.bytes()?;
    if topic.iter().any(|byte| matches!(byte, b'+' | b'#' | 0)) {
        return Err(Fault::Malformed("a topic with a wildcard or a zero byte"));
    }
    let packet_id = if qos == 0 {
        None
    } else {
        Some(body.packet_id()?)
    };
    let Properties { alias, user } = if version == Version::V5 {
        body.properties()?
    } else {
        Properties::default()
    };
    if topic.is_empty() && alias.is_none() {
        return Err(Fault::Malformed("an empty topic"));
    }
    Ok(Publish {
        topic,
        packet_id,
        qos,
        retained: raw.first & 1 != 0,
        alias,
        user,
        payload: body.0,
    })
}

/// Reads PUBREL, or any packet that begins with its packet id.
pub(super) fn packet_id(raw: Raw) -> Result<u16, Fault> {
    Body(raw.body).packet_id()
}

/// Reads SUBSCRIBE or UNSUBSCRIBE: its packet id and, per filter, the QoS requested (0 for UNSUBSCRIBE).
pub(super) fn filters(raw: Raw, version: Version) -> Result<(u16, Vec<u8>), Fault> {
    let subscribe = raw.first >> 4 == 8;
    if raw.first & 0x0f != 2 {
        return Err(Fault::Malformed("reserved flags of SUBSCRIBE"));
    }
    let mut body = Body(raw.body);
    let packet_id = body.packet_id()?;
    if version == Version::V5 {
        body.properties()?;
    }
    let mut filters = Vec::new();
    while !body.0.is_empty() {
        body.bytes()?;
        filters.push(if subscribe { body.u8()? & 3 } else { 0 });
    }
    if filters.is_empty() {
        return Err(Fault::Malformed("no topic filter"));
    }
    Ok((packet_id, filters))
}

/// Reads DISCONNECT: true if the will is to be published all the same (MQTT 5 reason 0x04).
pub(super) fn disconnect_keeps_will(raw: &Raw, version: Version) -> bool {
    version == Version::V5 && raw.body.first() == Some(&0x04)
}

#[cfg(test)]
mod tests {
    use crate::mqtt::server::packet::*;

    /// Good packets of both versions, to be broken.
    const PACKETS: [&[u8]; 7] = [
        b"\x10\x1c\0\x04MQTT\x04\xee\0\x3c\0\x01a\0\x01t\0\x01w\0\x01u\0\x01p",
        b"\x10\x19\0\x04MQTT\x05\x02\0\x3c\x08\x21\0\x10\x11\0\0\0\x09\0\x03abc",
        b"\x32\x0b\0\x03a/b\0\x07{\"a\"",
        b"\x34\x0d\0\x03a/b\0\x07\x03\x23\0\x01xyz",
        b"\x82\x08\0\x09\0\x03a/#\x01",
        b"\xa2\x07\0\x09\0\x03a/#",
        b"\x62\x02\0\x08",
    ];

    #[test]
    fn no_bytes_cause_a_panic_or_a_read_beyond_their_packet() {
        let mut state = 1u64;
        let mut random = move |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..200_000 {
            let mut bytes = PACKETS[random(PACKETS.len())].to_vec();
            for _ in 0..random(4) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            bytes.truncate(1 + random(bytes.len() + 4));
            let whole = bytes.len();
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(raw)) = next(&mut buffer, 1024) {
                assert!(raw.body.len() + buffer.len() < whole);
                for version in [Version::V4, Version::V5] {
                    let copy = || Raw {
                        body: raw.body.clone(),
                        ..raw
                    };
                    let _ = connect(copy());
                    let _ = publish(copy(), version);
                    let _ = packet_id(copy());
                    let _ = filters(copy(), version);
                    let _ = disconnect_keeps_will(&raw, version);
                }
            }
        }
    }
}
