//! `/api/v1/emissions`: the inventory of a stretch of days, from the store's activity and what the engine has on top of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::super::{Dimension, Engine};
use super::{ViewContext, kwh, whole};
use crate::ledger::emissions::{InventoryKey, InventorySums, inventory};
use crate::model::ActivityRow;
use crate::units::Day;

/// The answer.
#[derive(Debug, Serialize)]
pub struct EmissionsView {
    from: String,
    to: String,
    /// Scope 2 is location-based; factors used.
    factor_sets: Vec<String>,
    rows: Vec<EmissionsRow>,
    /// Vehicles with activity that no figure could be computed from.
    not_computed: Vec<Arc<str>>,
    energy_unallocated_kwh: f64,
    energy_staff_public_kwh: f64,
}

/// Dimensions that were not asked for are left out.
#[derive(Debug, Serialize)]
struct EmissionsRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<u8>,
    kgco2e: f64,
    distance_km: f64,
    energy_kwh: f64,
    fuel_l: f64,
}

type Group = (Option<&'static str>, Option<Arc<str>>, Option<Arc<str>>, Option<&'static str>, Option<u8>);

impl Engine {
    /// The days of a question: by default from 1 April of the running year to today.
    pub fn emission_days(&self, context: &ViewContext, from: Option<Day>, to: Option<Day>) -> (Day, Day) {
        let today = Day::of(context.now);
        let to = to.unwrap_or(today);
        (from.unwrap_or_else(|| to.financial_year().first_day()), to)
    }

    /// `/api/v1/emissions`. `stored` is the store's activity of the days, complete up to checkpoint `generation`.
    pub fn emissions_view(&self, from: Day, to: Day, by: &[Dimension], generation: u64, stored: &[ActivityRow]) -> EmissionsView {
        let activity = self.activity_of(from, to, generation, stored);
        let inventory = inventory(&activity, &self.register, &self.factors);
        let mut groups: BTreeMap<Group, InventorySums> = BTreeMap::new();
        let mut factor_sets = BTreeSet::new();
        for (key, sums) in &inventory.lines {
            factor_sets.insert(key.factor_set.to_string());
            groups.entry(group(key, by)).or_default().add(sums);
        }
        let rows = groups.into_iter().map(|((scope, organisation, site, vehicle_class, tier), sums)| EmissionsRow {
            scope,
            organisation,
            site,
            vehicle_class,
            tier,
            kgco2e: sums.kgco2e,
            distance_km: whole(sums.distance_m),
            energy_kwh: kwh(sums.energy_dwh),
            fuel_l: whole(sums.fuel_ml),
        });
        EmissionsView {
            from: from.to_string(),
            to: to.to_string(),
            factor_sets: factor_sets.into_iter().collect(),
            rows: rows.collect(),
            not_computed: inventory.not_computed.into_iter().collect(),
            energy_unallocated_kwh: kwh(inventory.unallocated_dwh),
            energy_staff_public_kwh: kwh(inventory.staff_public_dwh),
        }
    }
}

fn group(key: &InventoryKey, by: &[Dimension]) -> Group {
    let wants = |dimension| by.contains(&dimension);
    (
        // Scopes are never added together, whatever was asked for.
        Some(key.scope.name()),
        wants(Dimension::Organisation).then(|| key.organisation.clone()),
        wants(Dimension::Site).then(|| key.site.clone()),
        wants(Dimension::VehicleClass).then_some(key.vehicle_class),
        wants(Dimension::Tier).then_some(key.tier),
    )
}
