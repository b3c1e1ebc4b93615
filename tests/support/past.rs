//! Two days before now, as rows through the real encoder: what a run of seconds has not seen (a faulted connector, a path that has a
//! start, counters that grew over hours). The values are invented and plausible.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use fleetgauge::model::{
    AirFact, AlertFact, ChargePointStatusFact, ChargingIntensityFact, ConformanceFact, ConnectorStatus, ConnectorTimeFact,
    DataQualityFact, EmissionsFact, EnergyUser, Fact, Fingerprint, IdTokenHash, IngestStatsFact, MeterValuesFact, Powertrain,
    SessionMethod, SessionRecord, Severity, TargetFact, TelemetryFact, TransactionId, VehicleTags,
};
use fleetgauge::points;
use fleetgauge::units::{Thousandths, UtcMs};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn s(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// Lines of the two days before `now` of a site and its charge point.
pub fn lines(now: i64, site: &str, charge_point: &str) -> String {
    let mut out = Vec::new();
    let mut write = |fact: Fact| assert!(points::encode(&fact, &mut out), "{fact:?}");
    for at in (now - 2 * DAY..now - HOUR).step_by((15 * MINUTE) as usize) {
        let step = (at - (now - 2 * DAY)) / (15 * MINUTE) + 1;
        quarter_hour(step, UtcMs(at), site, charge_point, &mut write);
    }
    for day in [now - 2 * DAY, now - DAY].map(|at| UtcMs(at - at.rem_euclid(DAY))) {
        a_day(day, &mut write);
    }
    let at = UtcMs(now - HOUR);
    for (connector_id, status) in
        [(0, ConnectorStatus::Available), (8, ConnectorStatus::Unavailable), (9, ConnectorStatus::Faulted)]
    {
        write(Fact::ChargePointStatus(ChargePointStatusFact {
            site: s(site),
            charge_point: s(charge_point),
            connector_id,
            at,
            status,
            online: true,
            operator_online: (connector_id == 0).then_some(true),
            error_code: if connector_id == 9 { "GroundFailure".to_owned() } else { String::new() },
        }));
    }
    write(Fact::Alert(Box::new(AlertFact {
        rule: s("charger_faulted"),
        severity: Severity::Warning,
        fleet: s("all"),
        site: s(site),
        fingerprint: Fingerprint(7),
        at,
        state_code: 2,
        subject: format!("charge_point_id={charge_point}"),
        value: Some(1.0),
        threshold: 1.0,
        notified: 1,
    })));
    write(Fact::Conformance(ConformanceFact {
        site: s(site),
        charge_point: s(charge_point),
        vendor: s("unknown"),
        at,
        checked: 50,
        conformant: 49,
    }));
    // The first session of the run may be a member of staff's, which causes no emissions of the fleet.
    write(Fact::Session { record: Box::new(session(at, site, charge_point)), kgco2e_location: Some(2.4) });
    String::from_utf8(out).unwrap()
}

fn session(ended: UtcMs, site: &str, charge_point: &str) -> SessionRecord {
    let started_at = UtcMs(ended.0 - 2 * HOUR);
    SessionRecord {
        id: format!("{charge_point}:7@{}", started_at.0 / 1000),
        charge_point: s(charge_point),
        site: s(site),
        connector_id: 1,
        transaction_id: TransactionId::Number(7),
        started_at,
        ended_at: Some(ended),
        start_received_at: started_at,
        energy_dwh: Some(120_000),
        half_hours: Vec::new(),
        plugged_ms: 2 * HOUR,
        unplugged_at: Some(ended),
        charging_ended_at: Some(ended),
        charging_ms: HOUR,
        peak_power_mw: Some(11_000_000),
        user: EnergyUser::Vehicle(s("AMB-123")),
        suggested_user: None,
        id_token: Some(IdTokenHash(7)),
        method: SessionMethod::Meter,
        quality: Vec::new(),
        stop_reason: Some("EVDisconnected".to_owned()),
        signed: None,
    }
}

fn quarter_hour(step: i64, at: UtcMs, site: &str, charge_point: &str, write: &mut impl FnMut(Fact)) {
    let (site, charge_point) = (s(site), s(charge_point));
    let ms = |minutes: i64| step * minutes * MINUTE;
    write(Fact::ConnectorTime(Box::new(ConnectorTimeFact {
        site: site.clone(),
        charge_point: charge_point.clone(),
        connector_id: 1,
        at,
        class: "occupied",
        class_code: 1,
        // Eight minutes free, five plugged in, and a little of all the rest.
        class_ms: [ms(8), ms(5), ms(1), ms(1) / 4, ms(1) / 4, ms(1) / 4, ms(1) / 4],
        maintenance_ms: ms(1) / 8,
        closed_ms: ms(1) / 8,
        exempt_down_ms: ms(1) / 16,
        exempt_offline_ms: ms(1) / 16,
        charging_ms: ms(4),
        overstay_ms: ms(1) / 2,
        energy_dwh: step * 10_000,
        sessions: step / 2,
        sessions_successful: step / 3,
        faults: step / 8,
    })));
    write(Fact::MeterValues(MeterValuesFact {
        site: site.clone(),
        charge_point,
        connector_id: 1,
        at,
        power_mw: Some(11_000_000),
        register_dwh: Some(1_000_000 + step * 10_000),
        current_ma: Some(16_000),
        voltage_mv: Some(231_000),
        soc_mpct: Some(40_000 + step * 100),
        temperature_mc: Some(31_000),
    }));
    write(Fact::Telemetry(TelemetryFact {
        tags: Arc::new(VehicleTags { vehicle: s("PAST-1"), site: site.clone(), powertrain: Powertrain::Phev }),
        at,
        odometer: Some(Thousandths(10_000_000 + step * 1_000)),
        soc: Some(Thousandths(40_000 + step * 100)),
        speed: Some(Thousandths(30_000)),
        fuel_used_total: Some(Thousandths(500_000 + step * 100)),
        fuel_level: Some(Thousandths(70_000)),
        charge_grid_energy_total: Some(Thousandths(900_000 + step * 100)),
        battery_power: Some(Thousandths(-12_000)),
        charge_power: Some(Thousandths(7_000)),
        charging: Some(false),
        ignition: Some(true),
        position: None,
    }));
    write(Fact::DataQuality(DataQualityFact { fleet: s("all"), at, vehicles: 40, heard_24h: 38, stale: 1, messages_lost: 2 }));
    for source in ["mqtt", "ocpp"] {
        let count = step.unsigned_abs();
        let (received, accepted, rejected) = (count * 100, count * 97, count * 2);
        write(Fact::IngestStats(IngestStatsFact { source, at, received, accepted, rejected, late: count, dropped: count / 50 }));
    }
    for user in ["fleet", "sold_on"] {
        write(Fact::ChargingIntensity(ChargingIntensityFact {
            site: site.clone(),
            user,
            at: UtcMs(at.0 - at.0.rem_euclid(30 * MINUTE)),
            energy_dwh: 20_000,
            g_per_kwh: 125.0,
            kgco2: 0.25,
            basis: "actual",
            basis_code: 0,
        }));
    }
}

fn a_day(at: UtcMs, write: &mut impl FnMut(Fact)) {
    write(Fact::Target(TargetFact {
        fleet: s("all"),
        target: s("share_low_90"),
        at,
        share: Some(0.75),
        goal: Some(0.9),
        path: Some(0.76),
        value: Some(30.0),
        path_value: Some(30.4),
        missing: Some(6.0),
        vehicles_needed: Some(6),
        slope_per_year: Some(3.5),
        projected_at: Some(UtcMs(at.0 + 600 * DAY)),
        days_late: Some(90),
        p_hit: Some(0.15),
        state_code: Some(1),
    }));
    for (scope, method) in
        [("1", "fuel_card"), ("2", "energy"), ("2_market", "energy"), ("3", "energy"), ("outside", "fuel_card")]
    {
        write(Fact::Emissions(EmissionsFact {
            fleet: s("EMAS"),
            vehicle_class: s("van_n1_iii"),
            scope,
            method,
            at,
            kgco2e: 100.0,
            sd_kgco2e: 5.0,
            tier: 1,
            distance_m: 400_000,
            energy_dwh: 900_000,
            fuel_ml: 40_000,
            factor_set: "desnz2025".to_owned(),
        }));
    }
    let (fleet, vehicle_class) = (s("EMAS"), s("van_n1_iii"));
    write(Fact::Air(AirFact { fleet, vehicle_class, at, distance_m: 400_000, grams: [80.0, 4.0, 7.0], pm_exhaust_g: 1.0 }));
}
