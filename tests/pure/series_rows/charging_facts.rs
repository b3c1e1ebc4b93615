//! Sample facts of vehicles' telemetry, charge points and sessions.

use std::sync::Arc;

use fleetgauge::model::{
    ChargePointInfoFact, ChargePointStatusFact, ChargingIntensityFact, ConformanceFact,
    ConnectorStatus, ConnectorTimeFact, EnergyUser, Fact, IdTokenHash, MeterValuesFact, Powertrain,
    SessionMethod, SessionQuality, SessionRecord, TelemetryFact, TransactionId, VehicleTags,
};
use fleetgauge::units::{Thousandths, UtcMs};

const AT: UtcMs = UtcMs(1_764_072_000_123);

pub fn all() -> Vec<Fact> {
    let mut facts = telemetry();
    facts.extend(meter_values());
    facts.extend(charge_points());
    facts.extend(sessions());
    facts
}

fn telemetry() -> Vec<Fact> {
    let tags = |vehicle: &str, powertrain| {
        Arc::new(VehicleTags {
            vehicle: vehicle.into(),
            site: "North, B=2 \\".into(),
            powertrain,
        })
    };
    let full = TelemetryFact {
        tags: tags("AMB 1", Powertrain::Bev),
        at: AT,
        odometer: Some(Thousandths(12_345_678)),
        soc: Some(Thousandths(80_500)),
        speed: Some(Thousandths(0)),
        fuel_used_total: Some(Thousandths(1)),
        fuel_level: Some(Thousandths(99_999)),
        charge_grid_energy_total: Some(Thousandths(4_000_001)),
        battery_power: Some(Thousandths(-7_250)),
        charge_power: Some(Thousandths(11_000)),
        charging: Some(true),
        ignition: Some(false),
        position: Some((515_000_001, -1_234_567)),
    };
    let unknown = TelemetryFact {
        tags: tags("", Powertrain::Unknown),
        at: UtcMs(-1),
        odometer: None,
        soc: None,
        speed: None,
        fuel_used_total: None,
        fuel_level: None,
        charge_grid_energy_total: None,
        battery_power: None,
        charge_power: None,
        charging: Some(false),
        ignition: None,
        position: None,
    };
    // Without a field there is no row at all.
    let empty = TelemetryFact {
        charging: None,
        ..unknown.clone()
    };
    vec![
        Fact::Telemetry(full),
        Fact::Telemetry(unknown),
        Fact::Telemetry(empty),
    ]
}

fn meter_values() -> Vec<Fact> {
    let meter = MeterValuesFact {
        site: "DERBY".into(),
        charge_point: "CP/1".into(),
        connector_id: 1,
        at: AT,
        power_milliwatts: Some(7_360_500),
        register_tenth_wh: Some(123_456),
        current_ma: Some(32_000),
        voltage_mv: Some(230_100),
        soc_millipercent: Some(45_000),
        temperature_mc: Some(-4_500),
    };
    let main_meter = MeterValuesFact {
        connector_id: 0,
        power_milliwatts: None,
        current_ma: None,
        voltage_mv: None,
        soc_millipercent: None,
        temperature_mc: None,
        ..meter.clone()
    };
    vec![Fact::MeterValues(meter), Fact::MeterValues(main_meter)]
}

fn charge_points() -> Vec<Fact> {
    let status = ChargePointStatusFact {
        site: "DERBY".into(),
        charge_point: "CP/1".into(),
        connector_id: 12,
        at: AT,
        status: ConnectorStatus::Charging,
        online: true,
        operator_online: Some(false),
        error_code: "Over\"Current\\\n".to_owned(),
    };
    let unknown_status = ChargePointStatusFact {
        connector_id: 2,
        status: ConnectorStatus::Unknown,
        online: false,
        operator_online: None,
        error_code: String::new(),
        ..status.clone()
    };
    let conformance = ConformanceFact {
        site: "DERBY".into(),
        charge_point: "CP/1".into(),
        vendor: "Vendor, Inc".into(),
        at: AT,
        checked: 300,
        conformant: 299,
    };
    vec![
        Fact::ChargePointStatus(status),
        Fact::ChargePointStatus(unknown_status),
        Fact::ChargePointInfo(ChargePointInfoFact {
            site: "DERBY".into(),
            charge_point: "CP/1".into(),
            at: AT,
            vendor: "Vendor".to_owned(),
            model: "M \"1\"".to_owned(),
            firmware: String::new(),
        }),
        Fact::Conformance(ConformanceFact {
            checked: 0,
            conformant: 0,
            ..conformance.clone()
        }),
        Fact::Conformance(conformance),
        connector_time(),
        Fact::ChargingIntensity(ChargingIntensityFact {
            site: "DERBY".into(),
            user: "sold_on",
            at: AT,
            energy_tenth_wh: 15_005,
            g_per_kwh: 123.0,
            kgco2: 0.184_561_5,
            basis: "forecast",
            basis_code: 1,
        }),
    ]
}

fn connector_time() -> Fact {
    Fact::ConnectorTime(Box::new(ConnectorTimeFact {
        site: "DERBY".into(),
        charge_point: "CP/1".into(),
        connector_id: 2,
        at: AT,
        class: "occupied",
        class_code: 1,
        class_ms: [1, 2, 3, 4, 5, 6, 7],
        maintenance_ms: 8,
        closed_ms: 9,
        exempt_down_ms: 10,
        exempt_offline_ms: 11,
        charging_ms: 12,
        overstay_ms: 13,
        energy_tenth_wh: 140,
        sessions: 15,
        sessions_successful: 16,
        faults: 17,
    }))
}

fn sessions() -> Vec<Fact> {
    let record = SessionRecord {
        id: "CP/1:7@1764072000".to_owned(),
        charge_point: "CP/1".into(),
        site: "DERBY".into(),
        connector_id: 1,
        transaction_id: TransactionId::Number(7),
        started_at: AT,
        ended_at: Some(AT.plus(3_600_999)),
        start_received_at: AT,
        energy_tenth_wh: Some(230_001),
        half_hours: Vec::new(),
        plugged_ms: 5_000_000,
        unplugged_at: None,
        charging_ended_at: None,
        charging_ms: 3_000_000,
        peak_power_milliwatts: Some(22_000_000),
        user: EnergyUser::Vehicle("AMB-1".into()),
        suggested_user: None,
        id_token: Some(IdTokenHash(0xabc)),
        method: SessionMethod::Meter,
        quality: Vec::new(),
        stop_reason: Some("EVDisconnected".to_owned()),
        signed: None,
    };
    let estimated = SessionRecord {
        transaction_id: TransactionId::Text("a \"b\"".into()),
        ended_at: None,
        energy_tenth_wh: None,
        plugged_ms: 0,
        peak_power_milliwatts: None,
        user: EnergyUser::Unallocated,
        id_token: None,
        method: SessionMethod::None,
        quality: vec![SessionQuality::StartMissing],
        stop_reason: None,
        ..record.clone()
    };
    vec![
        Fact::Session {
            record: Box::new(record),
            kgco2e_location: Some(4.5),
        },
        Fact::Session {
            record: Box::new(estimated),
            kgco2e_location: None,
        },
    ]
}
