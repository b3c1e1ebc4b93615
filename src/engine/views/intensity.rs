//! Operational half-hourly figures of charging: `/api/v1/intensity`, and rows of `charging_intensity`. They stand beside the reported
//! figures and never in them: half-hourly intensities include grid losses, but neither CH4 nor N2O.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339, sessions, wh};
use crate::engine::query::{Query, Stored};
use crate::ledger::intensity::{Basis, Intensity, IntensitySeries, OperationalSum};
use crate::model::{
    ChargingIntensityFact, ClosedSession, EnergyUser, GridArea, HalfHour, IntensitySlot,
    SessionRecord,
};
use crate::units::{Day, GramsCo2PerKwh, TenthWattHours, UtcMs};

/// Sessions listed; the sums have all of them.
const MAX_LISTED: usize = 1_000;

/// Operational carbon intensity of charging on the days `from..=to`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntensityView {
    /// Time of the answer.
    pub as_of: String,
    /// First day, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// What the figures are, and what they are not.
    pub note: &'static str,
    /// Grid areas with intensities.
    pub areas: Vec<IntensityArea>,
    /// By day, site and user.
    pub days: Vec<IntensityDay>,
    /// The newest sessions; `days` has the sums of all.
    pub sessions: Vec<IntensitySession>,
    /// More sessions than can be read at once: the sums are too low.
    pub truncated: bool,
}

const NOTE: &str = "operational, for charge timing: gCO2 per kWh with losses, without CH4 and N2O; no part of reported figures";

/// What is known of one grid area.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntensityArea {
    /// Region of the carbon intensity API; `null` is the whole country.
    pub region_id: Option<u8>,
    /// Name of the region.
    pub name: &'static str,
    /// Half-hours of these days with an intensity.
    pub half_hours: usize,
    /// Start of the newest half-hour that has begun.
    pub newest: Option<String>,
    /// Its intensity, measured or else forecast.
    pub newest_g_per_kwh: Option<f64>,
    /// When the newest revision arrived.
    pub vintage: Option<String>,
}

/// Energy and its operational CO2.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntensityFigures {
    /// All energy of the line, with and without a known intensity, Wh.
    pub energy_wh: f64,
    /// CO2 of the energy with a known intensity.
    pub kgco2_operational: Option<f64>,
    /// Mean intensity of that energy.
    pub mean_g_per_kwh: Option<f64>,
    /// Energy of half-hours without an intensity; in no CO2 figure here.
    pub energy_without_intensity_wh: f64,
    /// Energy by what its intensity rests on.
    pub energy_wh_by_basis: BTreeMap<&'static str, f64>,
}

impl IntensityFigures {
    fn of(sum: &OperationalSum) -> Self {
        let by_basis = Basis::ALL
            .iter()
            .zip(sum.by_basis)
            .filter(|(_, energy)| !energy.is_zero());
        Self {
            energy_wh: wh((sum.energy + sum.unknown).0),
            kgco2_operational: sum.known_emissions().map(|grams| grams.get() / 1000.0),
            mean_g_per_kwh: sum.mean().map(GramsCo2PerKwh::get),
            energy_without_intensity_wh: wh(sum.unknown.0),
            energy_wh_by_basis: by_basis
                .map(|(basis, energy)| (basis.name(), wh(energy.0)))
                .collect(),
        }
    }
}

/// One day of one site and user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntensityDay {
    /// The day, `2026-11-24`.
    pub day: String,
    /// Site of the register.
    pub site: Arc<str>,
    /// `fleet`, or `sold_on` to staff and the public.
    pub user: &'static str,
    /// Sums of the day.
    #[serde(flatten)]
    pub figures: IntensityFigures,
    /// The same energy by the year's factors of generation and losses, to compare: the half-hours include losses too. It is CO2e.
    pub kgco2e_annual_with_losses: Option<f64>,
}

/// One session, or a part of it, and the intensity of the grid at that time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntensitySession {
    /// Id of the session.
    pub id: String,
    /// Charge point of the session.
    pub charge_point_id: Arc<str>,
    /// Site of the charge point.
    pub site: Arc<str>,
    /// Start of the session.
    pub started_at: String,
    /// End of the session; `null` while it is open.
    pub ended_at: Option<String>,
    /// `vehicle`, `staff`, `public` or `unallocated`.
    pub user: &'static str,
    /// Vehicle that charged, where it is known.
    pub vehicle_id: Option<Arc<str>>,
    /// Sums of the half-hours in the days of the request.
    #[serde(flatten)]
    pub figures: IntensityFigures,
}

