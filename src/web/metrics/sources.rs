//! Counters of what comes in: messages, connections, logins, tapped links and brokers.

use super::{Family, by_source, counter, gauge};

pub(super) const SOURCES: &[Family] = &[
    by_source(
        "fleetgauge_messages_received_total",
        "counter",
        "Messages received from vehicles and charge points, before they are decoded.",
        |stats| &stats.mqtt_received,
        |stats| &stats.ocpp_received,
    ),
    by_source(
        "fleetgauge_messages_accepted_total",
        "counter",
        "Observations that were decoded from messages and handed to the engine.",
        |stats| &stats.mqtt_accepted,
        |stats| &stats.ocpp_accepted,
    ),
    counter(
        "fleetgauge_fields_ignored_total",
        "Fields of accepted messages that were ignored because they are unknown or not valid.",
        |stats| &stats.fields_ignored,
    ),
    counter(
        "fleetgauge_readings_late_total",
        "Readings that are older than the newest one in the ledger.",
        |stats| &stats.late,
    ),
    counter(
        "fleetgauge_assets_refused_total",
        "Readings refused because limits.max_assets is reached.",
        |stats| &stats.assets_refused,
    ),
    counter(
        "fleetgauge_intensity_answers_total",
        "Responses received from the carbon intensity API.",
        |stats| &stats.intensity_answers,
    ),
    counter(
        "fleetgauge_intensity_failures_total",
        "Requests to the carbon intensity API that failed.",
        |stats| &stats.intensity_failures,
    ),
    counter(
        "fleetgauge_indicators_refused_total",
        "Monthly figures refused because limits.max_indicators is reached.",
        |stats| &stats.indicators_refused,
    ),
    counter(
        "fleetgauge_charging_refused_total",
        "OCPP messages refused because limits.max_charge_points or limits.max_connectors is reached.",
        |stats| &stats.charging_refused,
    ),
    counter(
        "fleetgauge_history_refused_total",
        "Amounts of energy and time of charge points that have no history because history.max_series is reached.",
        |stats| &stats.history_refused,
    ),
    by_source(
        "fleetgauge_connections",
        "gauge",
        "Open connections of devices and charge points.",
        |stats| &stats.listener_connections,
        |stats| &stats.ocpp_connections,
    ),
    counter(
        "fleetgauge_connections_refused_total",
        "Connections refused because of a limit, wrong credentials or an unknown identity.",
        |stats| &stats.connections_refused,
    ),
    gauge(
        "fleetgauge_ocpp_connections_open",
        "Open connections of charge points, authenticated or not.",
        |stats| &stats.ocpp_open,
    ),
    counter(
        "fleetgauge_ocpp_connections_replaced_total",
        "OCPP connections closed because the same identity connected again.",
        |stats| &stats.ocpp_replaced,
    ),
    counter(
        "fleetgauge_ocpp_duplicates_refused_total",
        "OCPP connections refused because the same identity has a live or better authenticated connection.",
        |stats| &stats.duplicates_refused,
    ),
    counter(
        "fleetgauge_ocpp_handshakes_limited_total",
        "OCPP handshakes refused because ocpp.max_handshakes or ocpp.max_failed_handshakes was reached.",
        |stats| &stats.handshakes_limited,
    ),
    counter(
        "fleetgauge_web_logins_failed_total",
        "Logins to the page that failed because of a wrong name or password.",
        |stats| &stats.logins_failed,
    ),
    counter(
        "fleetgauge_web_logins_limited_total",
        "Logins to the page refused unchecked because of web.max_failed_logins or too many at once.",
        |stats| &stats.logins_limited,
    ),
    counter(
        "fleetgauge_ocpp_requests_repeated_total",
        "OCPP requests received twice on one connection, which got the first response again.",
        |stats| &stats.ocpp_repeated,
    ),
    counter(
        "fleetgauge_ocpp_frames_repaired_total",
        "OCPP metering frames with broken JSON that was repaired.",
        |stats| &stats.ocpp_repaired,
    ),
    counter(
        "fleetgauge_ocpp_answers_unasked_total",
        "OCPP responses received without a request.",
        |stats| &stats.ocpp_unsolicited,
    ),
    counter(
        "fleetgauge_tap_upstream_failures_total",
        "Failed attempts to connect a tapped charge point to its operator.",
        |stats| &stats.tap_upstream_failures,
    ),
    counter(
        "fleetgauge_tap_dropped_total",
        "Frames of tapped links that were forwarded but not observed.",
        |stats| &stats.tap_dropped,
    ),
    counter(
        "fleetgauge_tap_deaf_total",
        "Directions of tapped links that are forwarded unobserved because their bytes are no WebSocket.",
        |stats| &stats.tap_unobserved,
    ),
    counter(
        "fleetgauge_tap_listener_deaths_total",
        "Observers of tapped links that panicked and were restarted.",
        |stats| &stats.tap_observer_failures,
    ),
    counter(
        "fleetgauge_tap_bypass_total",
        "Tapped charge points that were given another address by their operator, so that their next connection may not be observed.",
        |stats| &stats.tap_bypass,
    ),
    counter(
        "fleetgauge_capture_dropped_total",
        "Lines of the capture that were dropped because its queue was full.",
        |stats| &stats.capture_dropped,
    ),
    gauge(
        "fleetgauge_brokers_connected",
        "MQTT brokers that are connected.",
        |stats| &stats.brokers_connected,
    ),
    counter(
        "fleetgauge_messages_own_total",
        "Messages published by this daemon that a broker sent back, which are ignored.",
        |stats| &stats.mqtt_own,
    ),
];
