//! Sparkplug births and data: which readings come out, with their sequence, time and history flag.

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

const BIRTH: &str = "spBv1.0/g/DBIRTH/e/d";
const DATA: &str = "spBv1.0/g/DDATA/e/d";
/// The metric `soc` with alias 1 in a birth, a float of 50.
const SOC_BIRTH: &[u8] = b"\x0a\x03soc\x10\x01\x20\x09\x65\0\0\x48\x42";
/// The same metric in a data message.
const SOC: &[u8] = b"\x10\x01\x65\0\0\x48\x42";
/// The same metric with no value.
const SOC_NULL: &[u8] = b"\x10\x01\x38\x01";

fn vehicle(
    sequence: Option<Sequence>,
    historical: bool,
    at: u64,
    quantities: &[Quantity],
) -> ReadingSummary {
    (
        AssetKind::Vehicle,
        sequence,
        historical,
        Some(at as i64),
        quantities.to_vec(),
    )
}

#[test]
fn a_birth_changes_the_state_once() {
    let mut decoder = Sparkplug::default();
    let got = decode_all(&mut decoder, BIRTH, &payload(AT, 1, &[SOC_BIRTH]));
    let online = [Quantity::Online, Quantity::Soc];
    assert_eq!(got, [vehicle(None, false, AT, &online)]);
    assert!(decoder.take_changed() && !decoder.take_changed());
    let again = decode_all(&mut decoder, BIRTH, &payload(AT, 2, &[SOC_BIRTH]));
    assert_eq!(again.len(), 1);
    assert!(
        !decoder.take_changed(),
        "the same birth again is not a change"
    );
}

#[test]
fn readings_carry_losses_and_history() {
    let mut decoder = Sparkplug::default();
    decode_all(&mut decoder, BIRTH, &payload(AT, 2, &[SOC_BIRTH]));
    assert!(decoder.take_changed());
    // Three lost; the message after them has no value, so the next reading carries the loss.
    assert_eq!(
        decode_all(&mut decoder, DATA, &payload(AT, 6, &[SOC_NULL])),
        []
    );
    let historical = b"\x10\x01\x28\x01\x65\0\0\x48\x42\x18";
    let historical = [&historical[..], &varint(AT - 5)].concat();
    assert_eq!(
        decode_all(&mut decoder, DATA, &payload(AT, 8, &[SOC, &historical])),
        [
            vehicle(Some(Sequence::Lost(4)), true, AT - 5, &[Quantity::Soc]),
            vehicle(None, false, AT, &[Quantity::Soc]),
        ]
    );
    assert!(!decoder.take_changed());
}

#[test]
fn a_restored_decoder_knows_the_aliases() {
    let mut decoder = Sparkplug::default();
    decode_all(&mut decoder, BIRTH, &payload(AT, 2, &[SOC_BIRTH]));
    let mut restarted = Sparkplug::default();
    restarted.restore(&decoder.save());
    assert_eq!(
        decode_all(&mut restarted, DATA, &payload(AT, 99, &[SOC])),
        [vehicle(None, false, AT, &[Quantity::Soc])]
    );
}
