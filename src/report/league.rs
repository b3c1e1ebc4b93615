//! The league table: organisations or sites by emissions per kilometre. Ratios are of vehicles with known kilometres; grey fleet and
//! energy without a known user are in no ratio.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::{Input, PeriodFigures};
use super::data::LeagueRow;
use crate::ledger::emissions::Figures;
use crate::ledger::transition::{classify, in_scope};
use crate::model::register::{EmissionClass, Vehicle};
use crate::units::Day;

type GroupKey = (Arc<str>, Option<Arc<str>>);

fn key(vehicle: &Vehicle, sites: bool) -> GroupKey {
    let unknown = || Arc::from("unknown");
    (
        vehicle.organisation.clone().unwrap_or_else(unknown),
        sites.then(|| vehicle.site.clone().unwrap_or_else(unknown)),
    )
}

#[derive(Default)]
struct Sums {
    distance_m: i64,
    /// Of vehicles with kilometres.
    kgco2e_with_km: f64,
    with_km: u32,
    kgco2e: f64,
    energy_tenth_wh: i64,
    seen: bool,
}

impl Sums {
    fn per_km(&self) -> Option<f64> {
        (self.distance_m > 0).then(|| self.kgco2e_with_km / (self.distance_m as f64 / 1000.0))
    }
}

fn sums(input: &Input<'_>, stretch: &PeriodFigures, sites: bool) -> BTreeMap<GroupKey, Sums> {
    let mut vehicles: BTreeMap<&Arc<str>, Figures> = BTreeMap::new();
    for (key, figures) in stretch
        .inventory
        .lines
        .iter()
        .filter(|(key, _)| key.method != "grey_fleet")
    {
        if let Some(id) = &key.vehicle {
            vehicles.entry(id).or_default().add(figures);
        }
    }
    let mut groups: BTreeMap<GroupKey, Sums> = BTreeMap::new();
    for (id, figures) in vehicles {
        let Some(vehicle) = input.register.vehicle(id) else {
            continue;
        };
        let sums = groups.entry(key(vehicle, sites)).or_default();
        sums.seen = true;
        sums.kgco2e += figures.in_use().get();
        sums.energy_tenth_wh += figures.energy.0;
        if figures.distance.0 > 0 {
            sums.distance_m += figures.distance.0;
            sums.kgco2e_with_km += figures.in_use().get();
            sums.with_km += 1;
        }
    }
    groups
}

pub(super) fn league(
    input: &Input<'_>,
    now: &PeriodFigures,
    before: &PeriodFigures,
    sites: bool,
) -> Vec<LeagueRow> {
    let mut rows: BTreeMap<GroupKey, LeagueRow> = BTreeMap::new();
    let days = f64::from(now.to.0 - now.from.0 + 1);
    for vehicle in &input.register.vehicles {
        let in_days = (now.from.0..=now.to.0)
            .filter(|day| in_scope(vehicle, Day(*day)))
            .count();
        if in_days == 0 {
            continue;
        }
        let row = rows.entry(key(vehicle, sites)).or_default();
        row.vehicles_mean += in_days as f64 / days;
        if in_scope(vehicle, now.to) {
            let class = classify(vehicle, input.profile, now.to).class;
            row.vehicles += 1;
            row.vehicles_low += u32::from(input.profile.counts(class));
            row.vehicles_unknown += u32::from(class == EmissionClass::Unknown);
        }
    }
    let (now, before) = (sums(input, now, sites), sums(input, before, sites));
    for key in now.keys() {
        rows.entry(key.clone()).or_default();
    }
    let mut rows: Vec<LeagueRow> = rows
        .into_iter()
        .map(|(key, mut row)| {
            if let Some(sums) = now.get(&key).filter(|sums| sums.seen) {
                row.distance_km = (sums.distance_m > 0).then(|| sums.distance_m as f64 / 1000.0);
                row.kgco2e_in_use = Some(sums.kgco2e);
                row.kgco2e_per_km = sums.per_km();
                row.vehicles_with_km = sums.with_km;
                row.kgco2e_per_vehicle =
                    (row.vehicles_mean > 0.0).then(|| sums.kgco2e / row.vehicles_mean);
                row.energy_kwh =
                    (sums.energy_tenth_wh > 0).then(|| sums.energy_tenth_wh as f64 / 10_000.0);
            }
            row.last_year_kgco2e_per_km = before.get(&key).and_then(Sums::per_km);
            row.low_share =
                (row.vehicles > 0).then(|| f64::from(row.vehicles_low) / f64::from(row.vehicles));
            (row.organisation, row.site) = key;
            row
        })
        .collect();
    // The least per kilometre first; those without kilometres have no key and stand behind.
    let rank = |row: &LeagueRow| row.kgco2e_per_km.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| {
        rank(a)
            .total_cmp(&rank(b))
            .then_with(|| a.organisation.cmp(&b.organisation))
            .then_with(|| a.site.cmp(&b.site))
    });
    rows
}
