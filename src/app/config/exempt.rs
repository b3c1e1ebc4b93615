//! `[[exempt]]`: time that counts against nobody. Which, when and why.

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
            section.refuse(
                "",
                None,
                "",
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
    const INSTANT: &str = "write a time with its zone, in quotes: \"2026-12-01T08:00:00Z\"";
    let (mut site, mut charge_point, mut weekly) =
        (None::<String>, None::<String>, None::<WeeklyHours>);
    let (mut from, mut to) = (None::<UtcMs>, None::<UtcMs>);
    let mut reason = None;
    let instant = |text: &str| {
        text.parse()
            .map_err(|error: ParseInstantError| error.to_string())
    };
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
    let some_time = section.has("weekly") || section.has("from") || section.has("to");
    let both = section.has("weekly") && (section.has("from") || section.has("to"));
    let one_end = section.has("from") != section.has("to");
    section.parsed("weekly", &mut weekly, WeeklyHours::HINT, |text| {
        text.parse()
            .map_err(|error: ParseWeeklyError| format!("cannot be read: {error}"))
    });
    section.parsed("from", &mut from, INSTANT, instant);
    section.parsed("to", &mut to, INSTANT, instant);
    let mut refuse = |reason: &str, hint: &str| section.refuse("", None, "", reason, hint);
    if !written {
        refuse(
            "has no `reason`",
            "write reason = \"maintenance\" or \"closed\"",
        );
    }
    if !some_time || both || one_end {
        refuse(
            "needs either `weekly`, or `from` and `to`",
            "weekly = \"Sun 02:00-04:00\" is by London's clock; `to` is not included",
        );
    }
    if site.is_some() && charge_point.is_some() {
        refuse(
            "has both `site` and `charge_point`",
            "keep one of them; without either it holds everywhere",
        );
    }
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        refuse("`to` is not after `from`", "");
    }
    let once = from.zip(to).map(|(from, to)| ExemptTime::Once { from, to });
    let time = weekly.map(ExemptTime::Weekly).or(once)?;
    Some(ExemptWindow {
        site: site.map(Arc::from),
        charge_point: charge_point.map(Arc::from),
        reason: reason?,
        time,
    })
}
