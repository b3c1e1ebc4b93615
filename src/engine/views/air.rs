//! `/api/v1/air`: pollutants of a stretch of days, each against its base year; met only when every tracked one meets the target.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::ViewContext;
use super::{StoredActivity, whole};
use crate::engine::query::{Query, Stored};
use crate::ledger::air::{
    AirInventory, AirSums, Pollutant, PollutantChange, PollutantStatus, air, changes,
};
use crate::units::{Day, Kilograms, Ratio};

/// Pollutants of the days `from..=to` against the base year.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AirView {
    /// First day, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// What is in the figures, and what is not.
    pub method: &'static str,
    /// Whether PM of tyres, brakes and road wear is in the figures.
    pub include_non_exhaust: bool,
    /// Shares of urban, rural and motorway kilometres.
    pub speed_mix: [f64; 3],
    /// The change on the base year that is the target; negative is a reduction.
    pub target_change_ratio: f64,
    /// The worst status of the tracked pollutants.
    pub status: PollutantStatus,
    /// Whether every tracked pollutant meets the target; `null` where one cannot be compared.
    pub all_met: Option<bool>,
    /// What to supply where the status is `not_set` or `not_comparable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<&'static str>,
    /// The whole fleet, by pollutant.
    pub pollutants: Vec<PollutantRow>,
    /// By organisation and vehicle class.
    pub rows: Vec<AirRow>,
    /// Vehicles that drove, without class, fuel or Euro stage of the coefficients.
    pub not_computed: Vec<Arc<str>>,
    /// Kilometres of those vehicles.
    pub not_computed_km: f64,
    /// Kilometres computed with the coefficients of a neighbouring class.
    pub proxy_km: f64,
    /// Kilometres of plug-in hybrids whose electric share no meter reports: computed as if the engine ran all the time.
    pub phev_engine_on_km: f64,
}

/// One pollutant of the whole fleet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PollutantRow {
    /// The pollutant that the figures are of.
    pub pollutant: Pollutant,
    /// Whether the target is about it.
    pub tracked: bool,
    /// kg emitted in these days.
    pub kg: f64,
    /// kg emitted in the base year; `null` where no base is configured.
    pub base_kg: Option<f64>,
    /// `kg / base_kg - 1`; `null` where the days are not as many as the base has.
    pub change_ratio: Option<f64>,
    /// How the change compares with the target.
    pub status: PollutantStatus,
}

/// Pollutants of one vehicle class of one organisation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AirRow {
    /// Organisation of the register.
    pub organisation: Arc<str>,
    /// Class of the coefficients.
    pub vehicle_class: &'static str,
    /// Kilometres behind the figures.
    pub distance_km: f64,
    /// Nitrogen oxides, kg as NO2.
    pub nox_kg: f64,
    /// Particles up to 2.5 µm, kg.
    pub pm25_kg: f64,
    /// Particles up to 10 µm, kg.
    pub pm10_kg: f64,
    /// Exhaust particles alone, kg: the same for PM2.5 and PM10.
    pub pm_exhaust_kg: f64,
}

/// Pollutants of the days `from..=to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AirQuery {
    /// First day; default 1 April of the running year.
    pub from: Option<Day>,
    /// Last day; default today.
    pub to: Option<Day>,
}

impl Query for AirQuery {
    type Response = AirView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<AirView, String> {
        let (from, to) = engine.emission_days(context, self.from, self.to);
        let base = engine
            .air_base_days()
            .map(|(from, to)| stored.activity(from, to))
            .transpose()?;
        Ok(engine.air_view(from, to, stored.activity(from, to)?, base))
    }
}

impl Engine {
    /// The configured base stretch, whose activity [`Engine::air_view`] needs.
    pub fn air_base_days(&self) -> Option<(Day, Day)> {
        self.reference.config.air.base_days
    }

    fn air_of(&self, from: Day, to: Day, mut stored: StoredActivity) -> AirInventory {
        let months = self.complete_months(from, to, &mut stored);
        air(
            &self.activity(from, to, &stored),
            &self.reference.register,
            &self.reference.factors,
            &months,
            &self.reference.config.air,
        )
    }

