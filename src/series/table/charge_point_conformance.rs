//! How many of a charge point's requests follow the OCPP schemas.

use super::column::{CHARGE_POINT, SITE, float, integer, tag};
use super::row::{RowVisitor, signed};
use super::{Measurement, RowTime};
use crate::model::ConformanceFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "charge_point_conformance",
    description: "how well a charge point keeps to OCPP, since its first message",
    time: RowTime::Moment,
    tags: &[
        SITE,
        CHARGE_POINT,
        tag("vendor", "vendor by BootNotification"),
    ],
    fields: &[
        integer(
            "requests_checked",
            "requests checked against the OCPP schemas",
        ),
        integer("requests_conformant", "those that conform"),
        float("conformant_ratio", "their share, 0 to 1"),
    ],
};

pub(super) fn row(fact: &ConformanceFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.charge_point);
    row.tag(&fact.vendor);
    row.integer(signed(fact.checked));
    row.integer(signed(fact.conformant));
    row.float((fact.checked > 0).then(|| fact.conformant as f64 / fact.checked as f64));
    fact.at
}
