//! A session under way: registers to energy, states and power to charging time.

use serde::{Deserialize, Serialize};

use super::closed::Closed;
use super::half_hours::HalfHours;
use super::registers::Registers;
use super::sequence::SeqNumbers;
use crate::ledger::charging::event_context::EventContext;
use crate::model::{
    EnergyUser, IdTokenHash, MeterSample, SessionMethod, SessionQuality, SessionRecord,
    TransactionId,
};
use crate::units::UtcMs;

/// Power below which no energy flows, in mW: electronics, not charging. And the current that goes with it, in mA.
const FLOWING_MILLIWATTS: i64 = 100_000;
const FLOWING_MA: i64 = 500;
/// A sample that arrives later than this, or claims to be from later, is not live: its time says nothing of now.
const LIVE_MS: i64 = 600_000;
/// Always allowed on top of rated power times time, in tenths of Wh: registers move in steps.
const CAP_EXTRA_TENTH_WH: f64 = 2_000.0;
/// mW x ms in a tenth of a Wh.
const MICROJOULES_PER_TENTH_WH: i128 = 360_000_000;
/// A factor of a thousand, give or take two, between register and power is a wrong unit; less than ten minutes and 10 Wh say nothing.
const WRONG_UNIT: std::ops::RangeInclusive<i64> = 500..=2_000;
const WRONG_UNIT_AFTER_MS: i64 = 600_000;
const WRONG_UNIT_FROM_TENTH_WH: i64 = 100;

/// What tells one StartTransaction from another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct StartKey {
    pub connector_id: u32,
    pub id_token: Option<IdTokenHash>,
    pub meter_start_tenth_wh: Option<i64>,
    pub at: Option<UtcMs>,
}

/// A StopTransaction, or the end of an OCPP 2.x transaction.
pub(super) struct Stop<'a> {
    pub transaction_id: Option<TransactionId>,
    pub id_token: Option<IdTokenHash>,
    pub meter_stop_tenth_wh: Option<i64>,
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
    /// OCPP 2.x: events heard.
    pub seq: SeqNumbers,
    /// OCPP 2.x: seconds of charging as the station counts them.
    pub charging_said_s: Option<i64>,
    /// The connector's last reading before the session.
    pub register_before: Option<i64>,
    pub registers: Registers,
    /// When a live sample last arrived that showed energy flowing, and how long after the one before, ms.
    pub energy_seen: Option<(UtcMs, i64)>,
    flowing_since: Option<UtcMs>,
    power: Option<(UtcMs, i64)>,
    power_since: Option<UtcMs>,
    /// Integral of power over time.
    microjoules: i128,
    /// Energy by the registers that was beyond belief.
    refused_tenth_wh: Option<i64>,
    /// Energy handed on so far, and until when.
    pub published_tenth_wh: i64,
    published_until: UtcMs,
    half_hours: HalfHours,
}

impl OpenSession {
    pub(super) fn new(
        context: &EventContext<'_>,
        transaction_id: TransactionId,
        key: Option<StartKey>,
        connector_id: u32,
        at: UtcMs,
        token: Option<IdTokenHash>,
    ) -> Self {
        let mut record = SessionRecord {
            id: String::new(),
            charge_point: context.id.clone(),
            site: context.site.clone(),
            connector_id,
            transaction_id,
            started_at: at,
            ended_at: None,
            start_received_at: context.received_at(),
            energy_tenth_wh: None,
            half_hours: Vec::new(),
            plugged_ms: 0,
            unplugged_at: None,
            charging_ended_at: None,
            charging_ms: 0,
            peak_power_milliwatts: None,
            user: context.user(token),
            suggested_user: None,
            id_token: token,
            method: SessionMethod::None,
            quality: Vec::new(),
            stop_reason: None,
            signed: None,
        };
        name(&mut record);
        let mut open = Self {
            record,
            key,
            plugged_since: at,
            seq: SeqNumbers::default(),
            charging_said_s: None,
            register_before: None,
            registers: Registers::default(),
            energy_seen: None,
            flowing_since: None,
            power: None,
            power_since: None,
            microjoules: 0,
            refused_tenth_wh: None,
            published_tenth_wh: 0,
            published_until: at,
            half_hours: HalfHours::default(),
        };
        open.suggest(context);
        open
    }

    pub(super) fn flag(&mut self, quality: SessionQuality) {
        flag(&mut self.record, quality);
    }

    /// The id became known after the start.
    pub(super) fn called(&mut self, transaction_id: TransactionId) {
        self.record.transaction_id = transaction_id;
        name(&mut self.record);
    }

