//! Use of chargers by site, from closed sessions; and their uptime out of the engine's answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::{Input, PeriodFigures, Uptime};
use super::data::{Charging, ChargingRow, UptimeRow};
use crate::engine::views::UptimeGroup;
use crate::model::ClosedSession;
use crate::model::register::Register;

/// Sessions, energy outside the fleet and uptime.
pub(super) fn charging(input: &Input<'_>, now: &PeriodFigures, before: &PeriodFigures) -> Charging {
    let (sites, total) = sessions(input.register, now, before);
    let (uptime, uptime_note) = uptime(&input.uptime);
    Charging {
        sites,
        total,
        energy_staff_public_kwh: kilowatt_hours(now.inventory.staff_public.0),
        energy_unallocated_kwh: kilowatt_hours(now.inventory.unallocated.0),
        uptime,
        uptime_note,
    }
}

fn kilowatt_hours(tenth_watt_hours: i64) -> f64 {
    tenth_watt_hours as f64 / 10_000.0
}

/// The row of each site, and that of all of them together.
fn sessions(
    register: &Register,
    now: &PeriodFigures,
    before: &PeriodFigures,
) -> (Vec<ChargingRow>, ChargingRow) {
    let mut sites: BTreeMap<Arc<str>, ChargingRow> = BTreeMap::new();
    for point in &register.charge_points {
        let in_service = point.in_service_from.is_none_or(|from| from <= now.to)
            && point.in_service_to.is_none_or(|to| now.to < to);
        let site = point.site.clone().unwrap_or_else(|| Arc::from("unknown"));
        sites.entry(site).or_default().charge_points += u32::from(in_service);
    }
    for ClosedSession { record, .. } in &now.sessions {
        let row = sites.entry(record.site.clone()).or_default();
        row.sessions += 1;
        match record.energy_tenth_wh {
            Some(tenth_wh) => add(&mut row.energy_kwh, tenth_wh),
            None => row.sessions_without_energy += 1,
        }
    }
    for ClosedSession { record, .. } in &before.sessions {
        let row = sites.entry(record.site.clone()).or_default();
        row.last_year_sessions += 1;
        record
            .energy_tenth_wh
            .into_iter()
            .for_each(|tenth_wh| add(&mut row.last_year_energy_kwh, tenth_wh));
    }
    let mut total = ChargingRow {
        site: Arc::from("all"),
        ..ChargingRow::default()
    };
    let mut rows = Vec::new();
    for (site, mut row) in sites {
        row.site = site;
        total.charge_points += row.charge_points;
        total.sessions += row.sessions;
        total.sessions_without_energy += row.sessions_without_energy;
        total.last_year_sessions += row.last_year_sessions;
        for (sum, part) in [
            (&mut total.energy_kwh, row.energy_kwh),
            (&mut total.last_year_energy_kwh, row.last_year_energy_kwh),
        ] {
            *sum = part.map(|part| part + sum.unwrap_or(0.0)).or(*sum);
        }
        rows.push(row);
    }
    (rows, total)
}

fn add(sum: &mut Option<f64>, tenth_watt_hours: i64) {
    *sum = Some(sum.unwrap_or(0.0) + kilowatt_hours(tenth_watt_hours));
}

/// Rows of `/api/v1/uptime`, and the note that goes with them.
fn uptime(uptime: &Uptime) -> (Vec<UptimeRow>, String) {
    let view = match uptime {
        Uptime::Unknown(reason) => return (Vec::new(), reason.clone()),
        Uptime::Known(view) => view,
    };
    let row = |site: &str, group: &UptimeGroup| UptimeRow {
        site: site.to_owned(),
        connectors: u64::from(group.connectors),
        pcpr_reliable_as_implemented_ratio: group.figures.pcpr.pcpr_reliable_as_implemented_ratio,
        nevi_uptime_ratio: group.figures.nevi_uptime_ratio,
        faults: u64::try_from(group.figures.faults).unwrap_or(0),
    };
    let mut rows: Vec<UptimeRow> = view
        .sites
        .iter()
        .map(|site| row(&site.site, &site.group))
        .collect();
    let never = view.never_connected.len();
    if rows.is_empty() {
        return (
            rows,
            format!(
                "no charge point has reported ({never} registered ones never): no uptime can be computed"
            ),
        );
    }
    rows.push(row("all", &view.all));
    let note = format!(
        "whole months {} to {}, as of {}; {never} registered charge points have never reported and are in no figure",
        view.from, view.to, view.as_of
    );
    (rows, note)
}
