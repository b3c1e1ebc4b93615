//! State changes of alerts.

use super::column::{FLEET, SITE, float, integer, tag, text};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{ALERT_STATES, AlertFact};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "alerts",
    description: "an alert changed state",
    time: RowTime::Moment,
    tags: &[
        tag("rule", "name of the rule"),
        tag("severity", "info, warning, critical"),
        FLEET,
        SITE,
        // Several alerts may turn in one millisecond, and rows of the same tags and time replace each other.
        tag("fingerprint", "of the rule and the labels, 16 hex digits"),
    ],
    fields: &[
        integer(
            "state_code",
            "0 ok, 1 pending, 2 firing, 3 resolved, 4 silenced",
        ),
        text("state", "the same as a word"),
        text("subject", "labels of the alert"),
        float("value", "what was compared, in the unit of the rule"),
        float("threshold", "level at which it is raised"),
        integer("notified", "notifications so far"),
    ],
};

pub(super) fn row(fact: &AlertFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.rule);
    row.tag(fact.severity.name());
    row.tag(&fact.fleet);
    row.tag(&fact.site);
    row.tag(&fact.fingerprint.to_string());
    let state = usize::from(fact.state_code) % ALERT_STATES.len();
    row.integer(i64::from(fact.state_code));
    row.text(ALERT_STATES[state]);
    row.text(&fact.subject);
    row.float(fact.value);
    row.float(fact.threshold);
    row.integer(i64::from(fact.notified));
    fact.at
}
