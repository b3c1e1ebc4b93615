//! F2: facts to rows of line protocol. `schema` is the one table of measurements, tags, fields, units.

mod fleet;
mod line_protocol;
pub mod row;
pub mod table;

use line_protocol::Line;

use crate::model::{
    ALERT_STATES, ConnectorStatus, ConnectorTimeFact, EnergyUser, Fact, MeterValuesFact,
    SessionRecord, TelemetryFact,
};
use crate::units::Thousandths;

/// The measurement of a fact.
pub fn measurement(fact: &Fact) -> &'static str {
    match fact {
        Fact::Telemetry(_) => "vehicle_telemetry",
        Fact::MeterValues(_) => "meter_values",
        Fact::ChargePointStatus(_) => "charge_point_status",
        Fact::ChargePointInfo(_) => "charge_point_info",
        Fact::ConnectorTime(_) => "connector_time",
        Fact::Conformance(_) => "charge_point_conformance",
        Fact::Session { .. } => "charging_session",
        Fact::Emissions(_) => "fleet_emissions",
        Fact::SiteEmissions(_) => "site_emissions",
        Fact::Avoided(_) => "avoided_emissions",
        Fact::Air(_) => "fleet_air",
        Fact::Transition(_) => "fleet_transition",
        Fact::Target(_) => "target_progress",
        Fact::Projection(_) => "target_projection",
        Fact::FleetGroup(_) => "fleet_groups",
        Fact::SiteInfo(_) => "site_info",
        Fact::VehicleInfo(_) => "vehicle_info",
        Fact::CounterEvent(_) => "counter_event",
        Fact::DataQuality(_) => "data_quality",
        Fact::Alert(_) => "alerts",
        Fact::ChargingIntensity(_) => "charging_intensity",
        Fact::IngestStats(_) => "ingest_stats",
    }
}

