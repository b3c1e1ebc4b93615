//! Lifetime and session counters by the telescoping rules: a total is the sum of forward steps of a register, so
//! duplicates, replays and late readings add nothing. Glitches wait in a pending window until later readings judge them.

mod limits;
mod pending;

pub use limits::{CounterLimits, CounterOverride, CounterRates};

use pending::Pending;
use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// One reading of a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Thousandths of the quantity's unit.
    pub value: i64,
    /// The device's own time if it gave one, else the time of arrival.
    pub at: UtcMs,
    /// The time of arrival.
    pub arrived: UtcMs,
    /// `at` is the device's own.
    pub own_time: bool,
    /// A replay of the broker's stored copy.
    pub retained: bool,
}

impl Sample {
    /// A lifetime register cannot have been higher before: the time of a reading that is no newer than the last one, yet higher
    /// by what may have been gained until it arrived, is wrong.
    fn contradicts_its_time(&self, last: Point, limits: &CounterLimits) -> bool {
        let arrival = Point {
            value: self.value,
            at: self.arrived,
        };
        let gain = self.value.saturating_sub(last.value);
        !self.retained
            && !limits.session
            && self.arrived > last.at
            && gain > limits.resolution_at(self.value)
            && limits.allows(last, arrival, gain)
    }
}

/// What is remarkable about a reading.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CounterEvent {
    /// The first value: adds nothing.
    Baseline,
    /// A replay of what we had, or of less.
    RetainedIgnored,
    /// Older than what is booked: refines the split over time, never the sum.
    Late,
    /// A lifetime register that reads zero: not believed yet.
    DropZero,
    /// The pending readings were a glitch: the old series goes on.
    GlitchDropped,
    /// The register started again from zero (meter replaced).
    Reset,
    /// The register has another level now (telematics unit replaced): the jump adds nothing.
    Rebase,
    /// As `Rebase`, and the jump looks like another unit: an operator has to check it.
    UnitSuspect,
    /// The register ran over its modulus.
    Rollover,
    /// A session counter fell: the session before is complete.
    SessionClosed,
}

impl CounterEvent {
    /// The word in logs and test cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::RetainedIgnored => "retained_ignored",
            Self::Late => "late",
            Self::DropZero => "drop_zero",
            Self::GlitchDropped => "glitch_dropped",
            Self::Reset => "reset",
            Self::Rebase => "rebase",
            Self::UnitSuspect => "unit_suspect",
            Self::Rollover => "rollover",
            Self::SessionClosed => "session_closed",
        }
    }
}

/// What a reading did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Thousandths added to the total; never negative.
    pub gained: i64,
    /// The gain belongs to the time from here ...
    pub from: UtcMs,
    /// ... to here, this instant excluded.
    pub to: UtcMs,
    /// The gain happened at an unknown time in between (a retained value that grew while we were not listening).
    pub uncertain: bool,
    /// The reading is the counter's live value now.
    pub is_live: bool,
    /// What is remarkable.
    pub event: Option<CounterEvent>,
    /// With `Reset`, `Rebase`, `UnitSuspect`: for the audit log.
    pub jump: Option<Jump>,
    /// With `SessionClosed`: the value the session ended with.
    pub session_closed: Option<i64>,
}

/// A jump of a register to a value that its last one does not lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Jump {
    /// The last value of the old series, thousandths.
    pub before: i64,
    /// The first of the new one.
    pub after: i64,
    /// What undoing corrects belongs to the time from here ...
    pub from: UtcMs,
    /// ... to here.
    pub to: UtcMs,
}

impl Applied {
    fn unchanged(at: UtcMs) -> Self {
        Self {
            gained: 0,
            from: at,
            to: at,
            uncertain: false,
            is_live: false,
            event: None,
            jump: None,
            session_closed: None,
        }
    }

    fn only(at: UtcMs, event: CounterEvent) -> Self {
        Self {
            event: Some(event),
            ..Self::unchanged(at)
        }
    }
}

