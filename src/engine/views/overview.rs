//! `/api/v1/overview`, `/api/v1/targets`: the figures of the first page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::headline::headline;
use super::transition::TransitionFigures;
use super::{ViewContext, kwh, rfc3339, whole};
use crate::ledger::targets::TargetRecord;
use crate::model::AssetKind;
use crate::units::Day;

/// The answer of `overview`.
#[derive(Debug, Serialize)]
pub struct Overview {
    as_of: String,
    /// The share, the path and the present pace in words.
    headline: String,
    transition: TransitionFigures,
    target: TargetRecord,
    today: Today,
    charge_points: Estate,
    data: DataQuality,
}

#[derive(Debug, Serialize)]
struct Today {
    day: String,
    distance_km: f64,
    fuel_l: f64,
    /// Delivered by charge points, to whomever.
    energy_kwh: f64,
    energy_fleet_kwh: f64,
    energy_unallocated_kwh: f64,
    energy_staff_public_kwh: f64,
    scope1_kgco2e: f64,
    scope2_location_kgco2e: f64,
    /// The same electricity by contracts: never added to the line above.
    scope2_market_kgco2e: f64,
    factor_sets: Vec<String>,
    not_computed: usize,
    /// Vehicles that drove and whose fuel is booked by card on the days of their fills: none of it stands here.
    booked_on_other_days: usize,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Estate {
    pub total: usize,
    pub online: usize,
    pub connectors: usize,
    pub charging: usize,
    pub occupied: usize,
    pub faulted: usize,
    pub power_w: f64,
    pub sessions_open: usize,
    pub sessions_closed_today: u64,
}

#[derive(Debug, Serialize)]
struct DataQuality {
    vehicles_registered: usize,
    vehicles_in_service: u64,
    vehicles_heard_24h: u64,
    /// All their feeds silent for longer than allowed.
    vehicles_stale: u64,
    /// Share of registered vehicles in service heard within 24 hours.
    completeness: Option<f64>,
    unregistered_assets: u64,
    /// Missing by running numbers, where a source has them.
    messages_lost: u64,
    late: u64,
    rejected: u64,
}

/// The answer of `targets`.
#[derive(Debug, Serialize)]
pub struct TargetsView {
    as_of: String,
    targets: Vec<TargetRecord>,
}

impl Engine {
    /// `/api/v1/overview`.
    pub fn overview(&self, context: &ViewContext) -> Overview {
        let day = Day::of(context.now, self.reference.register.zone());
        let (counts, target) = (self.reference.counts(day), self.headline_record(day));
        Overview {
            as_of: rfc3339(context.now),
            headline: headline(&target, counts, counts.counted(&self.reference.profile)),
            transition: self.figures(counts),
            target,
            today: self.today_figures(day),
            charge_points: self.estate(),
            data: self.data_quality(context),
        }
    }

    /// `/api/v1/targets`.
    pub fn targets_view(&self, context: &ViewContext) -> TargetsView {
        TargetsView {
            as_of: rfc3339(context.now),
            targets: self
                .target_records(Day::of(context.now, self.reference.register.zone()))
                .into_owned(),
        }
    }

    fn today_figures(&self, day: Day) -> Today {
        let inventory = self.inventory_today(true);
        let total = inventory.total();
        // Kilometres and litres of the vehicles themselves, whether emissions could be computed from them or not.
        let (distance_m, fuel_ml) = self
            .fleet
            .assets()
            .iter()
            .filter(|asset| asset.kind == AssetKind::Vehicle)
            .fold((0, 0), |(distance, fuel), asset| {
                (
                    distance + asset.today.distance_m,
                    fuel + asset.today.fuel_ml,
                )
            });
        let mut by_card: BTreeMap<&Arc<str>, (i64, i64)> = BTreeMap::new();
        for (key, figures) in inventory
            .lines
            .iter()
            .filter(|(key, _)| key.method == "fuel_card")
        {
            let Some(vehicle) = &key.vehicle else {
                continue;
            };
            let sums = by_card.entry(vehicle).or_default();
            *sums = (sums.0 + figures.distance_m, sums.1 + figures.fuel_ml);
        }
        let fleet_dwh =
            inventory.delivered_dwh - inventory.unallocated_dwh - inventory.staff_public_dwh;
        Today {
            day: day.to_string(),
            distance_km: whole(distance_m),
            fuel_l: whole(fuel_ml),
            energy_kwh: kwh(inventory.delivered_dwh),
            energy_fleet_kwh: kwh(fleet_dwh),
            energy_unallocated_kwh: kwh(inventory.unallocated_dwh),
            energy_staff_public_kwh: kwh(inventory.staff_public_dwh),
            scope1_kgco2e: total.scope1.kgco2e,
            scope2_location_kgco2e: total.location.get(),
            scope2_market_kgco2e: total.market.get(),
            factor_sets: inventory
                .lines
                .keys()
                .map(|key| key.factor_set)
                .collect::<BTreeSet<_>>()
                .iter()
                .map(ToString::to_string)
                .collect(),
            not_computed: inventory.not_computed.len(),
            booked_on_other_days: by_card
                .values()
                .filter(|(metres, ml)| *metres != 0 && *ml == 0)
                .count(),
        }
    }

    fn data_quality(&self, context: &ViewContext) -> DataQuality {
        let (sums, unregistered) = self.fleet.quality(&self.reference, context.now);
        let all = sums.get("all").copied().unwrap_or_default();
        DataQuality {
            vehicles_registered: self.reference.register.vehicles.len(),
            vehicles_in_service: all.vehicles,
            vehicles_heard_24h: all.heard_24h,
            vehicles_stale: all.stale,
            completeness: (all.vehicles > 0).then(|| all.heard_24h as f64 / all.vehicles as f64),
            unregistered_assets: unregistered,
            messages_lost: all.lost,
            late: context.late,
            rejected: context.rejected,
        }
    }
}