/// Appends the row of a fact; false if the fact has nothing to write.
pub fn encode(fact: &Fact, out: &mut Vec<u8>) -> bool {
    match fact {
        Fact::Telemetry(fact) => telemetry(fact, out),
        Fact::MeterValues(fact) => meter_values(fact, out),
        Fact::ChargePointStatus(fact) => connector(
            Line::new(out, "charge_point_status"),
            &fact.site,
            &fact.charge_point,
            fact.connector_id,
        )
        .integer("status_code", fact.status.code())
        .text("status", fact.status.name())
        .boolean(
            "occupied",
            (fact.status != ConnectorStatus::Unknown).then(|| fact.status.is_occupied()),
        )
        .boolean("online", Some(fact.online))
        .boolean("operator_online", fact.operator_online)
        .text("error_code", &fact.error_code)
        .at(fact.at),
        Fact::ChargePointInfo(fact) => Line::new(out, "charge_point_info")
            .tag("site", &fact.site)
            .tag("charge_point_id", &fact.charge_point)
            .text("vendor", &fact.vendor)
            .text("model", &fact.model)
            .text("firmware", &fact.firmware)
            .at(fact.at),
        Fact::ConnectorTime(fact) => connector_time(fact, out),
        Fact::Conformance(fact) => Line::new(out, "charge_point_conformance")
            .tag("site", &fact.site)
            .tag("charge_point_id", &fact.charge_point)
            .tag("vendor", &fact.vendor)
            .integer("requests_checked", signed(fact.checked))
            .integer("requests_conformant", signed(fact.conformant))
            .float(
                "conformant_ratio",
                (fact.checked > 0).then(|| fact.conformant as f64 / fact.checked as f64),
            )
            .at(fact.at),
        Fact::Session {
            record,
            kgco2e_location,
        } => session(record, *kgco2e_location, out),
        Fact::Emissions(fact) => Line::new(out, "fleet_emissions")
            .tag("fleet", &fact.fleet)
            .tag("vehicle_class", &fact.vehicle_class)
            .tag("scope", fact.scope)
            .tag("method", fact.method)
            .float("kgco2e", Some(fact.kgco2e))
            .float("sd_kgco2e", Some(fact.sd_kgco2e))
            .integer("tier", fact.tier.into())
            .scaled("distance_km", Some(fact.distance_m), 3)
            .scaled("energy_wh", Some(fact.energy_dwh), 1)
            .scaled("fuel_l", Some(fact.fuel_ml), 3)
            .text("factor_set", &fact.factor_set)
            .at(fact.at),
        Fact::SiteEmissions(fact) => fleet::site_emissions(fact, out),
        Fact::Avoided(fact) => fleet::avoided(fact, out),
        Fact::Projection(fact) => fleet::projection(fact, out),
        Fact::FleetGroup(fact) => fleet::fleet_group(fact, out),
        Fact::SiteInfo(fact) => fleet::site_info(fact, out),
        Fact::VehicleInfo(fact) => fleet::vehicle_info(fact, out),
        Fact::Air(fact) => Line::new(out, "fleet_air")
            .tag("fleet", &fact.fleet)
            .tag("vehicle_class", &fact.vehicle_class)
            .float("nox_g", Some(fact.grams[0]))
            .float("pm25_g", Some(fact.grams[1]))
            .float("pm10_g", Some(fact.grams[2]))
            .float("pm_exhaust_g", Some(fact.pm_exhaust_g))
            .scaled("distance_km", Some(fact.distance_m), 3)
            .at(fact.at),
        Fact::Transition(fact) => Line::new(out, "fleet_transition")
            .tag("fleet", &fact.fleet)
            .tag("vehicle_class", &fact.vehicle_class)
            .integer("vehicles_total", fact.total.into())
            .integer("vehicles_low_emission", fact.low_emission.into())
            .integer("vehicles_ultra_low_emission", fact.ultra_low.into())
            .integer("vehicles_zero_emission", fact.zero.into())
            .integer("vehicles_unknown", fact.unknown.into())
            .float(
                "low_emission_share_ratio",
                (fact.total > 0).then(|| f64::from(fact.low_emission) / f64::from(fact.total)),
            )
            .at(fact.at),
        Fact::Target(fact) => Line::new(out, "target_progress")
            .tag("fleet", &fact.fleet)
            .tag("target", &fact.target)
            .float("share_ratio", fact.share)
            .float("target_ratio", fact.goal)
            .float("trajectory_ratio", fact.path)
            .float(
                "gap_ratio",
                fact.share.zip(fact.path).map(|(share, path)| share - path),
            )
            .float("value", fact.value)
            .float("trajectory_value", fact.path_value)
            .float("missing", fact.missing)
            .optional_integer("vehicles_needed", fact.vehicles_needed.map(i64::from))
            .float("slope_per_year", fact.slope_per_year)
            .optional_integer(
                "projected_ts_s",
                fact.projected_at.map(|at| at.0.div_euclid(1000)),
            )
            .optional_integer("days_late", fact.days_late.map(i64::from))
            .float("p_hit_ratio", fact.p_hit)
            .float("p05_at_due_ratio", fact.band_at_due.map(|band| band[0]))
            .float("p50_at_due_ratio", fact.band_at_due.map(|band| band[1]))
            .float("p95_at_due_ratio", fact.band_at_due.map(|band| band[2]))
            .optional_integer("state_code", fact.state_code)
            .at(fact.at),
        Fact::CounterEvent(fact) => Line::new(out, "counter_event")
            .tag("site", &fact.site)
            .tag("asset", &fact.asset)
            .tag("quantity", fact.quantity)
            .tag("event", fact.event)
            .integer("entry", signed(fact.id))
            .text("feed", &fact.feed)
            .scaled("value_before", Some(fact.before.0), 3)
            .scaled("value_after", Some(fact.after.0), 3)
            .boolean("undone", Some(fact.undone))
            .at(fact.at),
        Fact::DataQuality(fact) => Line::new(out, "data_quality")
            .tag("fleet", &fact.fleet)
            .integer("vehicles", signed(fact.vehicles))
            .integer("vehicles_heard_24h", signed(fact.heard_24h))
            .integer("vehicles_stale", signed(fact.stale))
            .float(
                "completeness_ratio",
                (fact.vehicles > 0).then(|| fact.heard_24h as f64 / fact.vehicles as f64),
            )
            .integer("messages_lost", signed(fact.messages_lost))
            .at(fact.at),
        Fact::Alert(fact) => Line::new(out, "alerts")
            .tag("rule", &fact.rule)
            .tag("severity", fact.severity.name())
            .tag("fleet", &fact.fleet)
            .tag("site", &fact.site)
            .tag("fingerprint", &fact.fingerprint.to_string())
            .integer("state_code", fact.state_code.into())
            .text(
                "state",
                ALERT_STATES[usize::from(fact.state_code) % ALERT_STATES.len()],
            )
            .text("subject", &fact.subject)
            .float("value", fact.value)
            .float("threshold", Some(fact.threshold))
            .integer("notified", fact.notified.into())
            .at(fact.at),
        Fact::ChargingIntensity(fact) => Line::new(out, "charging_intensity")
            .tag("site", &fact.site)
            .tag("user", fact.user)
            .scaled("energy_wh", Some(fact.energy_dwh), 1)
            .float("intensity_g_per_kwh", Some(fact.g_per_kwh))
            .float("kgco2_operational", Some(fact.kgco2))
            .integer("basis_code", fact.basis_code)
            .text("basis", fact.basis)
            .at(fact.at),
        Fact::IngestStats(fact) => Line::new(out, "ingest_stats")
            .tag("source", fact.source)
            .integer("received", signed(fact.received))
            .integer("accepted", signed(fact.accepted))
            .integer("rejected", signed(fact.rejected))
            .integer("late", signed(fact.late))
            .integer("dropped", signed(fact.dropped))
            .at(fact.at),
    }
}