/// The state of one (asset, quantity, source). About 10 bytes in a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    last: Option<Point>,
    total: i64,
    epoch: u32,
    /// On the heap, because most counters never have one, and there may be millions of counters.
    pending: Option<Box<Pending>>,
    silence: Option<Box<Silence>>,
}

/// A pause in the arrivals of a source without its own time. What the broker or the device kept back during it comes in
/// one burst, as fast as the line allows, and must not look like a race.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Silence {
    before: Point,
    ended_at: UtcMs,
}

/// A pause this long is a silence; sources that are well report more often.
const SILENCE_MS: i64 = 5 * 60 * 1000;
/// How long after a silence its burst may last.
const BURST_MS: i64 = 60 * 1000;

/// A value and when it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Point {
    value: i64,
    at: UtcMs,
}

impl Counter {
    /// Everything gained since the baseline, in thousandths.
    pub fn total(&self) -> i64 {
        self.total
    }

    /// The newest believed value and its time.
    pub fn last(&self) -> Option<(i64, UtcMs)> {
        self.last.map(|point| (point.value, point.at))
    }

    /// How often the register was reset or rebased.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Corrects the total by hand; the register itself goes on as it is.
    pub fn correct(&mut self, by: i64) {
        self.total = self.total.saturating_add(by);
    }

