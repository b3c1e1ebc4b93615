//! What figures are computed with: given from outside and replaced as a whole, never derived from observations.

use std::sync::Arc;

use super::EngineConfig;
use crate::ledger::emissions::FactorSets;
use crate::ledger::transition::{Counts, Profile, counts};
use crate::ledger::uptime::{Exempts, UptimeRules};
use crate::model::register::Register;
use crate::model::{EnergyUser, SessionRecord};
use crate::units::{Day, KgCo2e, TenthWattHours, UtcMs, Zone};

/// Configuration, register, factors and the definition of "low emission" in force.
#[derive(Debug)]
pub(super) struct Reference {
    pub config: EngineConfig,
    pub profile: Profile,
    pub register: Arc<Register>,
    pub factors: Arc<FactorSets>,
}

impl Reference {
    /// The time zone of days and months.
    pub(super) fn zone(&self) -> &'static Zone {
        self.register.zone()
    }

    /// What the uptime book goes by.
    pub(super) fn uptime_rules(&self) -> UptimeRules<'_> {
        UptimeRules {
            offline_grace_ms: millis(self.config.offline_grace),
            overstay_grace_ms: millis(self.config.overstay_grace),
            exempts: Exempts {
                windows: &self.config.exempt,
                register: &self.register,
            },
        }
    }

    /// Time of a charge point that is exempt from uptime: maintenance, or outside its opening hours.
    pub(super) fn is_exempt(&self, charge_point: &str, now: UtcMs) -> bool {
        self.uptime_rules()
            .exempts
            .reason(charge_point, now)
            .is_some()
    }

    /// Silence after which an asset is stale, unless its source sets a limit of its own.
    pub(super) fn stale_ms(&self) -> i64 {
        millis(self.config.stale_after)
    }

    /// The site of a charge point, or `unknown`.
    pub(super) fn site_of(&self, charge_point: &str) -> Arc<str> {
        self.register
            .charge_point(charge_point)
            .and_then(|point| point.site.clone())
            .unwrap_or_else(|| Arc::from("unknown"))
    }

    /// The classes of the register's vehicles.
    pub(super) fn counts(&self, day: Day) -> Counts {
        counts(&self.register, &self.profile, day)
    }

    /// Location-based scope 2 of a session, if it is the fleet's and its energy is known.
    pub(super) fn session_kgco2e(&self, record: &SessionRecord) -> Option<f64> {
        let day = Day::of(record.ended_at.unwrap_or(record.started_at), self.zone());
        match record.user {
            EnergyUser::Staff | EnergyUser::Public => None,
            EnergyUser::Vehicle(_) | EnergyUser::Unallocated => {
                let energy = TenthWattHours(record.energy_tenth_wh?);
                self.factors
                    .electricity_kgco2e(day, energy)
                    .map(KgCo2e::get)
            }
        }
    }
}

/// A duration of the configuration in milliseconds.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
