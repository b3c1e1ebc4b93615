//! Messages that must be refused as a whole: topic, payload, and the reason.

/// A topic of the native format.
pub(super) const TELEMETRY: &str = "fleet/vehicles/AMB-101/telemetry";
/// A topic of OVMS.
pub(super) const ODOMETER: &str = "ovms/fleet/AMB101/metric/v/p/odometer";

pub(super) const BAD_MESSAGES: &[(&str, &[u8], &str)] = &[
    (TELEMETRY, b"\xff\xfe{}", "utf8"),
    (TELEMETRY, b"{\"vehicle_ref\":\"\xc3\x28\"}", "utf8"),
    (
        TELEMETRY,
        br#"{"samples":[{"position":{"value":[1,2]}}]}"#,
        "too_deep",
    ),
    (TELEMETRY, b"", "empty"),
    (TELEMETRY, b" \n", "empty"),
    (TELEMETRY, b"[1,2]", "type"),
    (TELEMETRY, b"null", "syntax"),
    (TELEMETRY, b"84512.3", "syntax"),
    (TELEMETRY, br#"{"odometer":5,"soc":"#, "syntax"),
    (TELEMETRY, br#"{"odometer":5}{"odometer":6}"#, "syntax"),
    (TELEMETRY, br#"{"odometer":5,}"#, "syntax"),
    (TELEMETRY, br#"{"odometer":0x10,"soc":NaN}"#, "syntax"),
    (TELEMETRY, br#"{"v":2,"odometer":5}"#, "syntax"),
    ("fleet/vehicles/AMB-101/status", b"asleep", "type"),
    ("fleet/vehicles//telemetry", b"{}", "id"),
    ("fleet/vehicles/a b/telemetry", b"{}", "id"),
    ("fleet/vehicles/AMB-101/diagnostics", b"{}", "unknown_topic"),
    ("fleet/ships/QE2/telemetry", b"{}", "unknown_topic"),
    ("", b"{}", "unknown_topic"),
    ("zigbee2mqtt/lamp", b"{}", "unknown_topic"),
    ("ovms/fleet/AMB101", b"1", "unknown_topic"),
    ("ovms/fleet//metric/v/b/soc", b"1", "id"),
    (ODOMETER, b"\xff", "utf8"),
    (ODOMETER, b"1e400", "number"),
    (ODOMETER, b"-1", "number"),
    (ODOMETER, b"12 km", "number"),
    (ODOMETER, b"nan", "number"),
    (ODOMETER, b"-inf", "number"),
    ("ovms/fleet/AMB101/metric/v/p/latitude", b"90.1", "number"),
    ("ovms/fleet/AMB101/metric/v/b/soc", b"255", "number"),
];
