//! Requests heard lately on one connection, to know a repetition from news: the same text is the same request (charge points repeat
//! themselves under the same message id when an answer is late), another text under the same id is another request.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many are remembered: a charge point asks one thing at a time.
const REMEMBERED: usize = 4;

/// Digests of requests, each with what was made of it.
#[derive(Debug)]
pub struct Repeats<T>(VecDeque<(u64, T)>);

impl<T> Default for Repeats<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Repeats<T> {
    /// What was made of the same text before.
    pub fn find(&self, text: &str) -> Option<&T> {
        let digest = digest(text);
        self.0
            .iter()
            .find(|(known, _)| *known == digest)
            .map(|(_, made)| made)
    }

    /// Remembers what was made of a text.
    pub fn note(&mut self, text: &str, made: T) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((digest(text), made));
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
