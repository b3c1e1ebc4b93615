//! Compiles `[[map]]` tables to maps. Every mistake is found here, before the first message.

use toml::de::DeValue;

use super::map::Map;
use super::parse_field;
use super::pointer::Pointers;
use super::template::Template;
use super::time::{TimeFormat, TimeLocation, TimeRule};
use super::toml_table::{MappingFile, TomlTable};
use super::topic::{Pattern, PatternError};
use crate::model::{AssetKind, nearest};
use crate::units::Zone;

/// Looks up a time zone by name; the error explains how to correct the name.
pub type FindZone<'a> = &'a dyn Fn(&str) -> Result<Zone, String>;

/// Keys of a `[[map]]`, which slip into a table below it if they stand after its heading (Telegraf 10753).
const MAP_KEYS: &[&str] = &[
    "topic", "asset", "kind", "format", "time", "stale_s", "ignore", "select", "fields",
];
/// Fields of one map.
const MAX_FIELDS: usize = 64;
/// A year; longer would mean never.
const LONGEST_STALE_S: u32 = 366 * 86_400;

const TIME_HINT: &str = "write time = { path = \"/t\", format = \"rfc3339\" }";
const TIME_FORMATS: [&str; 5] = [
    "rfc3339",
    "unix",
    "unix_ms",
    "local:Europe/London",
    "arrival",
];
const SELECT_HINT: &str = "write select = { path = \"/type\" }, and `when` in the fields";
const FIELDS_HINT: &str =
    "write fields = [ { path = \"/odo\", quantity = \"odometer\", unit = \"km\" } ]";

/// The maps of a file, without those that have mistakes.
pub(super) fn maps(source: &MappingFile<'_>, zone: FindZone<'_>) -> Vec<Map> {
    let Some(mut file) = source.parse() else {
        return Vec::new();
    };
    const HINT: &str = "write [[map]] with two brackets, and the keys of the map below it";
    let tables = if file.has("map") {
        file.tables("map", HINT, &[])
    } else {
        file.take("map");
        file.refuse("", None, "has no [[map]]", HINT);
        Vec::new()
    };
    file.finish();
    tables
        .into_iter()
        .filter_map(|table| map(source, table, zone))
        .collect()
}

const KINDS: &[(&str, AssetKind)] = &[
    ("vehicle", AssetKind::Vehicle),
    ("charger", AssetKind::Charger),
    ("meter", AssetKind::Meter),
];

/// A map needs `fields`, and at most [`MAX_FIELDS`] of them.
fn check_field_count(table: &mut TomlTable<'_, '_>, fields_at: Option<usize>, count: usize) {
    if fields_at.is_none() {
        table.refuse("", None, "has no `fields`", FIELDS_HINT);
    }
    if count > MAX_FIELDS {
        let reason = format!("has {count} fields");
        let hint = format!("at most {MAX_FIELDS}; split the map");
        table.refuse("fields", fields_at, reason, hint);
    }
}

fn map(source: &MappingFile<'_>, mut table: TomlTable<'_, '_>, zone: FindZone<'_>) -> Option<Map> {
    let before = source.count();
    let mut pointers = Pointers::new();
    let is_json = table
        .word("format", &[("json", true), ("value", false)])
        .unwrap_or(true);
    let kind = table.word("kind", KINDS);
    let topic = topic(&mut table);
    if !is_json {
        // The bare value itself.
        let _ = pointers.add("");
    }
    let asset = asset(&mut table, topic.as_ref(), is_json.then_some(&mut pointers));
    let time = time(&mut table, is_json.then_some(&mut pointers), zone);
    let stale_after_s = stale(&mut table);
    let ignores_retained = ignore(&mut table);
    let (select_at, fields_at) = (table.position("select"), table.position("fields"));
    let select = select(&mut table, is_json.then_some(&mut pointers));
    let items = table.tables("fields", FIELDS_HINT, MAP_KEYS);
    check_field_count(&mut table, fields_at, items.len());
    let context = parse_field::MapContext {
        is_json,
        has_select: select.is_some(),
    };
    let fields: Vec<_> = items
        .into_iter()
        .filter_map(|item| parse_field::field(item, &context, &mut pointers))
        .collect();
    // If a field has mistakes, its `when` is not known.
    if select.is_some()
        && source.count() == before
        && fields.iter().all(|field| field.when.is_none())
    {
        table.refuse(
            "select",
            select_at,
            "selects nothing: no field has a `when`",
            "add when = \"..\" to the fields it selects, or remove it",
        );
    }
    table.finish();
    let (topic, asset) = (topic?, asset?);
    let kind = kind.unwrap_or(AssetKind::Vehicle);
    (source.count() == before).then_some(Map {
        topic,
        asset,
        kind,
        is_json,
        time,
        stale_after_s,
        ignores_retained,
        select,
        fields,
        pointers,
    })
}

fn topic(table: &mut TomlTable<'_, '_>) -> Option<Pattern> {
    const HINT: &str = "write topic = \"acme/tracker/{id}/json\"";
    if !table.has("topic") {
        table.refuse("", None, "has no `topic`", HINT);
    }
    let (text, at) = table.text("topic", HINT)?;
    Pattern::parse(&text)
        .map_err(|(reason, hint)| {
            table.refuse("topic", Some(at), format!("`{text}` {reason}"), hint)
        })
        .ok()
}

