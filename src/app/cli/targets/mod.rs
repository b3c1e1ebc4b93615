//! `fleetgauge targets`: the status record of every target from the register and the store, without a daemon; and what a plan would do.

mod conversions;
mod plan;
mod print;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use self::plan::{PlanContext, parse_plan};
use super::{EX_CONFIG, fail, load_config};
use crate::app::RegisterSource;
use crate::app::aggregates::{Basis, years};
use crate::app::clock::Clock;
use crate::app::config::{Config, TargetsFile, load_factors, load_targets_file};
use crate::ledger::targets::whatif::{Avoided, Outcome, Replacement, avoided, convert, outcome};
use crate::ledger::targets::{
    Figures, FleetShare, IndicatorFigure, Measure, Target, TargetRecord, assess, headline,
    successors, with_headline,
};
use crate::ledger::transition::Profile;
use crate::model::TokenHasher;
use crate::model::register::Register;
use crate::store::Reader;
use crate::units::Day;

/// Arguments of `targets`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The daemon's configuration; without one, the shipped defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The register's folder; goes before the configuration's.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// The day, such as 2026-03-31; without it, today.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// What if these were replaced: a CSV with vehicle_id, date, and successor_fuel or successor_class.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// What if so many a month were converted, oldest first, from the first whole month after the day on: van=5/month, van_n1_iii=2.5/month:ultra_low, emergency=3/month, all=4/month.
    /// Without `:class` the successors are zero-emission. zero=5/month is all=5/month.
    #[arg(long, value_name = "CLASS=N/month", value_parser = conversions::parse_conversion)]
    convert: Vec<crate::ledger::targets::whatif::Conversion>,
    /// t CO2e that converting one vehicle of a class saves in a year, for the tonnes of a plan: van_n1_iii=7.1.
    #[arg(long, value_name = "CLASS=T", value_parser = conversions::parse_tonnes)]
    tonnes: Vec<(String, f64)>,
}

#[derive(Serialize)]
struct Answer {
    as_of: String,
    targets: Vec<TargetRecord>,
    /// What is not known without a daemon.
    missing: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_if: Option<WhatIf>,
}

#[derive(Serialize)]
struct WhatIf {
    replacements: usize,
    targets: Vec<Outcome>,
    avoided: Avoided,
}

/// Assesses and prints.
pub(super) fn main(options: &Options) -> ExitCode {
    let config = match load_config(options.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match answer(&config, options) {
        Ok(answer) if options.json => match serde_json::to_string(&answer) {
            Ok(text) => println!("{text}"),
            Err(error) => return fail(error, 1),
        },
        Ok(answer) => print::tables(&answer),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(EX_CONFIG);
        }
    }
    ExitCode::SUCCESS
}

fn answer(config: &Config, options: &Options) -> Result<Answer, String> {
    let prefixed = |error: String| format!("error: {error}");
    let folder = options
        .register
        .clone()
        .or_else(|| config.register.directory.clone());
    let mut missing = Vec::new();
    if folder.is_none() {
        missing.push("register: give --register DIR, or register.directory in the configuration; no vehicle is known".to_owned());
    }
    // Tags are not used here, so any key hides them.
    let source = folder.map_or(RegisterSource::Empty, RegisterSource::Folder);
    let register = Arc::new(
        source
            .load(config.engine.jurisdiction, &TokenHasher::new(&[0; 32]))
            .map_err(|error| prefixed(error.to_string()))?,
    );
    let TargetsFile {
        targets, profile, ..
    } = load_targets_file(config).map_err(|errors| errors.to_string())?;
    let engine = &config.engine;
    let as_of = options
        .as_of
        .unwrap_or_else(|| Day::of(Clock::system().now(), register.zone()));
    let figures = figures(config, &register, as_of, &mut missing);
    let first = headline(
        engine.target_share,
        engine.target_due,
        engine.target_start.zip(engine.target_start_share),
    );
    let all = with_headline(first, &targets);
    let records = all
        .iter()
        .map(|target| assess(target, &profile, &register, &figures, as_of))
        .collect();
    let what_if = what_if(options, &register, &profile, &all, as_of)?;
    Ok(Answer {
        as_of: as_of.to_string(),
        targets: records,
        missing,
        what_if,
    })
}

