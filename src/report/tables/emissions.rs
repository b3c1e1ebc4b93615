//! The section on emissions: by organisation against last year, by month, how certain they are, and the activity behind them.

use super::table;
use crate::report::data::{Emissions, Group, MonthRow, ScopeRow};
use crate::report::document::{Block, Chart, ChartKind, Table};
use crate::report::words::{NONE, change, number, tonnes};

/// A scope's name in the data and its title, in the order of reports.
const SCOPES: [(&str, &str); 5] = [
    ("1", "1 (fuel)"),
    ("2", "2 location-based"),
    ("2_market", "2 market-based"),
    ("3", "3 (3.3 and 3.6)"),
    ("outside", "outside of scopes (biogenic CO2)"),
];

fn scope<'a>(group: &'a Group, name: &str) -> Option<&'a ScopeRow> {
    group.scopes.iter().find(|row| row.scope == name)
}

/// The organisations, then all of them together.
fn groups(emissions: &Emissions) -> impl Iterator<Item = &Group> {
    emissions.organisations.iter().chain([&emissions.total])
}

pub(super) fn emissions(emissions: &Emissions) -> Vec<Block> {
    if emissions.total.scopes.is_empty() {
        return vec![Block::Text(
            "No activity is known for these days or those of last year: no emissions can be computed."
                .to_owned(),
        )];
    }
    let mut blocks = vec![
        Block::Text(
            "The two views of scope 2 are of the same electricity: one or the other is reported, they are never added together."
                .to_owned(),
        ),
        Block::Chart(by_organisation_chart(emissions), by_organisation(emissions)),
    ];
    if emissions.months.len() > 1 {
        blocks.push(months(&emissions.months));
    }
    blocks.push(Block::Table(uncertainty(emissions)));
    blocks.push(Block::Table(activity(emissions)));
    blocks
}

fn by_organisation(emissions: &Emissions) -> Table {
    let row = |group: &Group| {
        let mut cells = vec![group.organisation.to_string()];
        for (name, _) in SCOPES.iter().take(4) {
            let found = scope(group, name);
            cells.push(found.map_or("none booked".to_owned(), |row| tonnes(row.kgco2e)));
            cells.push(found.map_or("no comparison".to_owned(), |row| change(row.change_ratio)));
        }
        cells
    };
    let headers = [
        "organisation",
        "scope 1",
        "change",
        "scope 2 location",
        "change",
        "scope 2 market",
        "change",
        "scope 3",
        "change",
    ];
    table(
        "Emissions, t CO2e, with the change on last year",
        &headers,
        1,
        groups(emissions).map(row).collect(),
    )
}

fn by_organisation_chart(emissions: &Emissions) -> Chart {
    let values = |name: &str| {
        groups(emissions)
            .map(|group| scope(group, name)?.kgco2e.map(|kg| kg / 1000.0))
            .collect()
    };
    let series = [
        ("1", "scope 1"),
        ("2", "scope 2 location-based"),
        ("2_market", "scope 2 market-based"),
        ("3", "scope 3"),
    ];
    Chart {
        kind: ChartKind::Bars,
        title: "Emissions by organisation".to_owned(),
        unit: "t CO2e",
        labels: groups(emissions)
            .map(|group| group.organisation.to_string())
            .collect(),
        series: series.map(|(name, title)| (title, values(name))).into(),
    }
}

/// A scope's figure of a month, kg CO2e.
type ScopeOfMonth = fn(&MonthRow) -> Option<f64>;

/// The lines of the chart by month; the table's columns are the same.
const MONTH_SERIES: [(&str, ScopeOfMonth); 4] = [
    ("scope 1", |month| month.scope_1_kgco2e),
    ("scope 2 location-based", |month| {
        month.scope_2_location_kgco2e
    }),
    ("scope 2 market-based", |month| month.scope_2_market_kgco2e),
    ("scope 3", |month| month.scope_3_kgco2e),
];

fn months(months: &[MonthRow]) -> Block {
    let row = |month: &MonthRow| {
        let mut cells = vec![month.month.clone()];
        cells.extend(MONTH_SERIES.iter().map(|(_, figure)| {
            figure(month).map_or("none booked".to_owned(), |kg| tonnes(Some(kg)))
        }));
        cells
    };
    let headers = [
        "month",
        "scope 1",
        "scope 2 location",
        "scope 2 market",
        "scope 3",
    ];
    let behind = table(
        "Emissions by month, t CO2e",
        &headers,
        1,
        months.iter().map(row).collect(),
    );
    let in_tonnes = |figure: ScopeOfMonth| {
        months
            .iter()
            .map(|month| figure(month).map(|kg| kg / 1000.0))
            .collect()
    };
    let chart = Chart {
        kind: ChartKind::Lines,
        title: "Emissions by month".to_owned(),
        unit: "t CO2e",
        labels: months.iter().map(|month| month.month.clone()).collect(),
        series: MONTH_SERIES
            .map(|(name, figure)| (name, in_tonnes(figure)))
            .into(),
    };
    Block::Chart(chart, behind)
}

fn uncertainty(emissions: &Emissions) -> Table {
    let mut rows = Vec::new();
    for group in groups(emissions) {
        for (name, title) in SCOPES {
            if let Some(row) = scope(group, name) {
                rows.push(uncertainty_row(group, title, row));
            }
        }
    }
    let headers = [
        "organisation",
        "scope",
        "by tier",
        "t CO2e",
        "standard deviation",
        "of it estimated",
        "last year",
        "of it estimated",
    ];
    table(
        "How sure the figures are, t CO2e (1 metered or bought, 2 by the vehicle's total, 3 by its own ratio, 4 by class, 5 mean)",
        &headers,
        3,
        rows,
    )
}

fn uncertainty_row(group: &Group, title: &str, row: &ScopeRow) -> Vec<String> {
    let tiers: Vec<String> = row
        .tiers_kgco2e
        .iter()
        .map(|(tier, kg)| format!("{tier}: {}", tonnes(Some(*kg))))
        .collect();
    let if_booked = |kg: f64| row.kgco2e.map_or(NONE.to_owned(), |_| tonnes(Some(kg)));
    vec![
        group.organisation.to_string(),
        title.to_owned(),
        if tiers.is_empty() {
            "none booked".to_owned()
        } else {
            tiers.join(", ")
        },
        tonnes(row.kgco2e),
        if_booked(row.sd_kgco2e),
        if_booked(row.estimated_kgco2e),
        tonnes(row.last_year_kgco2e),
        tonnes(row.last_year_kgco2e.map(|_| row.last_year_estimated_kgco2e)),
    ]
}

fn activity(emissions: &Emissions) -> Table {
    // None metered is not the same as none used: kilometres by class factor have no litres and no kWh.
    let some = |value: f64| {
        if value == 0.0 {
            "none measured".to_owned()
        } else {
            number(value, 0)
        }
    };
    let row = |group: &Group| {
        vec![
            group.organisation.to_string(),
            some(group.distance_km),
            some(group.fuel_l),
            some(group.energy_kwh),
        ]
    };
    table(
        "Activity behind the figures",
        &["organisation", "km", "fuel, l", "metered electricity, kWh"],
        1,
        groups(emissions).map(row).collect(),
    )
}
