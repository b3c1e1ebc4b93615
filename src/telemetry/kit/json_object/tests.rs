//! Unit tests of `json_object`.

use crate::telemetry::kit::json_object::*;

#[test]
fn only_a_whole_object_passes() {
    for (text, want) in [
        (r#"{"a":1}"#, None),
        ("{}", None),
        ("", Some(RejectReason::Empty)),
        ("[{}]", Some(RejectReason::Type)),
        ("null", Some(RejectReason::Syntax)),
        (r#"{"a":1"#, Some(RejectReason::Syntax)),
        (r#"{"a":1}{"a":2}"#, Some(RejectReason::Syntax)),
        (
            &format!("{{\"a\":{}1{}}}", "[".repeat(99), "]".repeat(99)),
            Some(RejectReason::TooDeep),
        ),
    ] {
        assert_eq!(
            walk(text, |_, _| {}).err().map(|refused| refused.reason),
            want,
            "{text}"
        );
    }
}
