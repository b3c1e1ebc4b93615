//! Unit tests of `values`.

use crate::model::{Quantity, Reading, Sequence};
use crate::telemetry::formats::sparkplug::values::*;
use crate::telemetry::{Decode, Message};

/// Kind, sequence, historical, time and quantities of each reading.
#[derive(Default)]
struct Readings(Vec<ReadingSummary>);

type ReadingSummary = (
    AssetKind,
    Option<Sequence>,
    bool,
    Option<i64>,
    Vec<Quantity>,
);

impl Sink for Readings {
    fn reading(&mut self, r: Reading<'_>) {
        let quantities = r.entries.iter().map(|entry| entry.quantity).collect();
        self.0.push((
            r.kind,
            r.sequence,
            r.historical,
            r.at.map(|at| at.0),
            quantities,
        ));
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        panic!("{reason:?} {field} {detail}");
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn payload(at: u64, seq: u64, metrics: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [&[0x08][..], &varint(at), &[0x18], &varint(seq)].concat();
    for metric in metrics {
        bytes.extend([&[0x12][..], &varint(metric.len() as u64), metric].concat());
    }
    bytes
}

const AT: u64 = 1_787_303_702_000;

fn decode_all(decoder: &mut Sparkplug, topic: &str, payload: &[u8]) -> Vec<ReadingSummary> {
    let message = Message {
        topic,
        payload,
        retained: false,
        received_at: UtcMs(AT as i64),
        zone: crate::jurisdiction::UK.zone(),
        properties: &[],
    };
    let mut readings = Readings::default();
    decoder.decode(&message, &mut readings).unwrap();
    readings.0
}

#[test]
fn readings_carry_losses_and_history() {
    let mut decoder = Sparkplug::default();
    let (birth, data) = ("spBv1.0/g/DBIRTH/e/d", "spBv1.0/g/DDATA/e/d");
    // `soc` with alias 1, a float of 50.
    let soc = b"\x0a\x03soc\x10\x01\x20\x09\x65\0\0\x48\x42";
    let got = decode_all(&mut decoder, birth, &payload(AT, 1, &[soc]));
    let at = Some(AT as i64);
    assert_eq!(
        got,
        [(
            AssetKind::Vehicle,
            None,
            false,
            at,
            vec![Quantity::Online, Quantity::Soc]
        )]
    );
    assert!(decoder.take_changed() && !decoder.take_changed());
    assert_eq!(
        decode_all(&mut decoder, birth, &payload(AT, 2, &[soc])).len(),
        1
    );
    assert!(
        !decoder.take_changed(),
        "the same birth again is not a change"
    );

    // Three lost; the message after them has no value, so the next reading carries the loss.
    assert_eq!(
        decode_all(&mut decoder, data, &payload(AT, 6, &[b"\x10\x01\x38\x01"])),
        []
    );
    let live = b"\x10\x01\x65\0\0\x48\x42";
    let old = [
        &b"\x10\x01\x28\x01\x65\0\0\x48\x42\x18"[..],
        &varint(AT - 5),
    ]
    .concat();
    let soc = || vec![Quantity::Soc];
    assert_eq!(
        decode_all(&mut decoder, data, &payload(AT, 8, &[live, &old])),
        [
            (
                AssetKind::Vehicle,
                Some(Sequence::Lost(4)),
                true,
                Some(AT as i64 - 5),
                soc()
            ),
            (AssetKind::Vehicle, None, false, at, soc()),
        ]
    );
    assert!(!decoder.take_changed());

    let mut restarted = Sparkplug::default();
    restarted.restore(&decoder.save());
    assert_eq!(
        decode_all(&mut restarted, data, &payload(AT, 99, &[live])),
        [(AssetKind::Vehicle, None, false, at, soc())]
    );
}
