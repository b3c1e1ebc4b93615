//! The audit log of registers and undoing.

use crate::feed_registers::*;

#[test]
fn jumps_are_in_the_audit_log_and_can_be_undone_once() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.drive("V2", NATIVE, 0, 1_000.0);
    // A new telematics unit that stands elsewhere: a new base, and nothing for the jump.
    for (minute, km) in [
        (600, 1_600.0),
        (601, 9_000.0),
        (608, 9_001.0),
        (616, 9_002.0),
    ] {
        depot.drive("V2", NATIVE, minute, km);
    }
    assert_eq!(depot.booked(), 602_000);
    let log = depot.view("V2");
    let entry = &log["entries"][0];
    assert_eq!(
        (
            entry["event"].as_str(),
            entry["before"].as_f64(),
            entry["after"].as_f64()
        ),
        (Some("rebase"), Some(1_600.0), Some(9_000.0))
    );
    assert_eq!(entry["undo_adds"], 7_400.0);
    let id = entry["id"].as_u64().unwrap();
    assert!(depot.engine.check_undo(id).is_ok());
    let now = depot.now;
    depot.handle(Observation::CounterUndone { entry: id }, now);
    assert_eq!(depot.booked(), 8_002_000, "the jump was driven after all");
    assert!(
        depot
            .engine
            .check_undo(id)
            .unwrap_err()
            .to_string()
            .contains("undone before")
    );
    depot.handle(Observation::CounterUndone { entry: id }, now);
    assert_eq!(depot.booked(), 8_002_000, "once");
    assert!(depot.engine.check_undo(99).is_err());
    let rows = depot.rows("counter_event");
    assert!(
        rows[0].starts_with(
            "counter_event,site=unknown,asset=V2,quantity=odometer,event=rebase entry=1i"
        ),
        "{rows:?}"
    );
    assert!(
        rows[1].contains("undone=true")
            && rows[0].split(' ').next_back() == rows[1].split(' ').next_back(),
        "{rows:?}"
    );
    assert_eq!(depot.view("V2")["registers"][0]["total"], 8_002.0);
}

#[test]
fn a_false_reset_is_undone() {
    let mut depot = Depot::new(EngineConfig::default());
    for (minute, km) in [(0, 50_000.0), (600, 5.0), (610, 8.0), (620, 12.0)] {
        depot.drive("V2", NATIVE, minute, km);
    }
    assert_eq!(depot.booked(), 12_000, "grown from zero");
    let now = depot.now;
    depot.handle(Observation::CounterUndone { entry: 1 }, now);
    assert_eq!(depot.booked(), 7_000, "only the steps are left");
}
