//! Comments inform a reader of this repository: docs are more than one or two words, and a cited page can be opened.

use std::path::Path;

use super::sources;

/// Pages of other projects, cited by the project and the page.
const FOREIGN_PAGES: &[&str] = &[
    // goecharger/go-eCharger-API-v2.
    "apikeys-en.md",
    // meatpiHQ/wican-fw.
    "docs/content/7.MQTT/Usage.md",
];

/// Names of working papers that are not part of the repository; they are cited without `.md` too.
const PAPERS: &[&str] = &[
    "emissions-golden",
    "mqtt-telemetry",
    "output-and-operations",
    "register-words",
    "style-anchors",
];

/// Line numbers of docs that are one line of at most two words.
fn short_docs(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_doc = |index: Option<usize>| {
        index.is_some_and(|index| lines.get(index).is_some_and(|line| line.starts_with("///")))
    };
    (0..lines.len())
        .filter(|index| {
            is_doc(Some(*index))
                && !is_doc(index.checked_sub(1))
                && !is_doc(Some(index + 1))
                && lines[*index].split_whitespace().count() <= 3
        })
        .map(|index| index + 1)
        .collect()
}

/// Pages that comments name: words that end in `.md`, and names of working papers.
fn cited_pages(text: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for line in text.lines() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        let is_name = |c: char| c.is_alphanumeric() || "._/-".contains(c);
        for word in comment.split(|c| !is_name(c)) {
            let word = word.trim_matches(['.', '/']);
            if word.ends_with(".md") || PAPERS.contains(&word) {
                pages.push(word.to_owned());
            }
        }
    }
    pages
}

#[test]
fn docs_are_more_than_one_or_two_words() {
    let mut found = Vec::new();
    for source in sources("src") {
        let path = source.path.display();
        found.extend(
            short_docs(&source.text)
                .iter()
                .map(|line| format!("{path}:{line}")),
        );
    }
    assert!(
        found.is_empty(),
        "docs of one or two words: write a sentence with the unit, range, source or the meaning of None, or delete them\n{}",
        found.join("\n")
    );
}

#[test]
fn cited_pages_are_in_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for source in ["src", "tests", "benches", "fuzz/src"]
        .into_iter()
        .flat_map(sources)
    {
        // This file names the papers in order to find them.
        if source.path.ends_with("source/comments.rs") {
            continue;
        }
        for page in cited_pages(&source.text) {
            if !root.join(&page).is_file() && !FOREIGN_PAGES.contains(&page.as_str()) {
                wrong.push(format!("{}: {page}", source.path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "cite the primary source (document, section, year) or state the reason; a page of the repository by its whole path\n{}",
        wrong.join("\n")
    );
}

#[test]
fn short_docs_and_cited_pages_are_found() {
    let text = "/// When.\na: u8,\n/// Its name.\nb: u8,\n/// When it\n/// began.\nc: u8,\n/// In local time.\n";
    assert_eq!(short_docs(text), [1, 3]);
    let text = "//! By paper.md 5.4.\nlet a = \"b.md\"; // (mqtt-telemetry, docs/c.md)\n";
    assert_eq!(
        cited_pages(text),
        ["paper.md", "mqtt-telemetry", "docs/c.md"]
    );
}
