//! What the engine gets of a message, and that no message stops it.

use crate::mapping::*;

/// What the command does not print but the engine needs, and what the daemon does not count: fields that are merely absent.
#[test]
fn readings_carry_kind_format_staleness_and_flags() {
    #[derive(Default)]
    struct Readings(Vec<(AssetKind, FeedFormat, bool, Option<u32>)>, usize);
    impl Sink for Readings {
        fn reading(&mut self, r: Reading<'_>) {
            self.0.push((r.kind, r.format, r.retained, r.stale_after_s));
        }
        fn ignored(&mut self, _: RejectReason, _: &str, _: &str) {
            self.1 += 1;
        }
    }
    let fields = r#"{ path = "/v", quantity = "charge_power", unit = "W" }, { path = "/absent", quantity = "soc", unit = "%" }"#;
    let mut decoders = Decoders::with_mappings(mappings(&json_map(
        fields,
        "kind = \"charger\"\nstale_s = 900",
    )));
    let mut got = Readings::default();
    // A map has its topic whatever the formats of the feed are.
    for formats in [Formats::ByTopic, Formats::named(["native"]).unwrap()] {
        for payload in [r#"{"v":7360}"#, r#"{"v":null}"#, r#"{"v":"x"}"#] {
            let message = Message {
                zone: UK.zone(),
                topic: "t",
                payload: payload.as_bytes(),
                retained: true,
                received_at: now(),
                properties: &[],
            };
            decoders.decode(&formats, &message, &mut got).unwrap();
        }
    }
    let want = (AssetKind::Charger, FeedFormat::new(200), true, Some(900));
    assert_eq!((got.0, got.1), (vec![want; 2], 2));
}

/// Cut, flip and repeat bytes of good messages: nothing panics and every answer is one line of JSON.
#[test]
fn damaged_messages_never_stop_the_feed() {
    let fields = r#"{ path = "/a/0/é", quantity = "odometer", unit = "km" }, { path = "/a", quantity = "position", unit = "deg" },
        { path = "/b", quantity = "vehicle_ref" }, { path = "", quantity = "id_tag" }"#;
    let map = json_map(fields, "time = { path = \"/t\", format = \"unix\" }");
    let good =
        r#"{"a":[{"é":1.5},2,"\u00e9\\"],"b":"x\"é","t":1787303702.5,"c":{"d":[null,true]}}"#
            .as_bytes();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let mut capture = String::new();
    for _ in 0..5_000 {
        let mut payload = good.to_vec();
        for _ in 0..=below(4) {
            let at = below(payload.len());
            match below(3) {
                0 => payload.truncate(at.max(1)),
                1 => payload[at] = below(256) as u8,
                _ => payload.insert(at, b"{}[]\",:e-9\\\0"[below(12)]),
            }
        }
        let line = json!({ "topic": "t", "payload_b64": data_encoding::BASE64.encode(&payload) });
        capture.push_str(&format!("{line}\n"));
    }
    assert_eq!(answers(&map, &capture).len(), 5_000);
}
