//! One session: registers to energy, states and power to charging time, and what a StopTransaction makes of both.

use serde::{Deserialize, Serialize};

use super::ChargingOutcome;
use super::scene::Scene;
use crate::model::{EnergyUser, IdTokenHash, MeterSample, SessionMethod, SessionQuality, SessionRecord};
use crate::units::UtcMs;

/// A meter that goes back by up to 1 Wh at the stop is rounding (Huawei); up to 10 Wh counts as nothing delivered.
const ROUNDING_DWH: i64 = 100;
/// Power below which no energy flows, in mW: electronics, not charging.
const FLOWING_MW: i64 = 100_000;
/// Always allowed on top of rated power times time, in tenths of Wh: registers move in steps.
const CAP_EXTRA_DWH: f64 = 2_000.0;
/// mW x ms in a tenth of a Wh.
const MICROJOULES_PER_DWH: i128 = 360_000_000;

/// What tells one StartTransaction from another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct StartKey {
    pub connector_id: u32,
    pub id_token: Option<IdTokenHash>,
    pub meter_start_dwh: Option<i64>,
    pub at: Option<UtcMs>,
}

/// A StopTransaction.
pub(super) struct Stop<'a> {
    pub transaction_id: Option<i64>,
    pub id_token: Option<IdTokenHash>,
    pub meter_stop_dwh: Option<i64>,
    pub at: Option<UtcMs>,
    pub reason: Option<&'a str>,
    pub samples: &'a [MeterSample],
}

/// A session under way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct OpenSession {
    pub record: SessionRecord,
    pub key: Option<StartKey>,
    pub plugged_since: UtcMs,
    registers: Registers,
    flowing_since: Option<UtcMs>,
    power: Option<(UtcMs, i64)>,
    /// Integral of power over time.
    microjoules: i128,
    /// Energy handed on so far, and until when.
    published_dwh: i64,
    published_until: UtcMs,
}

/// Register samples of a session as a sum of forward steps.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Registers {
    /// What the running stretch is counted from.
    base: Option<i64>,
    last: Option<i64>,
    /// Of stretches before a reset.
    carried: i64,
    /// A fall that may recover, and how many samples it has lasted.
    fallen: Option<(i64, u8)>,
}

impl Registers {
    fn energy(&self) -> Option<i64> {
        Some(self.carried + self.last? - self.base?)
    }

    /// Takes a sample; true if it shows that the register was reset.
    fn take(&mut self, value: i64, meter_start: Option<i64>) -> bool {
        let Some(last) = self.last else {
            // Some charge points count the register of samples from the session's start although meterStart is a lifetime value.
            self.base = Some(match meter_start {
                Some(start) if value >= start - start / 100 => start.min(value),
                Some(start) if start > 10_000 && value < start / 100 => 0,
                _ => value,
            });
            self.last = Some(value);
            return false;
        };
        if value >= last {
            self.last = Some(value);
            self.fallen = None;
            return false;
        }
        match self.fallen {
            // A drop-out recovers within two samples; what stays low has been reset.
            Some((first, 1)) if value >= first => {
                self.carried += last - self.base.unwrap_or(last);
                self.base = Some(first);
                self.last = Some(value);
                self.fallen = None;
                true
            }
            _ => {
                self.fallen = Some((value, 1));
                false
            }
        }
    }
}

impl OpenSession {
    pub fn new(
        scene: &Scene<'_>,
        transaction_id: i64,
        key: Option<StartKey>,
        connector_id: u32,
        at: UtcMs,
        user: EnergyUser,
    ) -> Self {
        let record = SessionRecord {
            // An id that we did not issue may come again for another transaction.
            id: match &key {
                Some(_) => format!("{}:{transaction_id}", scene.id),
                None => format!("{}:{transaction_id}@{}", scene.id, at.0 / 1000),
            },
            charge_point: scene.id.clone(),
            site: scene.site.clone(),
            connector_id,
            transaction_id,
            started_at: at,
            ended_at: None,
            energy_dwh: None,
            plugged_ms: 0,
            unplugged_at: None,
            charging_ended_at: None,
            charging_ms: 0,
            peak_power_mw: None,
            user,
            id_token: key.as_ref().and_then(|key| key.id_token),
            method: SessionMethod::None,
            quality: Vec::new(),
            stop_reason: None,
        };
        Self {
            record,
            key,
            plugged_since: at,
            registers: Registers::default(),
            flowing_since: None,
            power: None,
            microjoules: 0,
            published_dwh: 0,
            published_until: at,
        }
    }

