//! Messages of charge points and chargers become quarter hours in the engine; a snapshot from before there were any is taken over.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::sync::Arc;

use fleetgauge::engine::{Engine, EngineConfig, ViewContext};
use fleetgauge::ledger::emissions::FactorSets;
use fleetgauge::ledger::rollups::{HistoryBook, total};
use fleetgauge::ledger::series_tombstones::WrittenRows;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    AssetKind, ChargePointEvent, ChargePointMessage, ConnectorStatus, Deviations, FeedFormat,
    Issue, LinkMode, MeterSample, Observation, OcppVersion, Quantity, Reading, ReadingEntry,
    RollupSums, Series, TokenHasher, Value, slot_start,
};
use fleetgauge::units::{Thousandths, UtcMs};

#[test]
fn a_snapshot_from_before_the_history_is_taken_over() {
    let config = EngineConfig::default;
    let profile = || Profile::by_name("nhs_sdu").unwrap();
    let (register, factors) = (
        Arc::new(Register::default()),
        Arc::new(FactorSets::default()),
    );
    let now = UtcMs(1_790_000_000_000);
    let mut engine = Engine::new(
        config(),
        profile(),
        register.clone(),
        factors.clone(),
        77,
        now,
    );
    engine.handle_timeout(now);
    let (_, snapshot, _) = engine.checkpoint();
    assert_eq!(snapshot[..2], [7, 0]);
    let restore = |bytes: &[u8]| {
        Engine::restore(
            bytes,
            config(),
            profile(),
            register.clone(),
            factors.clone(),
            now,
        )
        .map(|mut engine| engine.checkpoint().1)
    };
    assert_eq!(restore(&snapshot).unwrap().len(), snapshot.len());
    // As the version before wrote it: all but the clocks of feeds, an empty list.
    let mut before = snapshot[..snapshot.len() - 1].to_vec();
    assert!(restore(&before).is_err(), "a part is missing");
    before[0] = 6;
    assert_eq!(restore(&before).unwrap().len(), snapshot.len());
    // As the version before the history wrote it: all but the last three parts.
    let last = postcard::to_allocvec(&(HistoryBook::new(1), WrittenRows::default()))
        .unwrap()
        .len()
        + 1;
    let mut before = snapshot[..snapshot.len() - last].to_vec();
    assert!(restore(&before).is_err(), "a part is missing");
    before[0] = 4;
    assert_eq!(restore(&before).unwrap().len(), snapshot.len());
    before[0] = 3;
    assert!(
        restore(&before)
            .unwrap_err()
            .to_string()
            .contains("format 3")
    );
}

fn engine(now: UtcMs) -> Engine {
    let files = vec![
        (
            "sites.csv".to_owned(),
            b"site_id,name\nDER,Derby\n".to_vec(),
        ),
        (
            "charge_points.csv".to_owned(),
            b"charge_point_id,site,connectors,max_power_kw\nCP1,DER,1,50\nWB1,DER,1,22\n".to_vec(),
        ),
    ];
    let register = Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[1; 32]),
    )
    .unwrap();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    Engine::new(
        EngineConfig::default(),
        profile,
        Arc::new(register),
        Arc::new(FactorSets::default()),
        77,
        now,
    )
}

fn at(time: &str) -> UtcMs {
    format!("2026-06-01T{time}Z").parse().unwrap()
}

