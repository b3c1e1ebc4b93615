//! Frames that charge points really send: a folder for each case under `tests/frames/ocpp*/`.
//!
//! `frames` is run twice: over a socket against a running daemon, for the replies, and through `replay` on its own clock, for the facts.
//!
//! ```text
//! # a remark                      @ 08:00:00   the time on 21 August 2026, for the replay
//! > [2,"1","Heartbeat",{}]        sent by the charge point; `> file:NAME` sends the content of a file
//! < [3,"1",{"currentTime":"*"}]   the reply, `*` matches anything; without such a line there must be no reply
//! << [2,..]                       sent by the operator's central system, in cases for the tap (`+ tap`), which are only replayed
//! + 2.0.1    -                    the connection opens (again), closes
//! ```
//!
//! `$TX` is the transaction id of the last reply that has one. `expected.json` is compared with the replay's report: what it names must be
//! so. `handshake` and `answer` are the heads of a WebSocket handshake; a line of `answer` that begins with `!` must not be there.
//! `test` names the test that shows a behaviour which is more than frames. `about` gives the source of the case. `quirk` has the case's
//! number in our list of 106 quirks, if it has one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod case;
mod facts;
mod handshake;
mod replies;

use std::collections::BTreeSet;
use std::path::Path;

use self::case::{Case, cases};

#[test]
fn every_quirk_has_a_case() {
    let mut missing: BTreeSet<u32> = (1..=106).collect();
    for case in cases() {
        for number in case.quirks() {
            missing.remove(&number);
        }
    }
    assert!(missing.is_empty(), "without a case: {missing:?}");
}

#[test]
fn every_case_has_a_source_and_shows_something() {
    for case in cases() {
        let name = &case.name;
        assert!(
            case.folder.join("about").exists(),
            "{name}: give the source of the case in `about`"
        );
        let shows = ["frames", "handshake", "test"]
            .iter()
            .any(|file| case.folder.join(file).exists());
        assert!(
            shows,
            "{name}: has none of `frames`, `handshake` and `test`"
        );
        if let Some(path) = case.read("test") {
            assert_test_exists(&case, path.trim());
        }
    }
}

fn assert_test_exists(case: &Case, path: &str) {
    let name = &case.name;
    let (file, test) = path.split_once("::").unwrap();
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
        .unwrap_or_else(|error| panic!("{name}: {file}: {error}"));
    assert!(
        source.contains(&format!("fn {test}(")),
        "{name}: {file} has no test `{test}`"
    );
}
