//! The clocks of devices. A device's clock may be in another zone, ahead, behind, 1,024 weeks back, count from its own start or stand
//! still; its values are good all the same, and only need a usable time.
//!
//! A message can only be late. With lag = arrival - own time, the least lag of the messages of one setting of a clock is therefore that
//! clock's error: a queue raises lags, and lowers none. Own time plus least lag is the time used, and never one after the arrival.

mod run;
mod steady;

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;
use run::{Run, Shift};
use steady::{SameStamp, Steady};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// A stamp later than its arrival by more is wrong.
const MAX_AHEAD_MS: i64 = 10 * MINUTE_MS;
/// Lags that differ by no more agree.
const AGREEMENT_MS: i64 = 2 * MINUTE_MS;
/// No device keeps a queue for longer.
const MAX_QUEUE_MS: i64 = 400 * DAY_MS;
/// 2015: no device that reports today has kept values from before.
const EARLIEST: UtcMs = UtcMs(1_420_070_400_000);
/// No time of the calendar is further away.
const MAX_LAG_MS: i64 = i64::MAX / 4;
/// Lags of one setting of an untrusted clock change by less.
const RUN_TOLERANCE_MS: i64 = 2 * DAY_MS;

/// How far a feed's clock is to be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClockClass {
    /// Right: the own time is used.
    Set,
    /// Off by quarters of an hour, as local time is that is sent as UTC.
    Zone,
    /// Off by 1,024 weeks once or twice: the week number of GPS has ten bits.
    Rollover,
    /// Off by another constant.
    Offset,
    /// Has no date, but advances: durations are its own.
    Relative,
    /// Stands still or creeps: the time of arrival is used.
    None,
}

impl ClockClass {
    /// The word in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Zone => "zone",
            Self::Rollover => "rollover",
            Self::Offset => "offset",
            Self::Relative => "relative",
            Self::None => "none",
        }
    }
}

/// A message as its feed's clock is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Stamped {
    /// The device's own time.
    pub own: UtcMs,
    /// The time of arrival.
    pub arrived: UtcMs,
    /// Sent now: neither a broker's stored copy nor from a device's memory by its own word. Others prove nothing about the clock.
    pub is_live: bool,
}

impl Stamped {
    fn lag(&self) -> i64 {
        // Within bounds in which no sum of two overflows.
        self.arrived.since(self.own).clamp(-MAX_LAG_MS, MAX_LAG_MS)
    }

    /// No queue explains the stamp.
    fn is_impossible(&self) -> bool {
        self.own < EARLIEST || !(-MAX_AHEAD_MS..=MAX_QUEUE_MS).contains(&self.lag())
    }

    fn is_prompt(&self) -> bool {
        self.lag().abs() <= MAX_AHEAD_MS
    }

    fn shifted(&self, shift_ms: i64) -> UtcMs {
        self.own.plus(shift_ms).min(self.arrived)
    }
}

/// The clock of one feed. A feed with a clock that is right costs one empty pointer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FeedClock(Option<Box<Doubt>>);

/// What is known of a clock that is, or may be, wrong.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Doubt {
    error: ClockError,
    steady: Steady,
    same_stamp: SameStamp,
}

/// The error of a clock.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum ClockError {
    /// None is known.
    Unknown,
    /// Proved by stamps that no queue explains.
    Run(Run),
    /// Proved by a steady stretch of messages with one lag.
    Behind(Shift),
    /// The newest message's stamp stands still, or creeps.
    Standing,
}

impl FeedClock {
    /// Observes a message, and returns the time to use for it; `None` is the time of arrival. `content` is a hash of the values: it
    /// distinguishes a repetition from a new message with an old stamp.
    pub fn observe(&mut self, message: &Stamped, content: impl FnOnce() -> u64) -> Option<UtcMs> {
        if !message.is_live {
            return self.time_of_a_copy(message);
        }
        // Nearly every message of nearly every feed.
        if self.0.is_none() && message.is_prompt() && message.own >= EARLIEST {
            return Some(message.shifted(0));
        }
        let content = content();
        let doubt = self
            .0
            .get_or_insert_with(|| Box::new(Doubt::new(message, content)));
        let time = doubt.observe(message, content);
        if doubt.is_settled() {
            self.0 = None;
        }
        time
    }

