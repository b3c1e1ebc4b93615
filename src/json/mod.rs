//! A lenient JSON walker: one pass over the text without building a tree. The caller takes the fields it knows, the rest is skipped.
//!
//! Charge points and vehicles write JSON by hand, and their firmware cannot be changed. A missing value (`"transactionId":,`) and a
//! leading or trailing comma are skipped and recorded in [`Json::repaired`]; anything worse ends the walk with [`Json::error`]. Nothing
//! here panics or recurses. The strict counterpart for the native format is `telemetry::kit::strict_json`.

use std::borrow::Cow;

/// A walker at a position in a JSON text.
#[derive(Debug)]
pub struct Json<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    max_depth: usize,
    repaired: bool,
    too_deep: bool,
    error: Option<(&'static str, usize)>,
}

impl<'a> Json<'a> {
    /// A walker at the beginning of a text whose objects and arrays may nest `max_depth` deep.
    pub fn new(text: &'a str, max_depth: usize) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            max_depth,
            repaired: false,
            too_deep: false,
            error: None,
        }
    }

    /// The first error, with its byte.
    pub fn error(&self) -> Option<String> {
        self.error.map(|(what, at)| format!("{what} at byte {at}"))
    }

    /// The text nests deeper than allowed.
    pub fn too_deep(&self) -> bool {
        self.too_deep
    }

    /// A value was missing, or there was a comma too many.
    pub fn repaired(&self) -> bool {
        self.repaired
    }

    /// The current byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text between two bytes.
    pub fn text_between(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The next byte that is not blank.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Returns true if only blanks are left.
    pub fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn fail(&mut self, what: &'static str) {
        if self.error.is_none() {
            self.error = Some((what, self.at));
        }
        self.at = self.text.len();
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn enter(&mut self) -> bool {
        self.at += 1;
        self.depth += 1;
        if self.depth > self.max_depth {
            self.too_deep = true;
            self.fail("nested too deep");
            return false;
        }
        true
    }

    /// Calls `take` with the name of each field, at its value; a value that `take` does not consume is skipped.
    /// Returns false, and skips the value, if it is not an object.
    pub fn object(&mut self, mut take: impl FnMut(&mut Self, &str)) -> bool {
        if self.peek() != Some(b'{') {
            self.skip();
            return false;
        }
        if !self.enter() {
            return false;
        }
        loop {
            match self.peek() {
                Some(b'}') => break,
                Some(b',') => {
                    // Between fields exactly one comma is eaten below, so this one is too many.
                    self.repaired = true;
                    self.at += 1;
                }
                Some(b'"') => {
                    let Some(name) = self.string() else {
                        return false;
                    };
                    if !self.eat(b':') {
                        self.fail("a colon is missing");
                        return false;
                    }
                    self.value(|json| take(json, &name));
                    match (self.eat(b','), self.peek()) {
                        (true, Some(b'}')) => self.repaired = true,
                        (true, _) | (false, Some(b'}')) => {}
                        (false, _) => self.fail("a comma or `}` is missing"),
                    }
                }
                Some(_) => self.fail("a field name is missing"),
                None => {
                    self.fail("the text ends within an object");
                    return false;
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        true
    }

    /// Calls `take` at each element of a list, or at the value itself if it is not a list (Huawei sends an object for a list of one).
    pub fn one_or_many(&mut self, mut take: impl FnMut(&mut Self)) {
        if self.peek() != Some(b'[') {
            return self.value(take);
        }
        if !self.enter() {
            return;
        }
        loop {
            match self.peek() {
                Some(b']') => break,
                Some(b',') => {
                    self.repaired = true;
                    self.at += 1;
                }
                Some(_) => {
                    self.value(&mut take);
                    match (self.eat(b','), self.peek()) {
                        (true, Some(b']')) => self.repaired = true,
                        (true, _) | (false, Some(b']')) => {}
                        (false, _) => self.fail("a comma or `]` is missing"),
                    }
                }
                None => return self.fail("the text ends within a list"),
            }
        }
        self.at += 1;
        self.depth -= 1;
    }

    /// One value, skipped if `take` does not consume it.
    fn value(&mut self, mut take: impl FnMut(&mut Self)) {
        if let Some(b',' | b'}' | b']') = self.peek() {
            // Nothing stands where a value belongs (AEFA: `"transactionId":,`).
            self.repaired = true;
            return;
        }
        let before = self.at;
        take(self);
        if self.at == before && self.error.is_none() {
            self.skip();
        }
    }

    /// Steps over a value of any kind.
    pub fn skip(&mut self) {
        match self.peek() {
            Some(b'"') => drop(self.string_end()),
            Some(b'{' | b'[') => self.skip_nested(),
            Some(b'}' | b']' | b',' | b':') | None => self.fail("a value is missing"),
            Some(_) => drop(self.word()),
        }
    }

    /// Brackets are counted, not matched by kind: a skipped value need not be valid.
    fn skip_nested(&mut self) {
        let outer = self.depth;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => {
                    if !self.enter() {
                        return;
                    }
                }
                Some(b'}' | b']') => {
                    self.at += 1;
                    self.depth -= 1;
                    if self.depth == outer {
                        return;
                    }
                }
                Some(b'"') => drop(self.string_end()),
                Some(_) => self.at += 1,
                None => return self.fail("the text ends within a value"),
            }
        }
    }

    /// A string, or the digits of a number; `None` (and skipped) for anything else.
    pub fn text(&mut self) -> Option<Cow<'a, str>> {
        match self.peek()? {
            b'"' => self.string(),
            b'-' | b'+' | b'.' | b'0'..=b'9' => self.word().map(Cow::Borrowed),
            _ => {
                self.skip();
                None
            }
        }
    }

    /// A string's content; the text of anything else as it stands.
    pub fn raw(&mut self) -> Option<Cow<'a, str>> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => {
                let from = self.at;
                self.skip_nested();
                Some(Cow::Borrowed(self.text_between(from, self.at)))
            }
            _ => self.word().map(Cow::Borrowed),
        }
    }

    /// `true`, `false`, or their spellings as text or 0 and 1; `None` (and skipped) for anything else.
    pub fn boolean(&mut self) -> Option<bool> {
        let word = match self.peek()? {
            b'"' => self.string()?,
            b't' | b'f' | b'0' | b'1' => Cow::Borrowed(self.word()?),
            _ => {
                self.skip();
                return None;
            }
        };
        match word.trim() {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        }
    }

    /// A string's content.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let (from, to, escaped) = self.string_end()?;
        let inside = &self.text[from..to];
        if !escaped {
            return Some(Cow::Borrowed(inside));
        }
        // With the quotes. A bad escape keeps the text as it stands: charge points put raw backslashes into tags.
        Some(
            serde_json::from_str(&self.text[from - 1..=to])
                .map_or(Cow::Borrowed(inside), Cow::Owned),
        )
    }

    /// Steps over a string: where its content begins and ends, and whether there are escapes in it.
    fn string_end(&mut self) -> Option<(usize, usize, bool)> {
        let from = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = from;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(_) => at += 1,
                None => {
                    self.fail("the text ends within a string");
                    return None;
                }
            }
        }
        self.at = at + 1;
        Some((from, at, escaped))
    }

    /// A number or a literal: everything up to the next structural character or blank.
    fn word(&mut self) -> Option<&'a str> {
        let ends = |byte: &u8| {
            matches!(byte, b',' | b':' | b']' | b'}' | b'[' | b'{' | b'"')
                || byte.is_ascii_whitespace()
        };
        // All of these are ASCII, so that a word ends between characters.
        let length = self.text.as_bytes()[self.at..].iter().position(ends);
        let word = &self.text[self.at..length.map_or(self.text.len(), |length| self.at + length)];
        if word.is_empty() {
            self.fail("a value is missing");
            return None;
        }
        self.at += word.len();
        Some(word)
    }
}

#[cfg(test)]
mod tests;
