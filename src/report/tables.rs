//! The report's data as the sections of a document: what a board reads. Figures are rounded here and nowhere else.

use super::about;
use super::data::{Emissions, Group, LeagueRow, Report, ScopeRow};
use super::document::{Block, Chart, ChartKind, Document, Section, Table};
use super::words::{NONE, change, maybe, maybe_percent, number, percent, plain, tonnes};
use crate::ledger::targets::{Kind, TargetRecord};

pub(super) fn document(report: &Report) -> Document {
    let period = &report.period;
    let until = if period.complete {
        String::new()
    } else {
        format!(", figures to {}", period.figures_to)
    };
    let section = |title, blocks| Section { title, blocks };
    let mut sections = vec![
        section("Targets", targets(report)),
        section("Emissions", emissions(&report.emissions)),
        section("Air pollutants", air(report)),
        section("League table", league(report)),
        section("Charging", charging(report)),
        section("Method", about::method(report)),
        section("Restatements", about::restatements(report)),
        section("Data quality", about::quality(report)),
    ];
    if !report.missing.is_empty() {
        sections.push(section(
            "Not in this report",
            vec![Block::List(report.missing.clone())],
        ));
    }
    Document {
        title: format!("Fleet emissions report {}", period.name),
        subtitle: format!(
            "{} to {}{until}; last year is {} to {}. Made {} by {}.",
            period.from,
            period.to,
            period.last_year_from,
            period.last_year_to,
            report.generated_at,
            report.method.program
        ),
        sections,
    }
}

