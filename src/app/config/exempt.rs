//! `[[exempt]]`: time that counts against no connector, with place, hours and reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ConfigError;
use super::source::Node;
use crate::app::config::keys::{Section, section_list};
use crate::model::{ExemptReason, ExemptTime, ExemptWindow};
use crate::units::{ParseInstantError, ParseWeeklyError, UtcMs, WeeklyHours};

/// More windows are a mistake: each is looked at for every stretch of time.
const MAX_WINDOWS: usize = 1_000;

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    errors: &mut Vec<ConfigError>,
) -> Vec<ExemptWindow> {
    let items = section_list(tree.remove("exempt"), "exempt", "", errors);
    let mut windows = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("exempt[{index}]"), Some(item), errors);
        if index == MAX_WINDOWS {
            section.refuse_section(
                "is one too many",
                "at most 1000 windows; weekly ones need no section a week",
            );
        }
        windows.extend(window(&mut section).filter(|_| index < MAX_WINDOWS));
        section.finish();
    }
    windows
}

fn window(section: &mut Section<'_>) -> Option<ExemptWindow> {
    let (mut site, mut charge_point) = (None::<String>, None::<String>);
    let mut reason = None;
    section.optional_text("site", &mut site);
    section.optional_text("charge_point", &mut charge_point);
    let written = section.has("reason");
    section.word(
        "reason",
        &mut reason,
        &[
            ("maintenance", Some(ExemptReason::Maintenance)),
            ("closed", Some(ExemptReason::Closed)),
        ],
    );
    if !written {
        section.refuse_section(
            "has no `reason`",
            "write reason = \"maintenance\" or \"closed\"",
        );
    }
    let time = exempt_time(section);
    if site.is_some() && charge_point.is_some() {
        section.refuse_section(
            "has both `site` and `charge_point`",
            "keep one of them; without either it holds everywhere",
        );
    }
    Some(ExemptWindow {
        site: site.map(Arc::from),
        charge_point: charge_point.map(Arc::from),
        reason: reason?,
        time: time?,
    })
}

/// Either `weekly`, or `from` and `to`.
fn exempt_time(section: &mut Section<'_>) -> Option<ExemptTime> {
    const INSTANT: &str = "write a time with its zone, in quotes: \"2026-12-01T08:00:00Z\"";
    let [has_weekly, has_from, has_to] = ["weekly", "from", "to"].map(|key| section.has(key));
    let mut weekly = None::<WeeklyHours>;
    section.parsed("weekly", &mut weekly, WeeklyHours::HINT, |text| {
        text.parse()
            .map_err(|error: ParseWeeklyError| format!("cannot be read: {error}"))
    });
    let (mut from, mut to) = (None::<UtcMs>, None::<UtcMs>);
    let instant = |text: &str| {
        text.parse()
            .map_err(|error: ParseInstantError| error.to_string())
    };
    section.parsed("from", &mut from, INSTANT, instant);
    section.parsed("to", &mut to, INSTANT, instant);
    if has_from != has_to || has_weekly == has_from {
        section.refuse_section(
            "needs either `weekly`, or `from` and `to`",
            "weekly = \"Sun 02:00-04:00\" is by London's clock; `to` is not included",
        );
    }
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        section.refuse_section("`to` is not after `from`", "");
    }
    let once = from.zip(to).map(|(from, to)| ExemptTime::Once { from, to });
    weekly.map(ExemptTime::Weekly).or(once)
}
