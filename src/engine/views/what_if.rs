//! `/api/v1/what-if`: the share month by month if so many vehicles a month gave way to zero-emission ones, the oldest first.

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::ledger::targets::whatif::{Conversion, Outcome, Selector, convert, outcome};
use crate::ledger::targets::{FleetShare, Measure, headline, successors};
use crate::model::register::EmissionClass;
use crate::units::Day;

/// The answer.
#[derive(Debug, Serialize)]
pub struct WhatIfView {
    as_of: String,
    per_month: f64,
    /// Class of the successors.
    successor: &'static str,
    /// Vehicles that give way in all.
    replacements: usize,
    /// `null` only if the first page's target were no share of vehicles.
    outcome: Option<Outcome>,
}

impl Engine {
    /// `/api/v1/what-if`. With 0 nothing is replaced, and the path alone is told.
    pub fn what_if_view(&self, context: &ViewContext, per_month: f64) -> WhatIfView {
        let day = Day::of(context.now, self.reference.register.zone());
        let config = &self.reference.config;
        let target = headline(
            config.target_share,
            config.target_due,
            config.target_start.zip(config.target_start_share),
        );
        let conversion = Conversion {
            which: Selector::All,
            per_month,
            successor: EmissionClass::Zero,
        };
        let mut plan = convert(
            &self.reference.register,
            &self.reference.profile,
            &[conversion],
            &[],
            day,
        );
        // What comes after the due date changes nothing that is shown.
        plan.retain(|replacement| target.due.is_none_or(|due| replacement.date <= due));
        let outcome = match &target.measure {
            Measure::Fleet {
                profile,
                population,
                successor,
                ..
            } => {
                let profile = profile.as_ref().unwrap_or(&self.reference.profile);
                let successor = successors(*successor, profile);
                let share = FleetShare {
                    target: &target,
                    profile,
                    population,
                    successor: &successor,
                };
                Some(outcome(share, &self.reference.register, &plan, day))
            }
            _ => None,
        };
        let successor = EmissionClass::Zero.name();
        WhatIfView {
            as_of: rfc3339(context.now),
            per_month,
            successor,
            replacements: plan.len(),
            outcome,
        }
    }
}