    /// The register at the start of the session (`meterStart`), tenths of Wh.
    pub(super) fn meter_start(&self) -> Option<i64> {
        self.key.as_ref().and_then(|key| key.meter_start_tenth_wh)
    }

    /// The tag became known after the start.
    pub(super) fn tagged(&mut self, token: Option<IdTokenHash>, context: &mut EventContext<'_>) {
        if self.record.id_token.is_none() {
            self.record.id_token = token;
        }
        let user = match self.record.user {
            EnergyUser::Unallocated => context.user(self.record.id_token),
            _ => self.record.user.clone(),
        };
        if user != self.record.user {
            // Booked on nobody so far; now it is known whose it was.
            let (connector, from, until) = (
                self.record.connector_id,
                self.record.started_at,
                self.published_until,
            );
            context.energy(
                connector,
                &self.record.user,
                from,
                until,
                -self.published_tenth_wh,
            );
            context.energy(connector, &user, from, until, self.published_tenth_wh);
            self.record.user = user;
        }
        self.suggest(context);
    }

    fn suggest(&mut self, context: &EventContext<'_>) {
        self.record.suggested_user = context.suggested_user(self.record.id_token);
        if self.record.suggested_user.is_some() {
            self.flag(SessionQuality::TagResembles);
        }
    }

