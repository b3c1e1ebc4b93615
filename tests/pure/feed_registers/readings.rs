//! Freshness, limits, doubted values and positions.

use crate::feed_registers::*;

/// V2 reports a retained value, then live ones with these running numbers, each at the minute of its number.
fn depot_with_numbered_messages() -> Depot {
    let mut depot = Depot::new(EngineConfig::default());
    depot.push(Reading {
        retained: true,
        ..reading("V2", NATIVE, 0, Quantity::Soc, 50.0)
    });
    assert_eq!(
        (
            &depot.vehicle("V2")["last_heard_at"],
            &depot.vehicle("V2")["stale"]
        ),
        (&Json::Null, &Json::Bool(true))
    );
    for number in [1, 2, 4, 4, 7, 3] {
        let at = start().plus(number * MINUTE);
        let sequence = Some(Sequence::Number(number as u64));
        depot.push(Reading {
            received_at: at.plus(1_500),
            sequence,
            ..reading("V2", NATIVE, number, Quantity::Soc, 51.0)
        });
    }
    depot
}

#[test]
fn freshness_comes_from_live_messages_and_loss_from_running_numbers() {
    let depot = depot_with_numbered_messages();
    let vehicle = depot.vehicle("V2");
    assert_eq!(
        vehicle["messages_lost"], 2,
        "5 and 6; 3 came late and 4 twice: {vehicle}"
    );
    assert_eq!(
        (&vehicle["lag_s"], &vehicle["stale"]),
        (&serde_json::json!(1.5), &Json::Bool(false))
    );
    let retired = depot.vehicle("V3");
    assert_eq!(
        (
            &retired["in_service"],
            &retired["stale"],
            &vehicle["in_service"]
        ),
        (&false.into(), &false.into(), &true.into())
    );
    let data = &depot.view("overview")["data"];
    assert_eq!(
        (
            &data["vehicles_in_service"],
            &data["vehicles_heard_24h"],
            &data["completeness"]
        ),
        (
            &serde_json::json!(2),
            &serde_json::json!(1),
            &serde_json::json!(0.5)
        )
    );
}

#[test]
fn data_quality_rows_count_vehicles_in_service() {
    let mut depot = depot_with_numbered_messages();
    depot.engine.handle_timeout(start().plus(10 * MINUTE));
    while let Some(fact) = depot.engine.poll_output() {
        series::encode(&fact, &mut depot.lines);
    }
    let rows = depot.rows("data_quality");
    assert!(
        rows.iter().any(|row| row.starts_with(
            "data_quality,fleet=EMAS vehicles=2i,vehicles_heard_24h=1i,vehicles_stale=1i,completeness_ratio=0.5,messages_lost=2i"
        )),
        "{rows:?}"
    );
    assert!(
        !rows.iter().any(|row| row.contains("fleet=OTHER")),
        "out of service: {rows:?}"
    );
}

#[test]
fn a_message_may_state_when_it_becomes_stale() {
    let mut depot = depot_with_numbered_messages();
    depot.push(Reading {
        stale_after_s: Some(900),
        ..reading("ovms:V1", OVMS, 20, Quantity::Soc, 60.0)
    });
    assert_eq!(depot.vehicle("V1")["stale"], false);
    depot.now = depot.now.plus(16 * MINUTE);
    assert_eq!(
        (&depot.vehicle("V1")["stale"], &depot.vehicle("V2")["stale"]),
        (&Json::Bool(true), &Json::Bool(false))
    );
    depot.now = depot.now.plus(24 * HOUR);
    assert_eq!(depot.vehicle("V2")["stale"], true);
    assert_eq!(depot.view("overview")["data"]["completeness"], 0.0);
}

#[test]
fn a_site_may_override_the_limits_of_a_register() {
    let counters = vec![CounterOverride {
        feed: "ovms:*".into(),
        quantity: Quantity::Odometer,
        max_rate_per_hour: None,
        modulus: Some(1_000_000),
    }];
    let mut depot = Depot::new(EngineConfig {
        counters,
        ..EngineConfig::default()
    });
    depot.drive("ovms:V1", OVMS, 0, 990.0);
    depot.drive("ovms:V1", OVMS, 30, 5.0);
    depot.drive("V2", NATIVE, 0, 990.0);
    depot.drive("V2", NATIVE, 30, 5.0);
    assert_eq!(depot.booked(), 15_000, "over its modulus; the other waits");
}

#[test]
fn doubted_values_make_no_cliff_and_history_is_not_the_present() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("V2", NATIVE, 0, 45_210.0);
    depot.drive("V2", NATIVE, 1, 0.0);
    depot.drive("V2", NATIVE, 2, 45_211.0);
    let rows = depot.rows("vehicle_telemetry");
    assert_eq!(rows.len(), 2, "the zero is no kilometre: {rows:?}");
    depot.push(reading("V2", NATIVE, 3, Quantity::Soc, 40.0));
    depot.push(Reading {
        historical: true,
        ..reading("V2", NATIVE, 4, Quantity::Soc, 90.0)
    });
    assert_eq!(
        depot.vehicle("V2")["soc_percent"],
        40.0,
        "a flushed memory is not how it is now"
    );
    assert!(
        depot
            .rows("vehicle_telemetry")
            .iter()
            .any(|row| row.contains("soc_ratio=0.9")),
        "but it has its place in the series"
    );
}

#[test]
fn latitude_and_longitude_on_topics_of_their_own_become_one_position() {
    let angle = |quantity, angle, second: i64| {
        let at = start().plus(second * 1000);
        let entries = Cow::Owned(vec![ReadingEntry {
            quantity,
            value: Value::Angle(angle),
        }]);
        Reading {
            at: None,
            received_at: at,
            entries,
            ..reading("ovms:V1", OVMS, 0, Quantity::Soc, 1.0)
        }
    };
    for positions in [false, true] {
        let mut depot = Depot::new(EngineConfig {
            positions,
            ..EngineConfig::default()
        });
        depot.push(angle(Quantity::Latitude, 524_862_440, 0));
        depot.push(angle(Quantity::Longitude, -18_998_300, 1));
        depot.push(angle(Quantity::Longitude, -18_998_400, 60));
        let rows = depot.rows("vehicle_telemetry");
        assert_eq!(rows.len(), usize::from(positions), "{rows:?}");
        assert!(
            rows.iter()
                .all(|row| row.contains("latitude_deg=52.486244,longitude_deg=-1.89983 ")),
            "{rows:?}"
        );
    }
}
