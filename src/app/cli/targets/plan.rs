//! What-if input: `replacements.csv` and the words of `--convert` and `--tonnes`. All mistakes of a file at once, with line and column.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::targets::whatif::{Conversion, Replacement, Selector, successor_class};
use crate::ledger::transition::{Profile, in_scope};
use crate::model::nearest;
use crate::model::register::{EmissionClass, Register, RegisterError, Role};
use crate::units::Day;

const COLUMNS: [&str; 4] = ["vehicle_id", "date", "successor_fuel", "successor_class"];
const CLASSES: [(&str, EmissionClass); 4] = [
    ("zero", EmissionClass::Zero),
    ("ultra_low", EmissionClass::UltraLow),
    ("low", EmissionClass::Low),
    ("other", EmissionClass::Other),
];
/// Vehicle classes: categories and those of DESNZ's sheets.
const KINDS: [&str; 20] = [
    "car",
    "van",
    "heavy",
    "motorcycle",
    "minibus",
    "car_small",
    "car_medium",
    "car_large",
    "car_average",
    "van_n1_i",
    "van_n1_ii",
    "van_n1_iii",
    "van_average",
    "hgv_rigid_3_5_7_5t",
    "hgv_rigid_7_5_17t",
    "hgv_rigid_gt17t",
    "hgv_rigid_all",
    "motorbike_small",
    "motorbike_medium",
    "motorbike_large",
];

fn class(text: &str) -> Option<EmissionClass> {
    CLASSES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, class)| *class)
}

