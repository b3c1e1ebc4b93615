//! The figures of one connector, or of many: durations, and every ratio of `ledger::uptime::norms`.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::wh;
use crate::ledger::uptime::{Class, Sums, norms};

/// Sums of some connectors over the months of the request, and over the twelve months of NEVI.
#[derive(Clone, Default)]
pub(super) struct Total {
    pub period: Sums,
    pub year: Sums,
    pub connectors: u32,
    /// Energy of connectors whose rated power is known, and what that power would allow, tenths of Wh.
    rated_tenth_wh: i64,
    possible_tenth_wh: f64,
}

impl Total {
    pub(super) fn add(&mut self, period: &Sums, year: &Sums, rated_kw: Option<f64>) {
        self.connectors += 1;
        self.period.add(period);
        self.year.add(year);
        if let Some(kw) = rated_kw {
            self.rated_tenth_wh += norms::accessible_tenth_wh(period);
            self.possible_tenth_wh += norms::possible_tenth_wh(period, kw);
        }
    }
}

/// Milliseconds by class.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct ClassDurations {
    /// Ready for a vehicle.
    pub available_ms: i64,
    /// A vehicle is plugged in.
    pub occupied_ms: i64,
    /// Reserved for a token.
    pub reserved_ms: i64,
    /// Switched off by its operator.
    pub inoperative_ms: i64,
    /// Reported a fault.
    pub faulted_ms: i64,
    /// Time without a link to the charge point, ms.
    pub offline_ms: i64,
    /// This daemon did not run, or the charge point had not connected yet.
    pub not_observed_ms: i64,
}

impl ClassDurations {
    fn from_sums(sums: &Sums, tags: &[usize]) -> Self {
        let ms = |class| sums.ms(&[class], tags);
        Self {
            available_ms: ms(Class::Available),
            occupied_ms: ms(Class::Occupied),
            reserved_ms: ms(Class::Reserved),
            inoperative_ms: ms(Class::Inoperative),
            faulted_ms: ms(Class::Faulted),
            offline_ms: ms(Class::Offline),
            not_observed_ms: ms(Class::NotObserved),
        }
    }
}

/// The parts of the classes that are exempt from the norms.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct ExemptDurations {
    /// During planned maintenance.
    pub maintenance: ClassDurations,
    /// While the site was closed.
    pub closed: ClassDurations,
}

/// Ratios of use; the names state the denominators.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UtilisationRatios {
    /// Time charging over time accessible.
    pub charging_per_accessible_ratio: Option<f64>,
    /// Time plugged in over time accessible.
    pub plugged_per_accessible_ratio: Option<f64>,
    /// Energy delivered over what the rated power allows in the time accessible.
    pub energy_per_rated_accessible_ratio: Option<f64>,
    /// Time charging over time available.
    pub charging_per_available_ratio: Option<f64>,
}

/// Both readings of regulation 7 of the Public Charge Point Regulations 2023.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct PcprRatios {
    /// By the wording of the regulation.
    pub pcpr_reliable_by_wording_ratio: Option<f64>,
    /// As implemented by the published guidance.
    pub pcpr_reliable_as_implemented_ratio: Option<f64>,
}

impl PcprRatios {
    pub(super) fn from_sums(sums: &Sums) -> Self {
        Self {
            pcpr_reliable_by_wording_ratio: norms::reliable_by_wording(sums),
            pcpr_reliable_as_implemented_ratio: norms::reliable_as_implemented(sums),
        }
    }
}

/// Durations and ratios of one connector, or of many.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeFigures {
    /// Wall time within the months of the request since first observed: the sum of all classes.
    pub wall_ms: i64,
    /// Wall time without `not_observed_ms`.
    pub observed_ms: i64,
    /// Observed time outside of closed and maintenance hours.
    pub accessible_ms: i64,
    /// All time by class, exempt or not.
    pub class: ClassDurations,
    /// The exempt parts.
    pub exempt: ExemptDurations,
    /// Time with energy flowing.
    pub charging_ms: i64,
    /// Time plugged in after the last energy, beyond the grace.
    pub overstay_ms: i64,
    /// Energy delivered in the time, Wh.
    pub energy_wh: f64,
    /// Sessions that ended.
    pub sessions: i64,
    /// Of them with energy delivered.
    pub sessions_successful: i64,
    /// `sessions_successful / sessions`.
    pub success_ratio: Option<f64>,
    /// Reports of faults.
    pub faults: i64,
    /// Ratios of use side by side; none of them is a norm.
    pub utilisation: UtilisationRatios,
    /// Reliability under the UK regulations.
    #[serde(flatten)]
    pub pcpr: PcprRatios,
    /// 23 CFR 680.116(b), over twelve months.
    pub nevi_uptime_ratio: Option<f64>,
    /// Observed time of those twelve months.
    pub nevi_observed_ms: i64,
}

impl UptimeFigures {
    pub(super) fn from_total(total: &Total) -> Self {
        let sums = &total.period;
        Self {
            wall_ms: sums.wall_ms(),
            observed_ms: norms::observed_ms(sums),
            accessible_ms: norms::accessible_ms(sums),
            class: ClassDurations::from_sums(sums, &[0, 1, 2]),
            exempt: ExemptDurations {
                maintenance: ClassDurations::from_sums(sums, &[1]),
                closed: ClassDurations::from_sums(sums, &[2]),
            },
            charging_ms: sums.charging.iter().sum(),
            overstay_ms: sums.overstay_ms,
            energy_wh: wh(sums.energy.iter().sum()),
            sessions: sums.sessions,
            sessions_successful: sums.sessions_successful,
            success_ratio: norms::success(sums),
            faults: sums.faults,
            utilisation: UtilisationRatios {
                charging_per_accessible_ratio: norms::charging_per_accessible(sums),
                plugged_per_accessible_ratio: norms::plugged_per_accessible(sums),
                energy_per_rated_accessible_ratio: (total.possible_tenth_wh > 0.0)
                    .then(|| total.rated_tenth_wh as f64 / total.possible_tenth_wh),
                charging_per_available_ratio: norms::charging_per_available(sums),
            },
            pcpr: PcprRatios::from_sums(sums),
            nevi_uptime_ratio: norms::nevi(&total.year),
            nevi_observed_ms: norms::observed_ms(&total.year),
        }
    }
}
