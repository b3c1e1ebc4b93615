//! The state machine against a charge point of a few lines.

mod bench;

use serde_json::{Value, json};

use self::bench::{ALL, Bench};
use crate::ocpp::provisioning::*;

#[test]
fn only_what_differs_is_written_and_read_back() {
    let mut bench = Bench::new(
        OcppVersion::V16,
        &[
            ("MeterValueSampleInterval", "900"),
            ("MeterValuesSampledData", "Energy.Active.Import.Register"),
            ("HeartbeatInterval", "300"),
            ("WebSocketPingInterval", "0"),
            ("SupportedFeatureProfiles", "Core,RemoteTrigger"),
            ("AuthorizationKey", "secret"),
        ],
    );
    bench.drive();
    assert_eq!(bench.sent, [""; 0], "nothing before its time");
    bench.provisioner.booted(bench.now);
    bench.pass(9);
    bench.drive();
    assert_eq!(bench.sent, [""; 0], "the pause");
    bench.provisioner.status_reported(1);
    bench.run();
    assert_eq!(
        bench.sent,
        [
            "GetConfiguration {}",
            r#"ChangeConfiguration {"key":"MeterValuesSampledData","value":"Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"}"#,
            r#"ChangeConfiguration {"key":"MeterValueSampleInterval","value":"60"}"#,
            r#"ChangeConfiguration {"key":"WebSocketPingInterval","value":"60"}"#,
            r#"GetConfiguration {"key":["MeterValuesSampledData","MeterValueSampleInterval","WebSocketPingInterval"]}"#,
            r#"TriggerMessage {"requestedMessage":"StatusNotification"}"#,
            r#"TriggerMessage {"connectorId":2,"requestedMessage":"StatusNotification"}"#,
            r#"TriggerMessage {"requestedMessage":"MeterValues"}"#,
        ]
    );
    assert!(
        bench.state.done
            && bench.state.channel == CommandChannel::Ok
            && bench.state.unfinished == 0
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        bench.count("ChangeConfiguration"),
        0,
        "all is as it should be: {:?}",
        bench.sent
    );
}

#[test]
fn lists_shrink_and_refusals_are_remembered() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValuesSampledData", "")]);
    bench.supported = vec![ALL[0], ALL[1], ALL[2], ALL[4]];
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 4, "{:?}", bench.sent);
    assert_eq!(
        bench.values["MeterValuesSampledData"].0,
        [ALL[0], ALL[1], ALL[2], ALL[4]].join(",")
    );
    assert_eq!(
        bench.state.keys["MeterValuesSampledData"].outcome,
        Some(crate::model::WriteOutcome::Kept)
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        bench.sent,
        ["GetConfiguration {}"],
        "nothing is tried again"
    );
    // It reports how long a list may be.
    let mut bench = Bench::new(
        OcppVersion::V16,
        &[
            ("MeterValuesSampledData", ""),
            ("MeterValuesSampledDataMaxLength", "2"),
        ],
    );
    bench.run();
    assert_eq!(bench.values["MeterValuesSampledData"].0, ALL[..2].join(","));
    assert_eq!(bench.count("ChangeConfiguration"), 1);
}

#[test]
fn after_two_attempts_a_key_is_left_alone() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    bench.forgets = true;
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 2, "{:?}", bench.sent);
    assert!(bench.state.keys["MeterValueSampleInterval"].given_up() && bench.state.done);
    bench.reconnect();
    bench.run();
    assert_eq!(bench.count("ChangeConfiguration"), 0);
}

#[test]
fn a_key_is_left_alone_too_if_its_write_ends_the_connection() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    let mut writes = 0;
    for _ in 0..5 {
        bench.reconnect();
        for _ in 0..200 {
            bench.pass(1);
            if drive_to_write(&mut bench) {
                writes += 1;
                break;
            }
        }
    }
    assert_eq!(writes, 2);
}

/// Executes the steps that are due up to a write, which gets no response; returns whether there was one.
fn drive_to_write(bench: &mut Bench) -> bool {
    while let Some(step) = bench.provisioner.next(bench.now) {
        let Some(call) = bench.execute(step) else {
            continue;
        };
        if call[2] == "ChangeConfiguration" {
            return true;
        }
        bench.answer(&call);
    }
    false
}

