//! The only place that reads the clock. The demo runs a faster one; all other code gets the time as an argument.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::ingest::ArrivalClock;
use crate::units::UtcMs;

/// A wall clock that may run faster than the world.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: UtcMs,
    started: Instant,
    speed: u32,
}

impl Clock {
    /// The system's clock at its own pace.
    pub fn system() -> Self {
        Self::faster(1)
    }

    /// Starts at the system's time and runs `speed` times as fast.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the clock"
    )]
    pub fn faster(speed: u32) -> Self {
        Self {
            origin: system_now(),
            started: Instant::now(),
            speed: speed.max(1),
        }
    }

    /// The current time of this clock.
    pub fn now(&self) -> UtcMs {
        if self.speed == 1 {
            // Follows steps of the system clock (NTP), which an elapsed-time clock would not.
            return system_now();
        }
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.origin.plus(elapsed.saturating_mul(self.speed.into()))
    }

    /// How much faster than the world.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// For the rooms that stamp arrivals.
    pub fn arrival(&self) -> ArrivalClock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that may read the clock"
)]
fn system_now() -> UtcMs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
