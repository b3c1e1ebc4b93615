//! Does the charging estate work, how much is it used, and where does it reach its limits?

use super::colours::{CLASS, LINK, STATUS, YES};
use super::table::{
    Dashboard, Filter, Join, Variable, bar_gauge, bars, column, demand, gauge, grown, growth,
    latest, lines, listing, one_minus, over, peak, rows, share, share_in_time, standing, stat,
    state, states, table, word,
};

const SITE: Variable = Variable {
    tag: "site",
    label: "Site",
    measurement: "connector_time",
    field: "sessions",
    within: None,
    several: true,
    first: "",
};
const CHARGE_POINT: Variable = Variable {
    tag: "charge_point_id",
    label: "Charge point",
    measurement: "connector_time",
    field: "sessions",
    within: Some("site"),
    several: false,
    first: "",
};

const SITES: &[Filter] = &[Filter::Chosen("site")];
/// Connector 0 is the charge point itself, not a place to plug in.
const CONNECTORS: &[Filter] = &[Filter::Chosen("site"), Filter::Not("connector_id", "0")];
const ONE: &[Filter] = &[Filter::One("charge_point_id")];
const PLUGS: &[Filter] = &[
    Filter::One("charge_point_id"),
    Filter::Not("connector_id", "0"),
];
const ITSELF: &[Filter] = &[
    Filter::One("charge_point_id"),
    Filter::Is("connector_id", "0"),
];
const PLACE: &[&str] = &["charge_point_id", "connector_id"];
const S: &str = "charge_point_status";
const V: &str = "meter_values";
const C: &str = "connector_time";
const I: &str = "site_info";

/// What was not working, without exempt time (`ledger/uptime/norms.rs` has the sources).
const DOWN: &[&str] = &["inoperative_ms", "faulted_ms", "-exempt_down_ms"];
/// Without a link or not working, exempt time taken out.
pub(super) const OUT: &[&str] = &[
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
    "-exempt_down_ms",
    "-exempt_offline_ms",
];
/// Time we know of.
pub(super) const OBSERVED: &[&str] = &[
    "available_ms",
    "occupied_ms",
    "reserved_ms",
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
];
const OPEN: &[&str] = &[
    "available_ms",
    "occupied_ms",
    "reserved_ms",
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
    "-closed_ms",
];
const ACCESSIBLE: &[&str] = &[
    "available_ms",
    "occupied_ms",
    "reserved_ms",
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
    "-closed_ms",
    "-maintenance_ms",
];

