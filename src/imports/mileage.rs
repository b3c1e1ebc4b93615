//! Mileage: claims of staff for their own cars (grey fleet), short hires, and distances of fleet vehicles written down by hand.

use std::sync::Arc;

use super::csv_row::{Column, CsvRow, snake_case};
use super::{Context, Parsed, dates, fuel, register_lookup};
use crate::model::{ActivityData, ImportKind, ImportedRow, Subject};
use crate::units::{Day, Metres};

pub(super) const COLUMNS: &[Column] = &[
    Column("date", &["journey_date", "travel_date"]),
    Column(
        "from",
        &[
            "from_date",
            "start",
            "start_date",
            "period_from",
            "period_start",
        ],
    ),
    Column(
        "to",
        &["to_date", "end", "end_date", "period_to", "period_end"],
    ),
    Column("month", &["period"]),
    Column(
        "vehicle_id",
        &["vehicle", "fleet_number", "fleet_no", "fleet_id"],
    ),
    Column(
        "registration",
        &[
            "reg",
            "reg_no",
            "registration_number",
            "vrm",
            "vrn",
            "vehicle_registration",
        ],
    ),
    Column(
        "organisation",
        &["organisation_id", "org", "trust", "employer"],
    ),
    Column(
        "vehicle_class",
        &["class", "engine_class", "car_class", "engine_size"],
    ),
    Column("fuel", &["fuel_type"]),
    Column("distance_km", &["km", "kilometres"]),
    Column(
        "distance_miles",
        &["miles", "claimed_miles", "business_miles"],
    ),
    Column(
        "reference",
        &["ref", "claim", "claim_id", "claim_no", "claim_number"],
    ),
    Column(
        "claimant",
        &[
            "employee",
            "employee_id",
            "staff_id",
            "staff_number",
            "payroll_number",
            "assignment_number",
        ],
    ),
];

/// Distance of one row. 24 hours a day for a month at 130 km/h are 94,000 km; a larger number has a slipped decimal point.
const MAX_DISTANCE: i64 = 100_000;
/// A claim over more than a year is not one.
const MAX_DAYS: i32 = 366;

/// An international mile is 1,609.344 m exactly (agreement of 1959; The Units of Measurement Regulations 1995).
pub(super) fn metres_of_miles(thousandths: i64) -> i64 {
    ((i128::from(thousandths) * 1_609_344 + 500_000) / 1_000_000) as i64
}

pub(super) fn parse_row(row: &mut CsvRow<'_>, context: &Context<'_>) -> Option<Parsed> {
    let (first_day, last_day) = period(row, context)?;
    let claimed_m = distance_m(row);
    // Cars of staff are not in the register; their rows need an organisation and a class.
    let is_grey_fleet = row.text("vehicle_id").is_none()
        && row.text("organisation").is_some()
        && row.text("vehicle_class").is_some();
    let (subject, vehicle_ref) = if is_grey_fleet {
        let subject = grey_fleet(row, context, last_day)?;
        (
            subject,
            row.text("registration").map(snake_case).unwrap_or_default(),
        )
    } else {
        if row.text("vehicle_id").is_none() && row.text("registration").is_none() {
            let hint = "a vehicle_id or registration of the fleet, or organisation and vehicle_class of a car of staff";
            row.refuse("vehicle_class", "is empty", hint);
            return None;
        }
        let (vehicle, vehicle_ref) = register_lookup::vehicle(row, context, last_day)?;
        (Subject::Vehicle(vehicle), vehicle_ref)
    };
    let claimed_m = claimed_m?;
    let text = |column| row.text(column).unwrap_or_default();
    let identity = match &subject {
        Subject::GreyFleet {
            organisation,
            vehicle_class,
            fuel,
        } => format!("{organisation}\n{vehicle_class}\n{fuel}\n{vehicle_ref}"),
        _ => vehicle_ref,
    };
    Some(Parsed::Activity(Box::new(ImportedRow {
        kind: ImportKind::Mileage,
        identity: format!(
            "{identity}\n{first_day}\n{last_day}\n{claimed_m}\n{}\n{}",
            text("reference"),
            text("claimant")
        ),
        first_day,
        last_day,
        subject,
        activity: ActivityData {
            claimed: Metres(claimed_m),
            ..ActivityData::default()
        },
        odometer_m: None,
        line: row.line,
    })))
}

