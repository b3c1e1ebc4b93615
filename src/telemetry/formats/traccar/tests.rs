//! Unit tests of `traccar`.

use crate::telemetry::formats::traccar::*;

#[test]
fn an_archived_position_is_history() {
    struct Historical(Vec<bool>);
    impl Sink for Historical {
        fn reading(&mut self, reading: Reading<'_>) {
            self.0.push(reading.historical);
        }
        fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
            panic!("{reason:?} {field} {detail}");
        }
    }
    let mut got = Historical(Vec::new());
    for archive in ["", r#","archive":true"#, r#","archive":false"#] {
        let payload = format!(
            r#"{{"position":{{"valid":true,"latitude":52.5,"longitude":-1.9,"fixTime":"2026-08-21T09:10:00.000+00:00",
                "deviceTime":"2026-08-21T09:15:02.000+00:00","attributes":{{"ignition":true{archive}}}}},"device":{{"uniqueId":"1"}}}}"#
        );
        let message = Message {
            topic: "traccar/positions",
            payload: payload.as_bytes(),
            retained: false,
            received_at: UtcMs(1_787_390_000_000),
            zone: crate::jurisdiction::UK.zone(),
            properties: &[],
        };
        decode(&message, &mut got).unwrap();
    }
    // A fix and a message each.
    assert_eq!(got.0, [false, false, true, true, false, false]);
}