#[test]
fn an_unresponsive_charge_point_has_its_connection_closed_once() {
    let mut bench = Bench::new(OcppVersion::V16, &[]);
    bench.mute = true;
    bench.run();
    assert_eq!(
        (bench.sent.len(), bench.closed, bench.state.channel),
        (3, true, CommandChannel::Unresponsive)
    );
    bench.reconnect();
    bench.run();
    assert_eq!(
        (bench.sent.len(), bench.closed),
        (3, false),
        "once in six hours"
    );
    bench.pass(6 * 3_600);
    bench.reconnect();
    bench.run();
    assert!(bench.closed);
}

#[test]
fn a_late_response_continues_the_run() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "900")]);
    bench.mute = true;
    bench.pass(31);
    bench.drive();
    bench.pass(61);
    bench.drive();
    assert_eq!(bench.sent, ["GetConfiguration {}"]);
    bench.mute = false;
    let response = bench.respond("GetConfiguration", &json!({})).to_string();
    assert!(
        bench
            .provisioner
            .response("\"fg-1\"", Ok(&response), bench.now)
    );
    assert!(
        !bench
            .provisioner
            .response("\"fg-1\"", Ok(&response), bench.now),
        "a second time it belongs to no request"
    );
    bench.run();
    assert_eq!(
        bench.sent[1],
        r#"ChangeConfiguration {"key":"MeterValueSampleInterval","value":"60"}"#
    );
    assert_eq!(bench.values["MeterValueSampleInterval"].0, "60");
}

#[test]
fn a_cut_off_response_is_completed_by_name() {
    let values = [
        ("GetConfigurationMaxKeys", "3"),
        ("A", "1"),
        ("B", "2"),
        ("C", "3"),
        ("MeterValueSampleInterval", "900"),
        ("HeartbeatInterval", "5"),
    ];
    let mut bench = Bench::new(OcppVersion::V16, &values);
    // The first three in the alphabet do not show how many there are.
    bench.values.remove("C");
    bench.run();
    assert_eq!(
        (
            bench.values["MeterValueSampleInterval"].0.as_str(),
            bench.values["HeartbeatInterval"].0.as_str()
        ),
        ("60", "300")
    );
    assert!(bench.count(r#"GetConfiguration {"key""#) > 1);
}

#[test]
fn a_station_of_2_0_1_is_provisioned_and_sends_its_inventory_once() {
    let mut bench = Bench::new(
        OcppVersion::V201,
        &[
            ("SampledDataCtrlr.TxUpdatedInterval", "0"),
            ("SampledDataCtrlr.TxUpdatedMeasurands", ""),
            ("AlignedDataCtrlr.Interval", "900"),
        ],
    );
    bench.supported = ALL[..4].to_vec();
    bench.unclear_transactions = vec!["tx-1".into()];
    bench.run();
    assert_eq!(
        bench.values["SampledDataCtrlr.TxUpdatedMeasurands"].0,
        ALL[..4].join(",")
    );
    assert_eq!(bench.values["SampledDataCtrlr.TxUpdatedInterval"].0, "60");
    assert_eq!(
        (bench.count("GetBaseReport"), bench.state.inventory),
        (1, Inventory::Partial),
        "it never ended"
    );
    assert_eq!(bench.count("GetTransactionStatus"), 1);
    bench.reconnect();
    bench.pass(31);
    bench.drive();
    assert_eq!(bench.count("GetBaseReport"), 1);
    let id: Value =
        serde_json::from_str(bench.sent.last().unwrap().split_once(' ').unwrap().1).unwrap();
    bench
        .provisioner
        .report_part(id["requestId"].as_i64(), true);
    bench.provisioner.report_part(Some(99), false);
    bench
        .provisioner
        .report_part(id["requestId"].as_i64(), false);
    bench.run();
    assert_eq!(bench.state.inventory, Inventory::Complete);
    bench.reconnect();
    bench.run();
    assert_eq!(bench.count("GetBaseReport"), 0);
}

#[test]
fn a_boot_begins_a_new_run_and_many_boots_end_it() {
    let mut bench = Bench::new(OcppVersion::V16, &[("MeterValueSampleInterval", "60")]);
    for boot in 0..6 {
        bench.provisioner.booted(bench.now);
        bench.run();
        assert_eq!(bench.sent.len(), (boot + 1).min(4), "boot {boot}");
    }
}

#[test]
fn an_idle_provisioner_is_small() {
    assert!(
        size_of::<Provisioner>() <= 700,
        "{} bytes",
        size_of::<Provisioner>()
    );
}
