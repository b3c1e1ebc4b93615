//! Unit tests of `topic`.

use crate::telemetry::mapping::topic::*;

#[test]
fn captures_hold_levels_and_the_rest() {
    for (pattern, topic, want) in [
        ("acme/{id}/json", "acme/7/json", Some("7|")),
        ("acme/{id}/json", "acme/7/json/x", None),
        ("acme/{id}/json", "acme/7", None),
        ("acme/{id}", "acme/", Some("|")),
        ("/go-e/{id}", "/go-e/7", Some("7|")),
        ("/go-e/{id}", "go-e/7", None),
        ("a/+/{x}/{rest*}", "a/b/c/d/e", Some("c|d/e")),
        ("a/{rest*}", "a", None),
        ("a/#", "a", Some("|")),
        ("a/#", "ab", None),
        (
            "sensor/{vin}_battery/state",
            "sensor/V1_battery/state",
            Some("V1|"),
        ),
        ("sensor/{vin}_battery/state", "sensor/V1_range/state", None),
        ("{a}/x", "$SYS/x", None),
        ("$aws/{a}", "$aws/x", Some("x|")),
    ] {
        let pattern = Pattern::parse(pattern).expect(pattern);
        let got = pattern
            .matches(topic)
            .map(|captures| format!("{}|{}", captures.get(0), captures.get(1)));
        assert_eq!(got.as_deref(), want, "{pattern:?} {topic}");
    }
}

#[test]
fn filters_have_wildcards_for_captures() {
    for (pattern, want) in [
        ("a/{x}/b_{y}/+", "a/+/+/+"),
        ("/a/{rest*}", "/a/#"),
        ("a/#", "a/#"),
        ("{all*}", "#"),
        ("a/", "a/"),
    ] {
        assert_eq!(Pattern::parse(pattern).expect(pattern).filter(), want);
    }
}
