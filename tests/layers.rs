//! The house rules that a machine can check: imports point down, files are small, and each says what it is for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rooms by floor. A room may import from lower floors and from itself, never from its own floor's neighbours or above.
const FLOORS: [&[&str]; 6] = [
    &["units"],
    &["model"],
    &["decode", "ledger", "points"],
    &["engine"],
    &[
        "ingest",
        "store",
        "sinks",
        "notify",
        "intensity",
        "web",
        "simulate",
    ],
    &["app"],
];

/// Imports between neighbours that are meant, with the reason.
const ALLOWED: [(&str, &str, &str); 4] = [
    (
        "notify",
        "store",
        "a notifier reads what is undelivered through the store's reader",
    ),
    (
        "intensity",
        "notify",
        "one small HTTP client: the API is asked with that of the notifiers",
    ),
    (
        "sinks",
        "store",
        "a sink reads the outbox through the store's reader",
    ),
    (
        "sinks",
        "ingest",
        "the publisher connects to a [[broker]] as its subscriber does: address, login, TLS, version",
    ),
];

/// No file is longer.
const LONGEST_FILE: usize = 400;
/// `main.rs` only hands over.
const LONGEST_MAIN: usize = 80;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if root.join(folder).is_dir() {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let text = |path: PathBuf| {
        (
            path.strip_prefix(root).unwrap().to_path_buf(),
            std::fs::read_to_string(&path).unwrap(),
        )
    };
    paths.into_iter().map(text).collect()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (path, text) in sources("src") {
        let mut parts = path.iter().skip(1).map(|part| part.to_str().unwrap());
        let room = parts.next().unwrap().trim_end_matches(".rs");
        if matches!(room, "lib" | "main") {
            continue;
        }
        let own = floor(room).unwrap_or_else(|| {
            panic!(
                "{}: `{room}` is on no floor; add it to FLOORS in tests/layers.rs and to lib.rs",
                path.display()
            )
        });
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let Some(other) = floor(&used) else { continue };
                checked += 1;
                let allowed = ALLOWED
                    .iter()
                    .any(|(from, to, _)| *from == room && *to == used);
                if used != room && other >= own && !allowed {
                    wrong.push(format!(
                        "{}:{}: `{room}` (floor {own}) uses `{used}` (floor {other})",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(
        checked > 50,
        "the check found only {checked} imports; does it still read the sources?"
    );
    assert!(
        wrong.is_empty(),
        "imports must point down: move the shared thing to a lower floor, or hand it over as an argument\n{}",
        wrong.join("\n")
    );
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    let mut lengths = BTreeMap::new();
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            let limit = if path.ends_with("main.rs") {
                LONGEST_MAIN
            } else {
                LONGEST_FILE
            };
            if lines > limit {
                wrong.push(format!(
                    "{}: {lines} lines, at most {limit}: split it by what changes together",
                    path.display()
                ));
            }
            if !text.starts_with("//!") {
                wrong.push(format!(
                    "{}: opens without `//!`: say what it turns into what",
                    path.display()
                ));
            }
            lengths.insert(path, lines);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lengths.len() > 40, "only {} files found", lengths.len());
}

/// Floors 0 to 3 have no socket, file, task, clock or randomness.
#[test]
fn the_core_does_no_input_or_output() {
    const BANNED: [&str; 7] = [
        "std::fs",
        "std::net",
        "tokio::",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "ring::rand",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let room = path
            .iter()
            .nth(1)
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if floor(room).is_none_or(|floor| floor > 3) {
            continue;
        }
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for banned in BANNED.into_iter().filter(|banned| line.contains(banned)) {
                wrong.push(format!(
                    "{}:{}: `{banned}`: pass the value in from app instead",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
