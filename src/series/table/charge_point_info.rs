//! What a charge point reported about itself in BootNotification.

use super::column::{CHARGE_POINT, SITE, text};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::ChargePointInfoFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "charge_point_info",
    description: "what a charge point reported about itself in BootNotification",
    time: RowTime::Moment,
    tags: &[SITE, CHARGE_POINT],
    fields: &[
        text("vendor", "vendor"),
        text("model", "model"),
        text("firmware", "firmware version"),
    ],
};

pub(super) fn row(fact: &ChargePointInfoFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.charge_point);
    row.text(&fact.vendor);
    row.text(&fact.model);
    row.text(&fact.firmware);
    fact.at
}
