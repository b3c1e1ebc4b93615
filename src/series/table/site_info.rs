//! Sites of the register.

use super::column::{FLEET, SITE, float, integer, text};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::SiteInfoFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "site_info",
    description: "a site of the register, every 15 minutes and when the register has changed",
    time: RowTime::Moment,
    tags: &[FLEET, SITE],
    fields: &[
        text("name", "name"),
        float("capacity_w", "capacity of the supply, W"),
        integer("charge_points", "charge points of the register in service"),
        integer("connectors", "their connectors"),
    ],
};

pub(super) fn row(fact: &SiteInfoFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.site);
    row.text(&fact.name);
    row.float(fact.capacity_w);
    row.integer(i64::from(fact.charge_points));
    row.integer(i64::from(fact.connectors));
    fact.at
}
