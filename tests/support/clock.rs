//! The wall clock's day and month, for tests that compare what a daemon booked on the running day or in the running month.
//!
//! A session counts in the month of its start, a distance on the day of its reading. A test must therefore not send data from before
//! midnight as today's, and not read today's figures on both sides of midnight.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::time::{Duration, SystemTime};

use fleetgauge::jurisdiction::UK;
use fleetgauge::units::{Day, Month, UtcMs};

/// The time.
pub fn now() -> UtcMs {
    UtcMs(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64)
}

/// The running day in London, as a daemon without further settings counts days.
pub fn today() -> Day {
    Day::of(now(), UK.zone())
}

/// The running month in London.
pub fn this_month() -> Month {
    Month::of(now(), UK.zone())
}

/// Waits for the next day if the running one ends within `needed`, so that everything a test does in that time falls on one day.
pub fn avoid_midnight(needed: Duration) {
    let left_ms = (today().end(UK.zone()).0 - now().0).max(0) as u64;
    let left = Duration::from_millis(left_ms);
    if left < needed {
        std::thread::sleep(left + Duration::from_millis(100));
    }
}

/// Start, middle and end of a session that ended a moment ago. It took 40 minutes, or what has passed of the running month.
pub fn session_of_this_month() -> [String; 3] {
    const LONGEST_MS: i64 = 40 * 60_000;
    const SHORTEST_MS: i64 = 10_000;
    avoid_midnight(Duration::from_secs(30));
    let passed_ms = now().0 - this_month().start(UK.zone()).0;
    let missing_ms = (SHORTEST_MS - passed_ms).max(0) as u64;
    std::thread::sleep(Duration::from_millis(missing_ms));
    let length_ms = passed_ms.clamp(SHORTEST_MS, LONGEST_MS);
    let end = now();
    [length_ms, length_ms / 2, length_ms / 20].map(|ago_ms| end.plus(-ago_ms).to_string())
}
