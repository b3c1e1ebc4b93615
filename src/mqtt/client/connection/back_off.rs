//! How long to wait before the next attempt at a broker: one second to thirty, by chance up to half less. Does not wait itself.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

/// First and longest pause after a failed connection (`mqtt-telemetry` section 10 item 7).
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A connection that lasted this long was a good one: the next pause starts small again.
const SETTLED: Duration = Duration::from_secs(60);

/// Pauses that double.
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
    /// There is a connection.
    pub fn connected(&mut self) {
        self.connected_at = Some(Instant::now());
    }

    /// The connection is lost or could not be made: the pause before the next attempt.
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
        // Between half and the whole of it, so that a fleet of gateways does not return all at once.
        let mut byte = [0u8; 1];
        let _ = SystemRandom::new().fill(&mut byte);
        pause / 2 + pause / 2 * u32::from(byte[0]) / 255
    }
}