/// What the store has for the question.
#[derive(Debug)]
pub struct StoredIntensity {
    /// Closed sessions that overlap the stretch, the newest first.
    pub sessions: Vec<ClosedSession>,
    /// There are more.
    pub truncated: bool,
    /// Slots, from [`IntensitySeries::LOOK_BACK_MS`] before the stretch.
    pub slots: Vec<IntensitySlot>,
}

fn fleet_or_sold(user: &EnergyUser) -> &'static str {
    match user {
        EnergyUser::Vehicle(_) | EnergyUser::Unallocated => "fleet",
        EnergyUser::Staff | EnergyUser::Public => "sold_on",
    }
}

/// Operational carbon intensity of the days `from..=to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IntensityQuery {
    /// First day; default six days before `to`.
    pub from: Option<Day>,
    /// Last day; default today.
    pub to: Option<Day>,
}

impl Query for IntensityQuery {
    type Response = IntensityView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<IntensityView, String> {
        let zone = engine.register().zone();
        let to = self.to.unwrap_or_else(|| Day::of(context.now, zone));
        let from = self.from.unwrap_or(Day(to.0.saturating_sub(6)));
        let stored = stored.intensity(from.start(zone), to.end(zone))?;
        Ok(engine.intensity_view(context, from, to, stored))
    }
}

