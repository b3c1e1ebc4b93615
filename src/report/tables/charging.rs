//! The section on charging: closed sessions by site, energy outside the fleet, and uptime.

use super::table;
use crate::report::data::{Charging, ChargingRow, UptimeRow};
use crate::report::document::{Block, Table};
use crate::report::words::{maybe, maybe_percent, number};

pub(super) fn charging(charging: &Charging) -> Vec<Block> {
    vec![
        Block::Table(sessions(charging)),
        Block::Text(format!(
            "Delivered to staff and the public {} kWh (sold on, in no scope here); to unknown users {} kWh (in scope 2).",
            number(charging.energy_staff_public_kwh, 1),
            number(charging.energy_unallocated_kwh, 1)
        )),
        if charging.uptime.is_empty() {
            Block::Text(format!("Uptime: {}.", charging.uptime_note))
        } else {
            Block::Table(uptime(charging))
        },
    ]
}

fn sessions(charging: &Charging) -> Table {
    let headers = [
        "site",
        "charge points",
        "sessions",
        "kWh",
        "sessions without energy",
        "sessions last year",
        "kWh last year",
    ];
    let rows = charging.sites.iter().chain([&charging.total]);
    table(
        "Closed charging sessions",
        &headers,
        1,
        rows.map(sessions_row).collect(),
    )
}

fn sessions_row(row: &ChargingRow) -> Vec<String> {
    let energy = |sessions: u64, kwh: Option<f64>| {
        if sessions == 0 {
            "no sessions".to_owned()
        } else {
            maybe(kwh, 1)
        }
    };
    vec![
        row.site.to_string(),
        row.charge_points.to_string(),
        row.sessions.to_string(),
        energy(row.sessions, row.energy_kwh),
        row.sessions_without_energy.to_string(),
        row.last_year_sessions.to_string(),
        energy(row.last_year_sessions, row.last_year_energy_kwh),
    ]
}

fn uptime(charging: &Charging) -> Table {
    let row = |row: &UptimeRow| {
        vec![
            row.site.clone(),
            row.connectors.to_string(),
            maybe_percent(row.pcpr_reliable_as_implemented_ratio),
            maybe_percent(row.nevi_uptime_ratio),
            row.faults.to_string(),
        ]
    };
    let headers = [
        "site",
        "connectors",
        "reliable (PCPR 2023)",
        "uptime (NEVI, 12 months)",
        "faults",
    ];
    table(
        format!("Uptime, {}", charging.uptime_note),
        &headers,
        1,
        charging.uptime.iter().map(row).collect(),
    )
}
