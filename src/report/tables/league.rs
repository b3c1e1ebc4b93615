//! The section of the league tables: organisations and sites, the least kg CO2e per kilometre first.

use super::table;
use crate::report::data::{LeagueRow, Report};
use crate::report::document::{Block, Chart, ChartKind, Table};
use crate::report::words::{maybe, number, percent};

pub(super) fn league(report: &Report) -> Vec<Block> {
    if report.league_organisations.is_empty() {
        return vec![Block::Text(
            "No vehicle is registered and in service.".to_owned(),
        )];
    }
    let organisations = league_table(
        &report.league_organisations,
        "Organisations, least per kilometre first",
        "organisation",
    );
    let sites = league_table(
        &report.league_sites,
        "Sites, least per kilometre first",
        "site",
    );
    vec![
        Block::Text(
            "Scope 1 with location-based scope 2 of fleet vehicles; per kilometre only of those with known kilometres. Different work (emergency, patient transport) explains much of the difference."
                .to_owned(),
        ),
        Block::Chart(low_emission_chart(&report.league_organisations), organisations),
        Block::Table(sites),
    ]
}

/// A league table; `first` heads the column of names.
fn league_table(rows: &[LeagueRow], caption: &str, first: &'static str) -> Table {
    let headers = [
        first,
        "kg CO2e/km",
        "last year",
        "vehicles with km, of",
        "kg CO2e/vehicle",
        "low-emission",
        "km",
        "kWh",
    ];
    table(caption, &headers, 1, rows.iter().map(cells).collect())
}

fn cells(row: &LeagueRow) -> Vec<String> {
    vec![
        name(row),
        maybe(row.kgco2e_per_km, 3),
        maybe(row.last_year_kgco2e_per_km, 3),
        format!(
            "{} of {}",
            row.vehicles_with_km,
            number(row.vehicles_mean, 1)
        ),
        maybe(row.kgco2e_per_vehicle, 2),
        low_share(row),
        maybe(row.distance_km, 0),
        maybe(row.energy_kwh, 0),
    ]
}

/// The organisation, or the site with its organisation.
fn name(row: &LeagueRow) -> String {
    row.site
        .as_ref()
        .map_or(row.organisation.to_string(), |site| {
            format!("{site} ({})", row.organisation)
        })
}

fn low_share(row: &LeagueRow) -> String {
    match row.low_share {
        Some(share) => format!(
            "{} ({} of {})",
            percent(share),
            row.vehicles_low,
            row.vehicles
        ),
        None => "no vehicles".to_owned(),
    }
}

fn low_emission_chart(organisations: &[LeagueRow]) -> Chart {
    let percentages = organisations
        .iter()
        .map(|row| row.low_share.map(|share| share * 100.0));
    Chart {
        kind: ChartKind::Bars,
        title: "Low-emission share by organisation".to_owned(),
        unit: "%",
        labels: organisations
            .iter()
            .map(|row| row.organisation.to_string())
            .collect(),
        series: vec![("low-emission share", percentages.collect())],
    }
}
