//! Dashboards and alert rules for Grafana and Prometheus, all made from one table of panels; `fleetgauge dashboards export` writes them.
//!
//! To add a panel: a row in the file of its question; then renew `dashboards/` by the command that `tests/servers/dashboards_files` names.

mod charge_point;
mod colours;
mod emissions;
mod estate;
mod grafana;
mod health;
pub mod influxql;
pub mod promql;
mod provisioning;
mod rules;
pub mod table;
mod targets;
mod transition;

pub use colours::PALETTE;
pub use grafana::{Language, dashboard};

use table::{Dashboard, Series, Value};

/// Every dashboard that can be written.
pub const DASHBOARDS: [&Dashboard; 6] = [
    &transition::DASHBOARD,
    &emissions::DASHBOARD,
    &estate::DASHBOARD,
    &charge_point::DASHBOARD,
    &targets::DASHBOARD,
    &health::DASHBOARD,
];

/// Fields that no panel shows, and why.
pub const NOT_SHOWN: [(&str, &str, &str); 4] = [
    (
        "vehicle_telemetry",
        "latitude_deg",
        "a position is personal data and off by default",
    ),
    ("vehicle_telemetry", "longitude_deg", "the same"),
    (
        "vehicle_info",
        "emission_class",
        "the table shows emission_class_code with the same words, which VictoriaMetrics keeps too",
    ),
    (
        "connector_time",
        "class",
        "the panel shows class_code with the same words, which VictoriaMetrics keeps too",
    ),
];

/// Unit of emissions.
const KGCO2E: &str = "suffix:kgCO2e";
/// Unit of pollutants: grams.
const G: &str = "massg";

/// Sum over the range of rows of half-hours.
const fn half_hours_total(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
) -> Series {
    Series {
        value: Value::Total { field, step: "30m" },
        ..table::total(legend, measurement, field)
    }
}

/// Every file, by its path below the folder.
pub fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (language, folder) in [
        (Language::InfluxQl, "grafana"),
        (Language::PromQl, "grafana-prometheus"),
    ] {
        for board in DASHBOARDS {
            let text = serde_json::to_string_pretty(&dashboard(board, language))
                .expect("a JSON value can be written");
            files.push((format!("{folder}/{}.json", board.name), text + "\n"));
        }
    }
    files.extend(provisioning::files());
    files.extend(rules::files());
    files
}
