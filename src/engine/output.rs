//! What the engine hands out: facts to write, notices to send, and counts of what it left aside.

use std::collections::VecDeque;
use std::ops::Range;

use crate::model::{Fact, Notice};

/// What the engine refused or received late; returned and cleared by [`super::Engine::take_tally`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Readings older than what was booked.
    pub late: u64,
    /// Readings of assets beyond the limit.
    pub assets_refused: u64,
    /// Monthly figures beyond the limit.
    pub indicators_refused: u64,
    /// Messages of charge points or connectors beyond the limits.
    pub charging_refused: u64,
    /// Alerts beyond `alerts.max_series`.
    pub alerts_refused: u64,
    /// Energy and time of charge points beyond `history.max_series`.
    pub history_refused: u64,
}

/// Queues of what follows from the observations.
#[derive(Debug, Default)]
pub(super) struct Output {
    facts: VecDeque<Fact>,
    notices: VecDeque<Notice>,
    /// So many facts at the front were evaluated by the alert rules.
    watched: usize,
    tally: Tally,
}

impl Output {
    pub(super) fn push(&mut self, fact: Fact) {
        self.facts.push_back(fact);
    }

    pub(super) fn extend(&mut self, facts: impl IntoIterator<Item = Fact>) {
        self.facts.extend(facts);
    }

    pub(super) fn notify(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.notices.extend(notices);
    }

    pub(super) fn next_fact(&mut self) -> Option<Fact> {
        self.watched = self.watched.saturating_sub(1);
        self.facts.pop_front()
    }

    pub(super) fn next_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Positions of the facts that the alert rules have not evaluated yet.
    pub(super) fn unwatched(&self) -> Range<usize> {
        self.watched..self.facts.len()
    }

    pub(super) fn fact(&self, position: usize) -> &Fact {
        &self.facts[position]
    }

    pub(super) fn mark_watched(&mut self) {
        self.watched = self.facts.len();
    }

    pub(super) fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
