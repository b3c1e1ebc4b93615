//! Finds the vehicle of a row by fleet id, feed id or number plate, and its organisation by id or name. Exact matches only: a row must
//! not be booked to the wrong vehicle.

use std::collections::HashMap;
use std::sync::Arc;

use super::Context;
use super::csv_row::CsvRow;
use crate::model::nearest;
use crate::model::register::{Register, Vehicle};
use crate::units::Day;

/// Vehicles of a register by number plate. A plate may have moved on to another vehicle.
#[derive(Debug, Default)]
pub struct Registrations(HashMap<String, Vec<usize>>);

impl Registrations {
    /// The plates of a register.
    pub fn from_register(register: &Register) -> Self {
        let mut plates: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, vehicle) in register.vehicles.iter().enumerate() {
            if let Some(plate) = vehicle
                .registration
                .as_deref()
                .map(plate)
                .filter(|plate| !plate.is_empty())
            {
                plates.entry(plate).or_default().push(index);
            }
        }
        Self(plates)
    }

    fn find<'r>(
        &self,
        text: &str,
        register: &'r Register,
        day: Day,
    ) -> Result<&'r Vehicle, &'static str> {
        let found = self
            .0
            .get(&plate(text))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let vehicles: Vec<&Vehicle> = found
            .iter()
            .filter_map(|index| register.vehicles.get(*index))
            .collect();
        match vehicles[..] {
            [] => Err("is not in the register"),
            [vehicle] => Ok(vehicle),
            _ => {
                let mut on_the_day = vehicles.iter().filter(|vehicle| vehicle.in_service_on(day));
                match (on_the_day.next(), on_the_day.next()) {
                    (Some(vehicle), None) => Ok(vehicle),
                    _ => Err(
                        "is on several vehicles, and not on just one of them in service that day",
                    ),
                }
            }
        }
    }
}

/// `AB12 CDE` and `ab12cde` are one plate.
fn plate(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// A hint with the nearest known id, if one is near. A fleet has hundreds of ids, too many to list.
fn hint_with_nearest(text: &str, known: &[&str], otherwise: &str) -> String {
    match nearest(text, known) {
        near if near.starts_with("did you mean") => format!("{near} Or {otherwise}"),
        _ => otherwise.to_owned(),
    }
}

/// A row's vehicle, and the reference that identifies the row when it is imported again: the plate if there is one, because after a
/// correction of the register the same row may belong to another vehicle.
pub(super) fn vehicle(
    row: &mut CsvRow<'_>,
    context: &Context<'_>,
    day: Day,
) -> Option<(Arc<str>, String)> {
    const HINT: &str = "add it to vehicles.csv and import the file again; rows that are in already stay as they are";
    let register = context.register;
    let by_plate = match row.text("registration") {
        None => None,
        Some(text) => match context.registrations.find(text, register, day) {
            Ok(vehicle) => Some((vehicle, plate(text))),
            Err(reason) => {
                row.refuse("registration", reason, HINT);
                return None;
            }
        },
    };
    let by_id = match row.text("vehicle_id") {
        None => None,
        Some(text) => match register.vehicle(text) {
            Some(vehicle) => Some(vehicle),
            None => {
                let known: Vec<&str> = register
                    .vehicles
                    .iter()
                    .map(|vehicle| &*vehicle.id)
                    .collect();
                row.refuse(
                    "vehicle_id",
                    "is not in the register",
                    hint_with_nearest(text, &known, HINT),
                );
                return None;
            }
        },
    };
    match (by_id, by_plate) {
        (Some(by_id), Some((by_plate, _))) if by_id.id != by_plate.id => {
            let reason = format!(
                "is on {} by the register, the row says {}",
                by_plate.id, by_id.id
            );
            row.refuse("registration", reason, "correct the row or vehicles.csv");
            None
        }
        (_, Some((vehicle, plate))) => Some((vehicle.id.clone(), plate)),
        (Some(vehicle), None) => Some((vehicle.id.clone(), vehicle.id.to_string())),
        (None, None) => {
            row.refuse(
                "vehicle_id",
                "is empty",
                "every row needs its vehicle, by vehicle_id or registration",
            );
            None
        }
    }
}

/// An organisation by id or name.
pub(super) fn organisation(row: &mut CsvRow<'_>, register: &Register) -> Option<Arc<str>> {
    let text = row.required("organisation", "an organisation_id of organisations.csv")?;
    let same = |other: &str| other.eq_ignore_ascii_case(text);
    let by_id = register
        .organisations
        .iter()
        .find(|organisation| same(&organisation.id));
    match by_id.or_else(|| {
        register
            .organisations
            .iter()
            .find(|organisation| same(&organisation.name))
    }) {
        Some(organisation) => Some(organisation.id.clone()),
        None => {
            let known: Vec<&str> = register
                .organisations
                .iter()
                .map(|organisation| &*organisation.id)
                .collect();
            row.refuse(
                "organisation",
                "is not in organisations.csv",
                hint_with_nearest(text, &known, "add it there"),
            );
            None
        }
    }
}
