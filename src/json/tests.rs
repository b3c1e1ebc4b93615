//! Unit tests of `json`.

use crate::json::*;

/// Everything in it, in order, as text; names with a colon.
fn walk(text: &str) -> (Vec<String>, bool, Option<String>) {
    fn visit(json: &mut Json<'_>, found: &mut Vec<String>) {
        match json.peek() {
            Some(b'{') => {
                json.object(|json, name| {
                    found.push(format!("{name}:"));
                    visit(json, found);
                });
            }
            Some(b'[') => json.one_or_many(|json| visit(json, found)),
            _ => found.push(json.text().map_or("-".to_owned(), Cow::into_owned)),
        }
    }
    let mut json = Json::new(text, 8);
    let mut found = Vec::new();
    visit(&mut json, &mut found);
    (found, json.repaired(), json.error())
}

#[test]
fn present_values_are_read_and_absent_ones_skipped() {
    for (text, want, repaired) in [
        (
            r#"{"a":1,"b":[2,"3"],"c":{"d":null}}"#,
            "a: 1 b: 2 3 c: d: -",
            false,
        ),
        (" [ 1 ,\n 2 ] ", "1 2", false),
        (r#"{"a":,"b":2}"#, "b: 2", true),
        (r#"{"a":}"#, "", true),
        ("[,1,,2]", "1 2", true),
        ("[1,]", "1", true),
        (r#"{"a":1,}"#, "a: 1", true),
        (r#"{,"a":1}"#, "a: 1", true),
        (r#""a\u0062\"""#, "ab\"", false),
        (r#""04\A1""#, r"04\A1", false),
        ("[]", "", false),
    ] {
        let (found, mended, error) = walk(text);
        assert_eq!(
            (found.join(" ").as_str(), mended, error),
            (want, repaired, None),
            "{text}"
        );
    }
}

#[test]
fn broken_json_is_refused_with_a_reason() {
    for (text, want) in [
        ("{\"a\":1", "a comma or `}` is missing"),
        ("[1,2", "a comma or `]` is missing"),
        ("[\"x", "within a string"),
        ("{\"a\" 1}", "a colon is missing"),
        ("{a:1}", "a field name is missing"),
        ("[[[[[[[[[1]]]]]]]]]", "nested too deep"),
        ("{", "within an object"),
    ] {
        let (_, _, error) = walk(text);
        assert!(
            error.as_deref().is_some_and(|error| error.contains(want)),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn raw_texts_are_returned_unchanged() {
    let mut json = Json::new(
        r#"{"a":"x\n","b":-1.5e3 ,"c":null,"d":[1,{"e":"]"}],"f":NaN}"#,
        8,
    );
    let mut texts = Vec::new();
    json.object(|json, _| texts.extend(json.raw()));
    assert_eq!(
        (texts.join("|").as_str(), json.error()),
        ("x\n|-1.5e3|null|[1,{\"e\":\"]\"}]|NaN", None)
    );
}

#[test]
fn unread_values_are_skipped() {
    let mut json = Json::new(
        r#"{"a":{"x":[1,{"y":"}"}]},"b":true,"c":"FALSE","d":1,"e":[]}"#,
        8,
    );
    let mut flags = Vec::new();
    assert!(json.object(|json, name| {
        if name != "a" {
            flags.push(json.boolean());
        }
    }));
    assert_eq!(
        (flags, json.at_end(), json.error()),
        (vec![Some(true), Some(false), Some(true), None], true, None)
    );
}
