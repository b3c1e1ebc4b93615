//! `fleetgauge classify`: class, rule and basis of every vehicle of a register, and the share with bounds.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::{EX_CONFIG, fail, parse_jurisdiction};
use crate::app::clock::Clock;
use crate::jurisdiction::{Jurisdiction, UK};
use crate::ledger::transition::{Basis, Counts, Profile, classify, in_scope};
use crate::model::TokenHasher;
use crate::model::register::{EmissionClass, Register, RegisterFiles};
use crate::units::Day;

/// Arguments of `classify`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// A register file in the format of vehicles.csv (config/register/README.md).
    register: PathBuf,
    /// Country by whose rules the register is read: uk, ireland.
    #[arg(long, default_value = UK.name, value_parser = parse_jurisdiction, value_name = "NAME")]
    jurisdiction: &'static Jurisdiction,
    /// Definition of low emission: nhs_sdu, ulev_or_better, zev_only; in Ireland clean_vehicle, zero_emission_vehicle. Without it,
    /// the country's first.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The day, such as 2026-03-31; without it, today.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// A certified retrofit does not make a vehicle low.
    #[arg(long)]
    retrofit_does_not_count: bool,
    /// A vehicle exactly at the ultra-low limit is ultra-low.
    #[arg(long)]
    ulev_inclusive: bool,
    /// Do not infer a missing Euro standard from the first registration.
    #[arg(long)]
    no_inference: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    profile: &'a str,
    as_of: String,
    vehicles: Vec<Row<'a>>,
    counts: Counts,
    share: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Serialize)]
struct Row<'a> {
    vehicle_id: &'a str,
    class: EmissionClass,
    rule: &'static str,
    basis: Basis,
}

/// Classifies and prints.
pub(super) fn main(options: &Options) -> ExitCode {
    let (profile, register) = match load(options) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    for doubt in register.doubts() {
        eprintln!("warning: {doubt}");
    }
    let day = options
        .as_of
        .unwrap_or_else(|| Day::of(Clock::system().now(), register.zone()));
    let answer = answer(&register, &profile, day);
    if options.json {
        match serde_json::to_string(&answer) {
            Ok(text) => println!("{text}"),
            Err(error) => return fail(error, 1),
        }
    } else {
        print_table(&answer, register.vehicles.len());
    }
    ExitCode::SUCCESS
}

fn load(options: &Options) -> Result<(Profile, Register), ExitCode> {
    let profiles = options.jurisdiction.profiles;
    let name = options.profile.as_deref();
    let name = name.unwrap_or_else(|| options.jurisdiction.default_profile());
    let Some(profile) = Profile::by_name(name) else {
        let known: Vec<&str> = profiles.iter().map(|profile| profile.name).collect();
        let known = known.join(", ");
        let error = format!("no profile is called `{name}`\n  hint: known are {known}");
        return Err(fail(error, 2));
    };
    let profile = Profile {
        retrofit_counts: !options.retrofit_does_not_count,
        ultra_low_inclusive: options.ulev_inclusive,
        infer_from_first_registration: !options.no_inference,
        ..profile
    };
    let path = options.register.display().to_string();
    let bytes =
        std::fs::read(&options.register).map_err(|error| fail(format!("{path}: {error}"), 1))?;
    let files = RegisterFiles::vehicles_only(path, bytes);
    let hasher = TokenHasher::new(&[0; 32]);
    let register = Register::parse_in(options.jurisdiction, &files, &hasher).map_err(|errors| {
        errors.iter().for_each(|error| eprintln!("error: {error}"));
        ExitCode::from(EX_CONFIG)
    })?;
    Ok((profile, register))
}

fn answer<'a>(register: &'a Register, profile: &Profile, day: Day) -> Answer<'a> {
    let mut counts = Counts::default();
    let mut vehicles = Vec::new();
    for vehicle in register
        .vehicles
        .iter()
        .filter(|vehicle| in_scope(vehicle, day))
    {
        let found = classify(vehicle, profile, day);
        counts.add(found.class);
        vehicles.push(Row {
            vehicle_id: &vehicle.id,
            class: found.class,
            rule: found.rule,
            basis: found.basis,
        });
    }
    let share = counts.share(profile);
    Answer {
        profile: profile.name,
        as_of: day.to_string(),
        vehicles,
        counts,
        share,
        lower: share,
        upper: counts.upper(profile),
    }
}

fn print_table(answer: &Answer<'_>, registered: usize) {
    let width = answer
        .vehicles
        .iter()
        .map(|row| row.vehicle_id.chars().count())
        .max()
        .unwrap_or(0)
        .max(10);
    println!(
        "{:width$}  {:9}  {:4}  basis",
        "vehicle_id", "class", "rule"
    );
    for row in &answer.vehicles {
        let basis = match row.basis {
            Basis::Measured => "measured",
            Basis::Inferred => "inferred",
            Basis::Declared => "declared",
            Basis::Missing => "missing",
        };
        println!(
            "{:width$}  {:9}  {:4}  {basis}",
            row.vehicle_id,
            row.class.name(),
            row.rule
        );
    }
    let Counts {
        zero,
        ultra_low,
        low,
        other,
        unknown,
    } = answer.counts;
    println!(
        "\n{} of {registered} vehicles in scope on {}: {zero} zero, {ultra_low} ultra-low, {low} low, {other} other, {unknown} unknown",
        answer.counts.total(),
        answer.as_of
    );
    match answer.share.zip(answer.upper) {
        Some((share, upper)) => println!(
            "share under {}: {:.1} % (up to {:.1} % if every unknown vehicle counts)",
            answer.profile,
            share * 100.0,
            upper * 100.0
        ),
        None => println!("no share: no vehicle is in scope"),
    }
}
