//! What stands in which column, and what must agree between the files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::parse::{RegisterError, RegisterFiles, Row, each_row};
use super::{
    Category, ClassOverride, EmissionClass, Organisation, Ownership, Register, Role, Site, Vehicle,
};
use super::{charge_points, renewable};
use crate::jurisdiction::Jurisdiction;
use crate::model::{EnergyUser, IdTokenHash, TokenHasher, check_id};
use crate::units::{Day, WeeklyHours};

const ORGANISATIONS: &[&str] = &["organisation_id", "name"];
const SITES: &[&str] = &[
    "site_id",
    "name",
    "organisation",
    "region_id",
    "capacity_kw",
    "opening_hours",
];
const VEHICLES: &[&str] = &[
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
const TAGS: &[&str] = &["id_tag", "kind", "vehicle_id"];

const DAY_HINT: &str = "write 2026-03-31";
const MONTH_HINT: &str = "write 2026-03-31, or 2026-03 where only the month is known";

pub(super) fn read(
    jurisdiction: &'static Jurisdiction,
    files: &RegisterFiles,
    hasher: &TokenHasher,
    errors: &mut Vec<RegisterError>,
) -> Register {
    let mut register = Register {
        jurisdiction,
        ..Register::default()
    };
    let mut seen = Seen::default();
    each_row(files.organisations.as_ref(), ORGANISATIONS, errors, |row| {
        let Some(id) = seen.new_id(row, "organisation_id") else {
            return;
        };
        register.organisations.push(Organisation {
            name: row.text("name").unwrap_or_else(|| id.to_string()),
            id,
        });
    });
    let organisations = files.organisations.is_some().then(|| {
        register
            .organisations
            .iter()
            .map(|o| o.id.clone())
            .collect::<HashSet<_>>()
    });
    each_row(files.sites.as_ref(), SITES, errors, |row| {
        let Some(id) = seen.new_id(row, "site_id") else {
            return;
        };
        register.sites.push(Site {
            name: row.text("name").unwrap_or_else(|| id.to_string()),
            organisation: reference(
                row,
                "organisation",
                organisations.as_ref(),
                "organisations.csv",
            ),
            // Regions of the GB Carbon Intensity API: 1 to 17.
            region_id: row.whole("region_id", 1, 17).map(|id| id as u8),
            capacity_kw: row.number("capacity_kw", 0.0, 1e6),
            opening_hours: row.parsed(
                "opening_hours",
                WeeklyHours::HINT,
                str::parse::<WeeklyHours>,
            ),
            id,
        });
    });
    let sites = files.sites.is_some().then(|| {
        register
            .sites
            .iter()
            .map(|s| s.id.clone())
            .collect::<HashSet<_>>()
    });
    each_row(
        files.renewable.as_ref(),
        renewable::COLUMNS,
        errors,
        |row| {
            register.renewable.extend(renewable::contract(
                row,
                sites.as_ref(),
                &register.renewable,
            ));
        },
    );
    each_row(files.vehicles.as_ref(), VEHICLES, errors, |row| {
        let Some(id) = seen.new_id(row, "vehicle_id") else {
            return;
        };
        let vehicle = vehicle(
            jurisdiction,
            row,
            id,
            (organisations.as_ref(), sites.as_ref()),
        );
        let index = register.vehicles.len();
        for name in std::iter::once(&vehicle.id).chain(&vehicle.feed_ids) {
            if register
                .vehicle_index
                .insert(name.clone(), index)
                .is_some_and(|other| other != index)
            {
                row.refuse(
                    "feed_ids",
                    format!("`{name}` already belongs to another vehicle"),
                    "a feed id names one vehicle",
                );
            }
        }
        for tag in row.list("id_tags") {
            seen.add_tag(
                row,
                "id_tags",
                &tag,
                EnergyUser::Vehicle(vehicle.id.clone()),
                hasher,
                &mut register,
            );
        }
        register.vehicles.push(vehicle);
    });
    each_row(
        files.charge_points.as_ref(),
        charge_points::COLUMNS,
        errors,
        |row| {
            let Some(id) = seen.new_id(row, "charge_point_id") else {
                return;
            };
            let charge_point =
                charge_points::charge_point(row, id, organisations.as_ref(), sites.as_ref());
            let index = register.charge_points.len();
            register
                .charge_point_index
                .insert(charge_point.id.to_lowercase(), index);
            for name in &charge_point.feed_ids {
                if register
                    .charger_feed_index
                    .insert(name.clone(), index)
                    .is_some_and(|other| other != index)
                {
                    row.refuse(
                        "feed_ids",
                        format!("`{name}` already belongs to another charge point"),
                        "a feed id names one charge point",
                    );
                }
            }
            register.charge_points.push(charge_point);
        },
    );
    each_row(files.tags.as_ref(), TAGS, errors, |row| {
        tag(row, hasher, &mut seen, &mut register)
    });
    register
}

/// Ids and tags so far, with the line they stand in.
#[derive(Default)]
struct Seen {
    ids: HashMap<(&'static str, String), u64>,
    tags: HashMap<IdTokenHash, u64>,
    ambiguous: HashSet<IdTokenHash>,
}

impl Seen {
    /// The row's own id: well-formed and new, without regard to case.
    fn new_id(&mut self, row: &mut Row<'_>, column: &'static str) -> Option<Arc<str>> {
        let Some(text) = row.text(column) else {
            row.refuse(column, "is empty", "every row needs its id");
            return None;
        };
        if let Err(error) = check_id(&text) {
            row.refuse(
                column,
                error.to_string(),
                "use letters, digits, `-`, `_`, `.`, `:`, `|`",
            );
            return None;
        }
        if let Some(line) = self.ids.insert((column, text.to_lowercase()), row.line()) {
            row.refuse(
                column,
                format!("is already in line {line}"),
                "an id names one thing",
            );
            return None;
        }
        Some(Arc::from(text))
    }

    fn add_tag(
        &mut self,
        row: &mut Row<'_>,
        column: &str,
        tag: &str,
        user: EnergyUser,
        hasher: &TokenHasher,
        register: &mut Register,
    ) {
        let Some(hash) = hasher.hash(tag) else {
            row.refuse(
                column,
                format!("`{tag}` has no letter or digit"),
                "write the tag as the reader shows it, such as 04A1B2C3",
            );
            return;
        };
        match register.tags.insert(hash, user.clone()) {
            Some(other) if other != user => {
                let line = self.tags.get(&hash).copied().unwrap_or(0);
                row.refuse(
                    column,
                    format!("`{tag}` already stands for somebody else (line {line} there)"),
                    "a tag stands for one vehicle, or staff, or the public",
                );
            }
            _ => {}
        }
        self.tags.insert(hash, row.line());
        for variant in hasher.resembling(tag) {
            match register.resembling_tags.get(&variant) {
                // What may be two users' suggests nothing.
                Some(other) if *other != user => {
                    register.resembling_tags.remove(&variant);
                    self.ambiguous.insert(variant);
                }
                None if !self.ambiguous.contains(&variant) => {
                    register.resembling_tags.insert(variant, user.clone());
                }
                _ => {}
            }
        }
    }
}

/// A name of another file; checked if that file is there.
pub(super) fn reference(
    row: &mut Row<'_>,
    column: &str,
    known: Option<&HashSet<Arc<str>>>,
    file: &str,
) -> Option<Arc<str>> {
    let name: Arc<str> = Arc::from(row.text(column)?);
    if known.is_some_and(|known| !known.contains(&name)) {
        row.refuse(
            column,
            format!("is not in {file}"),
            format!("add it to {file}, or correct the spelling"),
        );
    }
    Some(name)
}

pub(super) fn day(row: &mut Row<'_>, column: &str) -> Option<Day> {
    row.parsed(column, DAY_HINT, str::parse::<Day>)
}

/// The ids of another file; `None` if that file is not there.
type KnownIds<'a> = Option<&'a HashSet<Arc<str>>>;

fn vehicle(
    jurisdiction: &Jurisdiction,
    row: &mut Row<'_>,
    id: Arc<str>,
    (organisations, sites): (KnownIds<'_>, KnownIds<'_>),
) -> Vehicle {
    let vehicle = Vehicle {
        registration: row.text("registration"),
        organisation: reference(row, "organisation", organisations, "organisations.csv"),
        site: reference(row, "site", sites, "sites.csv"),
        role: row.word(
            "role",
            &[
                ("emergency", Role::Emergency),
                ("non_emergency", Role::NonEmergency),
                ("support", Role::Support),
            ],
        ),
        category: row.word(
            "category",
            &[
                ("car", Category::Car),
                ("van", Category::Van),
                ("heavy", Category::Heavy),
                ("motorcycle", Category::Motorcycle),
                ("minibus", Category::Minibus),
            ],
        ),
        body: row.text("body"),
        fuel: row.text("fuel").map(|fuel| jurisdiction.fuel(&fuel)),
        plug_in: row.flag("plug_in"),
        co2_g_per_km: row.whole("co2_g_per_km", 0, 2000),
        euro: row.parsed("euro", jurisdiction.euro_hint, euro),
        euro_text: row.text("euro"),
        real_driving_emissions: row.whole("real_driving_emissions", 0, 9),
        engine_cc: row.whole("engine_cc", 0, 30_000),
        // 0 is the DVLA's way of not saying.
        mass_kg: row.whole("mass_kg", 0, 100_000).filter(|kg| *kg > 0),
        first_registered: row.parsed("first_registered", MONTH_HINT, Day::parse_month_or_day),
        in_service_from: day(row, "in_service_from"),
        in_service_to: day(row, "in_service_to"),
        ownership: row.word(
            "ownership",
            &[
                ("owned", Ownership::Owned),
                ("leased", Ownership::Leased),
                ("hired", Ownership::Hired),
                ("grey", Ownership::Grey),
            ],
        ),
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
    let class = row.word(
        "class_override",
        &[
            ("zero", EmissionClass::Zero),
            ("ultra_low", EmissionClass::UltraLow),
            ("low", EmissionClass::Low),
            ("other", EmissionClass::Other),
            ("unknown", EmissionClass::Unknown),
        ],
    )?;
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

fn tag(row: &mut Row<'_>, hasher: &TokenHasher, seen: &mut Seen, register: &mut Register) {
    let Some(text) = row.text("id_tag") else {
        return row.refuse("id_tag", "is empty", "every row needs its tag");
    };
    let vehicle_id = row.text("vehicle_id");
    let user = match row.word("kind", &[("vehicle", 0u8), ("staff", 1), ("public", 2)]) {
        Some(0) => match vehicle_id
            .and_then(|id| register.vehicle(&id).map(|vehicle| vehicle.id.clone()))
        {
            Some(id) => EnergyUser::Vehicle(id),
            None => {
                return row.refuse(
                    "vehicle_id",
                    "a tag of kind `vehicle` needs a vehicle of vehicles.csv",
                    "write its vehicle_id",
                );
            }
        },
        Some(1) => EnergyUser::Staff,
        Some(_) => EnergyUser::Public,
        None if row.text("kind").is_none() => {
            return row.refuse("kind", "is empty", "vehicle, staff or public");
        }
        None => return,
    };
    seen.add_tag(row, "id_tag", &text, user, hasher, register);
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
