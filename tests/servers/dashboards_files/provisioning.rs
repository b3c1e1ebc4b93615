//! What Grafana's provisioning files and the compose file say about each other. The stack itself cannot run here.

use fleetgauge::dashboards::files;

fn exported(path: &str) -> String {
    let found = files().into_iter().find(|(found, _)| found == path);
    found.unwrap_or_else(|| panic!("no file {path}")).1
}

/// The value of the first line with this key.
fn value(text: &str, key: &str) -> String {
    text.lines()
        .find_map(|line| {
            line.trim()
                .strip_prefix(key)?
                .strip_prefix(": ")
                .map(str::to_owned)
        })
        .unwrap()
}

/// Folders that the compose file mounts, by their paths here and in the container.
fn mounts(compose: &str) -> Vec<(&str, &str)> {
    compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ./"))
        .map(|line| {
            let (from, to) = line.split_once(':').unwrap();
            (from, to.trim_end_matches(":ro"))
        })
        .collect()
}

#[test]
fn the_compose_file_mounts_what_is_exported() {
    let compose = exported("compose.yml");
    let mounts = mounts(&compose);
    let files = files();
    for (from, _) in &mounts {
        let is_exported = files
            .iter()
            .any(|(path, _)| path == from || path.starts_with(&format!("{from}/")));
        assert!(
            is_exported,
            "compose.yml mounts {from}, which is not exported"
        );
    }
    assert!(
        mounts.contains(&("provisioning", "/etc/grafana/provisioning")),
        "{mounts:?}"
    );
    let folder = value(&exported("provisioning/dashboards/fleetgauge.yml"), "path");
    assert!(
        mounts.contains(&("grafana", folder.as_str())),
        "dashboards are looked for in {folder}: {mounts:?}"
    );
    assert!(
        compose.starts_with("# ") && compose.contains("NOT RUN"),
        "it says that it was not run"
    );
}

#[test]
fn the_data_source_is_the_one_that_compose_starts_and_rules_query() {
    let (compose, source) = (
        exported("compose.yml"),
        exported("provisioning/datasources/fleetgauge.yml"),
    );
    assert_eq!(value(&source, "type"), "influxdb");
    let uid = value(&source, "uid");
    for line in exported("provisioning/alerting/fleetgauge.yml")
        .lines()
        .filter(|line| line.contains("datasourceUid: "))
    {
        assert!(
            line.ends_with(&format!(": {uid}")) || line.ends_with(": __expr__"),
            "{line}: the data source is {uid}"
        );
    }
    for variable in source
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
    {
        assert!(
            compose.contains(&format!("      {variable}: ")),
            "compose.yml does not set {variable}"
        );
    }
    let bucket = value(&compose, "DOCKER_INFLUXDB_INIT_BUCKET");
    assert_eq!(
        value(&source, "dbName"),
        bucket,
        "a bucket is a database of its name"
    );
}
