//! The section on air pollutants: the fleet against its base year, then each organisation.

use super::table;
use crate::report::data::{Air, AirRow, PollutantRow};
use crate::report::document::{Block, Table};
use crate::report::words::{change, maybe, number, percent, plain};

pub(super) fn air(air: &Air) -> Vec<Block> {
    let all = match air.all_met {
        Some(true) => "every tracked pollutant meets the target",
        Some(false) => "not every tracked pollutant meets the target",
        None => {
            "whether the target is met cannot be computed: a base year, or a whole year's figure, is missing"
        }
    };
    let mut blocks = vec![
        Block::Text(format!(
            "{}. Target: {} on the base year; {all}.",
            air.method,
            percent(air.target_change_ratio)
        )),
        Block::Table(pollutants(&air.pollutants)),
    ];
    if !air.organisations.is_empty() {
        blocks.push(Block::Table(organisations(&air.organisations)));
    }
    blocks
}

fn pollutants(rows: &[PollutantRow]) -> Table {
    let row = |row: &PollutantRow| {
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
    table(
        "Air pollutants of the fleet",
        &headers,
        3,
        rows.iter().map(row).collect(),
    )
}

fn organisations(rows: &[AirRow]) -> Table {
    let row = |row: &AirRow| {
        vec![
            row.organisation.to_string(),
            number(row.distance_km, 0),
            number(row.nox_kg, 2),
            number(row.pm25_kg, 2),
            number(row.pm10_kg, 2),
        ]
    };
    table(
        "Air pollutants by organisation",
        &["organisation", "km", "NOx, kg", "PM2.5, kg", "PM10, kg"],
        1,
        rows.iter().map(row).collect(),
    )
}
