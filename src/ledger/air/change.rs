//! Compares each pollutant with its base year by itself. The share of low-emission vehicles implies nothing about pollutants, and NOx
//! implies nothing about particles.

use super::{AirConfig, AirSums, Pollutant};
use crate::units::{Kilograms, Ratio};

/// -20 % exactly meets a target of -20 %, whatever binary makes of it.
const BINARY_TOLERANCE: Ratio = Ratio::constant(1e-12);

/// The result of a comparison with the base year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PollutantStatus {
    /// The change reaches the target.
    Met,
    /// The change does not reach the target.
    NotMet,
    /// No base year is configured.
    NotSet,
    /// The period is not as long as the base.
    NotComparable,
}

impl PollutantStatus {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::NotSet => "not_set",
            Self::NotComparable => "not_comparable",
        }
    }
}

/// A pollutant and its change.
#[derive(Clone, PartialEq, Debug)]
pub struct PollutantChange {
    /// The pollutant that is compared.
    pub pollutant: Pollutant,
    /// The target includes it.
    pub tracked: bool,
    /// Emitted in the period.
    pub emitted: Kilograms,
    /// Emitted in the base year.
    pub base: Option<Kilograms>,
    /// Change as a share of the base.
    pub change: Option<Ratio>,
    /// How the change stands to the target.
    pub status: PollutantStatus,
}

/// Compares sums with the base. `days`: length of the period, and of the base (a year where figures are configured). Returns also whether
/// every tracked pollutant meets the target; `None` where one cannot be compared.
pub fn changes(
    now: &AirSums,
    base: Option<&AirSums>,
    (days, base_days): (i32, i32),
    config: &AirConfig,
) -> (Vec<PollutantChange>, Option<bool>) {
    // A leap year is a year.
    let comparable = (days - base_days).abs() <= 1;
    let found = Pollutant::ALL.map(|pollutant| change(pollutant, now, base, comparable, config));
    let tracked: Vec<PollutantStatus> = found
        .iter()
        .filter(|change| change.tracked)
        .map(|change| change.status)
        .collect();
    let all_met = if tracked.contains(&PollutantStatus::NotMet) {
        Some(false)
    } else {
        let all = tracked.iter().all(|status| *status == PollutantStatus::Met);
        (!tracked.is_empty() && all).then_some(true)
    };
    (found.into(), all_met)
}

fn change(
    pollutant: Pollutant,
    now: &AirSums,
    base: Option<&AirSums>,
    comparable: bool,
    config: &AirConfig,
) -> PollutantChange {
    let kilograms = |sums: &AirSums| {
        sums.pollutant(pollutant, config.include_non_exhaust)
            .kilograms()
    };
    let emitted = kilograms(now);
    let configured = config.base_kg.get(&pollutant).copied();
    let base = configured
        .or_else(|| base.map(kilograms))
        .filter(|base| *base > Kilograms::ZERO);
    let change = base
        .filter(|_| comparable)
        .map(|base| emitted / base - Ratio::ONE);
    let status = match (base, change) {
        (None, _) => PollutantStatus::NotSet,
        (_, None) => PollutantStatus::NotComparable,
        (_, Some(change)) if change <= config.target_change + BINARY_TOLERANCE => {
            PollutantStatus::Met
        }
        _ => PollutantStatus::NotMet,
    };
    PollutantChange {
        pollutant,
        tracked: config.tracked.contains(&pollutant),
        emitted,
        base,
        change,
        status,
    }
}
