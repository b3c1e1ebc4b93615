//! A closed session: its final energy, and what may still correct it. Whatever comes later is a correction, never a second session.

use serde::{Deserialize, Serialize};

use super::ChargingOutcome;
use super::registers::{RegisterKind, kind_of};
use super::session::{OpenSession, StartKey, Stop, flag};
use crate::ledger::charging::event_context::EventContext;
use crate::model::{MeterSample, SessionMethod, SessionQuality, SessionRecord, TransactionId};
use crate::units::UtcMs;

/// A meter that goes back by up to 10 Wh at the stop is rounding and counts as nothing delivered (Huawei: 1 Wh).
const ROUNDING_TENTH_WH: i64 = 100;

/// A closed session, with what is needed to correct it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Closed {
    pub record: SessionRecord,
    pub key: Option<StartKey>,
    pub open: Box<OpenSession>,
    /// `meterStop` and `timestamp` of the stop that closed it.
    stopped: Option<(Option<i64>, Option<UtcMs>)>,
}

impl Closed {
    /// Ends a session and reports it.
    pub(super) fn new(
        open: &OpenSession,
        stop: Option<&Stop<'_>>,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) -> Self {
        let mut closed = Self {
            record: open.record.clone(),
            key: open.key.clone(),
            open: Box::new(open.clone()),
            stopped: None,
        };
        closed.finish(stop, at, context);
        context
            .out
            .push(ChargingOutcome::Closed(closed.record.clone()));
        closed
    }

    /// The stop means this session: by its id, or because it is the same message again.
    pub(super) fn is_of(&self, stop: &Stop<'_>) -> bool {
        let says_something = |id: &TransactionId| {
            !matches!(id, TransactionId::Number(..=0) | TransactionId::Unknown)
        };
        let named = stop.transaction_id.as_ref().filter(|id| says_something(id));
        match named {
            Some(id) => *id == self.record.transaction_id,
            None => stop.at.is_some() && self.stopped == Some((stop.meter_stop_tenth_wh, stop.at)),
        }
    }

    /// A stop for a session that is closed: the first one wins, but one that was closed without any is completed.
    pub(super) fn late_stop(&mut self, stop: &Stop<'_>, at: UtcMs, context: &mut EventContext<'_>) {
        match self.stopped {
            None => {
                self.finish(Some(stop), at.max(self.record.started_at), context);
                context
                    .out
                    .push(ChargingOutcome::Corrected(self.record.clone()));
            }
            Some(first)
                if first != (stop.meter_stop_tenth_wh, stop.at)
                    && first.0 != stop.meter_stop_tenth_wh =>
            {
                let known = self.record.quality.len();
                flag(&mut self.record, SessionQuality::StopConflict);
                self.open.flag(SessionQuality::StopConflict);
                if self.record.quality.len() != known {
                    context
                        .out
                        .push(ChargingOutcome::Corrected(self.record.clone()));
                }
            }
            Some(_) => {}
        }
    }

    /// The vehicle has left.
    pub(super) fn unplug(&mut self, at: UtcMs, context: &mut EventContext<'_>) {
        let Some(ended) = self.record.ended_at else {
            return;
        };
        let at = at.max(ended);
        self.record.unplugged_at = Some(at);
        self.record.plugged_ms = at.since(self.open.plugged_since).max(0);
        context
            .out
            .push(ChargingOutcome::Corrected(self.record.clone()));
    }

    /// Samples that come after the end: they belong to it. A register that moves on only after unplugging is energy of this session, as
    /// long as no other has begun.
    pub(super) fn late_samples(
        &mut self,
        samples: &[MeterSample],
        newest: bool,
        context: &mut EventContext<'_>,
    ) {
        let Some(ended) = self.record.ended_at else {
            return;
        };
        let before = self.record.clone();
        let highest = samples
            .iter()
            .filter_map(|sample| sample.register_tenth_wh)
            .max();
        let stop = self.stopped.and_then(|(meter_stop, _)| meter_stop);
        if let (Some(highest), Some(stop), Some(start), true) =
            (highest, stop, self.open.meter_start(), newest)
            && highest > stop
            && !self.open.registers.from_session
            && highest - start <= self.open.cap_tenth_wh(ended, context)
        {
            self.stopped = self.stopped.map(|(_, at)| (Some(highest), at));
            self.open.flag(SessionQuality::LateRegister);
        }
        for sample in samples {
            let at = context.time(sample.at).min(ended);
            self.open.sample(sample, at, context);
        }
        self.conclude(context);
        if self.record != before {
            context
                .out
                .push(ChargingOutcome::Corrected(self.record.clone()));
        }
    }