/// All sites.
pub const DASHBOARD: Dashboard = Dashboard {
    name: "charging-estate",
    title: "Charging estate",
    description: "Does the charging estate work, how much is it used, and where does it reach its limits?",
    from: "now-24h",
    variables: &[SITE],
    panels: &[
        stat(
            "Connectors now",
            "Connectors by their state at the end of the range.",
            "none",
            &[
                standing("Available", S, "status_code", 1).only(CONNECTORS),
                standing("Charging", S, "status_code", 3).only(CONNECTORS),
                standing("Unavailable", S, "status_code", 8).only(CONNECTORS),
                standing("Faulted", S, "status_code", 9).only(CONNECTORS),
            ],
        )
        .size(12, 4),
        stat(
            "Energy delivered",
            "Energy of sessions that ended within the range, by the connectors' counters.",
            "watth",
            &[grown("Energy", C, "energy_wh").only(SITES)],
        ),
        stat(
            "Peak power of one connector",
            "Highest power of any connector within the range.",
            "watt",
            &[peak("Peak", V, "power_w").only(SITES)],
        ),
        states(
            "State of every connector",
            "OCPP state in time. A colour that goes on means that nothing else was heard since.",
            "none",
            &[state("", S, "status_code").only(CONNECTORS).by(PLACE, "{charge_point_id} {connector_id}")],
        )
        .size(24, 14)
        .states(STATUS),
        lines(
            "Power by site, and capacity",
            "Sum over connectors of the mean power of each interval; dashed, the capacity of the site's supply in the register's `sites.csv`. No dashed line: it is not stated there.",
            "watt",
            &[
                over("", V, "power_w", Join::Sum).only(CONNECTORS).by(&["site"], "{site}"),
                state("", I, "capacity_w").only(SITES).by(&["site"], "{site} capacity").dashed(),
            ],
        ),
        bar_gauge(
            "Highest demand against capacity",
            "The highest half-hour of the range by site, sum over connectors of the half-hours' mean power, beside the capacity of the site's supply.",
            "watt",
            &[
                demand("", V, "power_w").only(CONNECTORS).by(&["site"], "{site}"),
                latest("", I, "capacity_w", Join::Last).only(SITES).by(&["site"], "{site} capacity"),
            ],
        ),
        lines(
            "Peak power of a connector by site",
            "Highest single reading of each interval.",
            "watt",
            &[peak("", V, "power_w").only(SITES).by(&["site"], "{site}")],
        ),
        bars(
            "Energy by site",
            "Energy of ended sessions by interval.",
            "watth",
            &[growth("", C, "energy_wh").only(SITES).by(&["site"], "{site}")],
        ),
        lines(
            "Sessions",
            "Sessions that ended by interval, and those in which the vehicle got something (0.2 kWh or three minutes). The second is part of the first.",
            "none",
            &[growth("Ended", C, "sessions").only(SITES), growth("Successful", C, "sessions_successful").only(SITES)],
        ),
        lines(
            "Utilisation",
            "Share of accessible time (observed, open, no maintenance) with energy flowing, and with a vehicle plugged in. Time of charging is known when the session is over.",
            "percentunit",
            &[
                share_in_time("Charging", &["charging_ms"], ACCESSIBLE).only(SITES),
                share_in_time("Plugged in", &["occupied_ms"], ACCESSIBLE).only(SITES),
            ],
        ),
        bars(
            "Overstay",
            "Time plugged in longer than needed and allowed, within opening hours, by site.",
            "ms",
            &[growth("", C, "overstay_ms").only(SITES).by(&["site"], "{site}")],
        ),
        bars(
            "Faults",
            "Faults and warnings reported by charge points, by site.",
            "none",
            &[growth("", C, "faults").only(SITES).by(&["site"], "{site}")],
        ),
        gauge(
            "Reliability by the wording",
            "Public Charge Point Regulations 2023, regulation 7: a lost link and maintenance count as reliable; hours in which the site is closed are left out. The goal, 0.99 over a calendar year, is for public points of 50 kW and more: choose the year as range and such sites.",
            "percentunit",
            &[one_minus("By wording", DOWN, OPEN).only(SITES)],
        ),
        gauge(
            "Reliability as implemented",
            "The same regulation as Monta implements it: exempt time (maintenance, closed) leaves both sides of the ratio. The stricter of the two readings.",
            "percentunit",
            &[one_minus("As implemented", DOWN, ACCESSIBLE).only(SITES)],
        ),
        gauge(
            "Uptime with links",
            "US 23 CFR 680.116(b) (NEVI): a lost link counts as outage, exempt time does not. Goal above 0.97 over twelve months.",
            "percentunit",
            &[one_minus("NEVI", OUT, OBSERVED).only(SITES)],
        ),
        gauge(
            "Sessions that worked",
            "Share of ended sessions in which the vehicle got something.",
            "percentunit",
            &[share("Successful", &["sessions_successful"], &["sessions"]).only(SITES)],
        ),
        lines(
            "Time not working, by site",
            "Share of observed time out of service, faulted or without a link, by interval; exempt time included.",
            "percentunit",
            &[share_in_time("", &["inoperative_ms", "faulted_ms", "offline_ms"], OBSERVED).only(SITES).by(&["site"], "{site}")],
        ),
        lines(
            "Exempt and unobserved time",
            "Connector time in maintenance windows, outside opening hours, and while we were away: it is in no reliability figure as downtime.",
            "ms",
            &[
                growth("Maintenance", C, "maintenance_ms").only(SITES),
                growth("Closed", C, "closed_ms").only(SITES),
                growth("Not observed", C, "not_observed_ms").only(SITES),
                growth("Exempt, not working", C, "exempt_down_ms").only(SITES),
                growth("Exempt, off line", C, "exempt_offline_ms").only(SITES),
            ],
        ),
        listing(
            "Sessions",
            "The newest 200 sessions that ended within the range. VictoriaMetrics keeps no text: there it is the last session of each connector.",
            "none",
            &[rows("charging_session", &["site", "charge_point_id", "connector_id"], SESSION).only(SITES)],
        )
        .size(24, 12),
        listing(
            "Sites",
            "Sites of the register, with the capacity of their supply. VictoriaMetrics keeps no text.",
            "none",
            &[table(
                I,
                &["fleet", "site"],
                &[
                    column("name", "Name", "string"),
                    column("capacity_w", "Capacity", "watt"),
                    column("charge_points", "Charge points", "none"),
                    column("connectors", "Connectors", "none"),
                ],
            )
            .only(SITES)],
        ),
        listing(
            "Charge points",
            "What each charge point said of itself at BootNotification. VictoriaMetrics keeps no text.",
            "none",
            &[table(
                "charge_point_info",
                &["site", "charge_point_id"],
                &[
                    column("vendor", "Vendor", "string"),
                    column("model", "Model", "string"),
                    column("firmware", "Firmware", "string"),
                ],
            )
            .only(SITES)],
        )
        .size(12, 9),
        listing(
            "Conformance",
            "Share of sampled requests that the strict OCPP reader took.",
            "none",
            &[table(
                "charge_point_conformance",
                &["site", "charge_point_id", "vendor"],
                &[
                    column("requests_checked", "Checked", "none"),
                    column("requests_conformant", "Conformant", "none"),
                    column("conformant_ratio", "Share", "percentunit"),
                ],
            )
            .only(SITES)],
        )
        .size(12, 9),
    ],
};

