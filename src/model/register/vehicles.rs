//! One row of `vehicles.csv` to a vehicle.

use std::sync::Arc;

use super::parse::Row;
use super::rows::{KnownIds, day, reference};
use super::{Category, ClassOverride, EmissionClass, Ownership, Role, Vehicle};
use crate::jurisdiction::Jurisdiction;
use crate::units::Day;

/// All columns of the file; only the first is required.
pub(super) const COLUMNS: &[&str] = &[
    "vehicle_id",
    "registration",
    "organisation",
    "site",
    "role",
    "category",
    "body",
    "fuel",
    "plug_in",
    "co2_g_per_km",
    "euro",
    "real_driving_emissions",
    "engine_cc",
    "mass_kg",
    "first_registered",
    "in_service_from",
    "in_service_to",
    "ownership",
    "replacement_age_years",
    "battery_kwh",
    "retrofit",
    "class_override",
    "class_override_reason",
    "class_override_until",
    "replaces",
    "feed_ids",
    "id_tags",
];
const ROLES: &[(&str, Role)] = &[
    ("emergency", Role::Emergency),
    ("non_emergency", Role::NonEmergency),
    ("support", Role::Support),
];
const CATEGORIES: &[(&str, Category)] = &[
    ("car", Category::Car),
    ("van", Category::Van),
    ("heavy", Category::Heavy),
    ("motorcycle", Category::Motorcycle),
    ("minibus", Category::Minibus),
];
const OWNERSHIPS: &[(&str, Ownership)] = &[
    ("owned", Ownership::Owned),
    ("leased", Ownership::Leased),
    ("hired", Ownership::Hired),
    ("grey", Ownership::Grey),
];
const CLASSES: &[(&str, EmissionClass)] = &[
    ("zero", EmissionClass::Zero),
    ("ultra_low", EmissionClass::UltraLow),
    ("low", EmissionClass::Low),
    ("other", EmissionClass::Other),
    ("unknown", EmissionClass::Unknown),
];

const MONTH_HINT: &str = "write 2026-03-31, or 2026-03 where only the month is known";

pub(super) fn vehicle(
    jurisdiction: &Jurisdiction,
    row: &mut Row<'_>,
    id: Arc<str>,
    (organisations, sites): (KnownIds<'_>, KnownIds<'_>),
) -> Vehicle {
    let vehicle = Vehicle {
        registration: row.text("registration"),
        organisation: reference(row, "organisation", organisations, "organisations.csv"),
        site: reference(row, "site", sites, "sites.csv"),
        role: row.word("role", ROLES),
        category: row.word("category", CATEGORIES),
        body: row.text("body"),
        fuel: row.text("fuel").map(|fuel| jurisdiction.fuel(&fuel)),
        plug_in: row.flag("plug_in"),
        co2_g_per_km: row.whole("co2_g_per_km", 0, 2000),
        euro: row.parsed("euro", jurisdiction.euro_hint, euro),
        euro_text: row.text("euro"),
        real_driving_emissions: row.whole("real_driving_emissions", 0, 9),
        engine_cc: row.whole("engine_cc", 0, 30_000),
        // In the data of the DVLA, 0 stands for an unknown mass.
        mass_kg: row.whole("mass_kg", 0, 100_000).filter(|kg| *kg > 0),
        first_registered: row.parsed("first_registered", MONTH_HINT, Day::parse_month_or_day),
        in_service_from: day(row, "in_service_from"),
        in_service_to: day(row, "in_service_to"),
        ownership: row.word("ownership", OWNERSHIPS),
        replacement_age_years: row.number("replacement_age_years", 0.0, 50.0),
        battery_kwh: row.number("battery_kwh", 0.0, 2000.0),
        retrofit: row.flag("retrofit").unwrap_or(false),
        class_override: class_override(row),
        replaces: row.text("replaces").map(Arc::from),
        feed_ids: row.list("feed_ids").into_iter().map(Arc::from).collect(),
        id,
    };
    in_order(row, vehicle.in_service_from, vehicle.in_service_to);
    vehicle
}

pub(super) fn in_order(row: &mut Row<'_>, from: Option<Day>, to: Option<Day>) {
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        row.refuse(
            "in_service_to",
            format!("is not after in_service_from ({from})"),
            "it is the first day out of service",
        );
    }
}

fn class_override(row: &mut Row<'_>) -> Option<ClassOverride> {
    let class = row.word("class_override", CLASSES)?;
    let until = day(row, "class_override_until");
    let Some(reason) = row.text("class_override_reason") else {
        row.refuse(
            "class_override",
            "has no reason",
            "an auditor will ask: write the evidence into `class_override_reason`",
        );
        return None;
    };
    Some(ClassOverride {
        class,
        reason,
        until,
    })
}

/// `EURO 6 AG`, `Euro VI`, `euro5`, `6d-TEMP`, `4`: the number. (DVLA Vehicle Enquiry Service: a free string.)
fn euro(text: &str) -> Result<u8, &'static str> {
    let upper = text.to_uppercase();
    let stage = upper.strip_prefix("EURO").unwrap_or(&upper).trim_start();
    let roman = stage
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let number = match roman {
        "I" => 1,
        "II" => 2,
        "III" => 3,
        "IV" => 4,
        "V" | "EEV" => 5,
        "VI" => 6,
        "VII" => 7,
        _ => stage
            .bytes()
            .next()
            .filter(u8::is_ascii_digit)
            .map_or(0, |digit| digit - b'0'),
    };
    let single = !stage.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if (1..=7).contains(&number) && single {
        Ok(number)
    } else {
        Err("is not a Euro standard from 1 to 7")
    }
}

#[cfg(test)]
mod tests {
    use super::euro;

    #[test]
    fn euro_stages_in_every_spelling() {
        for (text, want) in [
            ("EURO 6 AG", 6),
            ("Euro VI", 6),
            ("euro5", 5),
            ("6d-TEMP", 6),
            ("4", 4),
            ("EURO III", 3),
            ("EURO1", 1),
            ("Euro 7", 7),
        ] {
            assert_eq!(euro(text), Ok(want), "{text}");
        }
        for text in ["", "EURO", "Euro 0", "8", "15", "diesel", "VIII"] {
            assert!(euro(text).is_err(), "{text}");
        }
    }
}
