//! Unit tests of `native`.

use crate::telemetry::formats::native::*;

#[test]
fn topics_have_four_levels() {
    assert_eq!(
        parse_topic("fleet/vehicles/AMB-101/telemetry"),
        Some((AssetKind::Vehicle, "AMB-101", Leaf::Telemetry))
    );
    assert_eq!(
        parse_topic("fleet/meters/M1/status"),
        Some((AssetKind::Meter, "M1", Leaf::Status))
    );
    for topic in [
        "",
        "fleet",
        "fleet/vehicles/a",
        "fleet/ships/a/telemetry",
        "fleet/vehicles/a/b/telemetry",
        "Fleet/vehicles/a/status",
    ] {
        assert_eq!(parse_topic(topic), None, "{topic}");
    }
}
