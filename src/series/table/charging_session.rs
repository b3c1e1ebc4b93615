//! Closed charging sessions.

use super::column::{CHARGE_POINT, CONNECTOR, SITE, boolean, float, integer, text};
use super::row::{RowVisitor, connector_tag, unix_seconds};
use super::{Measurement, RowTime};
use crate::model::{EnergyUser, SessionRecord};
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "charging_session",
    description: "a closed session, at the time it ended",
    time: RowTime::Moment,
    tags: &[SITE, CHARGE_POINT, CONNECTOR],
    fields: &[
        text("transaction_id", "OCPP transaction id"),
        text("vehicle_id", "fleet id, or staff, public, unallocated"),
        text("id_tag_hash", "keyed hash of the tag"),
        integer("started_ts_s", "start, Unix seconds"),
        float("energy_wh", "energy delivered, Wh"),
        integer("duration_s", "from start to end, s"),
        integer("charging_duration_s", "with energy flowing, s"),
        integer("idle_duration_s", "plugged in without energy flowing, s"),
        float("kgco2e_location", "location-based scope 2, kgCO2e"),
        float("peak_power_w", "highest power, W"),
        text("stop_reason", "OCPP reason"),
        text(
            "method",
            "how the energy was found: meter, samples, session_register, power_integral, none",
        ),
        boolean("plausible", "no quality flag is set"),
    ],
};

/// A closed session and its location-based scope 2 emissions in kgCO2e, where these are known and the fleet's.
pub(super) fn row(
    record: &SessionRecord,
    kgco2e_location: Option<f64>,
    row: &mut impl RowVisitor,
) -> UtcMs {
    let ended = record.ended_at.unwrap_or(record.started_at);
    let user = match &record.user {
        EnergyUser::Vehicle(vehicle) => vehicle,
        EnergyUser::Staff => "staff",
        EnergyUser::Public => "public",
        EnergyUser::Unallocated => "unallocated",
    };
    let idle_ms = (record.plugged_ms - record.charging_ms).max(0);
    row.tag(&record.site);
    row.tag(&record.charge_point);
    connector_tag(record.connector_id, row);
    row.text(&record.transaction_id.to_string());
    row.text(user);
    row.text(
        &record
            .id_token
            .map_or(String::new(), |hash| hash.to_string()),
    );
    row.integer(unix_seconds(record.started_at));
    row.scaled(record.energy_tenth_wh, 1);
    row.integer(ended.since(record.started_at) / 1000);
    row.integer(record.charging_ms / 1000);
    row.integer(idle_ms / 1000);
    row.float(kgco2e_location);
    row.scaled(record.peak_power_milliwatts, 3);
    row.text(record.stop_reason.as_deref().unwrap_or_default());
    row.text(record.method.name());
    row.boolean(record.quality.is_empty());
    ended
}
