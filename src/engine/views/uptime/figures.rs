//! The figures of one connector, or of many: durations, and every ratio of `ledger::uptime::norms`.

use serde::Serialize;

use super::super::wh;
use crate::ledger::uptime::{Class, Sums, norms};

/// Sums of some connectors over the months asked for, and over the twelve months of NEVI.
#[derive(Clone, Default)]
pub(super) struct Total {
    pub period: Sums,
    pub year: Sums,
    pub connectors: u32,
    /// Energy of connectors whose rated power is known, and what that power would allow, tenths of Wh.
    rated_dwh: i64,
    possible_dwh: f64,
}

impl Total {
    pub fn add(&mut self, period: &Sums, year: &Sums, rated_kw: Option<f64>) {
        self.connectors += 1;
        self.period.add(period);
        self.year.add(year);
        if let Some(kw) = rated_kw {
            self.rated_dwh += norms::accessible_dwh(period);
            self.possible_dwh += norms::possible_dwh(period, kw);
        }
    }
}

/// ms by class.
#[derive(Debug, Serialize)]
struct ClassMs {
    available_ms: i64,
    occupied_ms: i64,
    reserved_ms: i64,
    inoperative_ms: i64,
    faulted_ms: i64,
    offline_ms: i64,
    not_observed_ms: i64,
}

impl ClassMs {
    fn of(sums: &Sums, tags: &[usize]) -> Self {
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

/// The parts of `ClassMs` that are exempt.
#[derive(Debug, Serialize)]
struct Exempt {
    maintenance: ClassMs,
    closed: ClassMs,
}

/// Denominators stand in the names.
#[derive(Debug, Serialize)]
struct Utilisation {
    charging_per_accessible_ratio: Option<f64>,
    plugged_per_accessible_ratio: Option<f64>,
    energy_per_rated_accessible_ratio: Option<f64>,
    charging_per_available_ratio: Option<f64>,
}

/// Both readings of regulation 7.
#[derive(Debug, Serialize)]
pub(super) struct Pcpr {
    pcpr_reliable_by_wording_ratio: Option<f64>,
    pcpr_reliable_as_implemented_ratio: Option<f64>,
}

impl Pcpr {
    pub fn of(sums: &Sums) -> Self {
        Self {
            pcpr_reliable_by_wording_ratio: norms::pcpr_by_wording(sums),
            pcpr_reliable_as_implemented_ratio: norms::pcpr_as_implemented(sums),
        }
    }
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Wall time within the months asked for, since first observed: the sum of all classes.
    wall_ms: i64,
    observed_ms: i64,
    accessible_ms: i64,
    class: ClassMs,
    exempt: Exempt,
    charging_ms: i64,
    overstay_ms: i64,
    energy_wh: f64,
    sessions: i64,
    sessions_successful: i64,
    success_ratio: Option<f64>,
    faults: i64,
    utilisation: Utilisation,
    #[serde(flatten)]
    pcpr: Pcpr,
    nevi_uptime_ratio: Option<f64>,
    nevi_observed_ms: i64,
}

impl Figures {
    pub fn of(total: &Total) -> Self {
        let sums = &total.period;
        Self {
            wall_ms: sums.wall_ms(),
            observed_ms: norms::observed_ms(sums),
            accessible_ms: norms::accessible_ms(sums),
            class: ClassMs::of(sums, &[0, 1, 2]),
            exempt: Exempt {
                maintenance: ClassMs::of(sums, &[1]),
                closed: ClassMs::of(sums, &[2]),
            },
            charging_ms: sums.charging.iter().sum(),
            overstay_ms: sums.overstay_ms,
            energy_wh: wh(sums.energy.iter().sum()),
            sessions: sums.sessions,
            sessions_successful: sums.sessions_successful,
            success_ratio: norms::success(sums),
            faults: sums.faults,
            utilisation: Utilisation {
                charging_per_accessible_ratio: norms::charging_per_accessible(sums),
                plugged_per_accessible_ratio: norms::plugged_per_accessible(sums),
                energy_per_rated_accessible_ratio: (total.possible_dwh > 0.0)
                    .then(|| total.rated_dwh as f64 / total.possible_dwh),
                charging_per_available_ratio: norms::charging_per_available(sums),
            },
            pcpr: Pcpr::of(sums),
            nevi_uptime_ratio: norms::nevi(&total.year),
            nevi_observed_ms: norms::observed_ms(&total.year),
        }
    }
}
