//! How a target stands on a day.

use super::column::{FLEET, float, integer, tag};
use super::row::{RowVisitor, quantiles, unix_seconds};
use super::{Measurement, RowTime};
use crate::model::TargetFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "target_progress",
    description: "a target on one London day",
    time: RowTime::Day,
    tags: &[FLEET, tag("target", "target id")],
    fields: &[
        float(
            "share_ratio",
            "share now, 0 to 1; of relative targets, the change since the baseline",
        ),
        float(
            "target_ratio",
            "goal, 0 to 1; of relative targets, the change",
        ),
        float("trajectory_ratio", "path today, in the same"),
        float(
            "gap_ratio",
            "share minus path; negative is behind where more is wanted",
        ),
        float(
            "value",
            "the figure in its own unit: vehicles that count, t, number",
        ),
        float("trajectory_value", "path today in that unit"),
        float("missing", "missing to the goal in that unit"),
        integer("vehicles_needed", "vehicles still to be replaced"),
        float(
            "slope_per_year",
            "progress in that unit and a year, by the last thirteen month ends (Theil-Sen)",
        ),
        integer(
            "projected_ts_s",
            "when the goal is reached at that rate, s since 1970",
        ),
        integer(
            "days_late",
            "days from the due date to then; negative is early",
        ),
        float("p_hit_ratio", "chance of reaching the goal in time, 0 to 1"),
        float(
            "p05_at_due_ratio",
            "5 % quantile of the share on the due date, by the ages of the fleet, 0 to 1",
        ),
        float("p50_at_due_ratio", "median of it"),
        float("p95_at_due_ratio", "95 % quantile of it"),
        integer("state_code", "0 ok, 1 drift, 2 off"),
    ],
};

pub(super) fn row(fact: &TargetFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.target);
    row.float(fact.share);
    row.float(fact.goal);
    row.float(fact.path);
    row.float(fact.share.zip(fact.path).map(|(share, path)| share - path));
    row.float(fact.value);
    row.float(fact.path_value);
    row.float(fact.missing);
    row.integer(fact.vehicles_needed.map(i64::from));
    row.float(fact.slope_per_year);
    row.integer(fact.projected_at.map(unix_seconds));
    row.integer(fact.days_late.map(i64::from));
    row.float(fact.p_hit);
    for quantile in quantiles(fact.band_at_due) {
        row.float(quantile);
    }
    row.integer(fact.state_code);
    fact.at
}