/// The distance in metres, from the one of the two columns that is filled.
fn distance_m(row: &mut CsvRow<'_>) -> Option<i64> {
    match (row.text("distance_km"), row.text("distance_miles")) {
        (Some(_), None) => row.amount("distance_km", MAX_DISTANCE),
        (None, Some(_)) => row
            .amount("distance_miles", MAX_DISTANCE)
            .map(metres_of_miles),
        (Some(_), Some(_)) => {
            row.refuse(
                "distance_miles",
                "stands beside a distance in km",
                "keep one of them",
            );
            None
        }
        (None, None) => {
            row.refuse(
                "distance_km",
                "is empty",
                "every row needs a distance, in km or miles",
            );
            None
        }
    }
}

/// `date`, or `from` and `to` with both days in it, or `month`.
fn period(row: &mut CsvRow<'_>, context: &Context<'_>) -> Option<(Day, Day)> {
    if let Some(text) = row.text("month") {
        let Some(month) = dates::month(text, context.register.zone()) else {
            row.refuse("month", "is not a month", "write 2026-11");
            return None;
        };
        let (first, last) = (month.first_day(), month.last_day());
        if first > Day::of(context.now, context.register.zone()) {
            row.refuse(
                "month",
                "lies in the future",
                "write the month that was driven in",
            );
            return None;
        }
        return Some((first, last));
    }
    if row.text("date").is_some() {
        return fuel::day(row, "date", context).map(|day| (day, day));
    }
    let (from, to) = (
        fuel::day(row, "from", context),
        fuel::day(row, "to", context),
    );
    let (from, to) = from.zip(to)?;
    if to < from {
        row.refuse(
            "to",
            "is before the first day",
            "both days are in the period",
        );
        return None;
    }
    if to.0 - from.0 >= MAX_DAYS {
        row.refuse(
            "to",
            "makes a period of more than a year",
            "claims are by journey or month",
        );
        return None;
    }
    Some((from, to))
}

/// Words for DESNZ's classes, beside its own.
const CLASSES: [(&str, &str); 8] = [
    ("car", "car_average"),
    ("average", "car_average"),
    ("unknown", "car_average"),
    ("small", "car_small"),
    ("medium", "car_medium"),
    ("large", "car_large"),
    ("van", "van_average"),
    ("motorbike", "motorbike_average"),
];

fn grey_fleet(row: &mut CsvRow<'_>, context: &Context<'_>, day: Day) -> Option<Subject> {
    let organisation = register_lookup::organisation(row, context.register);
    let written = snake_case(row.text("vehicle_class").unwrap_or_default());
    // `small car` and `car_small` are one.
    let written = written.strip_suffix("_car").unwrap_or(&written);
    let class = CLASSES
        .iter()
        .find(|(word, _)| *word == written)
        .map_or(written, |(_, class)| *class);
    // DESNZ has a row "unknown" for each class of car, for claims that do not name the fuel.
    let fuel = match row.text("fuel").map(snake_case).as_deref() {
        None => "unknown".to_owned(),
        Some("electric" | "electricity" | "ev") => "bev".to_owned(),
        Some("plug_in_hybrid") => "phev".to_owned(),
        Some(other) => other.to_owned(),
    };
    if !(context.has_factor)(class, &fuel, day) {
        let reason = format!("has no emission factor (class `{class}`, fuel `{fuel}`)");
        let hint = "classes: car_small, car_medium, car_large, car_average, van_average; fuels: diesel, petrol, hybrid, phev, bev, unknown; motorbike_average with fuel petrol";
        row.refuse("vehicle_class", reason, hint);
        return None;
    }
    Some(Subject::GreyFleet {
        organisation: organisation?,
        vehicle_class: Arc::from(class),
        fuel: Arc::from(fuel),
    })
}

#[cfg(test)]
mod tests {
    use super::metres_of_miles;

    #[test]
    fn miles_are_international() {
        for (thousandths, metres) in [
            (1_000, 1_609),
            (100_000, 160_934),
            (1_000_000, 1_609_344),
            (500, 805),
        ] {
            assert_eq!(metres_of_miles(thousandths), metres);
        }
    }
}