    /// `/api/v1/air`. `base` is the store's activity of [`Engine::air_base_days`].
    pub fn air_view(
        &self,
        from: Day,
        to: Day,
        stored: StoredActivity,
        base: Option<StoredActivity>,
    ) -> AirView {
        let config = &self.reference.config.air;
        let found = self.air_of(from, to, stored);
        let base = config
            .base_days
            .zip(base)
            .map(|((from, to), stored)| (to.0 - from.0 + 1, self.air_of(from, to, stored).total()));
        // Configured figures are of a year.
        let base_days = base
            .as_ref()
            .filter(|_| config.base_kg.is_empty())
            .map_or(365, |(days, _)| *days);
        let lengths = (to.0 - from.0 + 1, base_days);
        let (pollutants, all_met) = changes(
            &found.total(),
            base.as_ref().map(|(_, sums)| sums),
            lengths,
            config,
        );
        let (status, supply) = overall_status(&pollutants, all_met);
        AirView {
            from: from.to_string(),
            to: to.to_string(),
            method: "EMEP/EEA 2019 Tier 3, hot exhaust; without cold starts, idling and resuspension",
            include_non_exhaust: config.include_non_exhaust,
            speed_mix: config.speed_mix.map(Ratio::get),
            target_change_ratio: config.target_change.get(),
            status,
            all_met,
            supply,
            pollutants: pollutants.iter().map(PollutantRow::from_change).collect(),
            rows: class_rows(&found, config.include_non_exhaust),
            not_computed_km: whole(found.not_computed_distance.0),
            not_computed: found.not_computed.into_iter().collect(),
            proxy_km: whole(found.proxy.0),
            phev_engine_on_km: whole(found.phev_engine_on.0),
        }
    }
}

impl PollutantRow {
    fn from_change(change: &PollutantChange) -> Self {
        Self {
            pollutant: change.pollutant,
            tracked: change.tracked,
            kg: change.emitted.get(),
            base_kg: change.base.map(Kilograms::get),
            change_ratio: change.change.map(Ratio::get),
            status: change.status,
        }
    }
}

/// The worst status of the tracked pollutants, and what to supply where they cannot be compared.
fn overall_status(
    pollutants: &[PollutantChange],
    all_met: Option<bool>,
) -> (PollutantStatus, Option<&'static str>) {
    let any = |wanted| {
        pollutants
            .iter()
            .any(|change| change.tracked && change.status == wanted)
    };
    match all_met {
        Some(true) => (PollutantStatus::Met, None),
        Some(false) => (PollutantStatus::NotMet, None),
        None if any(PollutantStatus::NotComparable) && !any(PollutantStatus::NotSet) => (
            PollutantStatus::NotComparable,
            Some("ask for as many days as the base has: from 1 April to 31 March for a year"),
        ),
        None => (
            PollutantStatus::NotSet,
            Some(
                "the base year of every tracked pollutant: [air] base_nox_kg, base_pm25_kg, base_pm10_kg, or base_from and base_to of a year that the store has",
            ),
        ),
    }
}

/// By organisation and vehicle class.
fn class_rows(inventory: &AirInventory, include_non_exhaust: bool) -> Vec<AirRow> {
    let kg = |sums: &AirSums, pollutant| {
        sums.pollutant(pollutant, include_non_exhaust)
            .kilograms()
            .get()
    };
    let lines = inventory.lines.iter();
    lines
        .map(|((organisation, vehicle_class), sums)| AirRow {
            organisation: organisation.clone(),
            vehicle_class,
            distance_km: whole(sums.distance.0),
            nox_kg: kg(sums, Pollutant::Nox),
            pm25_kg: kg(sums, Pollutant::Pm25),
            pm10_kg: kg(sums, Pollutant::Pm10),
            pm_exhaust_kg: sums.pm_exhaust.kilograms().get(),
        })
        .collect()
}