/// `van=5/month`, `emergency=2.5/month:ultra_low`, `zero=5/month`.
pub(super) fn conversion(text: &str) -> Result<Conversion, String> {
    let wrong =
        || format!("`{text}` is not CLASS=N/month; write van=5/month, or van=5/month:ultra_low");
    let (which, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (rate, successor) = rest
        .split_once(':')
        .map_or((rest, None), |(rate, class)| (rate, Some(class)));
    let per_month: f64 = rate
        .strip_suffix("/month")
        .and_then(|rate| rate.parse().ok())
        .ok_or_else(wrong)?;
    if !(per_month > 0.0 && per_month <= 1e6) {
        return Err(format!("`{rate}` is not a number of vehicles above 0"));
    }
    let successor = match successor {
        None => None,
        Some(name) => Some(
            class(name)
                .ok_or_else(|| format!("`{name}` is not a class: zero, ultra_low, low, other"))?,
        ),
    };
    let (which, successor) = match (which, class(which)) {
        // A class of emissions is what vehicles become.
        (_, Some(into)) if successor.is_none() => (Selector::All, into),
        ("all", _) => (Selector::All, successor.unwrap_or(EmissionClass::Zero)),
        ("emergency", _) => (
            Selector::Role(Role::Emergency),
            successor.unwrap_or(EmissionClass::Zero),
        ),
        ("non_emergency", _) => (
            Selector::Role(Role::NonEmergency),
            successor.unwrap_or(EmissionClass::Zero),
        ),
        ("support", _) => (
            Selector::Role(Role::Support),
            successor.unwrap_or(EmissionClass::Zero),
        ),
        (kind, _) if KINDS.contains(&kind) => (
            Selector::Class(kind.to_owned()),
            successor.unwrap_or(EmissionClass::Zero),
        ),
        (kind, _) => {
            let known: Vec<&str> = ["all", "emergency", "non_emergency", "support"]
                .into_iter()
                .chain(KINDS)
                .collect();
            return Err(format!(
                "`{kind}` is not a class of vehicles; {}",
                nearest(kind, &known)
            ));
        }
    };
    Ok(Conversion {
        which,
        per_month,
        successor,
    })
}

/// `van_n1_iii=7.1`.
pub(super) fn tonnes(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` is not CLASS=T; write van_n1_iii=7.1");
    let (kind, tonnes) = text.split_once('=').ok_or_else(wrong)?;
    let tonnes: f64 = tonnes
        .parse()
        .ok()
        .filter(|tonnes: &f64| tonnes.is_finite() && tonnes.abs() < 1e6)
        .ok_or_else(wrong)?;
    if !KINDS.contains(&kind) {
        return Err(format!(
            "`{kind}` is not a class of vehicles; {}",
            nearest(kind, &KINDS)
        ));
    }
    Ok((kind.to_owned(), tonnes))
}

/// The rows of a plan.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    register: &Register,
    profile: &Profile,
    as_of: Day,
) -> Result<Vec<Replacement>, Vec<RegisterError>> {
    let mut errors = Vec::new();
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let mut refuse = |line: u64, column: &str, value: &str, reason: String, hint: &str| {
        let [file, column, value, hint] = [file, column, value, hint].map(str::to_owned);
        errors.push(RegisterError {
            file,
            line,
            column,
            value,
            reason,
            hint,
        });
    };
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => {
            refuse(1, "", "", error.to_string(), "save the file as `CSV UTF-8`");
            return Err(errors);
        }
    };
    for column in header
        .iter()
        .filter(|column| !COLUMNS.contains(&column.as_str()))
    {
        refuse(
            1,
            column,
            "",
            "is not a column of a plan".into(),
            &nearest(column, &COLUMNS),
        );
    }
    for column in ["vehicle_id", "date"]
        .into_iter()
        .filter(|column| !header.iter().any(|name| name == column))
    {
        refuse(
            1,
            column,
            "",
            "is missing".into(),
            "the header is vehicle_id,date,successor_fuel,successor_class",
        );
    }
    let (mut plan, mut lines): (Vec<Replacement>, HashMap<Arc<str>, u64>) =
        (Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                refuse(
                    line,
                    "",
                    "",
                    error.to_string(),
                    "check the quotes of this line, and that it is UTF-8",
                );
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            header
                .iter()
                .position(|column| column == name)
                .and_then(|at| record.get(at))
                .unwrap_or_default()
        };
        let (id, date, fuel, class_name) = (
            cell("vehicle_id"),
            cell("date"),
            cell("successor_fuel"),
            cell("successor_class"),
        );
        let date: Option<Day> = match date.parse() {
            Ok(day) if day > as_of => Some(day),
            Ok(_) => {
                refuse(
                    line,
                    "date",
                    date,
                    format!("is not after {as_of}"),
                    "what has happened stands in the register",
                );
                None
            }
            Err(error) => {
                refuse(line, "date", date, format!("{error}"), "write 2027-03-31");
                None
            }
        };
        let vehicle = register.vehicle(id).filter(|vehicle| *vehicle.id == *id);
        match vehicle {
            None => refuse(
                line,
                "vehicle_id",
                id,
                "is not in vehicles.csv".into(),
                "write the id as it stands there",
            ),
            Some(vehicle) if !in_scope(vehicle, as_of) => {
                refuse(
                    line,
                    "vehicle_id",
                    id,
                    format!("is not in the fleet on {as_of}"),
                    "it has left, is not there yet, or is grey",
                );
            }
            Some(vehicle) => {
                if let Some(before) = lines.insert(vehicle.id.clone(), line) {
                    refuse(
                        line,
                        "vehicle_id",
                        id,
                        format!("is already in line {before}"),
                        "a plan replaces a vehicle once",
                    );
                }
            }
        }
        let successor = match (fuel, class_name) {
            ("", "") | (_, "") if fuel.is_empty() => {
                refuse(
                    line,
                    "successor_fuel",
                    "",
                    "is empty".into(),
                    "write successor_fuel or successor_class",
                );
                None
            }
            ("", name) => class(name).or_else(|| {
                refuse(
                    line,
                    "successor_class",
                    name,
                    "is not a class".into(),
                    "zero, ultra_low, low or other",
                );
                None
            }),
            (fuel, "") => vehicle.and_then(|vehicle| {
                match successor_class(vehicle, fuel, profile, date.unwrap_or(as_of)) {
                    EmissionClass::Unknown => {
                        refuse(
                            line,
                            "successor_fuel",
                            fuel,
                            "is not a fuel that tells the class".into(),
                            "ELECTRICITY, DIESEL, ...",
                        );
                        None
                    }
                    class => Some(class),
                }
            }),
            (_, name) => {
                refuse(
                    line,
                    "successor_class",
                    name,
                    "stands beside a fuel".into(),
                    "keep one of successor_fuel and successor_class",
                );
                None
            }
        };
        if let (Some(vehicle), Some(date), Some(successor)) = (vehicle, date, successor) {
            plan.push(Replacement {
                vehicle: vehicle.id.clone(),
                date,
                successor,
            });
        }
    }
    if errors.is_empty() {
        Ok(plan)
    } else {
        Err(errors)
    }
}
