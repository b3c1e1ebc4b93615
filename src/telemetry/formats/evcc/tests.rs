//! Unit tests of `evcc`.

use crate::model::Reading;
use crate::telemetry::formats::evcc::*;

#[derive(Default)]
struct Assets(Vec<String>);

impl Sink for Assets {
    fn reading(&mut self, reading: Reading<'_>) {
        self.0.push(reading.asset.into_owned());
    }
    fn ignored(&mut self, reason: RejectReason, _field: &str, _detail: &str) {
        self.0.push(format!("{reason:?}"));
    }
}

fn decode_one(evcc: &mut Evcc, second: i64, retained: bool, topic: &str, payload: &str) -> String {
    let received_at = UtcMs(second * 1_000);
    let message = Message {
        topic,
        payload: payload.as_bytes(),
        retained,
        received_at,
        zone: crate::jurisdiction::UK.zone(),
        properties: &[],
    };
    let mut assets = Assets::default();
    evcc.decode(&message, &mut assets).expect("a good message");
    assets.0.join(" ")
}

const NAME: &str = "evcc/loadpoints/1/vehicleName";
const SOC: &str = "evcc/loadpoints/1/vehicleSoc";

#[test]
fn retained_values_need_a_fresh_name() {
    let mut evcc = Evcc::default();
    for (second, retained, topic, payload, want) in [
        (0, true, SOC, "64", "Id"),
        (1, true, NAME, "golf", "evcc:lp/1"),
        (2, true, SOC, "64", "evcc:vehicle/golf"),
        (61, true, SOC, "64", "evcc:vehicle/golf"),
        (62, true, SOC, "64", "Id"),
        (5_000, false, SOC, "65", "evcc:vehicle/golf"),
        // A reconnect: the new vehicle's value comes first.
        (9_000, true, SOC, "20", "Id"),
        (9_000, true, NAME, "zoe", "evcc:lp/1"),
        (9_001, false, SOC, "21", "evcc:vehicle/zoe"),
        (9_002, false, NAME, "", "evcc:lp/1"),
        (9_003, false, SOC, "21", "Id"),
    ] {
        assert_eq!(
            decode_one(&mut evcc, second, retained, topic, payload),
            want,
            "{second} {topic} {payload}"
        );
    }
}

#[test]
fn names_outlast_a_restart_but_their_age_does_not() {
    let mut evcc = Evcc::default();
    decode_one(&mut evcc, 0, false, NAME, "db:22");
    assert_eq!((evcc.take_changed(), evcc.take_changed()), (true, false));
    decode_one(&mut evcc, 1, false, NAME, "db:22");
    assert!(!evcc.take_changed(), "the same name again");
    let mut again = Evcc::default();
    again.restore(&evcc.save());
    assert_eq!(decode_one(&mut again, 2, true, SOC, "64"), "Id");
    assert_eq!(
        decode_one(&mut again, 2, false, SOC, "64"),
        "evcc:vehicle/db:22"
    );
    again.restore(b"\xff");
    assert_eq!(decode_one(&mut again, 3, false, SOC, "64"), "Id");
}

#[test]
fn a_name_that_is_none_forgets_the_old_one() {
    let mut evcc = Evcc::default();
    decode_one(&mut evcc, 0, false, NAME, "golf");
    let message = Message {
        topic: NAME,
        payload: b"my car",
        retained: false,
        received_at: UtcMs(0),
        zone: crate::jurisdiction::UK.zone(),
        properties: &[],
    };
    let refused = evcc
        .decode(&message, &mut Assets::default())
        .map_err(|refused| refused.reason);
    assert_eq!(refused, Err(RejectReason::Id));
    assert_eq!(decode_one(&mut evcc, 1, false, SOC, "64"), "Id");
}

#[test]
fn loadpoints_are_bounded() {
    let mut evcc = Evcc::default();
    for number in 0..MAX_LOADPOINTS {
        decode_one(
            &mut evcc,
            0,
            false,
            &format!("evcc/loadpoints/{number}/vehicleName"),
            "a",
        );
    }
    assert_eq!(
        decode_one(&mut evcc, 0, false, "evcc/loadpoints/x/vehicleName", "a"),
        "Limit evcc:lp/x"
    );
    assert_eq!(evcc.loadpoints.len(), MAX_LOADPOINTS);
}