    /// A reading waits to be believed.
    pub fn is_in_doubt(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes one reading.
    pub fn apply(&mut self, sample: Sample, limits: &CounterLimits) -> Applied {
        let Some(last) = self.last else {
            return self.baseline(sample, limits);
        };
        if sample.value < 0 {
            return Applied::unchanged(sample.at);
        }
        if sample.retained && !sample.own_time && sample.value <= last.value {
            return Applied::only(sample.at, CounterEvent::RetainedIgnored);
        }
        let mut at = sample.at;
        if sample.own_time && at <= last.at {
            if sample.contradicts_its_time(last, limits) {
                at = sample.arrived;
            } else if at < last.at {
                return Applied::only(at, CounterEvent::Late);
            }
        }
        // Arrival order is the truth where there is no other time: our clock may have been set back in between.
        let point = Point {
            value: sample.value,
            at: at.max(last.at),
        };
        let mut applied = if limits.session {
            self.session(last, point, sample.own_time, limits)
        } else {
            self.lifetime(last, point, sample.own_time, limits)
        };
        if applied.is_live {
            self.observe_silence(last, point, sample.own_time);
        }
        applied.uncertain = sample.retained && !sample.own_time && applied.gained > 0;
        applied
    }

    fn baseline(&mut self, sample: Sample, limits: &CounterLimits) -> Applied {
        // Many sources send zero for "not known yet"; as a baseline it would turn the whole register into a gain.
        if sample.value < 0 {
            return Applied::unchanged(sample.at);
        }
        if sample.value == 0 && !limits.session {
            return Applied::only(sample.at, CounterEvent::DropZero);
        }
        self.last = Some(Point {
            value: sample.value,
            at: sample.at,
        });
        Applied {
            is_live: true,
            ..Applied::only(sample.at, CounterEvent::Baseline)
        }
    }

    fn session(
        &mut self,
        last: Point,
        point: Point,
        own_time: bool,
        limits: &CounterLimits,
    ) -> Applied {
        if point.value >= last.value {
            return self.lifetime(last, point, own_time, limits);
        }
        if last.value - point.value <= limits.resolution_at(last.value) && point.value > 0 {
            return self.forward(
                last,
                Point {
                    value: last.value,
                    at: point.at,
                },
                0,
            );
        }
        // The start of the new session was missed: all of its energy is new.
        let closed = Applied {
            event: Some(CounterEvent::SessionClosed),
            session_closed: Some(last.value),
            ..Applied::unchanged(point.at)
        };
        let gain = self.forward(last, point, point.value);
        Applied {
            event: closed.event,
            session_closed: closed.session_closed,
            ..gain
        }
    }

    fn lifetime(
        &mut self,
        last: Point,
        point: Point,
        own_time: bool,
        limits: &CounterLimits,
    ) -> Applied {
        let continues = pending::continues(last, point, limits)
            || self.is_backlog(last, point, own_time, limits);
        if let Some(pending) = self.pending.as_deref().copied() {
            if own_time && point.at < pending.first_at() && continues {
                // It is older than the suspects, so it neither confirms nor refutes them.
                return self.step(last, point, limits);
            }
            if own_time && pending.has_seen(point) {
                return Applied::only(point.at, CounterEvent::Late);
            }
            if !continues || pending.claims(last, point, limits) {
                return self.suspect(last, point, limits);
            }
            self.pending = None;
            let applied = self.step(last, point, limits);
            return Applied {
                event: applied.event.or(Some(CounterEvent::GlitchDropped)),
                ..applied
            };
        }
        if continues {
            self.step(last, point, limits)
        } else {
            self.suspect(last, point, limits)
        }
    }

    /// Part of the burst after a silence: too fast for the last arrival, not for the time of the silence.
    fn is_backlog(
        &self,
        last: Point,
        point: Point,
        own_time: bool,
        limits: &CounterLimits,
    ) -> bool {
        self.silence.as_deref().is_some_and(|silence| {
            !own_time
                && point.at.since(silence.ended_at) <= BURST_MS
                && point.value >= last.value
                && limits.allows(
                    silence.before,
                    point,
                    point.value.saturating_sub(silence.before.value),
                )
        })
    }

    fn observe_silence(&mut self, last: Point, point: Point, own_time: bool) {
        if !own_time && point.at.since(last.at) >= SILENCE_MS {
            self.silence = Some(Box::new(Silence {
                before: last,
                ended_at: point.at,
            }));
        } else if self
            .silence
            .as_deref()
            .is_some_and(|silence| point.at.since(silence.ended_at) > BURST_MS)
        {
            self.silence = None;
        }
    }

    /// A plausible next value: forward, noise within the resolution, or over the modulus.
    fn step(&mut self, last: Point, point: Point, limits: &CounterLimits) -> Applied {
        if let Some(gained) = limits.rollover(last.value, point.value) {
            return Applied {
                event: Some(CounterEvent::Rollover),
                ..self.forward(last, point, gained)
            };
        }
        let value = point.value.max(last.value);
        self.forward(
            last,
            Point {
                value,
                at: point.at,
            },
            value - last.value,
        )
    }

    fn forward(&mut self, last: Point, point: Point, gained: i64) -> Applied {
        self.last = Some(point);
        self.total = self.total.saturating_add(gained);
        Applied {
            gained,
            from: last.at,
            is_live: true,
            ..Applied::unchanged(point.at)
        }
    }

    /// A value that does not continue the old series: wait, and decide once a new series is certain.
    fn suspect(&mut self, last: Point, point: Point, limits: &CounterLimits) -> Applied {
        let fresh = self.pending.is_none();
        let pending = match self.pending.as_deref() {
            Some(pending) => pending.joined(point, limits),
            None => Pending::new(point),
        };
        self.pending = Some(Box::new(pending));
        if !pending.is_confirmed() {
            let zero = point.value == 0 && (fresh || pending.is_new());
            return Applied {
                event: zero.then_some(CounterEvent::DropZero),
                ..Applied::unchanged(point.at)
            };
        }
        self.pending = None;
        self.epoch += 1;
        let event = pending.verdict(last, limits);
        // A reset register counted everything from zero on; elsewhere only the steps since it moved are known.
        let (gained, from) = match event {
            CounterEvent::Reset => (pending.last().value, last.at),
            _ => (
                pending.last().value - pending.first().value,
                pending.first_at(),
            ),
        };
        let applied = self.forward(last, pending.last(), gained);
        let to = if event == CounterEvent::Reset {
            applied.to
        } else {
            pending.first_at()
        };
        let jump = Jump {
            before: last.value,
            after: pending.first().value,
            from: last.at,
            to,
        };
        Applied {
            from,
            event: Some(event),
            jump: Some(jump),
            ..applied
        }
    }
}