fn telemetry(fact: &TelemetryFact, out: &mut Vec<u8>) -> bool {
    let raw = |value: Option<Thousandths>| value.map(|value| value.0);
    Line::new(out, "vehicle_telemetry")
        .tag("site", &fact.tags.site)
        .tag("vehicle_id", &fact.tags.vehicle)
        .tag("powertrain", fact.tags.powertrain.name())
        .scaled("odometer_km", raw(fact.odometer), 3)
        // Thousandths of a per cent are hundred-thousandths of one.
        .scaled("soc_ratio", raw(fact.soc), 5)
        .scaled("speed_kph", raw(fact.speed), 3)
        .scaled("fuel_used_l", raw(fact.fuel_used_total), 3)
        .scaled("fuel_level_ratio", raw(fact.fuel_level), 5)
        // Thousandths of kWh and kW are Wh and W.
        .scaled(
            "charge_grid_energy_wh",
            raw(fact.charge_grid_energy_total),
            0,
        )
        .scaled("battery_power_w", raw(fact.battery_power), 0)
        .scaled("charge_power_w", raw(fact.charge_power), 0)
        .boolean("charging", fact.charging)
        .boolean("ignition", fact.ignition)
        .scaled(
            "latitude_deg",
            fact.position.map(|(latitude, _)| latitude.into()),
            7,
        )
        .scaled(
            "longitude_deg",
            fact.position.map(|(_, longitude)| longitude.into()),
            7,
        )
        .at(fact.at)
}

fn meter_values(fact: &MeterValuesFact, out: &mut Vec<u8>) -> bool {
    connector(
        Line::new(out, "meter_values"),
        &fact.site,
        &fact.charge_point,
        fact.connector_id,
    )
    .scaled("power_w", fact.power_mw, 3)
    .scaled("energy_import_wh", fact.register_dwh, 1)
    .scaled("current_a", fact.current_ma, 3)
    .scaled("voltage_v", fact.voltage_mv, 3)
    .scaled("soc_ratio", fact.soc_mpct, 5)
    .scaled("temperature_c", fact.temperature_mc, 3)
    .at(fact.at)
}

fn connector_time(fact: &ConnectorTimeFact, out: &mut Vec<u8>) -> bool {
    const CLASSES: [&str; 7] = [
        "available_ms",
        "occupied_ms",
        "reserved_ms",
        "inoperative_ms",
        "faulted_ms",
        "offline_ms",
        "not_observed_ms",
    ];
    let mut line = connector(
        Line::new(out, "connector_time"),
        &fact.site,
        &fact.charge_point,
        fact.connector_id,
    )
    .integer("class_code", fact.class_code)
    .text("class", fact.class);
    for (name, ms) in CLASSES.into_iter().zip(fact.class_ms) {
        line = line.integer(name, ms);
    }
    line.integer("maintenance_ms", fact.maintenance_ms)
        .integer("closed_ms", fact.closed_ms)
        .integer("exempt_down_ms", fact.exempt_down_ms)
        .integer("exempt_offline_ms", fact.exempt_offline_ms)
        .integer("charging_ms", fact.charging_ms)
        .integer("overstay_ms", fact.overstay_ms)
        .scaled("energy_wh", Some(fact.energy_dwh), 1)
        .integer("sessions", fact.sessions)
        .integer("sessions_successful", fact.sessions_successful)
        .integer("faults", fact.faults)
        .at(fact.at)
}

fn session(record: &SessionRecord, kgco2e_location: Option<f64>, out: &mut Vec<u8>) -> bool {
    let ended = record.ended_at.unwrap_or(record.started_at);
    let user = match &record.user {
        EnergyUser::Vehicle(vehicle) => vehicle,
        EnergyUser::Staff => "staff",
        EnergyUser::Public => "public",
        EnergyUser::Unallocated => "unallocated",
    };
    let hash = record
        .id_token
        .map(|hash| hash.to_string())
        .unwrap_or_default();
    connector(
        Line::new(out, "charging_session"),
        &record.site,
        &record.charge_point,
        record.connector_id,
    )
    .text("transaction_id", &record.transaction_id.to_string())
    .text("vehicle_id", user)
    .text("id_tag_hash", &hash)
    .integer("started_ts_s", record.started_at.0.div_euclid(1000))
    .scaled("energy_wh", record.energy_dwh, 1)
    .integer("duration_s", ended.since(record.started_at) / 1000)
    .integer("charging_duration_s", record.charging_ms / 1000)
    .integer(
        "idle_duration_s",
        (record.plugged_ms - record.charging_ms).max(0) / 1000,
    )
    .float("kgco2e_location", kgco2e_location)
    .scaled("peak_power_w", record.peak_power_mw, 3)
    .text(
        "stop_reason",
        record.stop_reason.as_deref().unwrap_or_default(),
    )
    .text("method", record.method.name())
    .boolean("plausible", Some(record.quality.is_empty()))
    .at(ended)
}

fn connector<'a>(line: Line<'a>, site: &str, charge_point: &str, connector_id: u32) -> Line<'a> {
    let line = line.tag("site", site).tag("charge_point_id", charge_point);
    match connector_id {
        0 => line.tag("connector_id", "0"),
        1 => line.tag("connector_id", "1"),
        2 => line.tag("connector_id", "2"),
        other => line.tag("connector_id", &other.to_string()),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
