//! Words of one country stand in `src/jurisdiction` alone: elsewhere neither identifiers nor texts name its places and offices.
//!
//! Comments may explain, tests may use a country as an example.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::sources;

/// Words of Britain, lower case.
const WORDS: &[&str] = &[
    "1 april",
    "april-",
    "the april",
    "britain",
    "british",
    "defra",
    "desnz",
    "dvla",
    "london",
    "nhs",
    "pcpr",
];

/// Where such a word may stand: the beginning of the path, the word, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "src/api/",
        "1 april",
        "public description of a parameter's default",
    ),
    (
        "src/api/",
        "london",
        "public description of the API for the default country",
    ),
    (
        "src/app/config/exempt.rs",
        "london",
        "a hint, read before the country is known",
    ),
    (
        "src/app/config/targets/",
        "the april",
        "a hint of a key with a year; a year of another start is written the same way",
    ),
    (
        "src/app/mappings.rs",
        "london",
        "an example of an IANA name",
    ),
    (
        "src/dashboards/",
        "london",
        "shipped presets: dashboards for the default country",
    ),
    (
        "src/engine/views/air.rs",
        "1 april",
        "an example in a hint of the API",
    ),
    (
        "src/engine/views/",
        "pcpr",
        "public names of fields in the API",
    ),
    (
        "src/model/intensity.rs",
        "britain",
        "the carbon intensity API covers Great Britain and no other country",
    ),
    (
        "src/model/intensity.rs",
        "london",
        "a region of the same API",
    ),
    (
        "src/report/",
        "april-",
        "texts of the report for the default country",
    ),
    (
        "src/report/",
        "pcpr",
        "public names of columns, and the column's source",
    ),
    ("src/series/", "dvla", "public description of a field"),
    (
        "src/series/",
        "london",
        "public descriptions of measurements",
    ),
    (
        "src/telemetry/mapping/",
        "london",
        "an example of a time format",
    ),
    (
        "src/units/weekly.rs",
        "london",
        "a hint, read before the country is known",
    ),
];

/// Identifiers and string literals, without attributes (and so without doc comments) and without the tests of the file.
fn texts(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut for_tests = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Punct(_)) = tokens.peek() {
                    tokens.next();
                }
                if let Some(TokenTree::Group(attribute)) = tokens.next() {
                    for_tests |= attribute.stream().to_string().replace(' ', "") == "cfg(test)";
                }
            }
            // The item behind `#[cfg(test)]` ends with its block, or with a semicolon.
            TokenTree::Group(group) if for_tests && group.delimiter() == Delimiter::Brace => {
                for_tests = false;
            }
            TokenTree::Punct(punct) if for_tests && punct.as_char() == ';' => for_tests = false,
            _ if for_tests => {}
            TokenTree::Group(group) => texts(group.stream(), found),
            TokenTree::Ident(ident) => found.push(ident.to_string()),
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn words_of_a_country_stand_in_its_jurisdiction() {
    let (mut wrong, mut used) = (Vec::new(), vec![false; ALLOWED.len()]);
    for source in sources("src") {
        let path = source.path.display().to_string();
        if path.starts_with("src/jurisdiction/") || path.ends_with("tests.rs") {
            continue;
        }
        let mut found = Vec::new();
        texts(source.text.parse().unwrap(), &mut found);
        for text in found {
            let lower = text.to_lowercase();
            for word in WORDS.iter().filter(|word| lower.contains(**word)) {
                let allowed = ALLOWED
                    .iter()
                    .position(|(place, name, _)| path.starts_with(place) && name == word);
                match allowed {
                    Some(index) => used[index] = true,
                    None => wrong.push(format!("{path}: `{word}` in {text}")),
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "move these to src/jurisdiction, as data of a country\n{}",
        wrong.join("\n")
    );
    let stale = ALLOWED.iter().zip(&used).filter(|(_, used)| !**used);
    let stale: Vec<&str> = stale.map(|((place, _, _), _)| *place).collect();
    assert!(stale.is_empty(), "no longer needed: {stale:?}");
}
