//! `/api/v1/transition`: the classes of the fleet today and at the end of each month, by organisation, category and role.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::ledger::targets::{headline, last_full_month};
use crate::ledger::transition::{Counts, Population, Profile, classify, in_scope};
use crate::model::register::{Role, Vehicle};
use crate::units::{Day, Month};

/// Longest answer, in months.
const MAX_MONTHS: i32 = 240;

/// Counts and shares of a group. The ultra-low and zero shares are those of the profiles `ulev_or_better` and `zev_only`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransitionFigures {
    /// Profile: the definition of "low emission".
    pub profile: &'static str,
    /// Options of the profile that differ from the usual ones; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profile_options: Vec<String>,
    /// Vehicles in scope.
    pub in_scope: u32,
    /// Vehicles that count as low emission under the profile.
    pub low_or_better: u32,
    /// Vehicles by class.
    #[serde(flatten)]
    pub counts: Counts,
    /// `low_or_better / in_scope`; `null` without vehicles.
    pub share: Option<f64>,
    /// Lower bound: vehicles without a class do not count.
    pub lower: Option<f64>,
    /// Upper bound: all vehicles without a class count.
    pub upper: Option<f64>,
    /// Share of ultra-low and zero-emission vehicles.
    pub ultra_low_or_better_share: Option<f64>,
    /// Share of zero-emission vehicles.
    pub zero_share: Option<f64>,
}

/// The fleet on a day, whole and in groups.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FleetFigures {
    /// The whole fleet.
    #[serde(flatten)]
    pub all: TransitionFigures,
    /// By organisation; `unknown` where the register names none.
    pub by_organisation: BTreeMap<Arc<str>, TransitionFigures>,
    /// By vehicle category.
    pub by_category: BTreeMap<&'static str, TransitionFigures>,
    /// By role: `emergency`, `non_emergency`, `support` or `unknown`.
    pub by_role: BTreeMap<&'static str, TransitionFigures>,
}

/// The fleet at the end of a month.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransitionMonth {
    /// The month, `2026-11`.
    pub month: String,
    /// The month's last day: figures are those of its end.
    pub day: String,
    /// Vehicles more (or fewer) that count than at the end of the month before.
    pub change: i64,
    /// Where the path of the first page's target is.
    pub plan: Option<f64>,
    /// The fleet at that time.
    #[serde(flatten)]
    pub fleet: FleetFigures,
}

/// Classes of the fleet today, and at the end of each month `from..=to`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransitionView {
    /// Time of the answer.
    pub as_of: String,
    /// The day of the figures, `2026-11-24`.
    pub day: String,
    /// The fleet today.
    #[serde(flatten)]
    pub fleet: FleetFigures,
    /// Vehicles without `in_service_from`: counted in every month.
    pub without_in_service_from: u32,
    /// First month of the range, `2026-11`.
    pub from: String,
    /// Last month of the range, `2026-11`.
    pub to: String,
    /// Month by month.
    pub months: Vec<TransitionMonth>,
}

/// Classes of the fleet today and at the ends of the months `from..=to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TransitionQuery {
    /// First month; default twelve before `to`.
    pub from: Option<Month>,
    /// Last month; default the last that has ended.
    pub to: Option<Month>,
}

impl Query for TransitionQuery {
    type Response = TransitionView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<TransitionView, String> {
        Ok(engine.transition_view(context, self.from, self.to))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/transition`.
    pub fn transition_view(
        &self,
        context: &ViewContext,
        from: Option<Month>,
        to: Option<Month>,
    ) -> TransitionView {
        let day = Day::of(context.now, self.reference.register.zone());
        // A month that has not ended has no last instant yet.
        let last = last_full_month(day);
        let to = to.unwrap_or(last).min(last);
        let from = from.unwrap_or(to.plus(-12)).max(to.plus(1 - MAX_MONTHS));
        let config = &self.reference.config;
        let target = headline(
            config.target_share,
            config.target_due,
            config.target_start.zip(config.target_start_share),
        );
        let mut before = self.counted_at(from.plus(-1));
        let months = (0..=to.since(from)).map(|offset| {
            let month = from.plus(offset);
            let counted = self.counted_at(month);
            let change = i64::from(counted) - i64::from(std::mem::replace(&mut before, counted));
            let day = month.last_day();
            let fleet = self.fleet_figures(day);
            let plan = target.plan.at(
                &target.baseline,
                target.goal,
                target.due,
                day,
                fleet.all.in_scope,
            );
            TransitionMonth {
                month: month.to_string(),
                day: day.to_string(),
                change,
                plan,
                fleet,
            }
        });
        TransitionView {
            as_of: rfc3339(context.now),
            day: day.to_string(),
            fleet: self.fleet_figures(day),
            without_in_service_from: Population::default()
                .undated(&self.reference.register, day)
                .without_start,
            from: from.to_string(),
            to: to.to_string(),
            months: months.collect(),
        }
    }

    fn counted_at(&self, month: Month) -> u32 {
        self.reference
            .counts(month.last_day())
            .counted(&self.reference.profile)
    }

    fn fleet_figures(&self, day: Day) -> FleetFigures {
        let mut all = Counts::default();
        let mut by_organisation: BTreeMap<Arc<str>, Counts> = BTreeMap::new();
        let mut by_category: BTreeMap<&'static str, Counts> = BTreeMap::new();
        let mut by_role: BTreeMap<&'static str, Counts> = BTreeMap::new();
        for vehicle in self
            .reference
            .register
            .vehicles
            .iter()
            .filter(|vehicle| in_scope(vehicle, day))
        {
            let class = classify(vehicle, &self.reference.profile, day).class;
            let organisation = vehicle
                .organisation
                .clone()
                .unwrap_or_else(|| Arc::from("unknown"));
            all.add(class);
            by_organisation.entry(organisation).or_default().add(class);
            by_category
                .entry(
                    vehicle
                        .category
                        .map_or("unknown", |category| category.name()),
                )
                .or_default()
                .add(class);
            by_role.entry(role_name(vehicle)).or_default().add(class);
        }
        FleetFigures {
            all: self.figures(all),
            by_organisation: by_organisation
                .into_iter()
                .map(|(id, counts)| (id, self.figures(counts)))
                .collect(),
            by_category: by_category
                .into_iter()
                .map(|(name, counts)| (name, self.figures(counts)))
                .collect(),
            by_role: by_role
                .into_iter()
                .map(|(name, counts)| (name, self.figures(counts)))
                .collect(),
        }
    }

    pub(super) fn figures(&self, counts: Counts) -> TransitionFigures {
        let share = |name: &str| Profile::by_name(name).and_then(|profile| counts.share(&profile));
        TransitionFigures {
            profile: self.reference.profile.name,
            profile_options: self.reference.profile.options(),
            in_scope: counts.total(),
            low_or_better: counts.counted(&self.reference.profile),
            counts,
            share: counts.share(&self.reference.profile),
            lower: counts.share(&self.reference.profile),
            upper: counts.upper(&self.reference.profile),
            ultra_low_or_better_share: share("ulev_or_better"),
            zero_share: share("zev_only"),
        }
    }
}

fn role_name(vehicle: &Vehicle) -> &'static str {
    match vehicle.role {
        Some(Role::Emergency) => "emergency",
        Some(Role::NonEmergency) => "non_emergency",
        Some(Role::Support) => "support",
        None => "unknown",
    }
}
