//! The report as one long table, one figure a row: section, organisation, site, metric, unit, value, value_last_year, note. An empty cell is not known.

use std::fmt::Display;

use super::Report;
use super::data::{Group, LeagueRow};
use super::words::plain;

struct CsvRows {
    writer: csv::Writer<Vec<u8>>,
}

/// Section, organisation and site of a figure.
type Labels<'a> = (&'a str, &'a str, &'a str);

impl CsvRows {
    fn push(
        &mut self,
        labels: Labels<'_>,
        metric: &str,
        unit: &str,
        value: Option<impl Display>,
        earlier: Option<f64>,
        note: &str,
    ) {
        let text = |value: Option<String>| value.unwrap_or_default();
        let cells = [
            labels.0,
            labels.1,
            labels.2,
            metric,
            unit,
            &text(value.map(|value| value.to_string())),
            &text(earlier.map(|value| value.to_string())),
            note,
        ];
        // Writing into memory does not fail.
        let _ = self.writer.write_record(cells);
    }
}

/// Renders, unrounded.
pub fn csv_rows(report: &Report) -> String {
    let mut out = CsvRows {
        writer: csv::Writer::from_writer(Vec::new()),
    };
    let _ = out.writer.write_record([
        "section",
        "organisation",
        "site",
        "metric",
        "unit",
        "value",
        "value_last_year",
        "note",
    ]);
    let period = &report.period;
    for (metric, value) in [
        ("from", &period.from),
        ("to", &period.to),
        ("figures_to", &period.figures_to),
    ] {
        out.push(
            ("period", "", ""),
            metric,
            "date",
            Some(value),
            None,
            &period.name,
        );
    }
    targets(&mut out, report);
    groups(&mut out, report);
    air(&mut out, report);
    report
        .league_organisations
        .iter()
        .chain(&report.league_sites)
        .for_each(|row| league(&mut out, row));
    charging(&mut out, report);
    uptime(&mut out, report);
    method(&mut out, report);
    restatements(&mut out, report);
    data_quality(&mut out, report);
    String::from_utf8(out.writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn targets(out: &mut CsvRows, report: &Report) {
    for record in &report.targets {
        let unit = if matches!(
            record.kind,
            crate::ledger::targets::Kind::Share | crate::ledger::targets::Kind::Relative
        ) {
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
        out.push(
            labels,
            &format!("{}.current", record.id),
            unit,
            record.current,
            None,
            "",
        );
        out.push(
            labels,
            &format!("{}.goal", record.id),
            unit,
            Some(record.goal),
            None,
            record.due.as_deref().unwrap_or("no due date"),
        );
        out.push(
            labels,
            &format!("{}.gap", record.id),
            record.unit,
            record.gap.map(|gap| gap.value()),
            None,
            "",
        );
    }
}

fn air(out: &mut CsvRows, report: &Report) {
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
            out.push(
                ("air", &row.organisation, ""),
                metric,
                "kg",
                Some(kg),
                None,
                "",
            );
        }
    }
}

fn charging(out: &mut CsvRows, report: &Report) {
    for row in report.charging.sites.iter().chain([&report.charging.total]) {
        let labels = ("charging", "", &*row.site);
        out.push(
            labels,
            "charge_points",
            "count",
            Some(row.charge_points),
            None,
            "",
        );
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

fn uptime(out: &mut CsvRows, report: &Report) {
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
        out.push(labels, "faults", "count", Some(row.faults), None, "");
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

fn groups(out: &mut CsvRows, report: &Report) {
    let mut push = |group: &Group| {
        let labels = ("emissions", &*group.organisation, "");
        for row in &group.scopes {
            let name = if row.scope == "2" {
                "2_location"
            } else {
                row.scope
            };
            let unit = if row.scope == "outside" {
                "kgCO2"
            } else {
                "kgCO2e"
            };
            let note = row.factor_sets.join(" ");
            out.push(
                labels,
                &format!("scope_{name}"),
                unit,
                row.kgco2e,
                row.last_year_kgco2e,
                &note,
            );
            out.push(
                labels,
                &format!("scope_{name}_sd"),
                unit,
                row.kgco2e.map(|_| row.sd_kgco2e),
                None,
                "",
            );
            out.push(
                labels,
                &format!("scope_{name}_estimated"),
                unit,
                row.kgco2e.map(|_| row.estimated_kgco2e),
                None,
                "",
            );
            for (tier, kgco2e) in &row.tiers_kgco2e {
                out.push(
                    labels,
                    &format!("scope_{name}_tier_{tier}"),
                    unit,
                    Some(kgco2e),
                    None,
                    "",
                );
            }
        }
        out.push(
            labels,
            "distance_km",
            "km",
            Some(group.distance_km),
            None,
            "",
        );
        out.push(labels, "fuel_l", "l", Some(group.fuel_l), None, "");
        out.push(
            labels,
            "energy_kwh",
            "kWh",
            Some(group.energy_kwh),
            None,
            "",
        );
    };
    push(&report.emissions.total);
    report.emissions.organisations.iter().for_each(push);
}

fn league(out: &mut CsvRows, row: &LeagueRow) {
    let labels = (
        "league",
        &*row.organisation,
        row.site.as_deref().unwrap_or(""),
    );
    out.push(labels, "vehicles", "count", Some(row.vehicles), None, "");
    out.push(
        labels,
        "vehicles_low",
        "count",
        Some(row.vehicles_low),
        None,
        "",
    );
    out.push(labels, "low_share", "ratio", row.low_share, None, "");
    let note = format!("of {} vehicles with kilometres", row.vehicles_with_km);
    out.push(
        labels,
        "kgco2e_per_km",
        "kgCO2e/km",
        row.kgco2e_per_km,
        row.last_year_kgco2e_per_km,
        &note,
    );
    out.push(
        labels,
        "kgco2e_per_vehicle",
        "kgCO2e",
        row.kgco2e_per_vehicle,
        None,
        "",
    );
    out.push(labels, "distance_km", "km", row.distance_km, None, "");
    out.push(labels, "energy_kwh", "kWh", row.energy_kwh, None, "");
}

fn method(out: &mut CsvRows, report: &Report) {
    let method = &report.method;
    for (metric, value) in [
        ("program", method.program.clone()),
        ("profile", method.profile.clone()),
        ("year_policy", method.year_policy.to_owned()),
        ("factor_sets", method.factor_sets.join(" ")),
        (
            "emissions_method_version",
            method.emissions_method_version.to_string(),
        ),
        (
            "targets_method_version",
            method.targets_method_version.to_string(),
        ),
    ] {
        out.push(("method", "", ""), metric, "", Some(value), None, "");
    }
}

fn restatements(out: &mut CsvRows, report: &Report) {
    for year in &report.restatements.years {
        let labels = (
            "restatements",
            year.organisation.as_deref().unwrap_or(""),
            "",
        );
        let note = format!(
            "frozen on {}; {}",
            year.frozen_on,
            if year.restated {
                "restated"
            } else {
                "below the threshold"
            }
        );
        let metric = |what: &str| format!("{}.{what}", year.year);
        out.push(
            labels,
            &metric("as_frozen"),
            "kgCO2e",
            Some(year.kgco2e_as_frozen.get()),
            None,
            &note,
        );
        out.push(
            labels,
            &metric("with_effects"),
            "kgCO2e",
            Some(year.kgco2e_with_effects.get()),
            None,
            &note,
        );
        out.push(
            labels,
            &metric("base"),
            "kgCO2e",
            Some(year.kgco2e_base.get()),
            None,
            &note,
        );
    }
    for row in &report.restatements.effects {
        let note = if row.restated {
            "restated"
        } else {
            "below the threshold"
        };
        out.push(
            ("restatements", "", ""),
            &row.stretch,
            "ratio",
            Some(row.change_ratio),
            None,
            note,
        );
    }
}

fn data_quality(out: &mut CsvRows, report: &Report) {
    let quality = &report.data_quality;
    let labels = ("data_quality", "", "");
    out.push(
        labels,
        "completeness_ratio",
        "ratio",
        quality.completeness_ratio,
        quality.last_year_completeness_ratio,
        "vehicle months with data",
    );
    out.push(
        labels,
        "estimated_ratio",
        "ratio",
        quality.estimated_ratio,
        None,
        "",
    );
    for (metric, list) in [
        ("not_computed", &quality.not_computed),
        ("no_data", &quality.no_data),
        ("low_quality", &quality.low_quality),
        ("air_not_computed", &quality.air_not_computed),
    ] {
        out.push(
            labels,
            metric,
            "vehicles",
            Some(list.len()),
            None,
            &list.join(" "),
        );
    }
    out.push(
        labels,
        "fuel_mismatches",
        "vehicle months",
        Some(quality.fuel_mismatches.len()),
        None,
        "",
    );
    for missing in &report.missing {
        out.push(
            ("missing", "", ""),
            "missing",
            "",
            None::<f64>,
            None,
            missing,
        );
    }
}