const SESSION: &[super::table::Column] = &[
    super::table::date("started_ts_s", "Start"),
    column("vehicle_id", "Vehicle", "string"),
    column("id_tag_hash", "Tag, hashed", "string"),
    column("transaction_id", "Transaction", "string"),
    column("energy_wh", "Energy", "watth"),
    column("peak_power_w", "Peak power", "watt"),
    column("duration_s", "Duration", "s"),
    column("charging_duration_s", "Charging", "s"),
    column("idle_duration_s", "Idle", "s"),
    column("kgco2e_location", "Scope 2, location-based", super::KGCO2E),
    column("stop_reason", "Stop reason", "string"),
    column("method", "Method", "string"),
    word("plausible", "Plausible", YES),
];

/// One charge point in depth.
pub const POINT_DASHBOARD: Dashboard = Dashboard {
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
            &[state("", S, "status_code").only(PLUGS).by(&["connector_id"], "Connector {connector_id}")],
        )
        .states(STATUS),
        states(
            "Class of time",
            "What each connector's time counts as in the uptime book.",
            "none",
            &[state("", C, "class_code").only(PLUGS).by(&["connector_id"], "Connector {connector_id}")],
        )
        .size(24, 6)
        .states(CLASS),
        states(
            "Link",
            "Whether the OCPP link is up and, of a tapped charge point, whether its operator can be reached.",
            "none",
            &[state("Link", S, "online").only(ITSELF), state("Operator", S, "operator_online").only(ITSELF)],
        )
        .size(24, 6)
        .states(LINK),
        lines(
            "Power",
            "Active power delivered, mean of each interval. Connector 0 is the main meter.",
            "watt",
            &[over("", V, "power_w", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Energy register",
            "The meter's own reading; it only rises, unless the meter was replaced.",
            "watth",
            &[state("", V, "energy_import_wh").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Current",
            "Current of the most loaded phase, highest of each interval.",
            "amp",
            &[peak("", V, "current_a").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Voltage",
            "Mean of each interval.",
            "volt",
            &[over("", V, "voltage_v", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "State of charge",
            "Of the plugged vehicle, as the charge point knows it.",
            "percentunit",
            &[over("", V, "soc_ratio", Join::Mean).only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Temperature",
            "As the charge point reports it, highest of each interval.",
            "celsius",
            &[peak("", V, "temperature_c").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        bars(
            "Energy and sessions",
            "Energy of ended sessions by interval.",
            "watth",
            &[growth("", C, "energy_wh").only(ONE).by(&["connector_id"], "Connector {connector_id}")],
        ),
        lines(
            "Faults and sessions",
            "Faults and warnings reported, and sessions that ended.",
            "none",
            &[growth("Faults", C, "faults").only(ONE), growth("Sessions", C, "sessions").only(ONE)],
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
                S,
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
