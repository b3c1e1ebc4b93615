//! Scans JSON exactly as RFC 8259 defines it: keys, and values of any kind as raw text.

use std::borrow::Cow;

use super::{MAX_LEVELS, NotJson, string};

/// A position in a text that must be JSON.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner at the beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// An error at the current position.
    pub(super) fn broken(&self, what: &'static str) -> NotJson {
        NotJson::Broken(what, self.at)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Consumes the next byte that is not blank.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Consumes this byte if it is the next one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Consumes this byte, or fails.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), NotJson> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.broken(what))
        }
    }

    /// Checks that only blanks are left.
    pub(super) fn end(&mut self) -> Result<(), NotJson> {
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(self.broken("something stands behind the end"))
        }
    }

    /// A key and its colon.
    pub(super) fn key(&mut self) -> Result<Cow<'a, str>, NotJson> {
        if self.peek() != Some(b'"') {
            return Err(self.broken("a key is missing"));
        }
        let from = self.at;
        let key = if self.string()? {
            string(&self.text[from..self.at]).ok_or_else(|| self.broken("a key is no text"))?
        } else {
            Cow::Borrowed(&self.text[from + 1..self.at - 1])
        };
        self.expect(b':', "a colon is missing")?;
        Ok(key)
    }

    /// A value of any kind, as it stands in the text, and how deep it nests; a scalar 0.
    pub(super) fn raw(&mut self) -> Result<(&'a str, usize), NotJson> {
        self.peek();
        let from = self.at;
        // One bit for each open bracket, the innermost lowest: 1 for an object.
        let (mut open, mut levels, mut deepest) = (0u64, 0, 0);
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if levels == MAX_LEVELS {
                        return Err(NotJson::TooDeep);
                    }
                    self.at += 1;
                    levels += 1;
                    deepest = deepest.max(levels);
                    open = open << 1 | u64::from(bracket == b'{');
                    let empty = self.eat(if bracket == b'{' { b'}' } else { b']' });
                    if !empty {
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                    levels -= 1;
                    open >>= 1;
                }
                Some(b'"') => drop(self.string()?),
                Some(b'-' | b'0'..=b'9') => self.number()?,
                _ => self.literal()?,
            }
            // A value has ended; so may have what it is in.
            loop {
                if levels == 0 {
                    return Ok((&self.text[from..self.at], deepest as usize));
                }
                let object = open & 1 == 1;
                match (self.next(), object) {
                    (Some(b','), true) => {
                        self.key()?;
                        break;
                    }
                    (Some(b','), false) => break,
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        levels -= 1;
                        open >>= 1;
                    }
                    _ => return Err(self.broken("a comma or a bracket is missing")),
                }
            }
        }
    }

    /// Steps over a string, standing at its quote. True if there are escapes in it.
    fn string(&mut self) -> Result<bool, NotJson> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    self.escape()?;
                    escaped = true;
                }
                Some(0..=0x1F) => return Err(self.broken("a control character stands in a text")),
                Some(_) => self.at += 1,
                None => return Err(self.broken("the text ends within a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        let bytes = self.text.as_bytes();
        let hex = |at: usize| {
            bytes
                .get(at..at + 4)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        self.at += match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hex(self.at + 2) => 6,
            _ => return Err(self.broken("an escape that does not exist")),
        };
        Ok(())
    }

    /// `-`, whole part without a leading zero, fraction, exponent.
    fn number(&mut self) -> Result<(), NotJson> {
        self.at += usize::from(self.byte() == Some(b'-'));
        let zero = self.byte() == Some(b'0');
        let whole = self.digits();
        let mut sound = whole == 1 || whole > 1 && !zero;
        if self.byte() == Some(b'.') {
            self.at += 1;
            sound &= self.digits() > 0;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            sound &= self.digits() > 0;
        }
        if sound {
            Ok(())
        } else {
            Err(self.broken("a number is broken"))
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.text.as_bytes()[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.at += count;
        count
    }

    fn literal(&mut self) -> Result<(), NotJson> {
        let rest = &self.text.as_bytes()[self.at..];
        let word = [&b"true"[..], b"false", b"null"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        self.at += word.ok_or_else(|| self.broken("a value is missing"))?.len();
        Ok(())
    }
}