    /// Energy flows, or does not, from now on.
    pub(super) fn flow(&mut self, flowing: bool, at: UtcMs, context: &mut EventContext<'_>) {
        if let Some(since) = self.flowing_since {
            context.flowed(since, at);
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

    /// Time with energy flowing until now, ms.
    pub(super) fn charged_until(&self, now: UtcMs) -> i64 {
        self.record.charging_ms
            + self
                .flowing_since
                .map_or(0, |since| now.since(since).max(0))
    }

    /// Since when energy flows, as far as it is not told as flowed yet.
    pub(super) fn flowing_since(&self) -> Option<UtcMs> {
        self.flowing_since
    }

    /// The most that rated power allows since the start, in tenths of Wh.
    pub(super) fn cap_tenth_wh(&self, at: UtcMs, context: &EventContext<'_>) -> i64 {
        let hours = at
            .since(self.plugged_since.min(self.record.started_at))
            .max(0) as f64
            / 3_600_000.0;
        (context.rated_w() * hours * 1.1 * 10.0 + CAP_EXTRA_TENTH_WH) as i64
    }

    /// A meter sample of this session.
    pub(super) fn sample(
        &mut self,
        sample: &MeterSample,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) {
        self.record.signed = sample.signed.as_deref().copied().or(self.record.signed);
        if context.deviations.repaired {
            self.flag(SessionQuality::Repaired);
        }
        let newest = self.registers.last_at.max(self.power.map(|(at, _)| at));
        let late = newest.is_some_and(|newest| at < newest);
        if let Some(power) = sample.power_milliwatts.filter(|_| !late) {
            self.observe_power(power, at, context);
            self.prove(power > FLOWING_MILLIWATTS, at, context);
        } else if let Some(current) = sample.current_ma.filter(|_| !late) {
            self.flow(current > FLOWING_MA, at, context);
            self.prove(current > FLOWING_MA, at, context);
        }
        let Some(register) = sample.register_tenth_wh else {
            return;
        };
        let before = self.registers.last_at.zip(self.registers.last());
        let mut next = self.registers.clone();
        let reset = next.observe(register, at, self.meter_start(), context.kind);
        let energy = next.energy().unwrap_or(0);
        if energy > self.cap_tenth_wh(at, context) {
            // A lifetime value booked as a session's, or Wh called kWh.
            self.refused_tenth_wh = Some(energy);
            return self.flag(SessionQuality::Implausible);
        }
        if reset {
            self.flag(SessionQuality::RegisterReset);
        }
        self.registers = next;
        if let Some((then, last)) = before
            .filter(|_| !late && sample.power_milliwatts.is_none() && sample.current_ma.is_none())
        {
            let flowed = self.book_step(register - last, then, at, context);
            self.prove(flowed, at, context);
        }
        self.record.energy_tenth_wh = Some(energy);
        self.record.method = self.samples_method();
        self.publish(energy, at, context);
    }

    fn observe_power(&mut self, power: i64, at: UtcMs, context: &mut EventContext<'_>) {
        self.record.peak_power_milliwatts = self.record.peak_power_milliwatts.max(Some(power));
        self.power_since = self.power_since.or(Some(at));
        if let Some((before, last)) = self.power.filter(|(before, _)| *before < at) {
            self.microjoules +=
                (i128::from(last) + i128::from(power)) / 2 * i128::from(at.since(before));
        }
        self.power = Some((at, power));
        // Energy is better evidence than a state: some vehicles never go to SuspendedEV, some charge points say Faulted and charge.
        self.flow(power > FLOWING_MILLIWATTS, at, context);
    }

    /// Notes a sample that shows energy flowing now; one from a queue tells of the past.
    fn prove(&mut self, flows: bool, at: UtcMs, context: &EventContext<'_>) {
        let now = context.received_at();
        if flows
            && now.since(at).abs() <= LIVE_MS
            && self.energy_seen.is_none_or(|(before, _)| before < now)
        {
            self.energy_seen = Some((
                now,
                self.energy_seen.map_or(0, |(before, _)| now.since(before)),
            ));
        }
    }

    /// Without power or current, the register's own step tells whether energy flowed.
    fn book_step(
        &mut self,
        tenth_wh: i64,
        then: UtcMs,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) -> bool {
        let gap = at.since(then);
        let flowed = gap > 0
            && i128::from(tenth_wh) * MICROJOULES_PER_TENTH_WH
                > i128::from(FLOWING_MILLIWATTS) * i128::from(gap);
        if flowed && self.flowing_since.is_none() {
            context.flowed(then, at);
            self.record.charging_ms += gap;
            self.record.charging_ended_at = self.record.charging_ended_at.max(Some(at));
        }
        flowed
    }

    /// How energy from the samples is called.
    pub(super) fn samples_method(&self) -> SessionMethod {
        if self.registers.from_session {
            SessionMethod::SessionRegister
        } else {
            SessionMethod::Samples
        }
    }

    /// Energy by power over time, tenths of Wh.
    pub(super) fn integrated_tenth_wh(&self) -> Option<i64> {
        (self.microjoules > 0).then_some((self.microjoules / MICROJOULES_PER_TENTH_WH) as i64)
    }

    /// Register and power disagree by a factor of about a thousand.
    pub(super) fn unit_is_suspect(&self) -> bool {
        let long = self
            .power_since
            .zip(self.power)
            .is_some_and(|(from, (to, _))| to.since(from) >= WRONG_UNIT_AFTER_MS);
        let (Some(by_power), true) = (
            self.integrated_tenth_wh()
                .filter(|tenth_wh| *tenth_wh >= WRONG_UNIT_FROM_TENTH_WH),
            long,
        ) else {
            return false;
        };
        let by_register = self
            .refused_tenth_wh
            .or(self.registers.energy())
            .filter(|tenth_wh| *tenth_wh > 0);
        by_register.is_some_and(|tenth_wh| {
            WRONG_UNIT.contains(&(tenth_wh / by_power))
                || WRONG_UNIT.contains(&(by_power / tenth_wh))
        })
    }

    /// Hands on what is missing to `energy`.
    pub(super) fn publish(&mut self, energy: i64, at: UtcMs, context: &mut EventContext<'_>) {
        let (from, missing) = (
            self.published_until.min(at),
            energy - self.published_tenth_wh,
        );
        context.energy(
            self.record.connector_id,
            &self.record.user,
            from,
            at,
            missing,
        );
        if missing != 0 {
            self.half_hours.add(from, at, missing);
            self.record.half_hours = self.half_hours.list();
        }
        self.published_tenth_wh = energy;
        self.published_until = self.published_until.max(at);
    }

    /// Nothing was delivered or measured, and it was over at once: some charge points send the start at the end (Schneider EVlink).
    pub(super) fn is_spurious(&self, ended: UtcMs) -> bool {
        ended.since(self.record.started_at) < 60_000
            && self.registers.first.is_none()
            && self.microjoules == 0
    }

    /// Ends the session and reports it.
    pub(super) fn close(
        &mut self,
        stop: Option<&Stop<'_>>,
        at: UtcMs,
        context: &mut EventContext<'_>,
    ) -> Closed {
        Closed::new(self, stop, at, context)
    }
}

/// Adds a mark once.
pub(super) fn flag(record: &mut SessionRecord, quality: SessionQuality) {
    if !record.quality.contains(&quality) {
        record.quality.push(quality);
    }
}

fn name(record: &mut SessionRecord) {
    let start = record.started_at.0 / 1000;
    record.id = match &record.transaction_id {
        // Two connectors may start in one second.
        TransactionId::Unknown => {
            format!("{}:?{}@{start}", record.charge_point, record.connector_id)
        }
        id => format!("{}:{id}@{start}", record.charge_point),
    };
}
