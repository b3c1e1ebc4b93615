//! Plans the requests: the areas of the register's sites, and ranges that the API allows, over the last 48 hours and all missing half-hours
//! before them.

use std::collections::BTreeSet;

use crate::model::register::Register;
use crate::model::{GridArea, HALF_HOUR_MS};
use crate::units::UtcMs;

const DAY_MS: i64 = 86_400_000;
/// Both `actual` and `forecast` of past half-hours were seen to change for 24 hours and more; twice that is fetched again.
const REVISED_MS: i64 = 2 * DAY_MS;
/// The API refuses more than 14 days; it counts the half-hour before the first in, so one day less is safe.
const MAX_RANGE_MS: i64 = 13 * DAY_MS;

/// All of Great Britain, and the regions of the sites.
pub(super) fn areas(register: &Register) -> BTreeSet<GridArea> {
    let regions = register
        .sites
        .iter()
        .filter_map(|site| site.region_id)
        .map(GridArea);
    regions.chain([GridArea::NATIONAL]).collect()
}

/// The ranges to fetch, oldest first: from the newest known half-hour on, or the last two weeks if none is known, but no further back than
/// half-hours are kept.
pub(super) fn ranges(newest: Option<UtcMs>, now: UtcMs, keep_ms: i64) -> Vec<(UtcMs, UtcMs)> {
    let slot = |at: UtcMs| UtcMs(at.0.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS);
    let since = newest
        .unwrap_or(now.plus(-MAX_RANGE_MS))
        .max(now.plus(-keep_ms))
        .min(now.plus(-REVISED_MS));
    let (mut from, end) = (slot(since), slot(now).plus(HALF_HOUR_MS));
    let mut ranges = Vec::new();
    while from < end {
        let to = from.plus(MAX_RANGE_MS).min(end);
        ranges.push((from, to));
        from = to;
    }
    ranges
}

/// The API's address of a range.
pub(super) fn path(area: GridArea, from: UtcMs, to: UtcMs) -> String {
    // `2018-01-20T12:00Z`: no seconds.
    let minutes = |at: UtcMs| format!("{}Z", &at.to_string()[..16]);
    let (from, to) = (minutes(from), minutes(to));
    match area {
        GridArea::NATIONAL => format!("/intensity/{from}/{to}"),
        GridArea(region) => format!("/regional/intensity/{from}/{to}/regionid/{region}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::intensity::plan::*;

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    #[test]
    fn the_last_48_hours_and_what_is_missing() {
        let now = at("2026-11-25T12:10:00Z");
        let keep = 400 * DAY_MS;
        let planned = |newest: Option<&str>, keep| -> Vec<String> {
            ranges(newest.map(at), now, keep)
                .iter()
                .map(|(from, to)| format!("{from} {to}").replace(":00.000Z", ""))
                .collect()
        };
        assert_eq!(
            planned(Some("2026-11-25T12:00:00Z"), keep),
            ["2026-11-23T12:00 2026-11-25T12:30"]
        );
        assert_eq!(
            planned(None, keep),
            [
                "2026-11-12T12:00 2026-11-25T12:00",
                "2026-11-25T12:00 2026-11-25T12:30"
            ]
        );
        let long = planned(Some("2026-10-25T12:00:00Z"), keep);
        assert_eq!(
            (long.len(), long[0].as_str()),
            (3, "2026-10-25T12:00 2026-11-07T12:00"),
            "an outage of a month is made up for"
        );
        assert_eq!(
            planned(Some("2026-10-25T12:00:00Z"), DAY_MS),
            ["2026-11-23T12:00 2026-11-25T12:30"],
            "not longer than it is kept"
        );
        let path9 = path(GridArea(9), at("2026-11-23T12:00:00Z"), now);
        assert_eq!(
            path9,
            "/regional/intensity/2026-11-23T12:00Z/2026-11-25T12:10Z/regionid/9"
        );
        assert_eq!(
            path(GridArea::NATIONAL, at("2026-11-23T12:00:00Z"), now),
            "/intensity/2026-11-23T12:00Z/2026-11-25T12:10Z"
        );
    }
}
