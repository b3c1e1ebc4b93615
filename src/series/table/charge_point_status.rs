//! State changes of connectors and of the link to their charge point.

use super::column::{CHARGE_POINT, CONNECTOR, SITE, boolean, integer, text};
use super::row::{RowVisitor, connector_tag};
use super::{Measurement, RowTime};
use crate::model::{ChargePointStatusFact, ConnectorStatus};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "charge_point_status",
    description: "a connector's state or its link changed",
    time: RowTime::Moment,
    tags: &[SITE, CHARGE_POINT, CONNECTOR],
    fields: &[
        integer(
            "status_code",
            "0 Unknown, 1 Available, 2 Preparing, 3 Charging, 4 SuspendedEV, 5 SuspendedEVSE, 6 Finishing, 7 Reserved, 8 Unavailable, 9 Faulted, 10 Occupied (plugged in, more is not known)",
        ),
        text("status", "OCPP 1.6 ChargePointStatus"),
        boolean("occupied", "a vehicle is plugged in"),
        boolean("online", "the OCPP link is up"),
        boolean(
            "operator_online",
            "tapped charge points, connector 0: the operator can be reached",
        ),
        text("error_code", "OCPP error code, empty for none"),
    ],
};

pub(super) fn row(fact: &ChargePointStatusFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.charge_point);
    connector_tag(fact.connector_id, row);
    let status = fact.status;
    row.integer(status.code());
    row.text(status.name());
    row.boolean((status != ConnectorStatus::Unknown).then(|| status.is_occupied()));
    row.boolean(fact.online);
    row.boolean(fact.operator_online);
    row.text(&fact.error_code);
    fact.at
}
