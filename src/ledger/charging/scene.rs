//! What the handling of one event needs: whose it is, when, what the register says, and where outcomes go.

use std::sync::Arc;

use super::ChargingOutcome;
use super::connector::Connector;
use crate::model::register::{Access, Register};
use crate::model::{ChargePointStatusFact, EnergyUser, IdTokenHash, MeterSample, MeterValuesFact};
use crate::units::UtcMs;

/// Rated power assumed where the register has none, in W: beyond what charge points of today give.
const RATED_W: f64 = 400_000.0;

/// What the handlers of one event need.
pub(super) struct Scene<'a> {
    pub id: &'a Arc<str>,
    pub register: &'a Register,
    pub site: Arc<str>,
    pub received_at: UtcMs,
    pub out: &'a mut Vec<ChargingOutcome>,
}

impl<'a> Scene<'a> {
    pub fn new(id: &'a Arc<str>, register: &'a Register, received_at: UtcMs, out: &'a mut Vec<ChargingOutcome>) -> Self {
        let site = register.charge_point(id).and_then(|point| point.site.clone()).unwrap_or_else(|| Arc::from("unknown"));
        Self { id, register, site, received_at, out }
    }

    /// The charge point's own time if it can be true, else ours. (Field: 1970 until the first answer, years ahead after a lost battery.)
    pub fn time(&self, at: Option<UtcMs>) -> (UtcMs, bool) {
        const YEAR_2015: UtcMs = UtcMs(1_420_070_400_000);
        match at {
            Some(at) if at >= YEAR_2015 && at <= self.received_at.plus(86_400_000) => (at, true),
            Some(_) => (self.received_at, false),
            None => (self.received_at, true),
        }
    }

    pub fn rated_w(&self) -> f64 {
        self.register.charge_point(self.id).and_then(|point| point.max_power_kw).map_or(RATED_W, |kw| kw * 1000.0)
    }

    pub fn user(&self, token: Option<IdTokenHash>) -> EnergyUser {
        if let Some(user) = token.and_then(|token| self.register.tags.get(&token)) {
            return user.clone();
        }
        match self.register.charge_point(self.id).map(|point| point.access) {
            Some(Access::Staff) => EnergyUser::Staff,
            Some(Access::Public) => EnergyUser::Public,
            // An empty or unknown tag is nobody's, never the last vehicle's.
            Some(Access::Fleet) | None => EnergyUser::Unallocated,
        }
    }

    pub fn energy(&mut self, user: &EnergyUser, from: UtcMs, to: UtcMs, dwh: i64) {
        if dwh != 0 {
            self.out.push(ChargingOutcome::Energy {
                charge_point: self.id.clone(),
                user: user.clone(),
                from: from.min(to),
                to,
                dwh,
            });
        }
    }

    pub fn meter_fact(&self, connector_id: u32, at: UtcMs, sample: &MeterSample) -> MeterValuesFact {
        MeterValuesFact {
            site: self.site.clone(),
            charge_point: self.id.clone(),
            connector_id,
            at,
            power_mw: sample.power_mw,
            register_dwh: sample.register_dwh,
            current_ma: sample.current_ma,
            voltage_mv: sample.voltage_mv,
            soc_mpct: sample.soc_mpct,
            temperature_mc: sample.temperature_mc,
        }
    }

    pub fn status_fact(&self, connector: &Connector, connector_id: u32, at: UtcMs, online: bool) -> ChargePointStatusFact {
        ChargePointStatusFact {
            site: self.site.clone(),
            charge_point: self.id.clone(),
            connector_id,
            at,
            status: connector.status,
            online,
            error_code: connector.error_code.clone().unwrap_or_default(),
        }
    }
}
