//! The files of a register, row by row: their columns, and the references between them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::parse::{RegisterError, RegisterFiles, Row, each_row};
use super::unique::Seen;
use super::{Organisation, Register, Site};
use super::{charge_points, renewable, vehicles};
use crate::jurisdiction::Jurisdiction;
use crate::model::{EnergyUser, TokenHasher};
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
const TAGS: &[&str] = &["id_tag", "kind", "vehicle_id"];
const DAY_HINT: &str = "write 2026-03-31";

/// Parses the files in the order of their references: a file is checked against the ids of those before it.
pub(super) fn parse(
    jurisdiction: &'static Jurisdiction,
    files: &RegisterFiles,
    hasher: &TokenHasher,
    errors: &mut Vec<RegisterError>,
) -> Register {
    let mut parser = Parser {
        hasher,
        register: Register {
            jurisdiction,
            ..Register::default()
        },
        seen: Seen::default(),
        organisations: None,
        sites: None,
    };
    each_row(files.organisations.as_ref(), ORGANISATIONS, errors, |row| {
        parser.organisation(row);
    });
    let organisations = parser.register.organisations.iter();
    parser.organisations = files
        .organisations
        .is_some()
        .then(|| organisations.map(|found| found.id.clone()).collect());
    each_row(files.sites.as_ref(), SITES, errors, |row| parser.site(row));
    let sites = parser.register.sites.iter();
    parser.sites = files
        .sites
        .is_some()
        .then(|| sites.map(|found| found.id.clone()).collect());
    each_row(
        files.renewable.as_ref(),
        renewable::COLUMNS,
        errors,
        |row| {
            parser.contract(row);
        },
    );
    each_row(files.vehicles.as_ref(), vehicles::COLUMNS, errors, |row| {
        parser.vehicle(row);
    });
    each_row(
        files.charge_points.as_ref(),
        charge_points::COLUMNS,
        errors,
        |row| {
            parser.charge_point(row);
        },
    );
    each_row(files.tags.as_ref(), TAGS, errors, |row| parser.tag(row));
    parser.register
}

/// The register as far as it is parsed, with what later rows are checked against.
struct Parser<'a> {
    hasher: &'a TokenHasher,
    register: Register,
    seen: Seen,
    /// Ids of `organisations.csv`; `None` without that file.
    organisations: Option<HashSet<Arc<str>>>,
    /// Ids of `sites.csv`; `None` without that file.
    sites: Option<HashSet<Arc<str>>>,
}

impl Parser<'_> {
    /// A row of `organisations.csv`.
    fn organisation(&mut self, row: &mut Row<'_>) {
        let Some(id) = self.seen.new_id(row, "organisation_id") else {
            return;
        };
        self.register.organisations.push(Organisation {
            name: row.text("name").unwrap_or_else(|| id.to_string()),
            id,
        });
    }

    /// A row of `sites.csv`.
    fn site(&mut self, row: &mut Row<'_>) {
        let Some(id) = self.seen.new_id(row, "site_id") else {
            return;
        };
        let organisations = self.organisations.as_ref();
        self.register.sites.push(Site {
            name: row.text("name").unwrap_or_else(|| id.to_string()),
            organisation: reference(row, "organisation", organisations, "organisations.csv"),
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
    }

    /// A row of `renewable.csv`.
    fn contract(&mut self, row: &mut Row<'_>) {
        let known = &self.register.renewable;
        let contract = renewable::contract(row, self.sites.as_ref(), known);
        self.register.renewable.extend(contract);
    }

    /// A row of `vehicles.csv`.
    fn vehicle(&mut self, row: &mut Row<'_>) {
        let Some(id) = self.seen.new_id(row, "vehicle_id") else {
            return;
        };
        let known = (self.organisations.as_ref(), self.sites.as_ref());
        let vehicle = vehicles::vehicle(self.register.jurisdiction, row, id, known);
        let index = self.register.vehicles.len();
        let names = std::iter::once(&vehicle.id).chain(&vehicle.feed_ids);
        index_names(
            row,
            &mut self.register.vehicle_index,
            names,
            index,
            "vehicle",
        );
        for tag in row.list("id_tags") {
            let user = EnergyUser::Vehicle(vehicle.id.clone());
            self.seen
                .add_tag(row, "id_tags", &tag, user, self.hasher, &mut self.register);
        }
        self.register.vehicles.push(vehicle);
    }

    /// A row of `charge_points.csv`.
    fn charge_point(&mut self, row: &mut Row<'_>) {
        let Some(id) = self.seen.new_id(row, "charge_point_id") else {
            return;
        };
        let (organisations, sites) = (self.organisations.as_ref(), self.sites.as_ref());
        let charge_point = charge_points::charge_point(row, id, organisations, sites);
        let index = self.register.charge_points.len();
        self.register
            .charge_point_index
            .insert(charge_point.id.to_lowercase(), index);
        let names = charge_point.feed_ids.iter();
        let feeds = &mut self.register.charger_feed_index;
        index_names(row, feeds, names, index, "charge point");
        self.register.charge_points.push(charge_point);
    }

    /// A row of `tags.csv`.
    fn tag(&mut self, row: &mut Row<'_>) {
        let Some(text) = row.text("id_tag") else {
            return row.refuse("id_tag", "is empty", "every row needs its tag");
        };
        let vehicle_id = row.text("vehicle_id");
        let user = match row.word("kind", &[("vehicle", 0u8), ("staff", 1), ("public", 2)]) {
            Some(0) => match vehicle_id
                .and_then(|id| self.register.vehicle(&id).map(|vehicle| vehicle.id.clone()))
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
        self.seen
            .add_tag(row, "id_tag", &text, user, self.hasher, &mut self.register);
    }
}

/// Indexes the feed ids of a vehicle or a charge point; one that already belongs to another is refused.
fn index_names<'a>(
    row: &mut Row<'_>,
    by_name: &mut HashMap<Arc<str>, usize>,
    names: impl Iterator<Item = &'a Arc<str>>,
    index: usize,
    kind: &str,
) {
    for name in names {
        let earlier = by_name.insert(name.clone(), index);
        if earlier.is_some_and(|other| other != index) {
            row.refuse(
                "feed_ids",
                format!("`{name}` already belongs to another {kind}"),
                format!("a feed id names one {kind}"),
            );
        }
    }
}

/// The ids of another file; `None` if that file is not there.
pub(super) type KnownIds<'a> = Option<&'a HashSet<Arc<str>>>;

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