/// A session from 10:20 to 10:40, reported with repetitions, and a fault half an hour later.
fn messages_of_a_session() -> Vec<(&'static str, ChargePointMessage)> {
    let status = |status| ChargePointMessage::Status {
        connector_id: 1,
        status,
        error_code: None,
        vendor_error_code: None,
        info: None,
        part: 0,
        at: None,
    };
    let values = |time: &str, tenth_wh: i64, watts: i64| {
        let sample = MeterSample {
            at: Some(at(time)),
            register_tenth_wh: Some(tenth_wh),
            power_milliwatts: Some(watts * 1000),
            ..MeterSample::default()
        };
        ChargePointMessage::MeterValues {
            connector_id: 1,
            transaction_id: None,
            samples: vec![sample],
        }
    };
    let start = ChargePointMessage::StartTransaction {
        connector_id: 1,
        id_token: None,
        meter_start_tenth_wh: Some(100_000),
        at: Some(at("10:20:00")),
        issue: Issue::Ours,
    };
    let stop = ChargePointMessage::StopTransaction {
        transaction_id: None,
        id_token: None,
        meter_stop_tenth_wh: Some(130_000),
        at: Some(at("10:40:00")),
        reason: None,
        samples: vec![],
    };
    vec![
        ("10:05:00", status(ConnectorStatus::Available)),
        ("10:18:00", status(ConnectorStatus::Preparing)),
        ("10:20:00", start),
        ("10:20:00", values("10:20:00", 100_000, 9_000)),
        ("10:30:00", values("10:30:00", 115_000, 9_000)),
        ("10:30:10", values("10:30:00", 115_000, 9_000)),
        ("10:40:00", values("10:40:00", 130_000, 0)),
        ("10:40:00", stop.clone()),
        ("10:40:30", stop),
        ("10:50:00", status(ConnectorStatus::Available)),
        ("11:10:00", status(ConnectorStatus::Faulted)),
    ]
}

/// Of each quarter: Wh, the peak in W, minutes observed, occupied and charging.
fn rows(engine: &Engine, series: Series, now: &str) -> Vec<(String, [i64; 5])> {
    let slots = engine.open_rollups(&series, 0, at(now));
    let row = |(slot, sums): (i32, &RollupSums)| {
        let minutes = |ms: i64| ms / 60_000;
        let figures = [
            sums.energy_tenth_wh / 10,
            sums.peak_w.unwrap_or(0).into(),
            minutes(sums.observed_ms),
            minutes(sums.occupied_ms),
            minutes(sums.charging_ms),
        ];
        (slot_start(slot).to_string()[11..16].to_owned(), figures)
    };
    slots.iter().map(row).collect()
}

#[test]
fn messages_of_a_charge_point_become_quarters() {
    let mut engine = engine(at("10:00:00"));
    for (time, message) in messages_of_a_session() {
        let (charge_point, received_at) = (Arc::from("CP1"), at(time));
        let event = ChargePointEvent {
            charge_point,
            received_at,
            deviations: Deviations::default(),
            message,
        };
        engine.handle(&Observation::ChargePoint(event), received_at);
        engine.handle_timeout(received_at);
    }
    let want = [
        ("10:00", [0, 0, 10, 0, 0]),
        ("10:15", [1_500, 9_000, 15, 12, 10]),
        ("10:30", [1_500, 9_000, 15, 15, 10]),
        ("10:45", [0, 0, 15, 5, 0]),
        ("11:00", [0, 0, 15, 0, 0]),
        ("11:15", [0, 0, 5, 0, 0]),
    ]
    .map(|(time, figures)| (time.to_owned(), figures));
    for series in [
        Series::ChargePoint("CP1".into()),
        Series::Site("DER".into()),
        Series::Fleet,
    ] {
        assert_eq!(rows(&engine, series, "11:20:00"), want);
    }
    let faulted = total(&engine.open_rollups(&Series::Fleet, 0, at("11:20:00"))).faulted_ms;
    assert_eq!(faulted, 600_000);
    // A lost link: its last frame was at 11:10, so after the grace all since then was offline. Looking changes nothing.
    let lost = ChargePointEvent {
        charge_point: "CP1".into(),
        received_at: at("11:12:00"),
        deviations: Deviations::default(),
        message: ChargePointMessage::Disconnected,
    };
    engine.handle(&Observation::ChargePoint(lost), at("11:12:00"));
    let later = total(&engine.open_rollups(&Series::Fleet, 0, at("12:10:00")));
    assert_eq!(
        (later.observed_ms, later.offline_ms),
        (65 * 60_000, 60 * 60_000),
        "10:05 to 11:10, 11:10 to 12:10"
    );
    engine.handle_timeout(at("12:10:00"));
    assert_eq!(
        total(&engine.open_rollups(&Series::Fleet, 0, at("12:10:00"))),
        later
    );
}

