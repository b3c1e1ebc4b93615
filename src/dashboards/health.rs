//! Can the figures be trusted, and is the daemon well?

use super::colours::{ALERT, YES};
use super::table::{
    Dashboard, Filter, Join, Variable, bars, column, growth, latest, lines, listing, over, rows,
    standing, stat, state, states, table, word,
};

const SELECTED: &[Filter] = &[Filter::One("fleet")];
const Q: &str = "data_quality";
const I: &str = "ingest_stats";
const T: &str = "vehicle_telemetry";
const VEHICLES: &[Filter] = &[Filter::Selected("vehicle_id")];
const BY_VEHICLE: &[&str] = &["vehicle_id"];

/// The dashboard of data quality and daemon health.
pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "data-quality",
    title: "Data quality and daemon health",
    description: "Can the figures be trusted, and is the daemon well?",
    from: "now-24h",
    variables: &[
        Variable {
            tag: "fleet",
            label: "Organisation",
            measurement: Q,
            field: "vehicles",
            within: None,
            several: false,
            first: "all",
        },
        Variable {
            tag: "vehicle_id",
            label: "Vehicle",
            measurement: T,
            field: "odometer_km",
            within: None,
            several: true,
            first: "",
        },
    ],
    panels: &[
        stat(
            "Completeness",
            "Share of vehicles in service that reported within 24 hours.",
            "percentunit",
            &[latest("Completeness", Q, "completeness_ratio", Join::Last).only(SELECTED)],
        ),
        stat(
            "Vehicles",
            "In service, reported within 24 hours, and silent for longer than their source's limit.",
            "none",
            &[
                latest("In service", Q, "vehicles", Join::Last).only(SELECTED),
                latest("Reported", Q, "vehicles_heard_24h", Join::Last).only(SELECTED),
                latest("Silent", Q, "vehicles_stale", Join::Last).only(SELECTED),
            ],
        ),
        stat(
            "Messages lost",
            "Messages that running numbers show to be missing, since the vehicles first reported.",
            "none",
            &[latest("Lost", Q, "messages_lost", Join::Last).only(SELECTED)],
        ),
        stat(
            "Alerts firing",
            "Alerts that were firing at their last change of state within the range. Without one: no value.",
            "none",
            &[standing("Firing", "alerts", "state_code", 2)],
        ),
        lines(
            "Completeness in time",
            "Share of vehicles in service that reported within 24 hours, by organisation.",
            "percentunit",
            &[over("", Q, "completeness_ratio", Join::Mean).by(&["fleet"], "{fleet}")],
        ),
        lines(
            "Silent vehicles",
            "Vehicles silent for longer than their source's limit, by organisation.",
            "none",
            &[over("", Q, "vehicles_stale", Join::Max).by(&["fleet"], "{fleet}")],
        ),
        bars(
            "Messages received",
            "Messages of each source by interval. The counters start anew with the daemon.",
            "none",
            &[growth("", I, "received").by(&["source"], "{source}")],
        ),
        bars(
            "Messages understood",
            "Accepted messages of each source by interval.",
            "none",
            &[growth("", I, "accepted").by(&["source"], "{source}")],
        ),
        bars(
            "Rejected, late, dropped",
            "Not understood, older than what was known, lost for want of room. The built-in page shows the messages themselves.",
            "none",
            &[
                growth("", I, "rejected").by(&["source"], "{source} rejected"),
                growth("", I, "late").by(&["source"], "{source} late"),
                growth("", I, "dropped").by(&["source"], "{source} dropped"),
            ],
        ),
        states(
            "Alerts",
            "State of each alert in time.",
            "none",
            &[state("", "alerts", "state_code").by(
                &["rule", "site", "fingerprint"],
                "{rule} {site} {fingerprint}",
            )],
        )
        .states(ALERT)
        .size(12, 8),
        listing(
            "Changes of alerts",
            "The newest 200 changes of state within the range. VictoriaMetrics keeps no text: there it is the last state of each alert.",
            "none",
            &[rows(
                "alerts",
                &["rule", "severity", "fleet", "site"],
                &[
                    word("state_code", "State", ALERT),
                    column("state", "In words", "string"),
                    column("subject", "Subject", "string"),
                    column("value", "Value", "none"),
                    column("threshold", "Level", "none"),
                    column("notified", "Notifications", "none"),
                ],
            )],
        ),
        listing(
            "Registers replaced or doubted",
            "Resets, jumps, suspected units, changes of source. `fleetgauge counters undo` takes the entry's number.",
            "none",
            &[rows(
                "counter_event",
                &["site", "asset", "quantity", "event"],
                &[
                    column("entry", "Entry", "none"),
                    column("feed", "Feed", "string"),
                    column("value_before", "Before", "none"),
                    column("value_after", "After", "none"),
                    word("undone", "Undone", YES),
                ],
            )],
        ),
        lines(
            "State of charge of vehicles",
            "Traction battery, mean of each interval.",
            "percentunit",
            &[over("", T, "soc_ratio", Join::Mean)
                .only(VEHICLES)
                .by(BY_VEHICLE, "{vehicle_id}")],
        ),
        lines(
            "Charging power of vehicles",
            "As the vehicle reports it; and the power into its battery, negative out of it.",
            "watt",
            &[
                over("", T, "charge_power_w", Join::Mean)
                    .only(VEHICLES)
                    .by(BY_VEHICLE, "{vehicle_id} charging"),
                over("", T, "battery_power_w", Join::Mean)
                    .only(VEHICLES)
                    .by(BY_VEHICLE, "{vehicle_id} battery"),
            ],
        ),
        lines(
            "Speed of vehicles",
            "Mean of each interval, where the vehicle reports it.",
            "velocitykmh",
            &[over("", T, "speed_kph", Join::Mean)
                .only(VEHICLES)
                .by(BY_VEHICLE, "{vehicle_id}")],
        ),
        listing(
            "Vehicles: switched on, charging",
            "The last word of each vehicle.",
            "none",
            &[table(
                T,
                BY_VEHICLE,
                &[
                    column("odometer_km", "Odometer", "lengthkm"),
                    word("ignition", "Switched on", YES),
                    word("charging", "Charging", YES),
                ],
            )
            .only(VEHICLES)],
        )
        .size(12, 8),
    ],
};
