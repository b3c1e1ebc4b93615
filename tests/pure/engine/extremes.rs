//! Numbers and times at the edges of their types.

use crate::engine::*;

const NUMBERS: [i64; 8] = [
    i64::MIN,
    i64::MIN + 1,
    -1,
    0,
    1,
    999_999_999_999,
    i64::MAX - 1,
    i64::MAX,
];
const TEXTS: [&str; 9] = [
    "-9223372036854775808",
    "-1",
    "0",
    "1",
    "1e18",
    "9e99",
    "922337203685477580.7",
    "NaN",
    "99999999999999999999",
];
const TIMES: [i64; 6] = [
    i64::MIN,
    -1,
    0,
    1_790_000_000_000,
    1_790_000_060_000,
    i64::MAX,
];

/// A vehicle's, charger's or meter's reading of any quantity.
fn extreme_reading(random: &mut Random, now: UtcMs, at: UtcMs) -> Observation<'static> {
    let quantity = Quantity::ALL[random.below(Quantity::ALL.len() as u64) as usize];
    let entry = ReadingEntry {
        quantity,
        value: Value::Number(Thousandths(NUMBERS[random.below(8) as usize])),
    };
    let kind = [AssetKind::Vehicle, AssetKind::Charger, AssetKind::Meter][random.below(3) as usize];
    Observation::Telemetry(Reading {
        asset: Cow::Borrowed(["AMB-101", "DER-CP-01", "x"][random.below(3) as usize]),
        kind,
        format: FeedFormat::new(0),
        at: Some(at),
        received_at: now,
        retained: false,
        historical: false,
        sequence: None,
        stale_after_s: None,
        entries: Cow::Owned(vec![entry]),
    })
}

/// A charge point's message of any action, or `None` if the action is no event.
fn extreme_message(random: &mut Random, now: UtcMs) -> Option<Observation<'static>> {
    let mut text = || TEXTS[random.below(9) as usize];
    let (a, b) = (text(), text());
    let payload = format!(
        "{{\"connectorId\":1,\"transactionId\":\"{a}\",\"idTag\":\"x\",\"meterStart\":\"{a}\",\"meterStop\":\"{b}\",\"status\":\"Charging\",\
         \"meterValue\":[{{\"timestamp\":\"2026-09-21T14:13:20Z\",\"sampledValue\":[{{\"value\":\"{b}\",\"unit\":\"kWh\"}},\
         {{\"value\":\"{a}\",\"measurand\":\"Power.Active.Import\"}}]}}]}}"
    );
    let actions: Vec<_> = Action::all(OcppVersion::V16).collect();
    let action = actions[random.below(actions.len() as u64) as usize];
    let text = format!("[2,\"1\",\"{}\",{payload}]", action.name());
    let hasher = hasher();
    let options = frame::ParseOptions {
        version: OcppVersion::V16,
        hasher: &hasher,
        max_depth: 32,
        repair_metering: true,
    };
    let frame::Frame::Call {
        request: Request::Event(message),
        ..
    } = frame::parse(&text, &options)
    else {
        return None;
    };
    Some(Observation::ChargePoint(ChargePointEvent {
        charge_point: Arc::from("DER-CP-01"),
        received_at: now,
        deviations: Deviations::default(),
        message,
    }))
}

#[test]
fn extreme_numbers_and_times_do_no_harm() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let now = UtcMs(1_790_000_000_000);
        let mut run = Run::new(now);
        for step in 0..300 {
            let now = now.plus(step * 30_000);
            let at = UtcMs(TIMES[random.below(6) as usize]);
            let observation = if random.below(2) == 0 {
                extreme_reading(&mut random, now, at)
            } else {
                let Some(message) = extreme_message(&mut random, now) else {
                    continue;
                };
                message
            };
            run.apply(&Step::Observed(now, observation));
            run.apply(&Step::Timeout(now));
        }
        run.seen(now.plus(86_400_000));
        run.checkpoint(true);
        let lines = String::from_utf8(std::mem::take(&mut run.shelf.lines)).unwrap();
        for line in influxdb_line_protocol::parse_lines(&lines) {
            line.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
    }
}
