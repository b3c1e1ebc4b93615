//! Frames on their way from the line to whoever listens: bounded, the oldest go first, and nobody ever waits to put one in.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::ocpp::codec::observer::Origin;
use crate::units::UtcMs;

/// A message that went by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TappedMessage {
    pub origin: Origin,
    pub at: UtcMs,
    pub payload: Vec<u8>,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<(VecDeque<TappedMessage>, bool)>,
    arrived: Notify,
    most: usize,
}

impl Queue {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    fn waiting(&self) -> MutexGuard<'_, (VecDeque<TappedMessage>, bool)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one in; true if an older one had to go.
    pub fn put(&self, tapped: TappedMessage) -> bool {
        let mut waiting = self.waiting();
        let full = waiting.0.len() >= self.most;
        if full {
            waiting.0.pop_front();
        }
        waiting.0.push_back(tapped);
        drop(waiting);
        self.arrived.notify_one();
        full
    }

    /// Nothing more will come.
    pub fn end(&self) {
        self.waiting().1 = true;
        self.arrived.notify_one();
    }

    /// The oldest, as soon as there is one; `None` at the end.
    pub async fn take(&self) -> Option<TappedMessage> {
        loop {
            {
                let mut waiting = self.waiting();
                if let Some(tapped) = waiting.0.pop_front() {
                    return Some(tapped);
                }
                if waiting.1 {
                    return None;
                }
                // Back to the size of an idle link.
                waiting.0.shrink_to(0);
            }
            self.arrived.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::tap::queue::*;

    #[tokio::test]
    async fn the_oldest_go_first() {
        let queue = Queue::new(2);
        let tapped = |n| TappedMessage {
            origin: Origin::Csms,
            at: UtcMs(n),
            payload: Vec::new(),
        };
        assert_eq!(
            [1, 2, 3].map(|n| queue.put(tapped(n))),
            [false, false, true]
        );
        queue.end();
        assert_eq!(
            [queue.take().await, queue.take().await, queue.take().await],
            [Some(tapped(2)), Some(tapped(3)), None]
        );
    }
}
