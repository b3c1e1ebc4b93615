//! `/api/v1/overview`, `/api/v1/targets`: the figures of the first page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::headline::headline;
use super::transition::TransitionFigures;
use super::{ViewContext, kwh, rfc3339, whole};
use crate::engine::query::{Query, Stored};
use crate::ledger::targets::TargetRecord;
use crate::model::AssetKind;
use crate::units::Day;

/// The figures of the first page.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Overview {
    /// Time of the answer.
    pub as_of: String,
    /// The share, the path and the present pace in words.
    pub headline: String,
    /// Classes of the fleet today.
    pub transition: TransitionFigures,
    /// The target of `[target]`.
    pub target: TargetRecord,
    /// Sums of the running day.
    pub today: TodayFigures,
    /// Charge points in numbers.
    pub charge_points: ChargePointTotals,
    /// How complete the data is.
    pub data: DataQuality,
}

/// Sums of the running day so far.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TodayFigures {
    /// The day, `2026-11-24`.
    pub day: String,
    /// Kilometres of the vehicles, whether or not emissions could be computed from them.
    pub distance_km: f64,
    /// Litres by the vehicles' own totals.
    pub fuel_l: f64,
    /// Delivered by charge points, to any user.
    pub energy_kwh: f64,
    /// Delivered to vehicles of the fleet.
    pub energy_fleet_kwh: f64,
    /// Delivered without a known user.
    pub energy_unallocated_kwh: f64,
    /// Delivered to staff and the public.
    pub energy_staff_public_kwh: f64,
    /// Scope 1 of the running day, kgCO2e.
    pub scope1_kgco2e: f64,
    /// Scope 2, location-based.
    pub scope2_location_kgco2e: f64,
    /// The same electricity by contracts: never added to the location-based figure.
    pub scope2_market_kgco2e: f64,
    /// Factor sets behind the figures.
    pub factor_sets: Vec<String>,
    /// Vehicles with activity that no figure could be computed from.
    pub not_computed: usize,
    /// Vehicles that drove and whose fuel is booked by card on the days of their fills: none of it is in these figures.
    pub booked_on_other_days: usize,
}

/// Charge points in numbers. The state before a connection was lost does not count.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ChargePointTotals {
    /// Charge points, registered or connected at least once.
    pub total: usize,
    /// Charge points whose WebSocket is open.
    pub online: usize,
    /// Connectors of all charge points.
    pub connectors: usize,
    /// Connectors that charge.
    pub charging: usize,
    /// Connectors with a vehicle plugged in.
    pub occupied: usize,
    /// Connectors with a fault.
    pub faulted: usize,
    /// Power drawn now.
    pub power_w: f64,
    /// Sessions that are open.
    pub sessions_open: usize,
    /// Sessions that were closed today.
    pub sessions_closed_today: u64,
}

/// How complete the data is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DataQuality {
    /// Vehicles of the register.
    pub vehicles_registered: usize,
    /// Vehicles in service today.
    pub vehicles_in_service: u64,
    /// Vehicles in service with a message within 24 hours.
    pub vehicles_heard_24h: u64,
    /// Vehicles in service all of whose feeds are silent for longer than allowed.
    pub vehicles_stale: u64,
    /// Share of registered vehicles in service with a message within 24 hours.
    pub completeness: Option<f64>,
    /// Assets of feeds that no entry of the register names.
    pub unregistered_assets: u64,
    /// Messages missing by running numbers, where a source has them.
    pub messages_lost: u64,
    /// Readings older than what was booked already.
    pub late: u64,
    /// Messages that were rejected.
    pub rejected: u64,
}

/// The records of all targets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetsView {
    /// Time of the answer.
    pub as_of: String,
    /// The target of `[target]` first.
    pub targets: Vec<TargetRecord>,
}

/// The figures of the first page.
#[derive(Clone, Copy, Default, Debug)]
pub struct OverviewQuery;

impl Query for OverviewQuery {
    type Response = Overview;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<Overview, String> {
        Ok(engine.overview(context))
    }
}

/// The records of all targets.
#[derive(Clone, Copy, Default, Debug)]
pub struct TargetsQuery;

impl Query for TargetsQuery {
    type Response = TargetsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<TargetsView, String> {
        Ok(engine.targets_view(context))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/overview`.
    pub fn overview(&self, context: &ViewContext) -> Overview {
        let day = Day::of(context.now, self.reference.register.zone());
        let (counts, target) = (self.reference.counts(day), self.headline_record(day));
        Overview {
            as_of: rfc3339(context.now),
            headline: headline(&target, counts, counts.counted(&self.reference.profile)),
            transition: self.figures(counts),
            target,
            today: self.today_figures(day),
            charge_points: self.charge_point_totals(),
            data: self.data_quality(context),
        }
    }

    /// Answers a request of `/api/v1/targets`.
    pub fn targets_view(&self, context: &ViewContext) -> TargetsView {
        TargetsView {
            as_of: rfc3339(context.now),
            targets: self
                .target_records(Day::of(context.now, self.reference.register.zone()))
                .into_owned(),
        }
    }

    fn today_figures(&self, day: Day) -> TodayFigures {
        let inventory = self.inventory_today(true);
        let total = inventory.total();
        // Kilometres and litres of the vehicles themselves, whether emissions could be computed from them or not.
        let (distance_m, fuel_millilitres) = self
            .fleet
            .assets()
            .iter()
            .filter(|asset| asset.kind == AssetKind::Vehicle)
            .fold((0, 0), |(distance, fuel), asset| {
                (distance + asset.today.distance.0, fuel + asset.today.fuel.0)
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
            *sums = (sums.0 + figures.distance.0, sums.1 + figures.fuel.0);
        }
        let fleet = inventory.delivered - inventory.unallocated - inventory.staff_public;
        TodayFigures {
            day: day.to_string(),
            distance_km: whole(distance_m),
            fuel_l: whole(fuel_millilitres),
            energy_kwh: kwh(inventory.delivered.0),
            energy_fleet_kwh: kwh(fleet.0),
            energy_unallocated_kwh: kwh(inventory.unallocated.0),
            energy_staff_public_kwh: kwh(inventory.staff_public.0),
            scope1_kgco2e: total.scope1.kgco2e.get(),
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