fn what_if(
    options: &Options,
    register: &Register,
    profile: &Profile,
    targets: &[Target],
    as_of: Day,
) -> Result<Option<WhatIf>, String> {
    if options.plan.is_none() && options.convert.is_empty() {
        return Ok(None);
    }
    let mut replacements: Vec<Replacement> = match &options.plan {
        Some(path) => load_plan(
            path,
            PlanContext {
                register,
                profile,
                as_of,
            },
        )?,
        None => Vec::new(),
    };
    replacements.extend(convert(
        register,
        profile,
        &options.convert,
        &replacements,
        as_of,
    ));
    let factors: BTreeMap<String, f64> = options.tonnes.iter().cloned().collect();
    // Up to when the first page's target is due; a plan beyond it is counted to its end.
    let until = targets
        .first()
        .and_then(|target| target.due)
        .filter(|due| *due > as_of);
    let last = replacements.iter().map(|replacement| replacement.date);
    let until = until.or(last.max()).unwrap_or(as_of);
    Ok(Some(WhatIf {
        replacements: replacements.len(),
        targets: outcomes(targets, register, profile, &replacements, as_of),
        avoided: avoided(register, &replacements, &factors, until),
    }))
}

fn load_plan(path: &Path, context: PlanContext<'_>) -> Result<Vec<Replacement>, String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("error: {name}: {error}"))?;
    parse_plan(&name, &bytes, context).map_err(|errors| {
        let errors: Vec<String> = errors
            .iter()
            .map(|error| format!("error: {error}"))
            .collect();
        errors.join("\n")
    })
}

/// The path of each fleet target under the replacements, but not of those that count new vehicles only: a plan converts the
/// vehicles there are.
fn outcomes(
    targets: &[Target],
    register: &Register,
    profile: &Profile,
    replacements: &[Replacement],
    as_of: Day,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for target in targets.iter().filter(|target| target.alias_of.is_none()) {
        if let Measure::Fleet {
            profile: own,
            population,
            successor,
            ..
        } = &target.measure
            && population.new_in_months.is_none()
        {
            let profile = own.as_ref().unwrap_or(profile);
            let successor = successors(*successor, profile);
            let share = FleetShare {
                target,
                profile,
                population,
                successor: &successor,
            };
            outcomes.push(outcome(share, register, replacements, as_of));
        }
    }
    outcomes
}

/// Yearly tonnes and pollutants of the fleet from the store's activity, for April-March years that it covers from end to end, and the
/// imported indicators.
pub(super) fn figures(
    config: &Config,
    register: &Arc<Register>,
    as_of: Day,
    missing: &mut Vec<String>,
) -> Figures {
    missing.push(
        "published indicators: the daemon's /api/v1/targets has those that it received".to_owned(),
    );
    let read = Reader::open(&config.store.directory)
        .map_err(|error| error.to_string())
        .and_then(|reader| {
            let factors = Arc::new(load_factors(&config.factors)?);
            let basis = Basis {
                register: register.clone(),
                factors,
                air: config.engine.air.clone(),
                residual_factor: config.engine.residual_factor,
            };
            let years = years(&reader, &basis, as_of).map_err(|error| error.to_string())?;
            Ok((
                years,
                reader.indicators().map_err(|error| error.to_string())?,
            ))
        });
    let (years, indicators) = match read {
        Ok(read) => read,
        Err(error) => {
            let reason = error.lines().next().unwrap_or_default().to_owned();
            missing.push(format!("yearly tonnes of the fleet, indicators: {reason}"));
            return Figures::default();
        }
    };
    match years.covered {
        None => missing.push("store: no activity is stored yet; no yearly tonnes".to_owned()),
        Some((first, last)) if years.yearly.is_empty() => {
            missing.push(format!(
                "store: activity from {first} to {last} covers no {}; no yearly tonnes",
                register.jurisdiction.year_words
            ));
        }
        Some(_) => {}
    }
    Figures {
        jurisdiction: register.jurisdiction,
        yearly: years.yearly,
        air: years.air,
        indicators: indicators.into_iter().map(IndicatorFigure::from).collect(),
    }
}
