//! Identifiers use the field's words (`docs/GLOSSARY.md`). Each banned word stood for many things before and explained none.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use super::sources;

/// Words that no identifier may hold, and the words for it.
const BANNED: &[(&[&str], &str)] = &[
    (&["admission", "admissions"], "authentication"),
    (&["door", "doors"], "listener, server"),
    (&["guest", "guests"], "pending connection"),
    (&["seat", "seats"], "connection slot"),
    (&["life"], "liveness"),
    (&["beat", "beats"], "touch"),
    (&["most"], "max"),
    (&["outlet", "outlets"], "output, receiver, wiring"),
    (&["scene", "scenes"], "event context, fixture"),
    (&["surroundings", "around"], "dependencies (`Deps`), range"),
    (&["news"], "changed rows"),
    (&["manner"], "deviations, conformance"),
    (&["tidy"], "compact, csv rows"),
    (
        &["stuff", "thing", "things", "notion"],
        "the noun that is meant",
    ),
    (&["wish", "wishes"], "command, query, desired configuration"),
    (&["hears", "tellings"], "apply, observe, emit"),
    (&["learn"], "observe, record"),
    (&["went"], "connection closed"),
    (&["welcome"], "accept, CONNACK"),
    (
        &["whoever", "whom", "somebody", "anybody", "everybody"],
        "the role: receiver, caller, operator",
    ),
    (&["dwh"], "tenth_wh, or the type `TenthWattHours`"),
    (&["mpct"], "millipercent"),
    (&["mw"], "milliwatts"),
];

/// Words that are to go, how many identifiers still hold one, and the words for it. Lower a number with every rename; at zero the word
/// moves to [`BANNED`].
const TO_RENAME: &[(&[&str], usize, &str)] = &[
    // `vehicles_heard_24h` and `last_heard_at` are public names of the API and of `data_quality`.
    (&["hear", "heard"], 10, "apply, observe, reported"),
    (&["tell", "tells", "told"], 5, "emit, notify, reported"),
    (&["say", "says", "said"], 7, "claimed, stated, has"),
    (&["ask", "asks", "asked"], 3, "request, query"),
    (&["who", "whose"], 3, "the role: receiver, caller, owner"),
    (&["nobody"], 2, "none, no user"),
    (&["chosen"], 1, "selected, configured"),
    (&["nothing"], 11, "none, zero, empty"),
    (&["question", "questions"], 2, "query"),
];

/// Identifiers that hold a banned word in its plain sense.
const ALLOWED: &[&str] = &[
    // MQTT's name of QoS 0, in rumqttc.
    "AtMostOnce",
    // OCPP's location of a sampled value.
    "Outlet",
];

/// The words of an identifier: `CamelCase` and `snake_case` alike.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase() || c.is_numeric();
        if c != '_' {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn identifiers(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(found.insert(ident.to_string())),
            TokenTree::Group(group) => identifiers(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Identifiers and names of files, by file.
fn identifiers_by_file() -> Vec<(String, BTreeSet<String>)> {
    ["src", "tests", "benches", "fuzz/src"]
        .into_iter()
        .flat_map(sources)
        .map(|source| {
            let mut found = BTreeSet::new();
            identifiers(source.text.parse().unwrap(), &mut found);
            found.extend(source.module());
            (source.path.display().to_string(), found)
        })
        .collect()
}

/// Identifiers that hold one of the words, each with the files it stands in.
fn uses<'a>(
    files: &'a [(String, BTreeSet<String>)],
    banned: &[&str],
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, found) in files {
        for identifier in found {
            let words = words(identifier);
            if words.iter().any(|word| banned.contains(&word.as_str()))
                && !ALLOWED.contains(&identifier.as_str())
            {
                uses.entry(identifier).or_default().push(path);
            }
        }
    }
    uses
}

#[test]
fn identifiers_split_into_their_words() {
    assert_eq!(words("MAX_seatsTaken2Go"), ["max", "seats", "taken2", "go"]);
}

#[test]
fn identifiers_use_the_fields_words() {
    let files = identifiers_by_file();
    let mut wrong = Vec::new();
    for (banned, instead) in BANNED {
        for (identifier, paths) in uses(&files, banned) {
            wrong.push(format!(
                "`{identifier}`: use {instead} ({})",
                paths.join(", ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} identifiers\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn words_that_are_to_go_only_become_fewer() {
    let files = identifiers_by_file();
    let mut wrong = Vec::new();
    for (banned, limit, instead) in TO_RENAME {
        let uses = uses(&files, banned);
        println!("{} of at most {limit}: {}", uses.len(), banned.join(", "));
        if uses.len() > *limit {
            wrong.push(format!(
                "{} identifiers instead of {limit} hold {}; use {instead}\n{uses:#?}",
                uses.len(),
                banned.join(", ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
