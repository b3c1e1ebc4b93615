//! Times of mapped messages: the device's own, that of arrival, or a complaint beside the values.

use super::{json_map, summary};
use serde_json::json;

const SOC: &str = r#"{ path = "/soc", quantity = "soc", unit = "%" }"#;
const NO_OWN_TIME: &str = "x:1 soc=50";
const NO_TIME: &str = "x:1 soc=50; -time /t";

/// The map's `time`, the message's `/t`, and the summary of the answer.
type Case = (&'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (time, t, want) in cases {
        let map = json_map(SOC, &format!("time = {{ {time} }}"));
        let message = json!({
            "topic": "t",
            "payload": format!(r#"{{"soc":50,"t":{t}}}"#),
            "props": { "timestamp": "1787303702.25" },
        });
        assert_eq!(summary(&map, &message), *want, "{time} {t}");
    }
}

const FIELD_TIMES: &[Case] = &[
    (
        r#"path = "/t", format = "rfc3339""#,
        r#""2026-08-21T10:15:02.5+01:00""#,
        "x:1 soc=50@2026-08-21T09:15:02.500Z",
    ),
    (
        r#"path = "/t", format = "rfc3339""#,
        r#""2026-08-21T10:15:02""#,
        NO_TIME,
    ),
    (r#"path = "/t", format = "rfc3339""#, "null", NO_TIME),
    (
        r#"path = "/t", format = "unix""#,
        "1787303702.120",
        "x:1 soc=50@2026-08-21T09:15:02.120Z",
    ),
    (
        r#"path = "/t", format = "unix""#,
        "\"1787303702\"",
        "x:1 soc=50@2026-08-21T09:15:02.000Z",
    ),
    (r#"path = "/t", format = "unix""#, "1787303702120", NO_TIME),
    (
        r#"path = "/t", format = "unix_ms""#,
        "1787303702120",
        "x:1 soc=50@2026-08-21T09:15:02.120Z",
    ),
    (
        r#"path = "/t", format = "unix_ms""#,
        "1787303702120.9",
        "x:1 soc=50@2026-08-21T09:15:02.121Z",
    ),
    (
        r#"path = "/elsewhere", format = "unix""#,
        "1",
        "x:1 soc=50; -time /elsewhere",
    ),
];

#[test]
fn times_come_from_a_field_in_its_format() {
    check(FIELD_TIMES);
}

const LOCAL_TIMES: &[Case] = &[
    // Summer time; then the hour that London's clocks show twice: the first one.
    (
        r#"path = "/t", format = "local:Europe/London""#,
        r#""2026-08-21 10:15:02""#,
        "x:1 soc=50@2026-08-21T09:15:02.000Z",
    ),
    (
        r#"path = "/t", format = "local:Europe/London""#,
        r#""2026-10-25T01:30:00""#,
        "x:1 soc=50@2026-10-25T00:30:00.000Z",
    ),
    (
        r#"path = "/t", format = "local:UTC""#,
        r#""2026-08-21T10:15:02""#,
        "x:1 soc=50@2026-08-21T10:15:02.000Z",
    ),
];

#[test]
fn local_times_are_those_of_their_zone() {
    check(LOCAL_TIMES);
}

const OTHER_TIMES: &[Case] = &[
    (
        r#"prop = "timestamp", format = "unix""#,
        "1",
        "x:1 soc=50@2026-08-21T09:15:02.250Z",
    ),
    (
        r#"prop = "time", format = "unix""#,
        "1",
        "x:1 soc=50; -time time",
    ),
    (r#"format = "arrival""#, "\"yesterday\"", NO_OWN_TIME),
    // The feed's clock is judged later, by its history.
    (
        r#"path = "/t", format = "rfc3339""#,
        r#""2026-10-26T12:11:00Z""#,
        "x:1 soc=50@2026-10-26T12:11:00.000Z",
    ),
];

#[test]
fn times_come_from_properties_or_arrival_whatever_the_clock_shows() {
    check(OTHER_TIMES);
}
