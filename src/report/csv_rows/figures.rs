//! The rows of targets, emissions, pollutants, league tables, charging and uptime.

use super::{CsvRows, Labels};
use crate::ledger::targets::Kind;
use crate::report::Report;
use crate::report::data::{LeagueRow, ScopeRow};
use crate::report::words::plain;

pub(super) fn targets(out: &mut CsvRows, report: &Report) {
    for record in &report.targets {
        let unit = if matches!(record.kind, Kind::Share | Kind::Relative) {
            "ratio"
        } else {
            record.unit
        };
        let labels = ("targets", "", "");
        let needs = record.needs.join("; ");
        out.push(
            labels,
            &format!("{}.status", record.id),
            "",
            Some(plain(record.status.name())),
            None,
            &needs,
        );
        out.figure(
            labels,
            &format!("{}.current", record.id),
            unit,
            record.current,
        );
        out.push(
            labels,
            &format!("{}.goal", record.id),
            unit,
            Some(record.goal),
            None,
            record.due.as_deref().unwrap_or("no due date"),
        );
        out.figure(
            labels,
            &format!("{}.gap", record.id),
            record.unit,
            record.gap.map(|gap| gap.value()),
        );
    }
}

pub(super) fn groups(out: &mut CsvRows, report: &Report) {
    let emissions = &report.emissions;
    for group in [&emissions.total]
        .into_iter()
        .chain(&emissions.organisations)
    {
        let labels = ("emissions", &*group.organisation, "");
        for row in &group.scopes {
            scope(out, labels, row);
        }
        out.figure(labels, "distance_km", "km", Some(group.distance_km));
        out.figure(labels, "fuel_l", "l", Some(group.fuel_l));
        out.figure(labels, "energy_kwh", "kWh", Some(group.energy_kwh));
    }
}

fn scope(out: &mut CsvRows, labels: Labels<'_>, row: &ScopeRow) {
    let name = match row.scope {
        "2" => "2_location",
        name => name,
    };
    let unit = match row.scope {
        "outside" => "kgCO2",
        _ => "kgCO2e",
    };
    out.push(
        labels,
        &format!("scope_{name}"),
        unit,
        row.kgco2e,
        row.last_year_kgco2e,
        &row.factor_sets.join(" "),
    );
    for (metric, kgco2e) in [("sd", row.sd_kgco2e), ("estimated", row.estimated_kgco2e)] {
        out.figure(
            labels,
            &format!("scope_{name}_{metric}"),
            unit,
            row.kgco2e.map(|_| kgco2e),
        );
    }
    for (tier, kgco2e) in &row.tiers_kgco2e {
        out.figure(
            labels,
            &format!("scope_{name}_tier_{tier}"),
            unit,
            Some(kgco2e),
        );
    }
}

pub(super) fn air(out: &mut CsvRows, report: &Report) {
    for row in &report.air.pollutants {
        let name = format!("{}_kg", row.pollutant);
        out.push(
            ("air", "all", ""),
            &name,
            "kg",
            row.kg,
            row.last_year_kg,
            &plain(row.status.name()),
        );
    }
    for row in &report.air.organisations {
        for (metric, kg) in [
            ("nox_kg", row.nox_kg),
            ("pm25_kg", row.pm25_kg),
            ("pm10_kg", row.pm10_kg),
        ] {
            out.figure(("air", &row.organisation, ""), metric, "kg", Some(kg));
        }
    }
}

pub(super) fn leagues(out: &mut CsvRows, report: &Report) {
    for row in report
        .league_organisations
        .iter()
        .chain(&report.league_sites)
    {
        league(out, row);
    }
}

fn league(out: &mut CsvRows, row: &LeagueRow) {
    let labels = (
        "league",
        &*row.organisation,
        row.site.as_deref().unwrap_or(""),
    );
    out.figure(labels, "vehicles", "count", Some(row.vehicles));
    out.figure(labels, "vehicles_low", "count", Some(row.vehicles_low));
    out.figure(labels, "low_share", "ratio", row.low_share);
    let note = format!("of {} vehicles with kilometres", row.vehicles_with_km);
    out.push(
        labels,
        "kgco2e_per_km",
        "kgCO2e/km",
        row.kgco2e_per_km,
        row.last_year_kgco2e_per_km,
        &note,
    );
    out.figure(
        labels,
        "kgco2e_per_vehicle",
        "kgCO2e",
        row.kgco2e_per_vehicle,
    );
    out.figure(labels, "distance_km", "km", row.distance_km);
    out.figure(labels, "energy_kwh", "kWh", row.energy_kwh);
}

pub(super) fn charging(out: &mut CsvRows, report: &Report) {
    for row in report.charging.sites.iter().chain([&report.charging.total]) {
        let labels = ("charging", "", &*row.site);
        out.figure(labels, "charge_points", "count", Some(row.charge_points));
        out.push(
            labels,
            "sessions",
            "count",
            Some(row.sessions),
            Some(row.last_year_sessions as f64),
            "",
        );
        let note = format!("{} sessions without an energy", row.sessions_without_energy);
        out.push(
            labels,
            "energy_kwh",
            "kWh",
            row.energy_kwh,
            row.last_year_energy_kwh,
            &note,
        );
    }
}

pub(super) fn uptime(out: &mut CsvRows, report: &Report) {
    for row in &report.charging.uptime {
        let labels = ("uptime", "", row.site.as_str());
        let note = &report.charging.uptime_note;
        out.push(
            labels,
            "pcpr_reliable_as_implemented_ratio",
            "ratio",
            row.pcpr_reliable_as_implemented_ratio,
            None,
            note,
        );
        out.push(
            labels,
            "nevi_uptime_ratio",
            "ratio",
            row.nevi_uptime_ratio,
            None,
            "twelve months",
        );
        out.figure(labels, "faults", "count", Some(row.faults));
    }
    if report.charging.uptime.is_empty() {
        out.push(
            ("uptime", "", "all"),
            "pcpr_reliable_as_implemented_ratio",
            "ratio",
            None::<f64>,
            None,
            &report.charging.uptime_note,
        );
    }
}