    /// Copies may be of any age, and are believed unless they are impossible.
    fn time_of_a_copy(&self, message: &Stamped) -> Option<UtcMs> {
        match self.0.as_deref().map(|doubt| &doubt.error) {
            Some(ClockError::Run(run)) => Some(message.shifted(run.shift().ms)),
            Some(ClockError::Behind(shift)) => Some(message.shifted(shift.ms)),
            Some(ClockError::Standing) => None,
            Some(ClockError::Unknown) | None => {
                let believed = message.own >= EARLIEST && message.lag() >= -MAX_AHEAD_MS;
                believed.then(|| message.shifted(0))
            }
        }
    }

    /// How far it is to be believed now.
    pub fn class(&self) -> ClockClass {
        self.0
            .as_deref()
            .map_or(ClockClass::Set, |doubt| doubt.error.class())
    }

    /// What is added to its times, in milliseconds; `None` where its times are not used.
    pub fn shift_ms(&self) -> Option<i64> {
        match self.0.as_deref().map(|doubt| &doubt.error) {
            Some(ClockError::Run(run)) => Some(run.shift().ms),
            Some(ClockError::Behind(shift)) => Some(shift.ms),
            Some(ClockError::Standing) => None,
            Some(ClockError::Unknown) | None => Some(0),
        }
    }

    /// Nothing speaks against it, so that nothing of it needs to be stored.
    pub fn is_right(&self) -> bool {
        self.0.is_none()
    }
}

impl Doubt {
    fn new(message: &Stamped, content: u64) -> Self {
        Self {
            error: ClockError::Unknown,
            steady: Steady::new(message),
            same_stamp: SameStamp::new(message, content),
        }
    }

    fn observe(&mut self, message: &Stamped, content: u64) -> Option<UtcMs> {
        let previous = self.same_stamp.own();
        self.same_stamp.observe(message, content);
        self.steady.observe(message);
        if self.same_stamp.stands() {
            self.error = ClockError::Standing;
            return None;
        }
        if self.steady.is_steady() {
            self.relearn();
        }
        self.error.follow(message, previous);
        match &mut self.error {
            ClockError::Run(run) => (!run.creeps(message)).then(|| message.shifted(run.shift().ms)),
            ClockError::Behind(shift) => Some(message.shifted(shift.ms)),
            ClockError::Unknown => Some(message.shifted(0)),
            ClockError::Standing => None,
        }
    }

    /// A steady stretch of messages shows the clock's error, whatever was known before.
    fn relearn(&mut self) {
        let least = self.steady.least_lag();
        if self.error.shift_ms().abs_diff(least) <= AGREEMENT_MS.unsigned_abs() {
            return;
        }
        self.error = match least {
            lag if lag.abs() <= MAX_AHEAD_MS => ClockError::Unknown,
            lag if (0..=MAX_QUEUE_MS).contains(&lag) => ClockError::Behind(Shift::behind(lag)),
            // The next message begins a run.
            _ => ClockError::Unknown,
        };
    }

    /// The clock is right, as far as is known.
    fn is_settled(&self) -> bool {
        self.error == ClockError::Unknown && self.steady.is_prompt()
    }
}

impl ClockError {
    /// Begins, continues or ends what the message proves.
    fn follow(&mut self, message: &Stamped, previous: UtcMs) {
        let ended = match self {
            Self::Run(run) => !run.observe(message, previous),
            // A message cannot be early: less lag is another setting.
            Self::Behind(shift) => message.lag() < shift.ms - AGREEMENT_MS,
            Self::Standing => true,
            Self::Unknown => false,
        };
        if ended {
            *self = Self::Unknown;
        }
        if *self == Self::Unknown && message.is_impossible() {
            *self = Self::Run(Run::new(message));
        }
    }

    fn shift_ms(&self) -> i64 {
        match self {
            Self::Run(run) => run.shift().ms,
            Self::Behind(shift) => shift.ms,
            Self::Unknown | Self::Standing => 0,
        }
    }

    fn class(&self) -> ClockClass {
        match self {
            Self::Unknown => ClockClass::Set,
            Self::Run(run) if run.is_creeping() => ClockClass::None,
            Self::Run(run) => run.shift().class,
            Self::Behind(shift) => shift.class,
            Self::Standing => ClockClass::None,
        }
    }
}

#[cfg(test)]
mod tests;
