//! The commands and their exit codes.

use crate::config::*;

fn run(arguments: &[&str], folder: &TempDir) -> (Option<i32>, String, String) {
    let output = fleetgauge()
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Arguments, exit status, part of the standard output, part of the standard error.
const COMMANDS: &[(&[&str], i32, &str, &str)] = &[
    (&["--help"], 0, "demo", ""),
    (&["run", "--help"], 0, "Example: fleetgauge run", ""),
    (&["--version"], 0, "fleetgauge 0.1.0", ""),
    (&["fly"], 2, "", "unrecognized subcommand"),
    (&["config"], 0, "[listener]", ""),
    (
        &["check-config", "good.toml", "--connect"],
        0,
        "ok: ocpp.listen",
        "",
    ),
    (
        &["check-config", "bad.toml"],
        78,
        "",
        "did you mean `listen`?",
    ),
    (
        &["check-config", "several.toml"],
        78,
        "",
        "did you mean `listen`?",
    ),
    (
        &["check-config", "several.toml"],
        78,
        "",
        "error: register: register: missing",
    ),
    (
        &["check-config", "several.toml"],
        78,
        "",
        "`listener.password_file`: nowhere",
    ),
    (
        &["check-config", "store.toml", "--connect"],
        78,
        "",
        "error: store: `store.directory`: vehicles.csv",
    ),
    (&["check-config", "nowhere.toml"], 78, "", "cannot be read"),
    (
        &["check-config", "broker.toml", "--connect"],
        78,
        "ok: register",
        "error: broker broker1",
    ),
    (
        &["check-config", "files.toml"],
        78,
        "",
        "`listener.password_file`: nowhere",
    ),
    (
        &["check-config", "exempt.toml"],
        78,
        "",
        "`exempt[0].site`: `NOWHERE` is not in sites.csv",
    ),
    (&["run", "--config", "bad.toml"], 78, "", "line 2"),
    (
        &["classify", "vehicles.csv"],
        0,
        "share under nhs_sdu: 50.0 % (up to 75.0 %",
        "",
    ),
    (
        &["classify", "vehicles.csv", "--profile", "zev_only"],
        0,
        "25.0 %",
        "",
    ),
    (
        &["classify", "vehicles.csv", "--profile", "green"],
        2,
        "",
        "known are nhs_sdu",
    ),
    (
        &["classify", "wrong.csv"],
        78,
        "",
        "wrong.csv line 2, column `euro`",
    ),
    (&["classify", "nowhere.csv"], 1, "", "nowhere.csv"),
    (&["decode", "--help"], 0, "Formats: auto, native", ""),
    (&["decode", "--format", "nope"], 2, "", "write one of auto"),
];

#[test]
fn commands_have_their_exit_codes() {
    let folder = folder_with_configurations();
    for &(arguments, code, out, err) in COMMANDS {
        let (found, stdout, stderr) = run(arguments, &folder);
        assert!(
            found == Some(code) && stdout.contains(out) && stderr.contains(err),
            "{arguments:?}: {found:?}\n{stdout}\n{stderr}"
        );
    }
    classes_are_written_as_json(&folder);
}

/// Good and bad configurations, and registers of vehicles to classify.
fn folder_with_configurations() -> TempDir {
    let folder = TempDir::new("config-cli");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "good.toml",
        "[listener]\nlisten = \"127.0.0.1:0\"\n[ocpp]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n",
    );
    write("bad.toml", "[ocpp]\nlistn = 1\n");
    write(
        "several.toml",
        "[register]\ndirectory = \"missing\"\n[listener]\npassword_file = \"nowhere\"\n[ocpp]\nlistn = 1\n",
    );
    write("store.toml", "[store]\ndirectory = \"vehicles.csv\"\n");
    write(
        "broker.toml",
        "[[broker]]\nhost = \"127.0.0.1\"\nport = 1\n",
    );
    write(
        "exempt.toml",
        "[[exempt]]\nsite = \"NOWHERE\"\nreason = \"closed\"\nweekly = \"Sun 02:00-04:00\"\n",
    );
    write("files.toml", "[listener]\npassword_file = \"nowhere\"\n");
    write(
        "vehicles.csv",
        "vehicle_id,fuel,euro\nA,DIESEL,6\nB,DIESEL,5\nC,ELECTRICITY,\nD,,\n",
    );
    write("wrong.csv", "vehicle_id,euro\nA,x\n");
    folder
}

fn classes_are_written_as_json(folder: &TempDir) {
    let (_, text, _) = run(
        &[
            "classify",
            "vehicles.csv",
            "--json",
            "--as-of",
            "2026-03-31",
        ],
        folder,
    );
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        answer["counts"],
        serde_json::json!({ "zero": 1, "ultra_low": 0, "low": 1, "other": 1, "unknown": 1 })
    );
    assert_eq!(
        answer["vehicles"][1],
        serde_json::json!({ "vehicle_id": "B", "class": "other", "rule": "R5", "basis": "measured" })
    );
    assert_eq!(
        (
            answer["profile"].as_str(),
            answer["as_of"].as_str(),
            answer["upper"].as_f64()
        ),
        (Some("nhs_sdu"), Some("2026-03-31"), Some(0.75))
    );
}
