//! How does every target of the care system stand, and which of them will be missed?

use super::colours::TARGET;
use super::table::{
    Dashboard, Join, Variable, column, daily, date, lines, listing, stat, table, total, word,
};
use super::transition::{TARGET_PROGRESS, TARGET_PROJECTION, TARGETS};

/// Every target, whatever its kind.
pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "care-system-targets",
    title: "Care-system targets",
    description: "How does every target of the care system stand, and which of them will be missed?",
    from: "now-90d",
    variables: &[Variable {
        tag: "target",
        label: "Target",
        measurement: TARGET_PROGRESS,
        field: "value",
        within: None,
        several: true,
        first: "",
    }],
    panels: &[
        listing(
            "Targets",
            "Every chosen target on the last day of the range. Value, path and missing are in the target's own unit (vehicles, tonnes, points); shares are ratios, and of relative targets the change since the baseline.",
            "none",
            &[table(
                TARGET_PROGRESS,
                &["target"],
                &[
                    word("state_code", "State", TARGET),
                    column("share_ratio", "Share", "percentunit"),
                    column("trajectory_ratio", "Path", "percentunit"),
                    column("target_ratio", "Goal", "percentunit"),
                    column("gap_ratio", "Gap", "percentunit"),
                    column("value", "Value", "none"),
                    column("trajectory_value", "Path value", "none"),
                    column("missing", "Missing", "none"),
                    column("vehicles_needed", "Vehicles needed", "none"),
                    column("slope_per_year", "Pace a year", "none"),
                    column("p_hit_ratio", "Chance", "percentunit"),
                    date("projected_ts_s", "Projected"),
                    column("days_late", "Days late", "none"),
                ],
            )
            .only(TARGETS)],
        )
        .size(24, 12),
        super::table::states(
            "State by target",
            "On path, drift (over one percentage point behind) or off path (over two and a half behind, or probably missed).",
            "none",
            &[daily("", TARGET_PROGRESS, "state_code", Join::Last).only(TARGETS).by(&["target"], "{target}")],
        )
        .states(TARGET),
        lines(
            "Gap to the path",
            "Share minus path. Negative is behind where more is wanted; where less is wanted, positive is behind.",
            "percentunit",
            &[daily("", TARGET_PROGRESS, "gap_ratio", Join::Last).only(TARGETS).by(&["target"], "{target}")],
        ),
        lines(
            "Chance of reaching it in time",
            "Chance of reaching each target by its due date.",
            "percentunit",
            &[daily("", TARGET_PROGRESS, "p_hit_ratio", Join::Last).only(TARGETS).by(&["target"], "{target}")],
        ),
        lines(
            "Value and path",
            "Each target's figure in its own unit, with where its path is. Units differ: choose one target to read it.",
            "none",
            &[
                daily("", TARGET_PROGRESS, "value", Join::Last).only(TARGETS).by(&["target"], "{target}"),
                daily("", TARGET_PROGRESS, "trajectory_value", Join::Last).only(TARGETS).by(&["target"], "{target} path").dashed(),
            ],
        ),
        lines(
            "Path and pace to come",
            "From today on: where each target's path is and where its recent pace leads, in its own unit. Units differ: choose one target to read it.",
            "none",
            &[
                daily("", TARGET_PROJECTION, "trend_value", Join::Last).only(TARGETS).by(&["target"], "{target} at the recent pace"),
                daily("", TARGET_PROJECTION, "trajectory_value", Join::Last).only(TARGETS).by(&["target"], "{target} path").dashed(),
            ],
        )
        .ahead("+20y"),
        stat(
            "Emissions of the range",
            "What the targets in tonnes are about: emissions of the range by scope. 2 (location-based) and 2_market are two views of the same electricity: never add them. Outside is biogenic CO2, reported beside the scopes.",
            super::KGCO2E,
            &[total("", "fleet_emissions", "kgco2e").by(&["scope"], "Scope {scope}")],
        )
        .size(12, 8),
    ],
};
