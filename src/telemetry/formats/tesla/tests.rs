//! Unit tests of `tesla`.

use crate::telemetry::formats::tesla::*;

#[test]
fn the_vin_is_found_under_any_base() {
    for (topic, want) in [
        ("telemetry/5YJ3E1EA7KF000001/v/Odometer", true),
        ("a/b/c/5YJ3E1EA7KF000001/v/Odometer", true),
        ("5YJ3E1EA7KF000001/v/Odometer", true),
        ("telemetry/5YJ3E1EA7KF000001/connectivity", true),
        ("telemetry/5YJ3E1EA7KF000001/alerts/FrontLeft/current", true),
        ("telemetry/5YJ3E1EA7KF000001/errors/e", true),
        ("telemetry/5YJ3E1EA7KF00001/v/Odometer", false),
        ("telemetry/5yj3e1ea7kf000001/v/Odometer", false),
        ("telemetry/5YJ3E1EA7KF000001/v", false),
        ("telemetry/5YJ3E1EA7KF000001/v/a/b", false),
        ("v/Odometer", false),
    ] {
        assert_eq!(
            parse_topic(topic).map(|(vin, _)| vin),
            want.then_some("5YJ3E1EA7KF000001"),
            "{topic}"
        );
    }
}

#[test]
fn dc_charging_is_remembered_over_a_restart() {
    struct Count(usize);
    impl Sink for Count {
        fn reading(&mut self, _: crate::model::Reading<'_>) {
            self.0 += 1;
        }
        fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
            panic!("{reason:?} {field} {detail}");
        }
    }
    let decode_one = |tesla: &mut Tesla, field: &str, payload: &str| {
        let topic = format!("telemetry/5YJ3E1EA7KF000001/v/{field}");
        let received_at = crate::units::UtcMs(1_787_390_000_000);
        let message = Message {
            topic: &topic,
            payload: payload.as_bytes(),
            retained: false,
            received_at,
            zone: crate::jurisdiction::UK.zone(),
            properties: &[],
        };
        let mut count = Count(0);
        tesla.decode(&message, &mut count).unwrap();
        count.0
    };
    let mut before = Tesla::default();
    decode_one(&mut before, FAST_CHARGER, "true");
    assert!(before.take_changed());
    let mut after = Tesla::default();
    after.restore(&before.save());
    assert_eq!(
        (
            decode_one(&mut after, AC_ENERGY, "0.5"),
            decode_one(&mut after, DC_ENERGY, "21.5")
        ),
        (0, 1)
    );
    assert!(!after.take_changed(), "nothing changed");
}
