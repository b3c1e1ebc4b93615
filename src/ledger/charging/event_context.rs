//! What the handlers of one event need: the charge point, its times, its entry in the register, and the list of outcomes.

use std::sync::Arc;

use super::ChargingOutcome;
use super::clock::{Timing, Trust};
use super::connector::Connector;
use super::registers::RegisterKind;
use crate::model::register::{Access, Register};
use crate::model::{
    ChargePointStatusFact, Deviations, EnergyUser, IdTokenHash, MeterSample, MeterValuesFact,
    SessionQuality,
};
use crate::units::UtcMs;

/// Rated power assumed where the register has none, in W: beyond what charge points of today give.
const RATED_W: f64 = 400_000.0;

/// What the handlers of one event need.
pub(super) struct EventContext<'a> {
    pub id: &'a Arc<str>,
    pub register: &'a Register,
    pub site: Arc<str>,
    pub timing: Timing,
    pub deviations: Deviations,
    /// What the registers in this charge point's samples count from.
    pub kind: RegisterKind,
    pub out: &'a mut Vec<ChargingOutcome>,
}

impl<'a> EventContext<'a> {
    pub(super) fn new(
        id: &'a Arc<str>,
        register: &'a Register,
        timing: Timing,
        deviations: Deviations,
        kind: RegisterKind,
        out: &'a mut Vec<ChargingOutcome>,
    ) -> Self {
        let site = register
            .charge_point(id)
            .and_then(|point| point.site.clone())
            .unwrap_or_else(|| Arc::from("unknown"));
        Self {
            id,
            register,
            site,
            timing,
            deviations,
            kind,
            out,
        }
    }

    pub(super) fn received_at(&self) -> UtcMs {
        self.timing.received_at
    }

    /// The charge point's own time if it can be true, else ours.
    pub(super) fn time(&self, at: Option<UtcMs>) -> UtcMs {
        self.timing.time(at).0
    }

    /// The same, with the flag that the session gets if the time is not the charge point's own.
    pub(super) fn judged_time(&self, at: Option<UtcMs>) -> (UtcMs, Option<SessionQuality>) {
        let (at, trust) = self.timing.time(at);
        let quality = match trust {
            Trust::AsSent => None,
            Trust::Zone => Some(SessionQuality::ClockZone),
            Trust::Arrival => Some(SessionQuality::ClockUntrusted),
        };
        (at, quality)
    }

    pub(super) fn rated_w(&self) -> f64 {
        self.register
            .charge_point(self.id)
            .and_then(|point| point.max_power_kw)
            .map_or(RATED_W, |kw| kw * 1000.0)
    }

    pub(super) fn user(&self, token: Option<IdTokenHash>) -> EnergyUser {
        if let Some(user) = token.and_then(|token| self.register.tags.get(&token)) {
            return user.clone();
        }
        match self
            .register
            .charge_point(self.id)
            .map(|point| point.access)
        {
            Some(Access::Staff) => EnergyUser::Staff,
            Some(Access::Public) => EnergyUser::Public,
            // An empty or unknown tag is nobody's, never the last vehicle's.
            Some(Access::Fleet) | None => EnergyUser::Unallocated,
        }
    }

    /// The user that an unknown tag may belong to, because it resembles a registered one.
    pub(super) fn suggested_user(&self, token: Option<IdTokenHash>) -> Option<EnergyUser> {
        let token = token.filter(|token| !self.register.tags.contains_key(token))?;
        self.register.resembling_tags.get(&token).cloned()
    }

    pub(super) fn energy(
        &mut self,
        connector_id: u32,
        user: &EnergyUser,
        from: UtcMs,
        to: UtcMs,
        tenth_wh: i64,
    ) {
        if tenth_wh != 0 {
            self.out.push(ChargingOutcome::Energy {
                charge_point: self.id.clone(),
                connector_id,
                user: user.clone(),
                from: from.min(to),
                to,
                tenth_wh,
            });
        }
    }

    pub(super) fn flowed(&mut self, from: UtcMs, to: UtcMs) {
        if from < to {
            self.out.push(ChargingOutcome::Flowed {
                charge_point: self.id.clone(),
                from,
                to,
            });
        }
    }

    pub(super) fn meter_fact(
        &self,
        connector_id: u32,
        at: UtcMs,
        sample: &MeterSample,
    ) -> MeterValuesFact {
        MeterValuesFact {
            site: self.site.clone(),
            charge_point: self.id.clone(),
            connector_id,
            at,
            power_milliwatts: sample.power_milliwatts,
            register_tenth_wh: sample.register_tenth_wh,
            current_ma: sample.current_ma,
            voltage_mv: sample.voltage_mv,
            soc_millipercent: sample.soc_millipercent,
            temperature_mc: sample.temperature_mc,
        }
    }

    pub(super) fn status_fact(
        &self,
        connector: &Connector,
        connector_id: u32,
        at: UtcMs,
        online: bool,
    ) -> ChargePointStatusFact {
        ChargePointStatusFact {
            site: self.site.clone(),
            charge_point: self.id.clone(),
            connector_id,
            at,
            status: connector.status,
            online,
            operator_online: None,
            error_code: connector.error_code.clone().unwrap_or_default(),
        }
    }
}
