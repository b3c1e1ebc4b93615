//! Unit tests of `wican`.

use crate::model::Reading;
use crate::telemetry::formats::wican::*;
use crate::units::UtcMs;

#[test]
fn frames_are_exact_and_parameters_are_not() {
    struct Formats(Vec<FeedFormat>);
    impl Sink for Formats {
        fn reading(&mut self, reading: Reading<'_>) {
            assert_eq!(reading.at, None, "`ts` is no clock");
            self.0.push(reading.format);
        }
        fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
            panic!("{reason:?} {field} {detail}");
        }
    }
    let mut formats = Formats(Vec::new());
    let mut decoder = Wican::default();
    for payload in [
        r#"{"SOC":76.5}"#,
        r#"{"ts":1,"frame":[{"id":2024,"dlc":8,"data":[3,65,91,170,0,0,0,0]}]}"#,
    ] {
        let topic = "wican/84f703406f75/can/rx";
        let message = Message {
            topic,
            payload: payload.as_bytes(),
            retained: false,
            received_at: UtcMs(0),
            zone: crate::jurisdiction::UK.zone(),
            properties: &[],
        };
        decoder.decode(&message, &mut formats).unwrap();
    }
    assert_eq!(formats.0, [FORMAT, FeedFormat::new(41)]);
}
