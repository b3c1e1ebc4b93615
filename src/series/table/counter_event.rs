//! Entries of the audit log of registers.

use super::column::{SITE, boolean, float, integer, tag, text};
use super::row::{RowVisitor, signed};
use super::{Measurement, RowTime};
use crate::model::CounterEventFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "counter_event",
    description: "a register of a vehicle or charger was replaced, jumped, or changed its unit, or another feed's register books from now on",
    time: RowTime::Moment,
    tags: &[
        SITE,
        tag("asset", "fleet id of the vehicle or charger"),
        tag("quantity", "the register's quantity"),
        tag("event", "reset, rebase, unit_suspect, source_changed"),
    ],
    fields: &[
        integer(
            "entry",
            "number in the audit log, for `fleetgauge counters undo`",
        ),
        text("feed", "the id of its feed"),
        float(
            "value_before",
            "last value of the old series, in the quantity's unit",
        ),
        float("value_after", "first value of the new one"),
        boolean("undone", "it was undone"),
    ],
};

pub(super) fn row(fact: &CounterEventFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.asset);
    row.tag(fact.quantity);
    row.tag(fact.event);
    row.integer(signed(fact.id));
    row.text(&fact.feed);
    row.scaled(fact.before.0, 3);
    row.scaled(fact.after.0, 3);
    row.boolean(fact.undone);
    fact.at
}