/// By day, site and user (the fleet, or sold).
type DaySums = BTreeMap<(Day, Arc<str>, &'static str), OperationalSum>;

impl Engine {
    /// `/api/v1/intensity` for half-hours of the days `from..=to`.
    pub fn intensity_view(
        &self,
        context: &ViewContext,
        from: Day,
        to: Day,
        stored: StoredIntensity,
    ) -> IntensityView {
        let (start, end) = (
            from.start(self.reference.register.zone()),
            to.end(self.reference.register.zone()),
        );
        let areas = self.area_rows(&stored.slots, start, context.now);
        let truncated = stored.truncated;
        let (days, mut rows) = self.day_and_session_sums((start, end), context.now, stored);
        rows.sort_by_key(|(record, _)| std::cmp::Reverse(record.started_at));
        rows.truncate(MAX_LISTED);
        IntensityView {
            as_of: rfc3339(context.now),
            from: from.to_string(),
            to: to.to_string(),
            note: NOTE,
            areas,
            days: days
                .into_iter()
                .map(|((day, site, user), sum)| IntensityDay {
                    day: day.to_string(),
                    site,
                    user,
                    kgco2e_annual_with_losses: self
                        .reference
                        .factors
                        .electricity_with_losses(day)
                        .filter(|_| !sum.energy.is_zero())
                        .map(|factor| (sum.energy.kilowatt_hours() * factor.value).get()),
                    figures: IntensityFigures::of(&sum),
                })
                .collect(),
            sessions: rows
                .into_iter()
                .map(|(record, sum)| session_row(record, &sum))
                .collect(),
            truncated,
        }
    }

    /// Energy and emissions of the half-hours within `[start, end)`, by day and by session.
    fn day_and_session_sums(
        &self,
        (start, end): (UtcMs, UtcMs),
        now: UtcMs,
        stored: StoredIntensity,
    ) -> (DaySums, Vec<(SessionRecord, OperationalSum)>) {
        let series = IntensitySeries::from_slots(stored.slots.iter().copied());
        let mut days = DaySums::new();
        let mut rows = Vec::new();
        for record in self.charging_in(start, end, now, stored.sessions) {
            let mut whole = OperationalSum::default();
            for half_hour in within(&record, start, end) {
                let intensity = self.intensity_of(&series, &record.site, half_hour.start);
                let energy = TenthWattHours(half_hour.tenth_wh);
                whole.add(energy, intensity);
                let key = (
                    Day::of(half_hour.start, self.reference.register.zone()),
                    record.site.clone(),
                    fleet_or_sold(&record.user),
                );
                days.entry(key).or_default().add(energy, intensity);
            }
            if whole != OperationalSum::default() {
                rows.push((record, whole));
            }
        }
        (days, rows)
    }

    /// Rows of `charging_intensity` for the half-hours that begin in `[from, to)`.
    pub fn intensity_rows(
        &self,
        from: UtcMs,
        to: UtcMs,
        now: UtcMs,
        stored: StoredIntensity,
    ) -> Vec<ChargingIntensityFact> {
        let series = IntensitySeries::from_slots(stored.slots);
        let mut slots: BTreeMap<(UtcMs, Arc<str>, &'static str), i64> = BTreeMap::new();
        for record in self.charging_in(from, to, now, stored.sessions) {
            for half_hour in within(&record, from, to) {
                let key = (
                    half_hour.start,
                    record.site.clone(),
                    fleet_or_sold(&record.user),
                );
                *slots.entry(key).or_default() += half_hour.tenth_wh;
            }
        }
        let rows = slots
            .into_iter()
            .filter_map(|((at, site, user), energy_tenth_wh)| {
                let intensity = self.intensity_of(&series, &site, at)?;
                let emissions = TenthWattHours(energy_tenth_wh).kilowatt_hours() * intensity.value;
                Some(ChargingIntensityFact {
                    g_per_kwh: intensity.value.get(),
                    basis: intensity.basis.name(),
                    basis_code: intensity.basis.index() as i64,
                    kgco2: emissions.get() / 1000.0,
                    energy_tenth_wh,
                    site,
                    user,
                    at,
                })
            });
        rows.collect()
    }

    /// Sessions of a stretch of time: the store's and the book's, which has the newer word.
    fn charging_in(
        &self,
        from: UtcMs,
        to: UtcMs,
        now: UtcMs,
        stored: Vec<ClosedSession>,
    ) -> Vec<SessionRecord> {
        let overlaps = |record: &SessionRecord| {
            record.started_at < to && record.ended_at.unwrap_or(now) >= from
        };
        let booked = self
            .charging
            .book()
            .sessions()
            .map(|(record, _)| record)
            .filter(|record| overlaps(record))
            .cloned();
        let all = stored.into_iter().map(|closed| closed.record).chain(booked);
        let by_id: BTreeMap<String, SessionRecord> =
            all.map(|record| (record.id.clone(), record)).collect();
        by_id.into_values().collect()
    }

    fn intensity_of(
        &self,
        series: &IntensitySeries,
        site: &str,
        start: UtcMs,
    ) -> Option<Intensity> {
        let region = self
            .reference
            .register
            .site(site)
            .and_then(|site| site.region_id);
        let annual = self
            .reference
            .factors
            .electricity_with_losses(Day::of(start, self.reference.register.zone()))
            .map(|factor| factor.value.grams());
        series.at(region, start, annual)
    }

    fn area_rows(&self, slots: &[IntensitySlot], start: UtcMs, now: UtcMs) -> Vec<IntensityArea> {
        let mut areas: Vec<GridArea> = self
            .reference
            .register
            .sites
            .iter()
            .filter_map(|site| site.region_id)
            .map(GridArea)
            .collect();
        areas.push(GridArea::NATIONAL);
        areas.sort_unstable();
        areas.dedup();
        let row = |area: GridArea| {
            let known: Vec<&IntensitySlot> = slots
                .iter()
                .filter(|slot| slot.area == area && slot.start >= start)
                .collect();
            let newest = known
                .iter()
                .filter(|slot| slot.start <= now)
                .max_by_key(|slot| slot.start);
            IntensityArea {
                region_id: (area != GridArea::NATIONAL).then_some(area.0),
                name: area.name(),
                half_hours: known.len(),
                newest: newest.map(|slot| rfc3339(slot.start)),
                newest_g_per_kwh: newest
                    .and_then(|slot| slot.actual.or(slot.forecast))
                    .map(GramsCo2PerKwh::get),
                vintage: known.iter().map(|slot| slot.vintage).max().map(rfc3339),
            }
        };
        areas.into_iter().map(row).collect()
    }
}

/// A session's half-hours that begin in `[from, to)`.
fn within(record: &SessionRecord, from: UtcMs, to: UtcMs) -> impl Iterator<Item = &HalfHour> {
    record
        .half_hours
        .iter()
        .filter(move |half_hour| half_hour.start >= from && half_hour.start < to)
}

fn session_row(record: SessionRecord, sum: &OperationalSum) -> IntensitySession {
    IntensitySession {
        id: record.id,
        charge_point_id: record.charge_point,
        site: record.site,
        started_at: rfc3339(record.started_at),
        ended_at: record.ended_at.map(rfc3339),
        user: sessions::user_name(&record.user),
        vehicle_id: record.user.vehicle().cloned(),
        figures: IntensityFigures::of(sum),
    }
}
