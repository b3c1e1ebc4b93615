//! Protobuf's wire format: bytes to numbered fields, one after the other, without message types. Source: protobuf.dev, "Encoding".

/// Why bytes are no protobuf.
pub(super) type Broken = &'static str;

/// A varint has seven bits a byte, so 64 bits need no more bytes than these.
const MAX_VARINT: usize = 10;

/// A field's content, by wire type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum WireValue<'a> {
    /// Wire type 0.
    Number(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: text, bytes, a message.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// Reads the fields of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProtobufReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> ProtobufReader<'a> {
    /// A reader at the beginning of a message.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next field begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next field and its number; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, WireValue<'a>)>, Broken> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => WireValue::Number(self.varint()?),
            1 => WireValue::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                WireValue::Bytes(self.read_bytes(usize::try_from(length).map_err(|_| CUT_OFF)?)?)
            }
            5 => WireValue::Fixed32(u32::from_le_bytes(self.array()?)),
            // 3 and 4 are groups, which Sparkplug does not use; 6 and 7 do not exist.
            _ => return Err("a field has a wire type that Sparkplug does not use"),
        };
        match key >> 3 {
            0 => Err("a field has the number 0"),
            number => Ok(Some((number, field))),
        }
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for index in 0..MAX_VARINT {
            let byte = *self.bytes.get(self.at).ok_or(CUT_OFF)?;
            self.at += 1;
            // The tenth byte has one bit left; what does not fit is dropped, as protobuf's own readers do.
            value |= u64::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number has more than ten bytes")
    }

    fn read_bytes(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let end = self.at.checked_add(length).ok_or(CUT_OFF)?;
        let bytes = self.bytes.get(self.at..end).ok_or(CUT_OFF)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.read_bytes(N)?.try_into().map_err(|_| CUT_OFF)
    }
}

const CUT_OFF: Broken = "the bytes end within a field";

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::sparkplug::protobuf::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u64, WireValue<'_>)>, Broken> {
        let mut reader = ProtobufReader::new(bytes);
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    #[test]
    fn fields_of_every_kind() {
        let max = [&[0x50][..], &[0xFF; 9], &[1]].concat();
        assert_eq!(all(&max), Ok(vec![(10, WireValue::Number(u64::MAX))]));
        assert_eq!(
            all(b"\x0a\x02ab\x65\0\0\x80\x3f"),
            Ok(vec![
                (1, WireValue::Bytes(b"ab")),
                (12, WireValue::Fixed32(0x3F80_0000))
            ])
        );
        assert_eq!(
            all(&[0x69, 1, 0, 0, 0, 0, 0, 0, 0]),
            Ok(vec![(13, WireValue::Fixed64(1))])
        );
        assert_eq!(all(b""), Ok(vec![]));
    }

    #[test]
    fn broken_bytes_are_refused() {
        for (bytes, want) in [
            (&b"\x08"[..], CUT_OFF),
            (b"\x08\x80", CUT_OFF),
            (b"\x80", CUT_OFF),
            (b"\x12\x05ab", CUT_OFF),
            (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", CUT_OFF),
            (b"\x65\x01", CUT_OFF),
            (
                b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                "a number has more than ten bytes",
            ),
            (
                b"\x0b",
                "a field has a wire type that Sparkplug does not use",
            ),
            (b"\x00\x00", "a field has the number 0"),
        ] {
            assert_eq!(all(bytes), Err(want), "{bytes:?}");
        }
    }
}
