//! Energy registers: a session's samples as a sum of forward steps, and what kind of register a charge point sends.

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// A register within this of zero has just started to count, in tenths of Wh.
const NEAR_ZERO_TENTH_WH: i64 = 1_000;
/// A register above this has counted before, in tenths of Wh.
const USED_TENTH_WH: i64 = 10_000;

/// What the register in a charge point's meter samples counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum RegisterKind {
    /// Not told yet.
    #[default]
    Unknown,
    /// The meter's making.
    Lifetime,
    /// The session's start.
    Session,
    /// The charge point's last boot.
    PerBoot,
}

impl RegisterKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Lifetime => "lifetime",
            Self::Session => "session",
            Self::PerBoot => "per_boot",
        }
    }
}

/// The kind, with what speaks for another one: it changes only after two sessions that agree.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct RegisterClass {
    pub kind: RegisterKind,
    candidate: RegisterKind,
    votes: u8,
}

impl RegisterClass {
    /// A session spoke for a kind.
    pub(super) fn vote(&mut self, kind: RegisterKind) {
        if kind == RegisterKind::Unknown {
            return;
        }
        if kind == self.kind {
            self.votes = 0;
            return;
        }
        self.votes = if kind == self.candidate {
            self.votes + 1
        } else {
            1
        };
        self.candidate = kind;
        if self.votes >= 2 {
            *self = Self {
                kind,
                ..Self::default()
            };
        }
    }
}

/// What one session says of the kind: its first sample, `meterStart`, the last sample of the session before, and a boot in between.
pub(super) fn kind_of(
    first: i64,
    meter_start: Option<i64>,
    before: Option<i64>,
    booted: bool,
) -> RegisterKind {
    match meter_start {
        Some(start) if start > USED_TENTH_WH && first < start / 100 => {
            return RegisterKind::Session;
        }
        Some(start) if start > 0 && first >= start - start / 100 => return RegisterKind::Lifetime,
        _ => {}
    }
    match before {
        Some(before) if before > USED_TENTH_WH && first <= NEAR_ZERO_TENTH_WH && booted => {
            RegisterKind::PerBoot
        }
        Some(before) if before > USED_TENTH_WH && first <= NEAR_ZERO_TENTH_WH => {
            RegisterKind::Session
        }
        Some(before) if before > USED_TENTH_WH && first >= before => RegisterKind::Lifetime,
        _ => RegisterKind::Unknown,
    }
}

/// Register samples of a session as a sum of forward steps.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Registers {
    /// What the running stretch is counted from.
    base: Option<i64>,
    last: Option<i64>,
    /// The first sample of the session.
    pub first: Option<(UtcMs, i64)>,
    /// The newest time of a sample.
    pub last_at: Option<UtcMs>,
    /// Of stretches before a reset.
    carried: i64,
    /// A fall that may recover.
    fallen: Option<i64>,
    /// The samples count from the session's start although `meterStart` does not.
    pub from_session: bool,
}

impl Registers {
    /// Energy so far, tenths of Wh.
    pub(super) fn energy(&self) -> Option<i64> {
        Some(self.carried + self.last? - self.base?)
    }

    /// The newest reading.
    pub(super) fn last(&self) -> Option<i64> {
        self.last
    }

    /// Takes a sample; true if it shows that the register was reset.
    pub(super) fn observe(
        &mut self,
        value: i64,
        at: UtcMs,
        meter_start: Option<i64>,
        kind: RegisterKind,
    ) -> bool {
        let Some(last) = self.last else {
            self.begin(value, at, meter_start, kind);
            return false;
        };
        if self.last_at.is_some_and(|last_at| at < last_at) {
            self.observe_late(value, at, meter_start);
            return false;
        }
        self.last_at = Some(at);
        if value >= last {
            self.last = Some(value);
            self.fallen = None;
            return false;
        }
        match self.fallen {
            // A drop-out recovers within two samples; what stays low has been reset.
            Some(first) if value >= first => {
                self.carried += last - self.base.unwrap_or(last);
                self.base = Some(first);
                self.last = Some(value);
                self.fallen = None;
                true
            }
            _ => {
                self.fallen = Some(value);
                false
            }
        }
    }

    fn begin(&mut self, value: i64, at: UtcMs, meter_start: Option<i64>, kind: RegisterKind) {
        // Some charge points count the register of samples from the session's start although meterStart is a lifetime value.
        let from_session = match meter_start {
            Some(start) if value >= start - start / 100 => false,
            Some(start) if start > USED_TENTH_WH && value < start / 100 => true,
            _ => kind == RegisterKind::Session,
        };
        self.from_session = from_session;
        self.base = Some(match meter_start {
            _ if from_session => 0,
            Some(start) if value >= start - start / 100 => start.min(value),
            _ => value,
        });
        self.first = Some((at, value));
        self.last = Some(value);
        self.last_at = Some(at);
    }

    /// A sample that comes after newer ones (OCPP 2.x: what was queued while the link was down): it matters only as an earlier beginning.
    fn observe_late(&mut self, value: i64, at: UtcMs, meter_start: Option<i64>) {
        if self
            .first
            .is_some_and(|(first_at, first)| at < first_at && value <= first)
        {
            self.first = Some((at, value));
            if meter_start.is_none() && !self.from_session && self.carried == 0 {
                self.base = self.base.map(|base| base.min(value));
            }
        }
    }

    /// The register at the start became known late.
    pub(super) fn begin_at(&mut self, meter_start: i64) {
        if self.carried == 0
            && !self.from_session
            && self.base.is_some_and(|base| meter_start <= base)
        {
            self.base = Some(meter_start);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::charging::registers::*;

    #[test]
    fn the_zero_of_a_register_is_detected() {
        use RegisterKind::{Lifetime, PerBoot, Session, Unknown};
        for (first, meter_start, before, booted, want) in [
            (1_000_000, Some(1_000_000), None, false, Lifetime),
            (995_000, Some(1_000_000), None, false, Lifetime),
            (0, Some(1_000_000), None, false, Session),
            (300_000, Some(1_000_000), None, false, Unknown),
            (0, Some(0), None, false, Unknown),
            (0, Some(0), Some(54_000), false, Session),
            (500, None, Some(54_000), true, PerBoot),
            (54_000, None, Some(54_000), false, Lifetime),
        ] {
            assert_eq!(
                kind_of(first, meter_start, before, booted),
                want,
                "{first} {meter_start:?} {before:?}"
            );
        }
        let mut class = RegisterClass::default();
        class.vote(Session);
        assert_eq!(class.kind, Unknown, "one session is not enough");
        class.vote(Session);
        assert_eq!(class.kind, Session);
        class.vote(Lifetime);
        class.vote(Session);
        class.vote(Lifetime);
        assert_eq!(class.kind, Session, "two that agree, in a row");
    }

    #[test]
    fn late_samples_do_not_look_like_resets() {
        let mut registers = Registers::default();
        for (at, value) in [
            (10, 5_000),
            (20, 6_000),
            (5, 4_500),
            (6, 4_600),
            (15, 5_500),
            (30, 7_000),
        ] {
            assert!(
                !registers.observe(value, UtcMs(at), None, RegisterKind::Unknown),
                "{at}"
            );
        }
        assert_eq!(
            (registers.energy(), registers.last()),
            (Some(2_500), Some(7_000))
        );
    }
}
