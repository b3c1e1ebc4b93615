//! Mapping files with mistakes: each is named with its line and a way out, all at once; and what maps subscribe to.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::jurisdiction::compiled_in_zone;
use fleetgauge::telemetry::mapping::{MappingErrors, Mappings};
use fleetgauge::telemetry::without_covered;

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
fn every_mistake_has_its_line_and_a_way_out() {
    parse(GOOD).unwrap();
    let field = |field: &str| {
        (
            r#"{ path = "/v", quantity = "soc", unit = "%" }"#.to_owned(),
            field.to_owned(),
        )
    };
    let line = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let topic = |topic: &str| line("a/{id}", topic);
    let asset = |asset: &str| line("x:{id}", asset);
    let time = |time: &str| line(r#"path = "/t", format = "unix""#, time);
    for ((from, to), at, reason, hint) in [
        (
            line("topic =", "topc ="),
            1,
            "has no `topic`",
            "write topic =",
        ),
        (
            line("topic =", "topc ="),
            2,
            "`map[0].topc`: is not a key here",
            "did you mean `topic`?",
        ),
        (
            line("asset = \"x:{id}\"", ""),
            1,
            "has no `asset`",
            "write asset =",
        ),
        (topic(""), 2, "is empty", "write topic ="),
        (
            topic("a/#/b"),
            2,
            "has `#` before its end",
            "`+` is one level",
        ),
        (
            topic("a/b+"),
            2,
            "has a wildcard within the level `b+`",
            "levels of their own",
        ),
        (
            topic("a/{id"),
            2,
            "has unmatched braces in the level `{id`",
            "{name}",
        ),
        (
            topic("a/{id}{b}"),
            2,
            "has unmatched braces",
            "at most one in a level",
        ),
        (
            topic("a/{i d}"),
            2,
            "has a capture called `i d`",
            "letters, digits and `_`",
        ),
        (
            topic("a/{id}/{id}"),
            2,
            "has the capture `id` twice",
            "name of its own",
        ),
        (
            topic("{id*}/a"),
            2,
            "has `{id*}` before its end",
            "{id} is one level",
        ),
        (
            topic("$share/g/a/{id}"),
            2,
            "is a shared subscription",
            "`topics` of the [[broker]]",
        ),
        (topic(&"a/".repeat(40)), 2, "has 41 levels", "at most 32"),
        (
            asset("x:{ide}"),
            3,
            "`x:{ide}` has `{ide}`, which is not in `topic`",
            "did you mean `id`?",
        ),
        (asset("x y:{id}"), 3, "is no id", "write source:{id}"),
        (asset("x:{id}/"), 3, "is no id", "ids divided by `/`"),
        (asset("x:{id"), 3, "has unmatched braces", "{/json/pointer}"),
        (
            asset("x:{prop:}"),
            3,
            "has a property without a name",
            "{prop:vehicleName}",
        ),
        (asset("x:{/a~2}"), 3, "has a `~`", "`~1` for `/`"),
        (
            line("json", "csv-kv"),
            4,
            "`csv-kv` is not known",
            "json, value",
        ),
        (
            line("json", "value"),
            5,
            "has nowhere to lead: `format` is \"value\"",
            "write format = \"json\"",
        ),
        (
            line("json", "value"),
            7,
            "has nowhere to lead",
            "remove the path",
        ),
        (
            time(r#"path = "/t", format = "rfc339""#),
            5,
            "`rfc339` is not known",
            "did you mean `rfc3339`?",
        ),
        (
            time(r#"path = "/t", format = "local:Europe/Londn""#),
            5,
            "`Europe/Londn` is no known time zone",
            "IANA name",
        ),
        (time(r#"path = "/t""#), 5, "has no `format`", "unix_ms"),
        (
            time(r#"format = "unix""#),
            5,
            "says not where the time stands",
            "path = \"/t\"",
        ),
        (
            time(r#"path = "/t", prop = "t", format = "unix""#),
            5,
            "has both `path` and `prop`",
            "keep the one",
        ),
        (
            time(r#"path = "/t", format = "arrival""#),
            5,
            "names a place for the time",
            "remove the other key",
        ),
        (
            time(r#"path = "t", format = "unix""#),
            5,
            "`t` is no JSON Pointer",
            "write \"/t\"",
        ),
        (
            line("time = {", "time = \"now\" # {"),
            5,
            "is a text, not a table",
            "write time = {",
        ),
        (
            line("fields = [", "[map.time2]\nfields = ["),
            1,
            "has no `fields`",
            "write fields =",
        ),
        (
            line("time = {", "stale_s = 0.5 # {"),
            5,
            "is no whole number from 1",
            "stale_s = 900",
        ),
        (
            line("time = {", "ignore = [\"retain\"] # {"),
            5,
            "`retain` is not known",
            "[\"retained\"]",
        ),
        (
            line("time = {", "kind = \"car\" # {"),
            5,
            "`car` is not known",
            "vehicle, charger, meter",
        ),
        (
            line("time = {", "select = { path = \"/k\" } # {"),
            5,
            "selects nothing: no field has a `when`",
            "when = \"..\"",
        ),
        (
            line("time = {", "select = {} # {"),
            5,
            "has no `path`",
            "write select =",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc" }"#),
            7,
            "has no `unit` for `soc`",
            "one of: %, ",
        ),
        (
            field(r#"{ path = "/v", quantity = "position" }"#),
            7,
            "has no `unit` for `position`",
            "one of: deg",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "km" }"#),
            7,
            "`km` is no unit of `soc`",
            "one of: %, ",
        ),
        (
            field(r#"{ path = "/v", quantity = "odometer", unit = "gal" }"#),
            7,
            "`gal` is no unit of `odometer`",
            "km, m, mi",
        ),
        (
            field(r#"{ path = "/v", quantity = "ignition", unit = "V" }"#),
            7,
            "`V`: `ignition` has no unit",
            "remove the key",
        ),
        (
            field(r#"{ path = "/v", quantity = "odometre", unit = "km" }"#),
            7,
            "`odometre` is not known",
            "did you mean `odometer`?",
        ),
        (
            field(r#"{ path = "/v", unit = "km" }"#),
            7,
            "has no `quantity`",
            "one of: odometer",
        ),
        (
            field(r#"{ quantity = "soc", unit = "%" }"#),
            7,
            "has no `path`",
            "format = \"value\"",
        ),
        (
            field(r#"{ path = "io.v", quantity = "soc", unit = "%" }"#),
            7,
            "is no JSON Pointer",
            "write \"/io/v\"",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", when = "x" }"#),
            7,
            "needs a `select`",
            "write select =",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", valid = [94, 6] }"#),
            7,
            "lowest number above",
            "lowest first",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", valid = [6] }"#),
            7,
            "is not two numbers",
            "valid = [6, 94]",
        ),
        (
            field(r#"{ path = "/v", quantity = "charging", valid = [0, 1] }"#),
            7,
            "is for quantities that are one number",
            "remove",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", scale = 0 }"#),
            7,
            "is zero",
            "scale = 0.001",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", scale = "2" }"#),
            7,
            "is a text, not a number",
            "raw * scale",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", offset = nan }"#),
            7,
            "is no number, not a number",
            "raw * scale",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", values = { F = true } }"#),
            7,
            "what `soc` can be",
            "a number",
        ),
        (
            field(r#"{ path = "/v", quantity = "charging", values = { C = 1 } }"#),
            7,
            "what `charging` can be",
            "true or false",
        ),
        (
            field(r#"{ path = "/v", quantity = "charging", values = {} }"#),
            7,
            "has 0 words",
            "from 1",
        ),
        (
            field(r#"{ path = "/v", quantity = "soc", unit = "%", vald = [1, 2] }"#),
            7,
            "is not a key here",
            "did you mean `valid`?",
        ),
        (
            field(r#"7"#),
            7,
            "is a whole number, not a table",
            "write fields =",
        ),
        (
            line("[[map]]", "[map]"),
            1,
            "is a table, not a list",
            "two brackets",
        ),
        (
            line("[[map]]", "[[maps]]"),
            1,
            "has no [[map]]",
            "two brackets",
        ),
        (
            line("[[map]]", "[[maps]]"),
            1,
            "`maps`: is not a key here",
            "did you mean `map`?",
        ),
        (
            line("format = \"json\"", "format = json"),
            4,
            "",
            "this line is not TOML",
        ),
    ] {
        let text = GOOD.replacen(&from, &to, 1);
        let errors = parse(&text)
            .err()
            .unwrap_or_else(|| panic!("no error in\n{text}"))
            .0;
        let found = errors.iter().any(|error| {
            let shown = format!("`{}`: {}", error.key, error.reason);
            error.file == "site.toml"
                && error.line == at
                && shown.contains(reason)
                && error.hint.contains(hint)
        });
        assert!(
            found,
            "line {at} {reason} | {hint} in\n{text}\n{}",
            MappingErrors(errors)
        );
    }
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
fn all_mistakes_of_all_files_are_told_at_once() {
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
