//! Unit tests of `indicator`.

use crate::model::Reading;
use crate::telemetry::formats::native::indicator::*;

#[derive(Default)]
struct Indicators(Vec<String>, u32);

impl Sink for Indicators {
    fn reading(&mut self, _reading: Reading<'_>) {}
    fn ignored(&mut self, _reason: RejectReason, _field: &str, _detail: &str) {
        self.1 += 1;
    }
    fn indicator(&mut self, report: IndicatorReport<'_>) {
        let unit = report.unit.as_deref().unwrap_or("-");
        self.0.push(format!(
            "{} {} {} {} {unit}",
            report.organisation, report.name, report.month, report.value
        ));
    }
}

fn decode_one(
    topic: &str,
    payload: &str,
    retained: bool,
) -> Result<(Vec<String>, u32), RejectReason> {
    // In London it is July already.
    let received_at = "2026-06-30T23:30:00Z".parse().expect("a time");
    let message = Message {
        topic,
        payload: payload.as_bytes(),
        retained,
        received_at,
        zone: crate::jurisdiction::UK.zone(),
        properties: &[],
    };
    let mut indicators = Indicators::default();
    decode(
        &message,
        parse_topic(topic).expect("it is one"),
        &mut indicators,
    )
    .map_err(|refused| refused.reason)?;
    Ok((indicators.0, indicators.1))
}

#[test]
fn indicators_parse_in_every_form() {
    const TOPIC: &str = "fleet/indicators/EMAS/landfill";
    for (payload, retained, want, ignored) in [
        ("42", false, "EMAS landfill 2026-07 42 -", 0),
        (" -0.5e1 ", false, "EMAS landfill 2026-07 -5 -", 0),
        (
            "{\"month\":\"2026-05\",\"value\":3.25,\"unit\":\"t\"}",
            true,
            "EMAS landfill 2026-05 3.25 t",
            0,
        ),
        (
            "{\"value\":\"0\",\"by\":\"estates\"}",
            false,
            "EMAS landfill 2026-07 0 -",
            1,
        ),
    ] {
        assert_eq!(
            decode_one(TOPIC, payload, retained),
            Ok((vec![want.to_owned()], ignored)),
            "{payload}"
        );
    }
    assert_eq!(decode_one(TOPIC, "", true), Ok((Vec::new(), 0)));
    for (payload, retained, why) in [
        ("42", true, RejectReason::Time),
        ("{\"value\":42}", true, RejectReason::Time),
        (
            "{\"month\":\"2026-08\",\"value\":42}",
            false,
            RejectReason::Time,
        ),
        (
            "{\"month\":\"May\",\"value\":42}",
            false,
            RejectReason::Time,
        ),
        ("{\"month\":5,\"value\":42}", false, RejectReason::Type),
        ("{\"month\":\"2026-05\"}", false, RejectReason::Number),
        ("NaN", false, RejectReason::Syntax),
        ("\"nan\"", false, RejectReason::Number),
        ("[42]", false, RejectReason::Number),
        ("1e999", false, RejectReason::Number),
    ] {
        assert_eq!(decode_one(TOPIC, payload, retained), Err(why), "{payload}");
    }
    assert_eq!(
        decode_one("fleet/indicators/E MAS/x", "1", false),
        Err(RejectReason::Id)
    );
    assert!(
        parse_topic("fleet/indicators/EMAS").is_none()
            && parse_topic("fleet/indicators/EMAS/a/b").is_none()
    );
}
