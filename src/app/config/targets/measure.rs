//! `figure` of a target, and the keys that only one kind of figure has.

use std::sync::Arc;

use super::needed;
use crate::app::config::keys::Section;
use crate::jurisdiction::JURISDICTIONS;
use crate::ledger::targets::{Kind, Measure, Successor, YEARLY};
use crate::ledger::transition::{Population, Profile};
use crate::model::nearest;
use crate::model::register::{Ownership, Role};

const FIGURES: [(&str, &[&str], &[Kind]); 5] = [
    (
        "fleet",
        &[
            "profile",
            "roles",
            "exclude_roles",
            "ownership",
            "organisation",
            "new_in_months",
            "successor",
            "vehicles_at_due",
            "settings",
        ],
        &[Kind::Share],
    ),
    (
        "yearly",
        &["name"],
        &[Kind::Share, Kind::Relative, Kind::Level],
    ),
    ("air", &["pollutants"], &[Kind::Relative]),
    (
        "indicator",
        &["name", "organisation"],
        &[
            Kind::Share,
            Kind::Relative,
            Kind::Level,
            Kind::Count,
            Kind::Indicator,
        ],
    ),
    ("charge_points", &["organisation"], &[Kind::Count]),
];
/// Keys of any figure; some belong to several.
fn all_keys() -> impl Iterator<Item = &'static str> {
    FIGURES.iter().flat_map(|(_, keys, _)| keys.iter().copied())
}

/// Pollutants that are computed.
const POLLUTANTS: [&str; 3] = ["nox", "pm25", "pm10"];

pub(super) fn read(section: &mut Section<'_>, kind: Option<Kind>) -> Option<Measure> {
    let mut figure = None;
    let words: Vec<(&str, Option<usize>)> = FIGURES
        .iter()
        .enumerate()
        .map(|(index, (name, ..))| (*name, Some(index)))
        .collect();
    needed(
        section,
        "figure",
        "one of: fleet, yearly, air, indicator, charge_points",
    );
    let position = section.position_of("figure");
    section.word("figure", &mut figure, &words);
    let Some((name, keys, kinds)) = figure.map(|index| FIGURES[index]) else {
        // Without a figure no key is known to be wrong.
        all_keys().for_each(|key| section.skip(key));
        return None;
    };
    if kind.is_some_and(|kind| !kinds.contains(&kind)) {
        section.refuse(
            "figure",
            position,
            name,
            "does not fit the kind of target",
            fitting(kinds),
        );
    }
    for key in all_keys().filter(|key| !keys.contains(key)) {
        if section.has(key) {
            section.refuse_key(
                key,
                format!("is not for figure = \"{name}\""),
                format!("its keys are: {}", keys.join(", ")),
            );
            section.skip(key);
        }
    }
    match name {
        "fleet" => Some(fleet(section)),
        "yearly" => yearly(section),
        "air" => air(section),
        "indicator" => {
            let mut name = None;
            needed(section, "name", "the indicator's name, as it is imported");
            section.optional_text("name", &mut name);
            Some(Measure::Indicator {
                organisation: organisation(section),
                name: name?.into(),
            })
        }
        _ => Some(Measure::ChargePoints {
            organisation: organisation(section),
        }),
    }
}

fn fitting(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds
        .iter()
        .map(|kind| match kind {
            Kind::Share => "share",
            Kind::Relative => "relative",
            Kind::Level => "level",
            Kind::Count => "count",
            Kind::Indicator => "indicator",
        })
        .collect();
    format!("it goes with kind {}", names.join(", "))
}

fn organisation(section: &mut Section<'_>) -> Option<Arc<str>> {
    let mut organisation = None;
    section.optional_text("organisation", &mut organisation);
    organisation.map(Arc::from)
}

fn yearly(section: &mut Section<'_>) -> Option<Measure> {
    let known: Vec<&str> = YEARLY.iter().map(|(name, _)| *name).collect();
    let mut name = None;
    needed(section, "name", &format!("one of: {}", known.join(", ")));
    section.parsed(
        "name",
        &mut name,
        &format!("one of: {}", known.join(", ")),
        |text| {
            if known.contains(&text) {
                Ok(text.to_owned())
            } else {
                Err(format!("is not known; {}", nearest(text, &known)))
            }
        },
    );
    name.map(|name| Measure::Yearly(name.into()))
}

fn air(section: &mut Section<'_>) -> Option<Measure> {
    let mut names = Vec::new();
    needed(section, "pollutants", "such as [\"nox\", \"pm25\"]");
    section.words("pollutants", &mut names, &POLLUTANTS);
    (!names.is_empty()).then(|| Measure::Air(names.into_iter().map(Arc::from).collect()))
}

fn fleet(section: &mut Section<'_>) -> Measure {
    let profiles: Vec<(&str, Option<&str>)> = JURISDICTIONS
        .into_iter()
        .flat_map(|country| country.profiles)
        .map(|profile| (profile.name, Some(profile.name)))
        .collect();
    let mut profile = None;
    section.word("profile", &mut profile, &profiles);
    let population = population(section);
    let successor = successor(section);
    let (mut planned, given) = (0, section.has("vehicles_at_due"));
    if given && population.new_in_months.is_some() {
        let hint = "vehicles that are new at the due date are in no plan: leave it out";
        section.refuse_key("vehicles_at_due", "stands beside `new_in_months`", hint);
    }
    section.whole("vehicles_at_due", &mut planned, 1, 10_000_000);
    let vehicles_at_due = Some(planned).filter(|_| given);
    Measure::Fleet {
        profile: profile.and_then(Profile::by_name),
        population,
        successor,
        vehicles_at_due,
    }
}

/// The vehicles that a share is taken of.
fn population(section: &mut Section<'_>) -> Population {
    const ROLES: [(&str, Role); 3] = [
        ("emergency", Role::Emergency),
        ("non_emergency", Role::NonEmergency),
        ("support", Role::Support),
    ];
    const OWNERS: [(&str, Ownership); 3] = [
        ("owned", Ownership::Owned),
        ("leased", Ownership::Leased),
        ("hired", Ownership::Hired),
    ];
    let mut months = 0;
    let new = section.has("new_in_months");
    section.whole("new_in_months", &mut months, 1, 120);
    let both = section.has("roles") && section.has("exclude_roles");
    let population = Population {
        roles: some_of(section, "roles", &ROLES),
        exclude_roles: some_of(section, "exclude_roles", &ROLES),
        ownership: some_of(section, "ownership", &OWNERS),
        organisation: organisation(section),
        new_in_months: Some(months).filter(|_| new),
    };
    if both {
        section.refuse_key("roles", "stands beside `exclude_roles`", "keep one of them");
    }
    population
}

/// The chance, by role, that the successor of a vehicle counts.
fn successor(section: &mut Section<'_>) -> Successor {
    let mut successor = Successor::default();
    if let Some(mut shares) = section.table("successor") {
        shares.optional_share("emergency", &mut successor.emergency);
        shares.optional_share("non_emergency", &mut successor.non_emergency);
        shares.optional_share("support", &mut successor.support);
        shares.finish();
    }
    successor
}

fn some_of<T: Copy>(section: &mut Section<'_>, key: &'static str, known: &[(&str, T)]) -> Vec<T> {
    let mut names = Vec::new();
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    section.words(key, &mut names, &words);
    known
        .iter()
        .filter(|(word, _)| names.iter().any(|name| name == word))
        .map(|(_, value)| *value)
        .collect()
}