pub(super) fn table(
    caption: impl Into<String>,
    headers: &[&'static str],
    text_columns: usize,
    rows: Vec<Vec<String>>,
) -> Table {
    Table {
        caption: caption.into(),
        headers: headers.to_vec(),
        text_columns,
        rows,
    }
}

/// A figure of a target in its own way of counting.
fn figure(record: &TargetRecord, value: Option<f64>) -> String {
    match (value, record.kind) {
        (None, _) => NONE.to_owned(),
        (Some(value), Kind::Share | Kind::Relative) => percent(value),
        (Some(value), _) => number(value, 1),
    }
}

fn targets(report: &Report) -> Vec<Block> {
    let row = |record: &TargetRecord| {
        let count = record.counts.map_or(String::new(), |counts| {
            format!(" of {} vehicles", counts.total())
        });
        vec![
            record.id.to_string(),
            plain(record.status.name()),
            format!("{}{count}", figure(record, record.current)),
            figure(record, record.plan),
            format!(
                "{} {}",
                record.comparison,
                figure(record, Some(record.goal))
            ),
            record.due.clone().unwrap_or_else(|| "no date".to_owned()),
            record.gap.map_or(NONE.to_owned(), |gap| {
                format!(
                    "{} {}",
                    number(gap.value(), if gap.value().fract() == 0.0 { 0 } else { 1 }),
                    record.unit
                )
            }),
            record
                .projected_date
                .clone()
                .unwrap_or_else(|| NONE.to_owned()),
            record
                .p_hit
                .map_or(NONE.to_owned(), |chance| number(chance, 2)),
        ]
    };
    let headers = [
        "target",
        "status",
        "now",
        "path",
        "goal",
        "due",
        "still missing",
        "projected",
        "chance",
    ];
    let rows = report.targets.iter().map(row).collect();
    let mut blocks = vec![Block::Table(table(
        format!("Targets at the end of {}", report.period.figures_to),
        &headers,
        2,
        rows,
    ))];
    let needs = report
        .targets
        .iter()
        .filter(|record| !record.needs.is_empty());
    let needs: Vec<String> = needs
        .map(|record| format!("{} needs {}", record.id, record.needs.join("; ")))
        .collect();
    if !needs.is_empty() {
        blocks.push(Block::Text(
            "What could not be said, and what to supply:".to_owned(),
        ));
        blocks.push(Block::List(needs));
    }
    blocks
}

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

fn emissions(emissions: &Emissions) -> Vec<Block> {
    if emissions.total.scopes.is_empty() {
        return vec![Block::Text(
            "No activity is known for these days or those of last year: no emissions can be said."
                .to_owned(),
        )];
    }
    let groups = || emissions.organisations.iter().chain([&emissions.total]);
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
    let table_of = table(
        "Emissions, t CO2e, with the change on last year",
        &headers,
        1,
        groups().map(row).collect(),
    );
    let bars = |names: &[(&'static str, &'static str)]| {
        let values = |name: &str| {
            groups()
                .map(|group| scope(group, name)?.kgco2e.map(|kg| kg / 1000.0))
                .collect()
        };
        names
            .iter()
            .map(|(name, title)| (*title, values(name)))
            .collect()
    };
    let chart = Chart {
        kind: ChartKind::Bars,
        title: "Emissions by organisation".to_owned(),
        unit: "t CO2e",
        labels: groups()
            .map(|group| group.organisation.to_string())
            .collect(),
        series: bars(&[
            ("1", "scope 1"),
            ("2", "scope 2 location-based"),
            ("2_market", "scope 2 market-based"),
            ("3", "scope 3"),
        ]),
    };
    let mut blocks = vec![
        Block::Text(
            "The two views of scope 2 are of the same electricity: one or the other is reported, they are never added together."
                .to_owned(),
        ),
        Block::Chart(chart, table_of),
    ];
    if emissions.months.len() > 1 {
        blocks.push(months(emissions));
    }
    blocks.push(Block::Table(uncertainty(emissions)));
    // Nothing metered is not the same as nothing used: kilometres by class factor have no litres and no kWh.
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
    let rows = groups().map(row).collect();
    blocks.push(Block::Table(table(
        "Activity behind the figures",
        &["organisation", "km", "fuel, l", "metered electricity, kWh"],
        1,
        rows,
    )));
    blocks
}

fn months(emissions: &Emissions) -> Block {
    let months = &emissions.months;
    let series: [(&'static str, Vec<Option<f64>>); 4] = [
        (
            "scope 1",
            months.iter().map(|month| month.scope_1_kgco2e).collect(),
        ),
        (
            "scope 2 location-based",
            months
                .iter()
                .map(|month| month.scope_2_location_kgco2e)
                .collect(),
        ),
        (
            "scope 2 market-based",
            months
                .iter()
                .map(|month| month.scope_2_market_kgco2e)
                .collect(),
        ),
        (
            "scope 3",
            months.iter().map(|month| month.scope_3_kgco2e).collect(),
        ),
    ];
    let rows = months.iter().enumerate().map(|(place, month)| {
        let mut cells = vec![month.month.clone()];
        cells.extend(series.iter().map(|(_, values)| {
            values[place].map_or("none booked".to_owned(), |kg| tonnes(Some(kg)))
        }));
        cells
    });
    let headers = [
        "month",
        "scope 1",
        "scope 2 location",
        "scope 2 market",
        "scope 3",
    ];
    let behind = table("Emissions by month, t CO2e", &headers, 1, rows.collect());
    let labels = months.iter().map(|month| month.month.clone()).collect();
    let series = series
        .map(|(name, values)| {
            (
                name,
                values
                    .into_iter()
                    .map(|kg| kg.map(|kg| kg / 1000.0))
                    .collect(),
            )
        })
        .into();
    Block::Chart(
        Chart {
            kind: ChartKind::Lines,
            title: "Emissions by month".to_owned(),
            unit: "t CO2e",
            labels,
            series,
        },
        behind,
    )
}

fn uncertainty(emissions: &Emissions) -> Table {
    let mut rows = Vec::new();
    for group in emissions.organisations.iter().chain([&emissions.total]) {
        for (name, title) in SCOPES {
            let Some(row) = scope(group, name) else {
                continue;
            };
            let tiers: Vec<String> = row
                .tiers_kgco2e
                .iter()
                .map(|(tier, kg)| format!("{tier}: {}", tonnes(Some(*kg))))
                .collect();
            let known = row.kgco2e.is_some();
            rows.push(vec![
                group.organisation.to_string(),
                title.to_owned(),
                if tiers.is_empty() {
                    "none booked".to_owned()
                } else {
                    tiers.join(", ")
                },
                tonnes(row.kgco2e),
                if known {
                    tonnes(Some(row.sd_kgco2e))
                } else {
                    NONE.to_owned()
                },
                if known {
                    tonnes(Some(row.estimated_kgco2e))
                } else {
                    NONE.to_owned()
                },
                tonnes(row.last_year_kgco2e),
                tonnes(row.last_year_kgco2e.map(|_| row.last_year_estimated_kgco2e)),
            ]);
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

fn air(report: &Report) -> Vec<Block> {
    let air = &report.air;
    let row = |row: &super::data::PollutantRow| {
        vec![
            row.pollutant.to_owned(),
            if row.tracked { "yes" } else { "no" }.to_owned(),
            plain(row.status.name()),
            maybe(row.kg, 2),
            maybe(row.last_year_kg, 2),
            maybe(row.base_kg, 2),
            change(row.change_from_base_ratio),
        ]
    };
    let headers = [
        "pollutant",
        "in the target",
        "status",
        "kg",
        "last year, kg",
        "base year, kg",
        "change from base",
    ];
    let all = match air.all_met {
        Some(true) => "every tracked pollutant meets the target",
        Some(false) => "not every tracked pollutant meets the target",
        None => {
            "whether the target is met cannot be said: a base year, or a whole year's figure, is missing"
        }
    };
    let mut blocks = vec![
        Block::Text(format!(
            "{}. Target: {} on the base year; {all}.",
            air.method,
            percent(air.target_change_ratio)
        )),
        Block::Table(table(
            "Air pollutants of the fleet",
            &headers,
            3,
            air.pollutants.iter().map(row).collect(),
        )),
    ];
    if !air.organisations.is_empty() {
        let rows = air.organisations.iter().map(|row| {
            let kg = |kg| number(kg, 2);
            vec![
                row.organisation.to_string(),
                number(row.distance_km, 0),
                kg(row.nox_kg),
                kg(row.pm25_kg),
                kg(row.pm10_kg),
            ]
        });
        let headers = ["organisation", "km", "NOx, kg", "PM2.5, kg", "PM10, kg"];
        blocks.push(Block::Table(table(
            "Air pollutants by organisation",
            &headers,
            1,
            rows.collect(),
        )));
    }
    blocks
}

fn league(report: &Report) -> Vec<Block> {
    let share = |row: &LeagueRow| match row.low_share {
        Some(share) => format!(
            "{} ({} of {})",
            percent(share),
            row.vehicles_low,
            row.vehicles
        ),
        None => "no vehicles".to_owned(),
    };
    let cells = |row: &LeagueRow, first: String| {
        vec![
            first,
            maybe(row.kgco2e_per_km, 3),
            maybe(row.last_year_kgco2e_per_km, 3),
            format!(
                "{} of {}",
                row.vehicles_with_km,
                number(row.vehicles_mean, 1)
            ),
            maybe(row.kgco2e_per_vehicle, 2),
            share(row),
            maybe(row.distance_km, 0),
            maybe(row.energy_kwh, 0),
        ]
    };
    let of = |rows: &[LeagueRow], caption: &str, head: &'static str| {
        let name = |row: &LeagueRow| {
            row.site
                .as_ref()
                .map_or(row.organisation.to_string(), |site| {
                    format!("{site} ({})", row.organisation)
                })
        };
        let headers = [
            head,
            "kg CO2e/km",
            "last year",
            "vehicles with km, of",
            "kg CO2e/vehicle",
            "low-emission",
            "km",
            "kWh",
        ];
        table(
            caption,
            &headers,
            1,
            rows.iter().map(|row| cells(row, name(row))).collect(),
        )
    };
    let organisations = of(
        &report.league_organisations,
        "Organisations, least per kilometre first",
        "organisation",
    );
    if report.league_organisations.is_empty() {
        return vec![Block::Text(
            "No vehicle is registered and in service.".to_owned(),
        )];
    }
    let chart = Chart {
        kind: ChartKind::Bars,
        title: "Low-emission share by organisation".to_owned(),
        unit: "%",
        labels: report
            .league_organisations
            .iter()
            .map(|row| row.organisation.to_string())
            .collect(),
        series: vec![(
            "low-emission share",
            report
                .league_organisations
                .iter()
                .map(|row| row.low_share.map(|share| share * 100.0))
                .collect(),
        )],
    };
    vec![
        Block::Text(
            "Scope 1 with location-based scope 2 of fleet vehicles; per kilometre only of those whose kilometres are known. Different work (emergency, patient transport) explains much of the difference."
                .to_owned(),
        ),
        Block::Chart(chart, organisations),
        Block::Table(of(&report.league_sites, "Sites, least per kilometre first", "site")),
    ]
}

fn charging(report: &Report) -> Vec<Block> {
    let charging = &report.charging;
    let row = |row: &super::data::ChargingRow| {
        let energy = if row.sessions == 0 {
            "no sessions".to_owned()
        } else {
            maybe(row.energy_kwh, 1)
        };
        vec![
            row.site.to_string(),
            row.charge_points.to_string(),
            row.sessions.to_string(),
            energy,
            row.sessions_without_energy.to_string(),
            row.last_year_sessions.to_string(),
            if row.last_year_sessions == 0 {
                "no sessions".to_owned()
            } else {
                maybe(row.last_year_energy_kwh, 1)
            },
        ]
    };
    let headers = [
        "site",
        "charge points",
        "sessions",
        "kWh",
        "sessions without energy",
        "sessions last year",
        "kWh last year",
    ];
    let rows = charging
        .sites
        .iter()
        .chain([&charging.total])
        .map(row)
        .collect();
    let mut blocks = vec![
        Block::Table(table("Closed charging sessions", &headers, 1, rows)),
        Block::Text(format!(
            "Delivered to staff and the public {} kWh (sold on, in no scope here); to nobody known {} kWh (in scope 2).",
            number(charging.energy_staff_public_kwh, 1),
            number(charging.energy_unallocated_kwh, 1)
        )),
    ];
    if charging.uptime.is_empty() {
        blocks.push(Block::Text(format!("Uptime: {}.", charging.uptime_note)));
    } else {
        let rows = charging.uptime.iter().map(|row| {
            let ratios = [
                row.pcpr_reliable_as_implemented_ratio,
                row.nevi_uptime_ratio,
            ]
            .map(maybe_percent);
            let [pcpr, nevi] = ratios;
            vec![
                row.site.clone(),
                row.connectors.to_string(),
                pcpr,
                nevi,
                row.faults.to_string(),
            ]
        });
        let headers = [
            "site",
            "connectors",
            "reliable (PCPR 2023)",
            "uptime (NEVI, 12 months)",
            "faults",
        ];
        blocks.push(Block::Table(table(
            format!("Uptime, {}", charging.uptime_note),
            &headers,
            1,
            rows.collect(),
        )));
    }
    blocks
}
