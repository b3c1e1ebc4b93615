//! The files of the dashboards that are shipped: they equal what the table makes and are well formed, every field is shown, promtool accepts
//! the alert rules, and provisioning and compose file name what is exported. No Grafana and no container runs here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alert_rules;
mod grafana_json;
mod panels;
mod provisioning;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{TempDir, fleetgauge};
use fleetgauge::dashboards::files;

const RENEW: &str = "renew them with `cargo run -- dashboards export dashboards`";

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

#[test]
fn the_shipped_files_are_what_the_table_makes() {
    let folder = TempDir::new("dashboards");
    let output = fleetgauge()
        .args(["dashboards", "export"])
        .arg(folder.path().join("new"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    for (path, text) in &files() {
        assert_eq!(
            &std::fs::read_to_string(folder.path().join("new").join(path)).unwrap(),
            text,
            "{path}"
        );
        assert!(
            std::fs::read_to_string(shipped().join(path)).is_ok_and(|found| found == *text),
            "dashboards/{path}: {RENEW}"
        );
    }
    let exported = files().into_iter().map(|(path, _)| shipped().join(path));
    assert_eq!(
        files_below(shipped()),
        exported.collect::<BTreeSet<_>>(),
        "no other file stands in dashboards/: {RENEW}"
    );
}

fn files_below(folder: PathBuf) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path);
            }
        }
    }
    found
}
