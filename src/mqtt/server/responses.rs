//! The packets we send to a device.

use super::packet::Version;

/// CONNECT is refused because of...
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    ProtocolVersion,
    ClientId,
    Credentials,
}

/// CONNACK for a refusal (3.1.1 section 3.2.2.3, 5 section 3.2.2.2).
pub(super) fn refuse(version: Version, refusal: Refusal, out: &mut Vec<u8>) {
    let (v4, v5) = match refusal {
        Refusal::ProtocolVersion => (1, 0x84),
        Refusal::ClientId => (2, 0x85),
        Refusal::Credentials => (4, 0x86),
    };
    match version {
        Version::V4 => out.extend_from_slice(&[0x20, 2, 0, v4]),
        Version::V5 => out.extend_from_slice(&[0x20, 3, 0, v5, 0]),
    }
}

/// CONNACK of an accepted client. No session is kept, so session present is 0 and the session expiry is 0.
pub(super) fn connack(
    version: Version,
    assigned_id: Option<&str>,
    receive_maximum: u16,
    packet_maximum: usize,
    aliases: u16,
    out: &mut Vec<u8>,
) {
    if version == Version::V4 {
        out.extend_from_slice(&[0x20, 2, 0, 0]);
        return;
    }
    let mut properties = vec![0x11, 0, 0, 0, 0, 0x21];
    properties.extend_from_slice(&receive_maximum.to_be_bytes());
    properties.push(0x27);
    properties.extend_from_slice(
        &u32::try_from(packet_maximum)
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    properties.push(0x22);
    properties.extend_from_slice(&aliases.to_be_bytes());
    if let Some(id) = assigned_id {
        properties.push(0x12);
        properties.extend_from_slice(&(id.len() as u16).to_be_bytes());
        properties.extend_from_slice(id.as_bytes());
    }
    // Assigned ids are short, so both lengths fit one byte each.
    out.extend_from_slice(&[
        0x20,
        3 + properties.len() as u8,
        0,
        0,
        properties.len() as u8,
    ]);
    out.extend_from_slice(&properties);
}

/// PUBACK, PUBREC or PUBCOMP: two bytes and the packet id, which both versions read as success.
pub(super) fn acknowledge(first: u8, packet_id: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[first, 2]);
    out.extend_from_slice(&packet_id.to_be_bytes());
}

/// PUBACK's first byte.
pub(super) const PUBACK: u8 = 0x40;
/// PUBREC's first byte.
pub(super) const PUBREC: u8 = 0x50;
/// PUBCOMP's first byte.
pub(super) const PUBCOMP: u8 = 0x70;
/// PINGRESP as sent: it has no content.
pub(super) const PINGRESP: [u8; 2] = [0xd0, 0];

/// SUBACK (`0x90`) with the QoS granted per filter, or UNSUBACK (`0xb0`).
pub(super) fn filters(
    first: u8,
    version: Version,
    packet_id: u16,
    granted: &[u8],
    out: &mut Vec<u8>,
) {
    let codes: &[u8] = if first == 0xb0 && version == Version::V4 {
        &[]
    } else {
        granted
    };
    let length = 2 + usize::from(version == Version::V5) + codes.len();
    out.push(first);
    let mut rest = length;
    loop {
        let byte = (rest & 0x7f) as u8;
        rest >>= 7;
        out.push(if rest > 0 { byte | 0x80 } else { byte });
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&packet_id.to_be_bytes());
    if version == Version::V5 {
        out.push(0);
    }
    out.extend_from_slice(codes);
}

/// DISCONNECT with a reason; only MQTT 5 has a server's one.
pub(super) fn disconnect(version: Version, reason: u8, out: &mut Vec<u8>) {
    if version == Version::V5 {
        out.extend_from_slice(&[0xe0, 2, reason, 0]);
    }
}