#[test]
fn a_charger_that_speaks_mqtt_has_energy_and_power_and_no_time() {
    let mut engine = engine(at("10:00:00"));
    for (time, kwh, watts) in [
        ("10:05:00", 1_000, 0),
        ("10:10:00", 1_000, 7_400),
        ("10:40:00", 1_003, 7_000),
        ("10:40:00", 1_003, 7_000),
        ("10:41:00", 1_003, 0),
    ] {
        let number = |quantity, value: i64| ReadingEntry {
            quantity,
            value: Value::Number(Thousandths(value)),
        };
        let entries = vec![
            number(Quantity::EnergyImportTotal, kwh * 1000),
            number(Quantity::ChargePower, watts),
        ];
        let reading = wallbox(time, None, entries);
        engine.handle(&Observation::Telemetry(reading), at(time));
    }
    let (_, _, activity) = engine.checkpoint();
    let slots = engine.open_rollups(&Series::Site("DER".into()), 0, at("10:45:00"));
    let figures: Vec<_> = slots
        .iter()
        .map(|(_, sums)| (sums.energy_tenth_wh, sums.peak_w, sums.observed_ms))
        .collect();
    assert_eq!(
        figures,
        [
            (5_000, Some(7_400), 0),
            (15_000, None, 0),
            (10_000, Some(7_000), 0)
        ]
    );
    let charged: i64 = activity.iter().map(|row| row.activity.charged.0).sum();
    assert_eq!(charged, 30_000, "the day has the same");
}

/// A reading that a charger publishes over MQTT.
fn wallbox(
    time: &str,
    stale_after_s: Option<u32>,
    entries: Vec<ReadingEntry<'static>>,
) -> Reading<'static> {
    Reading {
        asset: Cow::Borrowed("WB1"),
        kind: AssetKind::Charger,
        format: FeedFormat::new(0),
        at: Some(at(time)),
        received_at: at(time),
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s,
        entries: Cow::Owned(entries),
    }
}

fn apply_message(engine: &mut Engine, time: &str, message: ChargePointMessage) {
    let event = ChargePointEvent {
        charge_point: "CP1".into(),
        received_at: at(time),
        deviations: Deviations::default(),
        message,
    };
    engine.handle(&Observation::ChargePoint(event), at(time));
    engine.handle_timeout(at(time));
}

fn power(time: &str, watts: i64) -> ChargePointMessage {
    let sample = MeterSample {
        at: Some(at(time)),
        power_milliwatts: Some(watts * 1000),
        ..MeterSample::default()
    };
    ChargePointMessage::MeterValues {
        connector_id: 1,
        transaction_id: None,
        samples: vec![sample],
    }
}

fn status(status: ConnectorStatus) -> ChargePointMessage {
    let (connector_id, part) = (1, 0);
    ChargePointMessage::Status {
        connector_id,
        status,
        error_code: None,
        vendor_error_code: None,
        info: None,
        part,
        at: None,
    }
}

fn peaks(engine: &Engine, series: Series, now: &str) -> Vec<(String, u32)> {
    let slots = engine.open_rollups(&series, 0, at(now));
    let peak = |(slot, sums): (i32, &RollupSums)| {
        Some((
            slot_start(slot).to_string()[11..16].to_owned(),
            sums.peak_w?,
        ))
    };
    slots.iter().filter_map(peak).collect()
}

