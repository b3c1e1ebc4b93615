//! Files that are written by hand under `dashboards/` and leave with the binary as they are.

/// By path below the folder.
pub(super) fn files() -> Vec<(String, String)> {
    [
        ("compose.yml", include_str!("../../dashboards/compose.yml")),
        (
            "mosquitto.conf",
            include_str!("../../dashboards/mosquitto.conf"),
        ),
        (
            "provisioning/datasources/fleetgauge.yml",
            include_str!("../../dashboards/provisioning/datasources/fleetgauge.yml"),
        ),
        (
            "provisioning/dashboards/fleetgauge.yml",
            include_str!("../../dashboards/provisioning/dashboards/fleetgauge.yml"),
        ),
        (
            "prometheus/rules_test.yml",
            include_str!("../../dashboards/prometheus/rules_test.yml"),
        ),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .to_vec()
}
