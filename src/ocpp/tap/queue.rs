//! The bounded queue between a tapped link and its observer. The link never waits: the oldest messages are dropped.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::ocpp::codec::observer::Origin;
use crate::units::UtcMs;

/// A message that passed through the link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TappedMessage {
    pub origin: Origin,
    pub at: UtcMs,
    pub payload: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<TappedMessage>,
    closed: bool,
}

/// A bounded queue between the link and its observer; the link never waits for it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    max_messages: usize,
}

impl Queue {
    pub(super) fn new(max_messages: usize) -> Self {
        Self {
            max_messages,
            ..Self::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a message. Returns true if the oldest one was dropped.
    pub(super) fn push(&self, message: TappedMessage) -> bool {
        let mut state = self.state();
        let full = state.messages.len() >= self.max_messages;
        if full {
            state.messages.pop_front();
        }
        state.messages.push_back(message);
        drop(state);
        self.changed.notify_one();
        full
    }

    /// Ends the queue once it is empty.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// The oldest message. Waits for one; `None` once the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<TappedMessage> {
        loop {
            {
                let mut state = self.state();
                if let Some(message) = state.messages.pop_front() {
                    return Some(message);
                }
                if state.closed {
                    return None;
                }
                // An idle link holds no memory.
                state.messages.shrink_to(0);
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::tap::queue::*;

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_message() {
        let queue = Queue::new(2);
        let message = |n| TappedMessage {
            origin: Origin::Csms,
            at: UtcMs(n),
            payload: Vec::new(),
        };
        assert_eq!(
            [1, 2, 3].map(|n| queue.push(message(n))),
            [false, false, true]
        );
        queue.close();
        assert_eq!(
            [queue.next().await, queue.next().await, queue.next().await],
            [Some(message(2)), Some(message(3)), None]
        );
    }
}
