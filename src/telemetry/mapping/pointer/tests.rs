//! Unit tests of `pointer`.

use crate::telemetry::mapping::pointer::*;

#[test]
fn one_pass_finds_all_pointers() {
    // The document of RFC 6901, section 5, and the evaluations of its section 6.
    let text = r#" {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#;
    let wanted = [
        ("/foo", Some(r#"["bar", "baz"]"#)),
        ("/foo/0", Some(r#""bar""#)),
        ("/", Some("0")),
        ("/a~1b", Some("1")),
        ("/c%d", Some("2")),
        ("/i\\j", Some("5")),
        ("/k\"l", Some("6")),
        ("/ ", Some("7")),
        ("/m~0n", Some("8")),
        ("/foo/2", None),
        ("/foo/00", None),
        ("/foo/-", None),
        ("/nowhere/1", None),
    ];
    let mut pointers = Pointers::new();
    for (number, (pointer, _)) in wanted.iter().enumerate() {
        assert_eq!(pointers.add(pointer), Ok(number));
    }
    assert_eq!(pointers.add("/foo"), Ok(0), "one and the same");
    let mut found = [None; MAX_POINTERS];
    let mut json = Json::new(text, 8);
    pointers.find(&mut json, &mut found);
    assert_eq!((json.at_end(), json.error()), (true, None));
    for ((pointer, want), got) in wanted.iter().zip(found) {
        assert_eq!(got, *want, "{pointer}");
    }
}
