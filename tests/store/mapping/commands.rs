//! Commands that read mapping files.

use crate::mapping::*;

/// Arguments, exit status, part of the standard output, part of the standard error.
const COMMANDS: &[(&[&str], i32, &str, &str)] = &[
    (
        &["decode", "--mapping", "site.toml", "capture.jsonl"],
        0,
        "\"ts\":\"2026-08-21T09:15:02.000Z\"",
        "",
    ),
    (
        &["decode", "--mapping", "bad.toml", "capture.jsonl"],
        78,
        "",
        "error: `map[0].topic` in bad.toml line 2: `a/#/b` has `#`",
    ),
    (
        &["decode", "--mapping", "nowhere.toml"],
        78,
        "",
        "error: nowhere.toml: ",
    ),
    (
        &["check-config", "config.toml"],
        0,
        "ok: mappings: 6 maps",
        "",
    ),
    (
        &["check-config", "wrong.toml"],
        78,
        "",
        "error: `map[0].fields[0]` in bad.toml line 4: has no `unit` for `soc`",
    ),
    (&["check-config", "wrong.toml"], 78, "", "nowhere.toml: "),
    (
        &["run", "--config", "wrong.toml"],
        78,
        "",
        "bad.toml line 2",
    ),
    (
        &["replay", "--config", "wrong.toml", "feed.jsonl"],
        78,
        "",
        "bad.toml line 2",
    ),
    (
        &["replay", "--config", "config.toml", "feed.jsonl"],
        0,
        "\"mg:V\"",
        "",
    ),
    (
        &["replay", "--config", "config.toml", "feed.jsonl"],
        0,
        "\"x:1\"",
        "",
    ),
];

#[test]
fn the_commands_read_mapping_files() {
    let folder = folder_with_mappings();
    for &(arguments, code, out, err) in COMMANDS {
        let output = fleetgauge()
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let (stdout, stderr) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        let good =
            output.status.code() == Some(code) && stdout.contains(out) && stderr.contains(err);
        assert!(
            good,
            "{arguments:?}: {:?}\n{stdout}\n{stderr}",
            output.status.code()
        );
    }
}

/// A good and a bad mapping, a configuration with each, a capture and a feed.
fn folder_with_mappings() -> TempDir {
    let folder = TempDir::new("mapping");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let site = json_map(
        r#"{ path = "/odo", quantity = "odometer", unit = "km" }"#,
        "time = { path = \"/t\", format = \"local:Europe/Paris\" }",
    );
    write("site.toml", &site);
    write(
        "bad.toml",
        "[[map]]\ntopic = \"a/#/b\"\nasset = \"x:1\"\nfields = [{ path = \"/v\", quantity = \"soc\" }]\n",
    );
    write(
        "config.toml",
        "[mapping]\nfiles = [\"site.toml\"]\npresets = [\"saic\"]\n",
    );
    write(
        "wrong.toml",
        "[mapping]\nfiles = [\"bad.toml\", \"nowhere.toml\"]\n",
    );
    write(
        "capture.jsonl",
        "{\"topic\":\"t\",\"payload\":\"{\\\"odo\\\":5,\\\"t\\\":\\\"2026-08-21T11:15:02\\\"}\"}\n",
    );
    let line = |at: &str, topic: &str, payload: &str| {
        json!({ "at": at, "mqtt": { "topic": topic, "payload": payload } }).to_string()
    };
    let feed = [
        line(
            "2026-08-21T09:15:03Z",
            "t",
            r#"{"odo":5,"t":"2026-08-21T11:15:02"}"#,
        ),
        line(
            "2026-08-21T09:15:04Z",
            "saic/u/vehicles/V/drivetrain/soc",
            "55",
        ),
    ];
    write("feed.jsonl", &feed.join("\n"));
    folder
}
