//! Alert rules for Prometheus, checked and tested by promtool.

use std::path::Path;
use std::process::Command;

use super::shipped;
use crate::support::server;

#[test]
fn promtool_takes_the_alert_rules_and_their_tests() {
    const TEST: &str = "promtool_takes_the_alert_rules_and_their_tests";
    let Some(promtool) = server(TEST, "promtool") else {
        return;
    };
    run(&promtool, ["check", "rules", "rules.yml"]);
    run(&promtool, ["test", "rules", "rules_test.yml"]);
    // Every rule has a case in which it fires, and one in which it does not.
    let rules = std::fs::read_to_string(shipped().join("prometheus/rules.yml")).unwrap();
    let tests = std::fs::read_to_string(shipped().join("prometheus/rules_test.yml")).unwrap();
    let names: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let cases: Vec<(&str, bool)> = cases(&tests);
    for name in &names {
        for fires in [true, false] {
            let how = if fires { "fires" } else { "does not fire" };
            assert!(
                cases.contains(&(name, fires)),
                "{name}: rules_test.yml has no case in which it {how}"
            );
        }
    }
    assert!(
        cases.iter().all(|(name, _)| names.contains(name)),
        "a case of a rule that is not there"
    );
    println!("{} rules, {} cases", names.len(), cases.len());
}

fn run(promtool: &Path, arguments: [&str; 3]) {
    let output = Command::new(promtool)
        .args(arguments)
        .current_dir(shipped().join("prometheus"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// Cases of a file of promtool: the rule, and whether alerts are expected.
fn cases(tests: &str) -> Vec<(&str, bool)> {
    let case = |(at, _): (usize, &str)| {
        let case = &tests[at + "eval_time: ".len()..];
        let case = &case[..case.find("eval_time: ").unwrap_or(case.len())];
        let name = case.split_once("alertname: ").unwrap().1;
        (
            name.split([' ', '\n', '}']).next().unwrap(),
            case.contains("exp_alerts:"),
        )
    };
    tests.match_indices("eval_time: ").map(case).collect()
}
