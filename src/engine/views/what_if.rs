//! `/api/v1/what-if`: the share month by month if a steady number of vehicles a month were replaced by zero-emission ones, the oldest first.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::ledger::targets::whatif::{Conversion, Outcome, Selector, convert, outcome};
use crate::ledger::targets::{FleetShare, Measure, headline, successors};
use crate::model::register::EmissionClass;
use crate::units::Day;

/// The path of the share under a steady rate of replacements.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatIfView {
    /// Time of the answer.
    pub as_of: String,
    /// Vehicles replaced a month.
    pub per_month: f64,
    /// Emission class of the successors.
    pub successor: &'static str,
    /// Vehicles replaced in all.
    pub replacements: usize,
    /// The target under the plan; `null` only if the first page's target is no share of vehicles.
    pub outcome: Option<Outcome>,
}

/// The path of the share under a steady rate of replacements.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WhatIfQuery {
    /// Vehicles replaced a month by zero-emission ones.
    pub per_month: f64,
}

impl Query for WhatIfQuery {
    type Response = WhatIfView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<WhatIfView, String> {
        Ok(engine.what_if_view(context, self.per_month))
    }
}

impl Engine {
    /// `/api/v1/what-if`. With 0 no vehicle is replaced, and the answer is the path alone.
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
