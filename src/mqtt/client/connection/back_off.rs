//! Computes the pause before the next attempt at a broker: one second to thirty, at random up to half less. Does not wait itself.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

/// First and longest pause after a failed connection. A broker that restarts is back within seconds, so the pauses start small; after a
/// long outage, data must not be late by more than half a minute.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// After a connection that lasted this long, the pauses start small again. Shorter ones count as failed: a broker that accepts and
/// closes at once must not be called every second.
const SETTLED: Duration = Duration::from_secs(60);

/// Pauses between attempts to connect, which double up to a limit.
#[derive(Debug)]
pub struct BackOff {
    next: Duration,
    connected_at: Option<Instant>,
}

impl Default for BackOff {
    fn default() -> Self {
        Self {
            next: PAUSES.0,
            connected_at: None,
        }
    }
}

impl BackOff {
    /// Records that a connection was made.
    pub fn connected(&mut self) {
        self.connected_at = Some(Instant::now());
    }

    /// The pause before the next attempt, after a connection was lost or could not be made.
    pub fn pause(&mut self) -> Duration {
        if self
            .connected_at
            .take()
            .is_some_and(|at| at.elapsed() >= SETTLED)
        {
            self.next = PAUSES.0;
        }
        let pause = self.next;
        self.next = (pause * 2).min(PAUSES.1);
        // Between half and the whole of it, so that many gateways do not connect at the same moment.
        let mut byte = [0u8; 1];
        let _ = SystemRandom::new().fill(&mut byte);
        pause / 2 + pause / 2 * u32::from(byte[0]) / 255
    }
}