#[test]
fn late_samples_of_a_queue_are_not_the_present_power() {
    let mut engine = engine(at("08:00:00"));
    let connected = || ChargePointMessage::Connected {
        version: OcppVersion::V16,
        mode: LinkMode::Csms,
    };
    apply_message(&mut engine, "12:00:30", connected());
    apply_message(&mut engine, "12:01:00", power("08:15:00", 50_000));
    apply_message(&mut engine, "12:01:10", status(ConnectorStatus::Charging));
    let want = |peaks: &[(&str, u32)]| {
        peaks
            .iter()
            .map(|(time, watts)| ((*time).to_owned(), *watts))
            .collect::<Vec<_>>()
    };
    for series in [
        Series::ChargePoint("CP1".into()),
        Series::Site("DER".into()),
        Series::Fleet,
    ] {
        assert_eq!(
            peaks(&engine, series, "12:02:00"),
            want(&[("08:15", 50_000)])
        );
    }
    // Live, then a lost link: what was drawn before it is not the power of the first state after it.
    apply_message(&mut engine, "12:20:00", power("12:20:00", 30_000));
    apply_message(&mut engine, "12:25:00", ChargePointMessage::Disconnected);
    apply_message(&mut engine, "12:50:00", connected());
    apply_message(&mut engine, "12:50:10", status(ConnectorStatus::Charging));
    let so_far = [("08:15", 50_000), ("12:15", 30_000)];
    assert_eq!(peaks(&engine, Series::Fleet, "12:51:00"), want(&so_far));
    apply_message(&mut engine, "13:05:00", power("13:05:00", 20_000));
    apply_message(&mut engine, "13:16:00", status(ConnectorStatus::Charging));
    let with_more = [&so_far[..], &[("13:00", 20_000), ("13:15", 20_000)]].concat();
    assert_eq!(peaks(&engine, Series::Fleet, "13:17:00"), want(&with_more));
}

#[test]
fn a_silent_charger_is_in_no_sum() {
    let mut engine = engine(at("10:00:00"));
    let reading = |time: &str, watts: i64| {
        let power = ReadingEntry {
            quantity: Quantity::ChargePower,
            value: Value::Number(Thousandths(watts)),
        };
        wallbox(time, Some(1800), vec![power])
    };
    engine.handle(
        &Observation::Telemetry(reading("10:01:00", 7_400)),
        at("10:01:00"),
    );
    apply_message(&mut engine, "10:20:00", power("10:20:00", 10_000));
    apply_message(&mut engine, "10:32:00", power("10:32:00", 10_000));
    let site = peaks(&engine, Series::Site("DER".into()), "10:33:00");
    let want = [("10:00", 7_400), ("10:15", 17_400), ("10:30", 10_000)]
        .map(|(time, watts)| (time.to_owned(), watts));
    assert_eq!(site, want);
}

#[test]
fn both_views_count_the_same_connectors_and_missing_power_is_not_zero() {
    let mut engine = engine(at("10:00:00"));
    let view = |engine: &Engine, now: &str| {
        let context = ViewContext {
            now: at(now),
            late: 0,
            rejected: 0,
        };
        let overview = serde_json::to_value(engine.overview(&context)).unwrap();
        let points = serde_json::to_value(engine.charge_points_view(&context)).unwrap();
        (
            overview["charge_points"].clone(),
            points["sites"][0]["power_w"].clone(),
        )
    };
    let connected = ChargePointMessage::Connected {
        version: OcppVersion::V16,
        mode: LinkMode::Csms,
    };
    apply_message(&mut engine, "10:00:30", connected);
    let (estate, power_w) = view(&engine, "10:01:00");
    assert_eq!(
        (&estate["connectors"], &estate["online"], power_w.is_null()),
        (&2.into(), &1.into(), true)
    );
    apply_message(&mut engine, "10:01:00", status(ConnectorStatus::Charging));
    apply_message(&mut engine, "10:01:00", power("10:01:00", 10_000));
    let (estate, power_w) = view(&engine, "10:02:00");
    assert_eq!(
        (&estate["charging"], &estate["occupied"], power_w.as_f64()),
        (&1.into(), &1.into(), Some(10_000.0))
    );
    apply_message(&mut engine, "10:03:00", ChargePointMessage::Disconnected);
    let (estate, power_w) = view(&engine, "10:04:00");
    assert_eq!(
        (
            &estate["charging"],
            &estate["occupied"],
            &estate["connectors"]
        ),
        (&0.into(), &0.into(), &2.into())
    );
    assert!(power_w.is_null());
}
