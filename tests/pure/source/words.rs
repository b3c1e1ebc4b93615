//! Identifiers use the field's words (`docs/GLOSSARY.md`). Each banned word stood for many things before and explained none.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use super::sources;

/// A word, and what to say instead.
const BANNED: &[(&str, &str)] = &[
    ("admission", "authentication"),
    ("door", "listener, server"),
    ("guest", "pending connection"),
    ("most", "max"),
    ("outlet", "output, receiver, wiring"),
    ("outlets", "outputs, receivers, wiring"),
    ("seat", "connection slot"),
    ("surroundings", "dependencies (`Deps`)"),
    ("tidy", "compact, csv rows"),
    ("wish", "command, query"),
    ("wishes", "desired configuration"),
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

#[test]
fn identifiers_use_the_fields_words() {
    assert_eq!(words("MAX_seatsTaken2Go"), ["max", "seats", "taken2", "go"]);
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for source in ["src", "tests", "benches", "fuzz/src"]
        .into_iter()
        .flat_map(sources)
    {
        let mut found = BTreeSet::new();
        identifiers(source.text.parse().unwrap(), &mut found);
        let segments = source.module().into_iter();
        for identifier in found.into_iter().chain(segments) {
            let words = words(&identifier);
            let banned = BANNED
                .iter()
                .find(|(word, _)| words.iter().any(|found| found == word));
            if let Some((word, instead)) = banned
                && !ALLOWED.contains(&identifier.as_str())
            {
                let text = format!("`{identifier}` says `{word}`; say {instead}");
                wrong.insert(format!("{}: {text}", source.path.display()), String::new());
            }
        }
    }
    let list: Vec<&str> = wrong.keys().map(String::as_str).collect();
    assert!(
        list.is_empty(),
        "{} identifiers\n{}",
        list.len(),
        list.join("\n")
    );
}
