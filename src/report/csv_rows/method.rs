//! The rows of method, restatements and data quality, and of what is missing.

use super::CsvRows;
use crate::report::Report;

pub(super) fn method(out: &mut CsvRows, report: &Report) {
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
        out.figure(("method", "", ""), metric, "", Some(value));
    }
}

pub(super) fn restatements(out: &mut CsvRows, report: &Report) {
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

pub(super) fn data_quality(out: &mut CsvRows, report: &Report) {
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
    out.figure(labels, "estimated_ratio", "ratio", quality.estimated_ratio);
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
    out.figure(
        labels,
        "fuel_mismatches",
        "vehicle months",
        Some(quality.fuel_mismatches.len()),
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
