//! Counters of a connector's time by class, for uptime and use.

use super::column::{CHARGE_POINT, CONNECTOR, SITE, float, integer, text};
use super::row::{RowVisitor, connector_tag};
use super::{Measurement, RowTime};
use crate::model::ConnectorTimeFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "connector_time",
    description: "a connector's time by class since its first message: counters, every 15 minutes and when the class has changed; the newest minutes are in them once they are certain",
    time: RowTime::Moment,
    tags: &[SITE, CHARGE_POINT, CONNECTOR],
    fields: &[
        integer(
            "class_code",
            "0 available, 1 occupied, 2 reserved, 3 inoperative (by command), 4 faulted, 5 offline, 6 not observed",
        ),
        text("class", "the same in words"),
        integer("available_ms", "free and working, ms"),
        integer("occupied_ms", "a vehicle plugged in, ms"),
        integer("reserved_ms", "reserved for a user, ms"),
        integer("inoperative_ms", "out of service by command, ms"),
        integer("faulted_ms", "faulted, ms"),
        integer("offline_ms", "its charge point not linked, ms"),
        integer(
            "not_observed_ms",
            "the daemon was stopped, or no state was received yet, ms",
        ),
        integer(
            "maintenance_ms",
            "observed time within maintenance windows, of whatever class, ms",
        ),
        integer(
            "closed_ms",
            "observed time outside opening hours, of whatever class, ms",
        ),
        integer(
            "exempt_down_ms",
            "inoperative or faulted in maintenance or closed time, ms",
        ),
        integer(
            "exempt_offline_ms",
            "offline in maintenance or closed time, ms",
        ),
        integer(
            "charging_ms",
            "with energy flowing, from closed sessions, ms",
        ),
        integer(
            "overstay_ms",
            "plugged in longer than needed and allowed, within opening hours, from closed sessions, ms",
        ),
        float("energy_wh", "delivered in sessions, Wh"),
        integer("sessions", "sessions that ended"),
        integer(
            "sessions_successful",
            "those with 0.2 kWh or three minutes of charging",
        ),
        integer("faults", "faults and warnings reported"),
    ],
};

pub(super) fn row(fact: &ConnectorTimeFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.charge_point);
    connector_tag(fact.connector_id, row);
    row.integer(fact.class_code);
    row.text(fact.class);
    for milliseconds in fact.class_ms {
        row.integer(milliseconds);
    }
    row.integer(fact.maintenance_ms);
    row.integer(fact.closed_ms);
    row.integer(fact.exempt_down_ms);
    row.integer(fact.exempt_offline_ms);
    row.integer(fact.charging_ms);
    row.integer(fact.overstay_ms);
    row.scaled(fact.energy_tenth_wh, 1);
    row.integer(fact.sessions);
    row.integer(fact.sessions_successful);
    row.integer(fact.faults);
    fact.at
}