fn asset(
    table: &mut TomlTable<'_, '_>,
    topic: Option<&Pattern>,
    pointers: Option<&mut Pointers>,
) -> Option<Template> {
    const HINT: &str = "write asset = \"acme:{id}\"; it may use {name} of the topic, {/json/pointer} and {prop:userProperty}";
    if !table.has("asset") {
        table.refuse("", None, "has no `asset`", HINT);
    }
    let (text, at) = table.text("asset", HINT)?;
    // Its captures are those of the topic.
    Template::parse(&text, topic?, pointers)
        .map_err(|(reason, hint)| {
            table.refuse("asset", Some(at), format!("`{text}` {reason}"), hint)
        })
        .ok()
}

/// A path below a map; a bare value has none.
fn path(
    table: &mut TomlTable<'_, '_>,
    pointers: Option<&mut Pointers>,
    hint: &str,
) -> Option<(usize, String)> {
    let (text, at) = table.any_text("path", hint)?;
    let Some(pointers) = pointers else {
        table.refuse(
            "path",
            Some(at),
            "has nowhere to lead: `format` is \"value\"",
            "write format = \"json\", or remove the path",
        );
        return None;
    };
    let added = pointers.add(&text);
    added
        .map_err(|(reason, hint): PatternError| {
            table.refuse("path", Some(at), format!("`{text}` {reason}"), hint)
        })
        .ok()
        .map(|n| (n, text))
}

fn time(
    table: &mut TomlTable<'_, '_>,
    pointers: Option<&mut Pointers>,
    zone: FindZone<'_>,
) -> Option<TimeRule> {
    let mut time = table.table("time", TIME_HINT, MAP_KEYS)?;
    let (has_path, has_prop, has_format) = (time.has("path"), time.has("prop"), time.has("format"));
    let pointer = path(&mut time, pointers, TIME_HINT);
    let property = time.text(
        "prop",
        "write prop = \"timestamp\": the name of an MQTT 5 user property",
    );
    let word = time.text("format", &format!("one of: {}", TIME_FORMATS.join(", ")));
    if !has_format {
        time.refuse(
            "",
            None,
            "has no `format`",
            format!("one of: {}", TIME_FORMATS.join(", ")),
        );
    }
    let is_arrival = word.as_ref().is_some_and(|(word, _)| word == "arrival");
    match (has_path, has_prop) {
        (true, true) => time.refuse(
            "",
            None,
            "has both `path` and `prop`",
            "keep the one where the time stands",
        ),
        (false, false) if !is_arrival => {
            time.refuse("", None, "says not where the time stands", TIME_HINT)
        }
        (true, false) | (false, true) if is_arrival => {
            let hint = "remove the other key: with \"arrival\" the message's own time is not read";
            time.refuse(
                "",
                None,
                "is the arrival, and yet names a place for the time",
                hint,
            );
        }
        _ => {}
    }
    let format = word
        .filter(|_| !is_arrival)
        .and_then(|(word, at)| time_format(&time, &word, at, zone));
    time.finish();
    let (location, name) = match (pointer, property) {
        (Some((number, text)), _) => (TimeLocation::Pointer(number), text),
        (None, Some((name, _))) => (TimeLocation::Property(name.clone()), name),
        (None, None) => return None,
    };
    Some(TimeRule {
        location,
        name,
        format: format?,
    })
}

fn time_format(
    time: &TomlTable<'_, '_>,
    word: &str,
    at: usize,
    zone: FindZone<'_>,
) -> Option<TimeFormat> {
    match word {
        "rfc3339" => Some(TimeFormat::Rfc3339),
        "unix" => Some(TimeFormat::Unix),
        "unix_ms" => Some(TimeFormat::UnixMs),
        _ => match word.strip_prefix("local:") {
            Some(name) => zone(name)
                .map(TimeFormat::Local)
                .map_err(|hint| {
                    time.refuse(
                        "format",
                        Some(at),
                        format!("`{name}` is no known time zone"),
                        hint,
                    )
                })
                .ok(),
            None => {
                time.refuse(
                    "format",
                    Some(at),
                    format!("`{word}` is not known"),
                    nearest(word, &TIME_FORMATS),
                );
                None
            }
        },
    }
}

fn stale(table: &mut TomlTable<'_, '_>) -> Option<u32> {
    let taken = table.take("stale_s")?;
    let seconds = match &taken.value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| (1..=LONGEST_STALE_S).contains(seconds));
    if seconds.is_none() {
        let reason = format!("is no whole number from 1 to {LONGEST_STALE_S}");
        table.refuse(
            "stale_s",
            Some(taken.at),
            reason,
            "write seconds: stale_s = 900",
        );
    }
    seconds
}

fn ignore(table: &mut TomlTable<'_, '_>) -> bool {
    const HINT: &str = "write ignore = [\"retained\"], or leave the key out";
    let Some((items, _)) = table.list("ignore", HINT) else {
        return false;
    };
    let mut retained = false;
    for item in items {
        match item.value.as_str() {
            Some("retained") => retained = true,
            Some(other) => table.refuse(
                "ignore",
                Some(item.at),
                format!("`{other}` is not known"),
                HINT,
            ),
            None => table.refuse("ignore", Some(item.at), "holds what is no text", HINT),
        }
    }
    retained
}

fn select(
    table: &mut TomlTable<'_, '_>,
    pointers: Option<&mut Pointers>,
) -> Option<(usize, String)> {
    let mut select = table.table("select", SELECT_HINT, MAP_KEYS)?;
    if !select.has("path") {
        select.refuse("", None, "has no `path`", SELECT_HINT);
    }
    let found = path(&mut select, pointers, SELECT_HINT);
    select.finish();
    found
}
