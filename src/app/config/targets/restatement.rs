//! `[[restatement]]` of the targets' file: declared changes of a base year (GHG Protocol Corporate Standard, chapter 5).

use std::collections::BTreeMap;

use super::super::ConfigError;
use super::super::source::Node;
use super::needed;
use crate::app::config::keys::{Section, section_list};
use crate::ledger::emissions::{DeclaredRestatement, RestatementReason};
use crate::units::{Day, FinancialYear, KgCo2e};

/// More are a mistake.
const MAX_RESTATEMENTS: usize = 1_000;

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    errors: &mut Vec<ConfigError>,
) -> Vec<DeclaredRestatement> {
    let items = section_list(tree.remove("restatement"), "restatement", "", errors);
    let mut found = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("restatement[{index}]"), Some(item), errors);
        if index == MAX_RESTATEMENTS {
            section.refuse_section(
                "is one too many",
                format!("at most {MAX_RESTATEMENTS} restatements"),
            );
        }
        found.extend(one(&mut section).filter(|_| index < MAX_RESTATEMENTS));
        section.finish();
    }
    found
}

fn one(section: &mut Section<'_>) -> Option<DeclaredRestatement> {
    let (mut organisation, mut note) = (None::<String>, None::<String>);
    section.optional_text("organisation", &mut organisation);
    let mut year = 0;
    needed(section, "year", "the April it starts in: 2020 is 2020/21");
    section.whole("year", &mut year, 1990, 2200);
    let mut date = None::<Day>;
    needed(
        section,
        "date",
        "the day on which it was decided, such as \"2026-11-25\"",
    );
    section.optional_day("date", &mut date);
    let mut reason = None;
    needed(section, "reason", "one of: structure, method, error");
    let words = [
        ("structure", Some(RestatementReason::Structure)),
        ("method", Some(RestatementReason::Method)),
        ("error", Some(RestatementReason::Error)),
    ];
    section.word("reason", &mut reason, &words);
    let mut tonnes = None;
    needed(
        section,
        "tonnes",
        "t CO2e that the year gains, such as -675.0",
    );
    section.number("tonnes", &mut tonnes, -1e9, 1e9);
    section.optional_text("note", &mut note);
    Some(DeclaredRestatement {
        organisation: organisation.map(Into::into),
        year: FinancialYear(Some(year).filter(|year| *year > 0)?),
        date: date?,
        reason: reason?,
        effect: KgCo2e::new(tonnes? * 1000.0)?,
        note: note.unwrap_or_default(),
    })
}
