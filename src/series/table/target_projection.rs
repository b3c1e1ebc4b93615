//! What is expected of a target at the end of a day to come.

use super::column::{FLEET, float, tag};
use super::row::{RowVisitor, quantiles};
use super::{Measurement, RowTime};
use crate::model::ProjectionFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "target_projection",
    description: "what is expected of a target for the end of a London day TO COME, at that end; replaced while it is ahead. Rows on days that a changed due date or list of targets no longer has stay until they are deleted. InfluxDB keeps rows of the future; VictoriaMetrics drops them beyond two days, and has target_progress.p05_at_due_ratio and its like",
    time: RowTime::Moment,
    tags: &[FLEET, tag("target", "target id")],
    fields: &[
        float(
            "trajectory_ratio",
            "path, 0 to 1; of relative targets, the change",
        ),
        float(
            "trend_ratio",
            "where the pace of the last thirteen month ends leads, in the same",
        ),
        float(
            "p05_ratio",
            "5 % quantile of the share by the ages of the fleet, 0 to 1",
        ),
        float("p50_ratio", "median of it"),
        float("p95_ratio", "95 % quantile of it"),
        float("trajectory_value", "path in the target's own unit"),
        float("trend_value", "where that pace leads, in that unit"),
    ],
};

pub(super) fn row(fact: &ProjectionFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.target);
    row.float(fact.path);
    row.float(fact.trend);
    for quantile in quantiles(fact.band) {
        row.float(quantile);
    }
    row.float(fact.path_value);
    row.float(fact.trend_value);
    fact.at
}
