//! Mapping files with mistakes: all are reported at once, each with its line and a hint. Also the topic filters of maps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mistakes;

use fleetgauge::jurisdiction::compiled_in_zone;
use fleetgauge::telemetry::mapping::{MappingErrors, Mappings};
use fleetgauge::telemetry::without_covered;
use mistakes::{MISTAKES, TOPIC};

fn parse(text: &str) -> Result<Mappings, MappingErrors> {
    Mappings::parse(&[("site.toml", text)], &|name| {
        compiled_in_zone(name).ok_or_else(|| "write an IANA name".to_owned())
    })
}

/// A good map; each case changes some lines of it.
const GOOD: &str = r#"[[map]]
topic = "a/{id}"
asset = "x:{id}"
format = "json"
time = { path = "/t", format = "unix" }
fields = [
  { path = "/v", quantity = "soc", unit = "%" },
]
"#;

#[test]
fn every_mistake_has_its_line_and_a_hint() {
    parse(GOOD).unwrap();
    for &(from, to, line, reason, hint) in MISTAKES {
        assert_mistake(&GOOD.replacen(from, to, 1), line, reason, hint);
    }
    let long = GOOD.replacen(TOPIC, &"a/".repeat(40), 1);
    assert_mistake(&long, 2, "has 41 levels", "at most 32");
}

fn assert_mistake(text: &str, line: usize, reason: &str, hint: &str) {
    let errors = parse(text)
        .err()
        .unwrap_or_else(|| panic!("no error in\n{text}"))
        .0;
    let found = errors.iter().any(|error| {
        let shown = format!("`{}`: {}", error.key, error.reason);
        error.file == "site.toml"
            && error.line == line
            && shown.contains(reason)
            && error.hint.contains(hint)
    });
    let shown = MappingErrors(errors);
    assert!(found, "line {line} {reason} | {hint} in\n{text}\n{shown}");
}

/// Telegraf 10753: in TOML, keys after a sub-table belong to it.
#[test]
fn keys_below_the_heading_of_a_table_are_caught() {
    let text = "[[map]]\ntopic = \"a/{id}\"\n[map.time]\npath = \"/t\"\nformat = \"unix\"\nasset = \"x:{id}\"\n\
        [[map.fields]]\npath = \"/v\"\nquantity = \"soc\"\nunit = \"%\"\nstale_s = 5\n";
    let errors = parse(text).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "`map[0]` in site.toml line 1: has no `asset`\n  hint: write asset = \"acme:{id}\"; it may use {name} of the topic, \
         {/json/pointer} and {prop:userProperty}\n\
         error: `map[0].time.asset` in site.toml line 6: is not a key here\n  hint: it belongs to [[map]]: in TOML, keys below the \
         heading of `time` are its own, so write `asset` above it\n\
         error: `map[0].fields[0].stale_s` in site.toml line 11: is not a key here\n  hint: it belongs to [[map]]: in TOML, keys \
         below the heading of `fields` are its own, so write `stale_s` above it"
    );
}

#[test]
fn all_mistakes_of_all_files_are_reported_at_once() {
    let zone = |_: &str| Err(String::new());
    let bad = GOOD
        .replace("soc", "sox")
        .replace("x:{id}", "x:{ie}")
        .replace("json", "jsn")
        + "wrong = 1\n";
    let errors = Mappings::parse(
        &[("a.toml", &bad), ("b.toml", GOOD), ("c.toml", "x = \n[\n")],
        &zone,
    )
    .unwrap_err()
    .0;
    let places: Vec<(&str, usize)> = errors
        .iter()
        .map(|error| (error.file.as_str(), error.line))
        .collect();
    assert_eq!(
        places[..4],
        [("a.toml", 3), ("a.toml", 4), ("a.toml", 7), ("a.toml", 9)]
    );
    assert!(
        places[4..].iter().all(|(file, _)| *file == "c.toml") && places.len() > 5,
        "{places:?}"
    );
}

#[test]
fn subscriptions_are_derived_without_what_others_cover() {
    let map = |topic: &str| GOOD.replace("a/{id}", topic).replace("x:{id}", "x:1");
    let text = [
        "a/{id}/json",
        "a/b/json",
        "/a/{id}",
        "c/{rest*}",
        "c/{x}/d",
        "h/{v}_soc/state",
        "h/{v}_range/state",
    ]
    .map(map)
    .concat();
    let mappings = parse(&text).unwrap();
    let mut filters = without_covered(mappings.filters());
    filters.sort();
    assert_eq!(filters, ["/a/+", "a/+/json", "c/#", "h/+/state"]);
    assert_eq!((mappings.len(), mappings.is_empty()), (7, false));
}
