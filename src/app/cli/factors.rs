//! `fleetgauge factors list|diff`: every emission factor in force with its source, and what changed between two years.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{EX_CONFIG, fail, load_config};
use crate::app::config::load_table;
use crate::ledger::factors::{Change, FactorChange, FactorRow, FactorTable, FactorValue, diff};

/// Arguments of `factors`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
    /// The configuration file, for its `[factors]`.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every factor with unit, version, source and confidence.
    List {
        /// Only the set of this year.
        #[arg(long, value_name = "Y")]
        year: Option<i32>,
    },
    /// What was added, removed, changed or only relabelled between two years' sets.
    Diff {
        /// The earlier year.
        before: i32,
        /// The later year.
        after: i32,
    },
}

/// Runs the command.
pub(super) fn run(options: &Options) -> ExitCode {
    let config = match load_config(options.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let table = match load_table(&config.factors) {
        Ok(table) => table,
        Err(error) => return fail(error, EX_CONFIG),
    };
    let years: Vec<i32> = match options.action {
        Action::List { year } => year.into_iter().collect(),
        Action::Diff { before, after } => vec![before, after],
    };
    if let Some(year) = years
        .iter()
        .find(|year| !table.rows.values().any(|row| row.year == **year))
    {
        let mut known: Vec<String> = table
            .rows
            .values()
            .map(|row| row.year.to_string())
            .collect();
        known.sort();
        known.dedup();
        return fail(
            format!(
                "there is no set of {year}\n  hint: there are {}",
                known.join(", ")
            ),
            2,
        );
    }
    match options.action {
        Action::List { year } => list(&table, year, options.json),
        Action::Diff { before, after } => show_diff(&table, before, after, options.json),
    }
    ExitCode::SUCCESS
}

fn list(table: &FactorTable, year: Option<i32>, as_json: bool) {
    let rows = table
        .rows
        .values()
        .filter(|row| year.is_none_or(|year| row.year == year));
    if as_json {
        let rows: Vec<Value> = rows.map(row_json).collect();
        println!(
            "{}",
            json!({ "factors": rows, "not_published": table.missing })
        );
        return;
    }
    for row in rows {
        let marks = match (row.provisional, row.replaced) {
            (_, Some(before)) => {
                format!(", version {} instead of {}", row.version, before.main())
            }
            (true, None) => ", provisional".to_owned(),
            (false, None) => String::new(),
        };
        println!(
            "{}  {} per {}{marks}\n    {} [{}]",
            row.id,
            figures(row),
            row.key.unit,
            row.source,
            row.confidence
        );
    }
    for id in table.missing.iter().filter(|_| year.is_none()) {
        println!("{id}  not published");
    }
}

fn figures(row: &FactorRow) -> String {
    match row.value {
        FactorValue::Gases(gases) => format!("{} kgCO2e", gases.kgco2e.get()),
        FactorValue::KwhPerKm(kwh) => format!("{} kWh", kwh.get()),
        FactorValue::Exhaust(exhaust) => {
            format!(
                "{} g NOx, {} g PM2.5",
                exhaust.nox.mix.get(),
                exhaust.pm25.mix.get()
            )
        }
        FactorValue::Wear(wear) => {
            format!("{} g PM10, {} g PM2.5", wear.pm10.get(), wear.pm25.get())
        }
    }
}

fn row_json(row: &FactorRow) -> Value {
    let key = &row.key;
    let mut object = json!({
        "factor_id": row.id, "kind": key.kind.name(), "year": row.year, "vehicle_class": key.vehicle_class, "fuel": key.fuel, "euro": key.euro,
        "unit": key.unit, "component": key.component, "version": row.version, "provisional": row.provisional, "replaced": row.replaced.map(|value| value.main()),
        "source": *row.source, "confidence": *row.confidence, "file": *row.position.0, "line": row.position.1,
    });
    let values = match row.value {
        FactorValue::Gases(gases) => {
            let [co2, ch4, n2o] = gases.split.map_or([None; 3], |split| split.map(Some));
            json!({ "kgco2e": gases.kgco2e, "kgco2": co2, "kgco2e_ch4": ch4, "kgco2e_n2o": n2o })
        }
        FactorValue::KwhPerKm(kwh) => json!({ "kwh_per_km": kwh }),
        FactorValue::Exhaust(exhaust) => {
            json!({ "g_nox": exhaust.nox.mix, "g_pm25": exhaust.pm25.mix, "g_pm10": exhaust.pm25.mix })
        }
        FactorValue::Wear(wear) => json!({ "g_pm10": wear.pm10, "g_pm25": wear.pm25 }),
    };
    if let (Some(object), Value::Object(values)) = (object.as_object_mut(), values) {
        object.extend(values);
    }
    object
}

fn show_diff(table: &FactorTable, before: i32, after: i32, as_json: bool) {
    let changes = diff(table, before, after);
    let mut counts: BTreeMap<Change, usize> = BTreeMap::new();
    for change in &changes {
        *counts.entry(change.change).or_default() += 1;
    }
    let count = |change| counts.get(&change).copied().unwrap_or(0);
    let differing = changes
        .iter()
        .filter(|change| change.change != Change::Unchanged);
    if as_json {
        let rows: Vec<Value> = differing.map(change_json).collect();
        let counts = json!({
            "changed": count(Change::Changed), "relabelled": count(Change::Relabelled), "added": count(Change::Added),
            "removed": count(Change::Removed), "unchanged": count(Change::Unchanged),
        });
        println!(
            "{}",
            json!({ "before": before, "after": after, "counts": counts, "changes": rows })
        );
        return;
    }
    differing.for_each(print_change);
    println!(
        "\n{before} to {after}: {} changed, {} relabelled, {} added, {} removed, {} unchanged",
        count(Change::Changed),
        count(Change::Relabelled),
        count(Change::Added),
        count(Change::Removed),
        count(Change::Unchanged)
    );
}

fn change_json(change: &FactorChange<'_>) -> Value {
    let id = |row: Option<&FactorRow>| row.map(|row| row.id.clone());
    let value = |row: Option<&FactorRow>| row.map(|row| row.value.main());
    json!({
        "change": change.change, "before_id": id(change.before), "after_id": id(change.after),
        "before": value(change.before), "after": value(change.after), "change_ratio": change.ratio(),
    })
}

fn print_change(change: &FactorChange<'_>) {
    match (change.change, change.before, change.after) {
        (Change::Relabelled, Some(old), Some(new)) => {
            println!("relabelled  {} is now {}  {}", old.id, new.id, figures(new));
        }
        (_, Some(old), Some(new)) => {
            let per_cent = change.ratio().map_or(String::new(), |ratio| {
                format!("  {:+.1} %", ratio.get() * 100.0)
            });
            println!(
                "changed     {}  {} -> {}{per_cent}",
                new.id,
                old.value.main(),
                new.value.main()
            );
        }
        (_, None, Some(new)) => println!("added       {}  {}", new.id, figures(new)),
        (_, Some(old), None) => println!("removed     {}  {}", old.id, figures(old)),
        (_, None, None) => {}
    }
}