    pub fn flag(&mut self, quality: SessionQuality) {
        if !self.record.quality.contains(&quality) {
            self.record.quality.push(quality);
        }
    }

    /// Energy flows, or does not, from now on.
    pub fn flow(&mut self, flowing: bool, at: UtcMs) {
        if let Some(since) = self.flowing_since {
            self.record.charging_ms += at.since(since).max(0);
            self.flowing_since = Some(since.max(at));
        }
        match (self.flowing_since, flowing) {
            (None, true) => self.flowing_since = Some(at),
            (Some(_), false) => {
                self.flowing_since = None;
                self.record.charging_ended_at = self.record.charging_ended_at.max(Some(at));
            }
            _ => {}
        }
        self.record.plugged_ms = self.record.plugged_ms.max(at.since(self.plugged_since));
    }

    /// The most that rated power allows since the start, in tenths of Wh.
    fn cap_dwh(&self, at: UtcMs, scene: &Scene<'_>) -> i64 {
        let hours = at.since(self.plugged_since.min(self.record.started_at)).max(0) as f64 / 3_600_000.0;
        (scene.rated_w() * hours * 1.1 * 10.0 + CAP_EXTRA_DWH) as i64
    }

    /// A meter sample of this session.
    pub fn sample(&mut self, sample: &MeterSample, at: UtcMs, scene: &mut Scene<'_>) {
        if let Some(power) = sample.power_mw {
            self.record.peak_power_mw = self.record.peak_power_mw.max(Some(power));
            if let Some((before, last)) = self.power.filter(|(before, _)| *before < at) {
                self.microjoules += (i128::from(last) + i128::from(power)) / 2 * i128::from(at.since(before));
            }
            self.power = Some((at, power));
            // Energy is better evidence than a state: some vehicles never go to SuspendedEV.
            self.flow(power > FLOWING_MW, at);
        }
        let Some(register) = sample.register_dwh else { return };
        let mut next = self.registers.clone();
        let reset = next.take(register, self.key.as_ref().and_then(|key| key.meter_start_dwh));
        let energy = next.energy().unwrap_or(0);
        if energy > self.cap_dwh(at, scene) {
            // A lifetime value booked as a session's, or Wh called kWh.
            return self.flag(SessionQuality::Implausible);
        }
        if reset {
            self.flag(SessionQuality::RegisterReset);
        }
        self.registers = next;
        self.record.energy_dwh = Some(energy);
        self.record.method = SessionMethod::Samples;
        self.publish(energy, at, scene);
    }

    fn publish(&mut self, energy: i64, at: UtcMs, scene: &mut Scene<'_>) {
        scene.energy(&self.record.user, self.published_until, at, energy - self.published_dwh);
        self.published_dwh = energy;
        self.published_until = self.published_until.max(at);
    }

    /// Ends the session and reports it.
    pub fn close(&mut self, stop: Option<&Stop<'_>>, at: UtcMs, scene: &mut Scene<'_>) -> Closed {
        let mut closed =
            Closed { record: self.record.clone(), key: self.key.clone(), open: Box::new(self.clone()), stopped: None };
        closed.finish(stop, at, scene);
        scene.out.push(ChargingOutcome::Closed(closed.record.clone()));
        closed
    }
}

/// A closed session, with what is needed to correct it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Closed {
    pub record: SessionRecord,
    pub key: Option<StartKey>,
    open: Box<OpenSession>,
    /// `meterStop` and `timestamp` of the StopTransaction that closed it.
    stopped: Option<(Option<i64>, Option<UtcMs>)>,
}

impl Closed {
    /// The StopTransaction means this session: by its id, or because it is the same message again.
    pub fn is_of(&self, stop: &Stop<'_>) -> bool {
        let same_id = stop.transaction_id.is_some_and(|id| id > 0 && id == self.record.transaction_id);
        let repeated = stop.at.is_some()
            && self.stopped == Some((stop.meter_stop_dwh, stop.at))
            && stop.transaction_id.is_none_or(|id| id <= 0);
        same_id || repeated
    }