    /// What the session says of the register's kind.
    pub(super) fn register_kind(&self, booted: bool) -> RegisterKind {
        let Some((_, first)) = self.open.registers.first else {
            return RegisterKind::Unknown;
        };
        kind_of(
            first,
            self.open.meter_start(),
            self.open.register_before,
            booted,
        )
    }

    /// Works out energy, times and attribution.
    fn finish(&mut self, stop: Option<&Stop<'_>>, at: UtcMs, context: &mut EventContext<'_>) {
        let unplugged = self.record.unplugged_at.or(self.open.record.unplugged_at);
        for sample in stop.map(|stop| stop.samples).unwrap_or_default() {
            let sampled_at = context.time(sample.at);
            self.open.sample(sample, sampled_at.min(at), context);
        }
        self.open.flow(false, at, context);
        self.open.record.ended_at = Some(at);
        self.open.record.unplugged_at = unplugged.map(|unplugged| unplugged.max(at));
        if let Some(stop) = stop {
            self.open.record.stop_reason = stop.reason.map(str::to_owned);
            self.stopped = Some((stop.meter_stop_tenth_wh, stop.at));
            self.open.tagged(stop.id_token, context);
        }
        self.conclude(context);
    }

    /// The record from all that is known now.
    pub(super) fn conclude(&mut self, context: &mut EventContext<'_>) {
        let open = &mut self.open;
        let Some(at) = open.record.ended_at else {
            return;
        };
        if open.unit_is_suspect() {
            open.flag(SessionQuality::UnitSuspect);
        }
        open.record
            .quality
            .retain(|quality| *quality != SessionQuality::SeqGap);
        if open.seq.has_gap() {
            open.flag(SessionQuality::SeqGap);
        }
        let unplugged = self.record.unplugged_at.or(open.record.unplugged_at);
        open.record.unplugged_at = unplugged;
        open.record.plugged_ms = unplugged.unwrap_or(at).since(open.plugged_since).max(0);
        if let Some(seconds) = open.charging_said_s {
            // OCPP 2.0.1, TransactionType: the total time that energy flowed, as the station itself counts it.
            open.record.charging_ms = seconds.saturating_mul(1000);
        }
        open.record.charging_ms = open.record.charging_ms.clamp(0, open.record.plugged_ms);
        let (energy, method) = self.energy(self.open.cap_tenth_wh(at, context));
        let open = &mut self.open;
        open.record.energy_tenth_wh = energy;
        open.record.method = method;
        open.publish(energy.unwrap_or(0), at, context);
        self.record = open.record.clone();
        self.key = open.key.clone();
    }

    /// The energy and where it is from, best first: the meter at start and stop, the samples in between, power over time.
    fn energy(&mut self, cap: i64) -> (Option<i64>, SessionMethod) {
        let start = self.open.meter_start();
        let meter_stop = self.stopped.and_then(|(meter_stop, _)| meter_stop);
        let plausible = |energy: &i64| (-ROUNDING_TENTH_WH..=cap).contains(energy);
        match start.zip(meter_stop).map(|(start, stop)| stop - start) {
            Some(energy) if plausible(&energy) => {
                return (Some(energy.max(0)), SessionMethod::Meter);
            }
            Some(energy) if energy > cap => {
                // A register that was zero at the start for want of power: the last reading before it is the start.
                let before = self
                    .open
                    .register_before
                    .filter(|_| start == Some(0) && !self.open.registers.from_session);
                if let Some(energy) = before
                    .zip(meter_stop)
                    .map(|(before, stop)| stop - before)
                    .filter(plausible)
                {
                    self.open.flag(SessionQuality::MeterStartInvalid);
                    return (Some(energy.max(0)), SessionMethod::Meter);
                }
                self.open.flag(SessionQuality::Implausible);
            }
            Some(_) => self.open.flag(SessionQuality::MeterStopInvalid),
            None if self.stopped.is_some() && start.is_some() => {
                self.open.flag(SessionQuality::MeterStopInvalid)
            }
            None => {}
        }
        if let Some(energy) = self
            .open
            .registers
            .energy()
            .filter(|energy| (0..=cap).contains(energy))
        {
            return (Some(energy), self.open.samples_method());
        }
        match self.open.integrated_tenth_wh() {
            Some(energy) => (Some(energy.min(cap)), SessionMethod::PowerIntegral),
            None => (None, SessionMethod::None),
        }
    }
}
