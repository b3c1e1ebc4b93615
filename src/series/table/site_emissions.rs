//! Greenhouse gas emissions of a day by site and scope.

use super::column::{FLEET, SCOPE, float, tag};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::{DaySeries, SiteEmissionsFact};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "site_emissions",
    description: "emissions of one London day by site, at its start; every 15 minutes until it is over. Scopes as in fleet_emissions: never add 2 and 2_market",
    time: RowTime::RewrittenDay {
        series: DaySeries::Sites,
        from_activity: true,
    },
    tags: &[
        FLEET,
        tag(
            "site",
            "home site of the vehicle, else that of the charge point",
        ),
        SCOPE,
    ],
    fields: &[float("kgco2e", "emissions, kgCO2e")],
};

pub(super) fn row(fact: &SiteEmissionsFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.fleet);
    row.tag(&fact.site);
    row.tag(fact.scope);
    row.float(fact.kgco2e);
    fact.at
}