    /// A StopTransaction for a session that is closed: the first one wins, but one that was closed without any is completed.
    pub fn late_stop(&mut self, stop: &Stop<'_>, at: UtcMs, scene: &mut Scene<'_>) {
        if self.stopped.is_none() {
            self.finish(Some(stop), at.max(self.record.started_at), scene);
            scene.out.push(ChargingOutcome::Corrected(self.record.clone()));
        }
    }

    /// The vehicle has left.
    pub fn unplug(&mut self, at: UtcMs, scene: &mut Scene<'_>) {
        let Some(ended) = self.record.ended_at else { return };
        let at = at.max(ended);
        self.record.unplugged_at = Some(at);
        self.record.plugged_ms = at.since(self.open.plugged_since).max(0);
        scene.out.push(ChargingOutcome::Corrected(self.record.clone()));
    }

    /// Works out energy, times and attribution.
    fn finish(&mut self, stop: Option<&Stop<'_>>, at: UtcMs, scene: &mut Scene<'_>) {
        let open = &mut self.open;
        for sample in stop.map(|stop| stop.samples).unwrap_or_default() {
            let (sampled_at, _) = scene.time(sample.at);
            open.sample(sample, sampled_at.min(at), scene);
        }
        open.flow(false, at);
        let unplugged = self.record.unplugged_at;
        self.record = open.record.clone();
        let record = &mut self.record;
        record.unplugged_at = unplugged.map(|unplugged| unplugged.max(at));
        record.ended_at = Some(at);
        record.plugged_ms = record.unplugged_at.unwrap_or(at).since(open.plugged_since).max(0);
        record.charging_ms = record.charging_ms.min(record.plugged_ms);
        let cap = open.cap_dwh(at, scene);
        let (energy, method) = self.energy(stop, cap);
        let record = &mut self.record;
        record.energy_dwh = energy;
        record.method = method;
        if let Some(stop) = stop {
            record.stop_reason = stop.reason.map(str::to_owned);
            self.stopped = Some((stop.meter_stop_dwh, stop.at));
            record.id_token = record.id_token.or(stop.id_token);
        }
        self.settle(at, scene);
    }

    /// The energy and where it is from, best first: the meter at start and stop, the samples in between, power over time.
    fn energy(&mut self, stop: Option<&Stop<'_>>, cap: i64) -> (Option<i64>, SessionMethod) {
        let start = self.key.as_ref().and_then(|key| key.meter_start_dwh);
        let meter_stop = stop.and_then(|stop| stop.meter_stop_dwh);
        let record = &mut self.record;
        let mut flag = |quality| {
            if !record.quality.contains(&quality) {
                record.quality.push(quality);
            }
        };
        match start.zip(meter_stop).map(|(start, stop)| stop - start) {
            Some(energy) if (-ROUNDING_DWH..=cap).contains(&energy) => return (Some(energy.max(0)), SessionMethod::Meter),
            Some(energy) if energy > cap => flag(SessionQuality::Implausible),
            Some(_) => flag(SessionQuality::MeterStopInvalid),
            None if stop.is_some() && start.is_some() => flag(SessionQuality::MeterStopInvalid),
            None => {}
        }
        if let Some(energy) = self.open.registers.energy().filter(|energy| (0..=cap).contains(energy)) {
            return (Some(energy), SessionMethod::Samples);
        }
        if self.open.microjoules > 0 {
            let energy = (self.open.microjoules / MICROJOULES_PER_DWH) as i64;
            return (Some(energy.min(cap)), SessionMethod::PowerIntegral);
        }
        (None, SessionMethod::None)
    }

    /// Hands on what is missing to the final energy, to whom it belongs now.
    fn settle(&mut self, at: UtcMs, scene: &mut Scene<'_>) {
        let energy = self.record.energy_dwh.unwrap_or(0);
        let user = match self.record.user {
            EnergyUser::Unallocated => scene.user(self.record.id_token),
            _ => self.record.user.clone(),
        };
        if user != self.record.user {
            // Booked on nobody so far; the stop's token says whose it was.
            scene.energy(&self.record.user, self.record.started_at, at, -self.open.published_dwh);
            scene.energy(&user, self.record.started_at, at, self.open.published_dwh);
            self.record.user = user.clone();
            self.open.record.user = user;
        }
        self.open.publish(energy, at, scene);
    }
}
