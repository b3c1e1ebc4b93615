//! Pollutants against their base year, one by one: the share of low-emission vehicles says nothing about them, and NOx nothing about PM.

use std::collections::BTreeMap;

use super::{AirConfig, AirSums, Pollutant};

/// How a pollutant stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PollutantStatus {
    /// The change reaches the target.
    Met,
    /// It does not.
    NotMet,
    /// No base year is configured.
    NotSet,
    /// The stretch is not as long as the base.
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
    /// Which.
    pub pollutant: Pollutant,
    /// Whether the target is about it.
    pub tracked: bool,
    /// kg now.
    pub kg: f64,
    /// kg in the base year.
    pub base_kg: Option<f64>,
    /// Relative change.
    pub change: Option<f64>,
    /// In a word.
    pub status: PollutantStatus,
}

/// Compares sums with the base. `days`: length of the stretch, and of the base (a year where figures are configured). Returns also whether
/// every tracked pollutant meets the target; `None` where one cannot be said.
pub fn changes(
    now: &AirSums,
    base: Option<&AirSums>,
    (days, base_days): (i32, i32),
    config: &AirConfig,
) -> (Vec<PollutantChange>, Option<bool>) {
    let wear = config.include_non_exhaust;
    let computed: BTreeMap<Pollutant, f64> = base
        .map(|base| {
            Pollutant::ALL
                .map(|pollutant| (pollutant, base.grams(pollutant, wear) / 1000.0))
                .into()
        })
        .unwrap_or_default();
    let found = Pollutant::ALL.map(|pollutant| {
        let kg = now.grams(pollutant, wear) / 1000.0;
        let base_kg = config
            .base_kg
            .get(&pollutant)
            .or_else(|| computed.get(&pollutant))
            .copied()
            .filter(|base| *base > 0.0);
        // A leap year is a year.
        let comparable = (days - base_days).abs() <= 1;
        let change = base_kg.filter(|_| comparable).map(|base| kg / base - 1.0);
        let status = match (base_kg, change) {
            (None, _) => PollutantStatus::NotSet,
            (_, None) => PollutantStatus::NotComparable,
            // On the unrounded figure; the epsilon is for -20 % exactly.
            (_, Some(change)) if change <= config.target_change + 1e-12 => PollutantStatus::Met,
            _ => PollutantStatus::NotMet,
        };
        PollutantChange {
            pollutant,
            tracked: config.tracked.contains(&pollutant),
            kg,
            base_kg,
            change,
            status,
        }
    });
    let tracked: Vec<PollutantStatus> = found
        .iter()
        .filter(|change| change.tracked)
        .map(|change| change.status)
        .collect();
    let all_met = if tracked.contains(&PollutantStatus::NotMet) {
        Some(false)
    } else {
        (!tracked.is_empty() && tracked.iter().all(|status| *status == PollutantStatus::Met))
            .then_some(true)
    };
    (found.into(), all_met)
}
