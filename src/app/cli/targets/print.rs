//! Tables of `fleetgauge targets` for people; the numbers are those of the JSON.

use super::{Answer, WhatIf};
use crate::ledger::targets::{Kind, TargetRecord};

const ABSENT: &str = "-";

/// Everything, as tables.
pub(super) fn tables(answer: &Answer) {
    println!("targets at the end of {}", answer.as_of);
    let mut rows = vec![
        [
            "target",
            "status",
            "now",
            "path",
            "goal",
            "due",
            "missing",
            "needed/month",
            "recent/month",
            "projected",
            "P(hit)",
        ]
        .map(str::to_owned),
    ];
    // The name that [target] has beside that of the list is the same target.
    let shown: Vec<&TargetRecord> = answer
        .targets
        .iter()
        .filter(|record| record.alias_of.is_none())
        .collect();
    rows.extend(shown.iter().map(|record| row(record)));
    print(&rows);
    for record in shown
        .iter()
        .filter(|record| !record.needs.is_empty() || record.figure_proxy.is_some())
    {
        println!("\n{}", record.id);
        if record.baseline.proxy {
            println!("  the baseline is a proxy: not the organisation's own figure");
        }
        if let Some(proxy) = record.figure_proxy {
            println!("  the figure is a proxy: {proxy}");
        }
        record
            .needs
            .iter()
            .for_each(|need| println!("  needs {need}"));
    }
    if !answer.missing.is_empty() {
        println!("\nnot looked at");
        answer
            .missing
            .iter()
            .for_each(|missing| println!("  {missing}"));
    }
    if let Some(what_if) = &answer.what_if {
        print_what_if(what_if, &answer.as_of);
    }
}

fn row(record: &TargetRecord) -> [String; 11] {
    let status = serde_json::to_string(&record.status).unwrap_or_default();
    let figure = |value: Option<f64>| match (value, record.kind) {
        (None, _) => ABSENT.to_owned(),
        (Some(value), Kind::Share | Kind::Relative) => format!("{:.1} %", value * 100.0),
        (Some(value), _) => format!("{value:.1}"),
    };
    let number =
        |value: Option<f64>| value.map_or(ABSENT.to_owned(), |value| format!("{value:.1}"));
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| ABSENT.to_owned());
    [
        record.id.to_string(),
        status.trim_matches('"').to_owned(),
        figure(record.current),
        figure(record.plan),
        format!("{} {}", record.comparison, figure(Some(record.goal))),
        text(&record.due),
        number(record.gap.map(|gap| gap.value())),
        number(record.required_per_month),
        number(record.recent_per_month),
        text(&record.projected_date),
        record
            .p_hit
            .map_or(ABSENT.to_owned(), |chance| format!("{chance:.2}")),
    ]
}

fn print_what_if(what_if: &WhatIf, as_of: &str) {
    println!("\nwith {} replacements", what_if.replacements);
    let mut rows =
        vec![["target", "goal", "due", "at due", "missing then", "reached"].map(str::to_owned)];
    rows.extend(what_if.targets.iter().map(|outcome| {
        [
            outcome.id.to_string(),
            format!("{:.1} %", outcome.goal * 100.0),
            outcome.due.clone().unwrap_or_else(|| ABSENT.to_owned()),
            outcome
                .share_at_due
                .map_or(ABSENT.to_owned(), |share| format!("{:.1} %", share * 100.0)),
            outcome
                .gap_at_due
                .map_or(ABSENT.to_owned(), |gap| gap.to_string()),
            match outcome.reached.as_deref() {
                Some(day) if day == as_of => "already".to_owned(),
                reached => reached.unwrap_or("not within the plan").to_owned(),
            },
        ]
    }));
    print(&rows);
    if let Some(outcome) = what_if.targets.first() {
        println!("\n{} month by month", outcome.id);
        let mut rows =
            vec![["month ends", "vehicles", "count", "share", "path"].map(str::to_owned)];
        let share = |share: Option<f64>| {
            share.map_or(ABSENT.to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        rows.extend(outcome.path.iter().map(|point| {
            [
                point.day.clone(),
                point.in_scope.to_string(),
                point.counted.to_string(),
                share(point.share),
                share(point.plan),
            ]
        }));
        print(&rows);
    }
    let avoided = &what_if.avoided;
    match avoided.tonnes.zip(avoided.tonnes_per_year) {
        Some((tonnes, yearly)) => println!(
            "\n{tonnes:.1} t CO2e avoided until {} by {} vehicles; {yearly:.1} t a year from then on",
            avoided.until, avoided.vehicles
        ),
        None => println!("\ntonnes avoided: not computed"),
    }
    for (class, vehicles) in &avoided.without_factor {
        println!(
            "  {vehicles} of class {class} are not in it: give --tonnes {class}=<t CO2e a vehicle and year>"
        );
    }
}

/// Columns as wide as their widest cell.
fn print<const N: usize>(rows: &[[String; N]]) {
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("{}", line.join("  ").trim_end());
    }
}
