//! What does one charge point do, and what is wrong with it?

use super::KGCO2E;
use super::colours::{CLASS, LINK, STATUS, YES};
use super::estate::{
    CHARGE_POINT, CHARGE_POINT_STATUS, CONNECTOR_TIME, DOWN, ITSELF, METER_VALUES, OBSERVED, ONE,
    OPEN, OUT, PLUGS, SITE,
};
use super::table::{
    Column, Dashboard, Join, bars, column, date, gauge, growth, latest, lines, listing, one_minus,
    over, peak, rows, stat, state, states, table, word,
};

pub(super) const SESSION: &[Column] = &[
    date("started_ts_s", "Start"),
    column("vehicle_id", "Vehicle", "string"),
    column("id_tag_hash", "Tag, hashed", "string"),
    column("transaction_id", "Transaction", "string"),
    column("energy_wh", "Energy", "watth"),
    column("peak_power_w", "Peak power", "watt"),
    column("duration_s", "Duration", "s"),
    column("charging_duration_s", "Charging", "s"),
    column("idle_duration_s", "Idle", "s"),
    column("kgco2e_location", "Scope 2, location-based", KGCO2E),
    column("stop_reason", "Stop reason", "string"),
    column("method", "Method", "string"),
    word("plausible", "Plausible", YES),
];

/// One charge point in depth.
pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "charge-point",
    title: "Charge point",
    description: "What does one charge point do, and what is wrong with it?",
    from: "now-24h",
    variables: &[SITE, CHARGE_POINT],
    panels: &[
        states(
            "State",
            "OCPP state of each connector.",
            "none",
            &[state("", CHARGE_POINT_STATUS, "status_code").only(PLUGS).by(&["connector_id"], "Connector {connector_id}")],
        )
        .states(STATUS),
        states(
            "Class of time",
            "What each connector's time counts as in the uptime book.",
            "none",
            &[state("", CONNECTOR_TIME, "class_code").only(PLUGS).by(&["connector_id"], "Connector {connector_id}")],
        )
        .size(24, 6)
        .states(CLASS),
        states(
            "Link",
            "Whether the OCPP link is up and, of a tapped charge point, whether its operator can be reached.",
            "none",
            &[state("Link", CHARGE_POINT_STATUS, "online").only(ITSELF), state("Operator", CHARGE_POINT_STATUS, "operator_online").only(ITSELF)],
        )
        .size(24, 6)
        .states(LINK),
        lines(
            "Power",
            "Active power delivered, mean of each interval. Connector 0 is the main meter.",
            "watt",
            &[over("", METER_VALUES, "power_w", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Energy register",
            "The meter's own reading; it only rises, unless the meter was replaced.",
            "watth",
            &[state("", METER_VALUES, "energy_import_wh").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Current",
            "Current of the most loaded phase, highest of each interval.",
            "amp",
            &[peak("", METER_VALUES, "current_a").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Voltage",
            "Mean of each interval.",
            "volt",
            &[over("", METER_VALUES, "voltage_v", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "State of charge",
            "Of the plugged vehicle, as the charge point knows it.",
            "percentunit",
            &[over("", METER_VALUES, "soc_ratio", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Temperature",
            "As the charge point reports it, highest of each interval.",
            "celsius",
            &[peak("", METER_VALUES, "temperature_c").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        bars(
            "Energy and sessions",
            "Energy of ended sessions by interval.",
            "watth",
            &[growth("", CONNECTOR_TIME, "energy_wh").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Faults and sessions",
            "Faults and warnings reported, and sessions that ended.",
            "none",
            &[growth("Faults", CONNECTOR_TIME, "faults").only(ONE), growth("Sessions", CONNECTOR_TIME, "sessions").only(ONE)],
        ),
        gauge(
            "Reliability by the wording",
            "Public Charge Point Regulations 2023, regulation 7: a lost link and maintenance count as reliable.",
            "percentunit",
            &[one_minus("By wording", DOWN, OPEN).only(ONE)],
        ),
        gauge(
            "Uptime with links",
            "A lost link counts as outage, exempt time does not (23 CFR 680.116(b)).",
            "percentunit",
            &[one_minus("NEVI", OUT, OBSERVED).only(ONE)],
        ),
        stat(
            "Conformance",
            "Share of sampled requests that the strict OCPP reader took.",
            "percentunit",
            &[latest("Conformant", "charge_point_conformance", "conformant_ratio", Join::Last).only(ONE)],
        )
        .size(12, 6),
        listing(
            "State, in words",
            "The last state of each connector with its error code. VictoriaMetrics keeps no text.",
            "none",
            &[table(
                CHARGE_POINT_STATUS,
                &["connector_id"],
                &[
                    word("status_code", "State", STATUS),
                    column("status", "In words", "string"),
                    column("error_code", "Error code", "string"),
                    word("occupied", "Plugged in", YES),
                    word("online", "Link", LINK),
                ],
            )
            .only(ONE)],
        ),
        listing(
            "Sessions",
            "The newest 200 sessions that ended within the range. VictoriaMetrics keeps no text: there it is the last session of each connector.",
            "none",
            &[rows("charging_session", &["connector_id"], SESSION).only(ONE)],
        ),
    ],
};
