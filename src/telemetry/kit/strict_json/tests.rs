//! Unit tests of `strict_json`.

use crate::telemetry::kit::strict_json::*;

/// serde_json is the judge of what is JSON.
fn serde(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}

fn ours(text: &str) -> bool {
    each_field(text, |_, _, _| {}).is_ok()
}

#[test]
fn one_level_is_walked() {
    let mut found = Vec::new();
    let text = r#" {"a" : 1.5e-3 , "b\u00e9":[1, {"x":"}\"]"}] ,"c":{},"d":[ ],"e":null} "#;
    assert_eq!(
        each_field(text, |key, raw, depth| found
            .push(format!("{key}={raw} {depth}"))),
        Ok(())
    );
    assert_eq!(
        found,
        [
            "a=1.5e-3 0",
            r#"bé=[1, {"x":"}\"]"}] 2"#,
            "c={} 1",
            "d=[ ] 1",
            "e=null 0"
        ]
    );
    found.clear();
    assert_eq!(
        each_element("[1, [2,[]] ,\"x\"]", |raw| found.push(raw.to_owned())),
        Ok(())
    );
    assert_eq!(found, ["1", "[2,[]]", "\"x\""]);
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(
        (
            each_field(&deep(64), |_, _, _| {}),
            each_field(&deep(65), |_, _, _| {})
        ),
        (Ok(()), Err(NotJson::TooDeep))
    );
}

#[test]
fn text_that_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "[]",
        "1",
        "null",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1}}",
        "{\"a\":1}x",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":0x10}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":truex}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":[1 2]}",
        "{\"a\":{\"b\" 1}}",
        "{\"a\":{\"b\":1]}",
        "{\"a\":{1:2}}",
        "{\"\\ud800\":1}",
        "{\"a\":\"\\",
        "{\"a\":1\u{a0}}",
    ] {
        assert!(!serde(text), "{text}: the table is wrong");
        assert!(!ours(text), "{text}");
    }
    // A half surrogate inside a value is found when that value is read.
    assert!(ours("{\"a\":\"\\ud800\"}"));
}

/// Cut, flip and repeat bytes of good texts: what serde_json takes, we take, and nothing else.
#[test]
fn the_parser_agrees_with_serde_json() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let good = [
        r#"{"v":1,"ts":"2026-08-21T09:15:02.120Z","odometer":84512.345,"ignition":true,"position":[52.48142,-1.89983],"x":null}"#,
        r#"{"a":{"value":-3457250e-3,"unit":"Wh"},"samples":[{"a":0},{"b":[]}, {}],"é\n":"\u00e9\\"}"#,
    ];
    let mut sound = 0;
    for _ in 0..60_000 {
        let mut bytes = good[below(2)].as_bytes().to_vec();
        for _ in 0..=below(3) {
            let at = below(bytes.len());
            match below(4) {
                0 => drop(bytes.splice(at..at + below(bytes.len() - at).min(3), [])),
                1 => bytes[at] = below(128) as u8,
                2 => bytes.insert(at, b"{}[]\",:e-90.\\ \n"[below(15)]),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        // serde_json reads the numbers too, and refuses those beyond a double; and half surrogates, see above.
        let same = serde(text) == ours(text) || text.contains(['e', 'E', 'u']);
        assert!(same, "{text}: serde_json says {}", serde(text));
        sound += usize::from(serde(text));
    }
    assert!(sound > 5_000, "only {sound} were JSON");
}

#[test]
fn only_bare_non_numbers_are_quoted() {
    for (text, want) in [
        (
            r#"{"a":NaN,"b":-Infinity}"#,
            Some(r#"{"a":"NaN","b":"-Infinity"}"#),
        ),
        (r#"{"a":-nan}"#, Some(r#"{"a":"-nan"}"#)),
        (r#"{"a":"NaN","b":"\"NaN"}"#, None),
        (r#"{"a":nano}"#, None),
        (r#"{"é":inf}"#, Some(r#"{"é":"inf"}"#)),
    ] {
        assert_eq!(quote_non_numbers(text).as_deref(), want, "{text}");
    }
}
