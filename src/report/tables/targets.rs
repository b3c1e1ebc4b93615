//! The section on targets: each with its status and distance, then what is missing to assess the others.

use super::table;
use crate::ledger::targets::{Kind, TargetRecord};
use crate::report::data::Report;
use crate::report::document::Block;
use crate::report::words::{NONE, number, percent, plain};

pub(super) fn targets(report: &Report) -> Vec<Block> {
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
    let needs: Vec<String> = report
        .targets
        .iter()
        .filter(|record| !record.needs.is_empty())
        .map(|record| format!("{} needs {}", record.id, record.needs.join("; ")))
        .collect();
    if !needs.is_empty() {
        blocks.push(Block::Text(
            "What could not be computed, and what to supply:".to_owned(),
        ));
        blocks.push(Block::List(needs));
    }
    blocks
}

fn row(record: &TargetRecord) -> Vec<String> {
    vec![
        record.id.to_string(),
        plain(record.status.name()),
        current(record),
        figure(record, record.plan),
        format!(
            "{} {}",
            record.comparison,
            figure(record, Some(record.goal))
        ),
        record.due.clone().unwrap_or_else(|| "no date".to_owned()),
        gap(record),
        record
            .projected_date
            .clone()
            .unwrap_or_else(|| NONE.to_owned()),
        record
            .p_hit
            .map_or(NONE.to_owned(), |chance| number(chance, 2)),
    ]
}

/// The current figure, with the size of the fleet behind it where vehicles are counted.
fn current(record: &TargetRecord) -> String {
    let count = record.counts.map_or(String::new(), |counts| {
        format!(" of {} vehicles", counts.total())
    });
    format!("{}{count}", figure(record, record.current))
}

/// The distance to the goal in the target's unit; whole numbers without a decimal place.
fn gap(record: &TargetRecord) -> String {
    record.gap.map_or(NONE.to_owned(), |gap| {
        let places = if gap.value().fract() == 0.0 { 0 } else { 1 };
        format!("{} {}", number(gap.value(), places), record.unit)
    })
}

/// A figure of a target: shares and relative figures as percentages, others with one decimal place.
fn figure(record: &TargetRecord, value: Option<f64>) -> String {
    match (value, record.kind) {
        (None, _) => NONE.to_owned(),
        (Some(value), Kind::Share | Kind::Relative) => percent(value),
        (Some(value), _) => number(value, 1),
    }
}
