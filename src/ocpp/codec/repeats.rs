//! Charge points repeat a request under the same message id when its response is late. The same text is the same request, and must not
//! count twice; another text under the same id is another request.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Requests remembered: a charge point sends one at a time, so a repetition is among the last few.
const REMEMBERED: usize = 4;

/// Digests of the latest requests of one connection, each with its result.
#[derive(Debug)]
pub struct Repeats<T>(VecDeque<(u64, T)>);

impl<T> Default for Repeats<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Repeats<T> {
    /// The result of the same text, if it was recorded lately.
    pub fn find(&self, text: &str) -> Option<&T> {
        let digest = digest(text);
        self.0
            .iter()
            .find(|(known, _)| *known == digest)
            .map(|(_, result)| result)
    }

    /// Records the result of a text.
    pub fn record(&mut self, text: &str, result: T) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((digest(text), result));
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
