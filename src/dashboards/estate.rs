//! Does the charging estate work, how much is it used, and where does it reach its limits?

use super::charge_point::SESSION;
use super::colours::STATUS;
use super::table::{
    Dashboard, Filter, Join, Variable, bar_gauge, bars, column, demand, gauge, grown, growth,
    latest, lines, listing, one_minus, over, peak, rows, share, share_in_time, standing, stat,
    state, states, table,
};

pub(super) const SITE: Variable = Variable {
    tag: "site",
    label: "Site",
    measurement: "connector_time",
    field: "sessions",
    within: None,
    several: true,
    first: "",
};
pub(super) const CHARGE_POINT: Variable = Variable {
    tag: "charge_point_id",
    label: "Charge point",
    measurement: "connector_time",
    field: "sessions",
    within: Some("site"),
    several: false,
    first: "",
};

const SITES: &[Filter] = &[Filter::Selected("site")];
/// Connector 0 is the charge point itself, not a place to plug in.
const CONNECTORS: &[Filter] = &[Filter::Selected("site"), Filter::Not("connector_id", "0")];
pub(super) const ONE: &[Filter] = &[Filter::One("charge_point_id")];
pub(super) const PLUGS: &[Filter] = &[
    Filter::One("charge_point_id"),
    Filter::Not("connector_id", "0"),
];
pub(super) const ITSELF: &[Filter] = &[
    Filter::One("charge_point_id"),
    Filter::Is("connector_id", "0"),
];
const PLACE: &[&str] = &["charge_point_id", "connector_id"];
pub(super) const CHARGE_POINT_STATUS: &str = "charge_point_status";
pub(super) const METER_VALUES: &str = "meter_values";
pub(super) const CONNECTOR_TIME: &str = "connector_time";
const SITE_INFO: &str = "site_info";

/// What was not working, without exempt time (`ledger/uptime/norms.rs` has the sources).
pub(super) const DOWN: &[&str] = &["inoperative_ms", "faulted_ms", "-exempt_down_ms"];
/// Without a link or not working, exempt time taken out.
pub(super) const OUT: &[&str] = &[
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
    "-exempt_down_ms",
    "-exempt_offline_ms",
];
/// Classes of observed time: `unknown` is left out of every ratio.
pub(super) const OBSERVED: &[&str] = &[
    "available_ms",
    "occupied_ms",
    "reserved_ms",
    "inoperative_ms",
    "faulted_ms",
    "offline_ms",
];
pub(super) const OPEN: &[&str] = &[
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

/// The dashboard of all charging sites.
pub(super) const DASHBOARD: Dashboard = Dashboard {
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
                standing("Available", CHARGE_POINT_STATUS, "status_code", 1).only(CONNECTORS),
                standing("Charging", CHARGE_POINT_STATUS, "status_code", 3).only(CONNECTORS),
                standing("Unavailable", CHARGE_POINT_STATUS, "status_code", 8).only(CONNECTORS),
                standing("Faulted", CHARGE_POINT_STATUS, "status_code", 9).only(CONNECTORS),
            ],
        )
        .size(12, 4),
        stat(
            "Energy delivered",
            "Energy of sessions that ended within the range, by the connectors' counters.",
            "watth",
            &[grown("Energy", CONNECTOR_TIME, "energy_wh").only(SITES)],
        ),
        stat(
            "Peak power of one connector",
            "Highest power of any connector within the range.",
            "watt",
            &[peak("Peak", METER_VALUES, "power_w").only(SITES)],
        ),
        states(
            "State of every connector",
            "OCPP state in time. A colour that goes on means that no other state was reported since.",
            "none",
            &[state("", CHARGE_POINT_STATUS, "status_code").only(CONNECTORS).by(PLACE, "{charge_point_id} {connector_id}")],
        )
        .size(24, 14)
        .states(STATUS),
        lines(
            "Power by site, and capacity",
            "Sum over connectors of the mean power of each interval; dashed, the capacity of the site's supply in the register's `sites.csv`. No dashed line: it is not stated there.",
            "watt",
            &[
                over("", METER_VALUES, "power_w", Join::Sum).only(CONNECTORS).by(&["site"], "{site}"),
                state("", SITE_INFO, "capacity_w").only(SITES).by(&["site"], "{site} capacity").dashed(),
            ],
        ),
        bar_gauge(
            "Highest demand against capacity",
            "The highest half-hour of the range by site, sum over connectors of the half-hours' mean power, beside the capacity of the site's supply.",
            "watt",
            &[
                demand("", METER_VALUES, "power_w").only(CONNECTORS).by(&["site"], "{site}"),
                latest("", SITE_INFO, "capacity_w", Join::Last).only(SITES).by(&["site"], "{site} capacity"),
            ],
        ),
        lines(
            "Peak power of a connector by site",
            "Highest single reading of each interval.",
            "watt",
            &[peak("", METER_VALUES, "power_w").only(SITES).by(&["site"], "{site}")],
        ),
        bars(
            "Energy by site",
            "Energy of ended sessions by interval.",
            "watth",
            &[growth("", CONNECTOR_TIME, "energy_wh").only(SITES).by(&["site"], "{site}")],
        ),
        lines(
            "Sessions",
            "Sessions that ended by interval, and those in which the vehicle got something (0.2 kWh or three minutes). The second is part of the first.",
            "none",
            &[growth("Ended", CONNECTOR_TIME, "sessions").only(SITES), growth("Successful", CONNECTOR_TIME, "sessions_successful").only(SITES)],
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
            &[growth("", CONNECTOR_TIME, "overstay_ms").only(SITES).by(&["site"], "{site}")],
        ),
        bars(
            "Faults",
            "Faults and warnings reported by charge points, by site.",
            "none",
            &[growth("", CONNECTOR_TIME, "faults").only(SITES).by(&["site"], "{site}")],
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
                growth("Maintenance", CONNECTOR_TIME, "maintenance_ms").only(SITES),
                growth("Closed", CONNECTOR_TIME, "closed_ms").only(SITES),
                growth("Not observed", CONNECTOR_TIME, "not_observed_ms").only(SITES),
                growth("Exempt, not working", CONNECTOR_TIME, "exempt_down_ms").only(SITES),
                growth("Exempt, off line", CONNECTOR_TIME, "exempt_offline_ms").only(SITES),
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
                SITE_INFO,
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
            "What each charge point reported at BootNotification. VictoriaMetrics keeps no text.",
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
