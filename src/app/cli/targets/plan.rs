//! Reads `--plan`: the vehicles of a CSV file that are to be replaced, when and by what. All mistakes of the file at
//! once, with line and column.

use std::collections::HashMap;
use std::sync::Arc;

use super::conversions::emission_class;
use crate::ledger::targets::whatif::{Replacement, successor_class};
use crate::ledger::transition::{Profile, in_scope};
use crate::model::nearest;
use crate::model::register::{EmissionClass, Register, RegisterError, Vehicle};
use crate::units::Day;

const COLUMNS: [&str; 4] = ["vehicle_id", "date", "successor_fuel", "successor_class"];
const REQUIRED: [&str; 2] = ["vehicle_id", "date"];

/// What a plan is checked against.
pub(super) struct PlanContext<'a> {
    pub(super) register: &'a Register,
    pub(super) profile: &'a Profile,
    /// A replacement lies after this day.
    pub(super) as_of: Day,
}

/// Parses the rows of a plan; `file` is its name in errors.
pub(super) fn parse_plan(
    file: &str,
    bytes: &[u8],
    context: PlanContext<'_>,
) -> Result<Vec<Replacement>, Vec<RegisterError>> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let mut parser = PlanParser {
        file,
        context,
        errors: Vec::new(),
        planned: HashMap::new(),
    };
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => {
            parser.refuse(1, "", "", error.to_string(), "save the file as `CSV UTF-8`");
            return Err(parser.errors);
        }
    };
    parser.check_header(&header);
    let mut plan = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => plan.extend(parser.replacement(&header, &record)),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let hint = "check the quotes of this line, and that it is UTF-8";
                parser.refuse(line, "", "", error.to_string(), hint);
            }
        }
    }
    if parser.errors.is_empty() {
        Ok(plan)
    } else {
        Err(parser.errors)
    }
}

struct PlanParser<'a> {
    file: &'a str,
    context: PlanContext<'a>,
    errors: Vec<RegisterError>,
    /// Vehicles of the rows so far, each with its line.
    planned: HashMap<Arc<str>, u64>,
}

impl<'a> PlanParser<'a> {
    fn refuse(
        &mut self,
        line: u64,
        column: &str,
        value: &str,
        reason: impl Into<String>,
        hint: &str,
    ) {
        self.errors.push(RegisterError {
            file: self.file.to_owned(),
            line,
            column: column.to_owned(),
            value: value.to_owned(),
            reason: reason.into(),
            hint: hint.to_owned(),
        });
    }

    fn check_header(&mut self, header: &[String]) {
        let known = |column: &&String| COLUMNS.contains(&column.as_str());
        for column in header.iter().filter(|column| !known(column)) {
            let hint = nearest(column, &COLUMNS);
            self.refuse(1, column, "", "is not a column of a plan", &hint);
        }
        let present = |required: &&str| header.iter().any(|name| name == required);
        for column in REQUIRED.iter().filter(|column| !present(column)) {
            let hint = "the header is vehicle_id,date,successor_fuel,successor_class";
            self.refuse(1, column, "", "is missing", hint);
        }
    }

    /// One row. Its mistakes are reported in the order date, vehicle, successor.
    fn replacement(
        &mut self,
        header: &[String],
        record: &csv::StringRecord,
    ) -> Option<Replacement> {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            header
                .iter()
                .position(|column| column == name)
                .and_then(|at| record.get(at))
                .unwrap_or_default()
        };
        let date = self.replacement_date(line, cell("date"));
        let vehicle = self.replaced_vehicle(line, cell("vehicle_id"));
        let successor = match (cell("successor_fuel"), cell("successor_class")) {
            ("", "") => {
                let hint = "write successor_fuel or successor_class";
                self.refuse(line, "successor_fuel", "", "is empty", hint);
                None
            }
            ("", class) => self.successor_of_class(line, class),
            (fuel, "") => vehicle.and_then(|vehicle| {
                let date = date.unwrap_or(self.context.as_of);
                self.successor_of_fuel(line, vehicle, fuel, date)
            }),
            (_, class) => {
                let hint = "keep one of successor_fuel and successor_class";
                self.refuse(line, "successor_class", class, "stands beside a fuel", hint);
                None
            }
        };
        Some(Replacement {
            vehicle: vehicle?.id.clone(),
            date: date?,
            successor: successor?,
        })
    }

    fn replacement_date(&mut self, line: u64, text: &str) -> Option<Day> {
        let as_of = self.context.as_of;
        match text.parse() {
            Ok(day) if day > as_of => Some(day),
            Ok(_) => {
                let hint = "what has happened stands in the register";
                self.refuse(line, "date", text, format!("is not after {as_of}"), hint);
                None
            }
            Err(error) => {
                let error: crate::units::ParseDayError = error;
                self.refuse(line, "date", text, error.to_string(), "write 2027-03-31");
                None
            }
        }
    }

    /// The vehicle of an id. One that is not in the fleet or is in the plan twice is returned too, after its mistake.
    fn replaced_vehicle(&mut self, line: u64, id: &str) -> Option<&'a Vehicle> {
        let PlanContext {
            register, as_of, ..
        } = self.context;
        let Some(vehicle) = register.vehicle(id).filter(|vehicle| *vehicle.id == *id) else {
            let hint = "write the id as it stands there";
            self.refuse(line, "vehicle_id", id, "is not in vehicles.csv", hint);
            return None;
        };
        if !in_scope(vehicle, as_of) {
            let reason = format!("is not in the fleet on {as_of}");
            let hint = "it has left, is not there yet, or is grey";
            self.refuse(line, "vehicle_id", id, reason, hint);
        } else if let Some(before) = self.planned.insert(vehicle.id.clone(), line) {
            let reason = format!("is already in line {before}");
            let hint = "a plan replaces a vehicle once";
            self.refuse(line, "vehicle_id", id, reason, hint);
        }
        Some(vehicle)
    }

    fn successor_of_class(&mut self, line: u64, name: &str) -> Option<EmissionClass> {
        let class = emission_class(name);
        if class.is_none() {
            let hint = "zero, ultra_low, low or other";
            self.refuse(line, "successor_class", name, "is not a class", hint);
        }
        class
    }

    fn successor_of_fuel(
        &mut self,
        line: u64,
        vehicle: &Vehicle,
        fuel: &str,
        date: Day,
    ) -> Option<EmissionClass> {
        match successor_class(vehicle, fuel, self.context.profile, date) {
            EmissionClass::Unknown => {
                let reason = "is not a fuel that tells the class";
                let hint = "ELECTRICITY, DIESEL, ...";
                self.refuse(line, "successor_fuel", fuel, reason, hint);
                None
            }
            class => Some(class),
        }
    }
}
