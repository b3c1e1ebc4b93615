//! `/metrics` in Prometheus' text format: what the daemon did itself. Facts about the fleet go out as time series instead.

use std::fmt::Write;
use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::WebState;
use crate::model::{OutputStats, Stats};

type Read = fn(&Stats) -> &AtomicU64;

/// Name, type, labels, help, counter. Neighbours of one name are one family.
const METRICS: &[(&str, &str, &str, &str, Read)] = &[
    (
        "fleetgauge_messages_received_total",
        "counter",
        "source=\"mqtt\"",
        "Messages heard.",
        |s| &s.mqtt_received,
    ),
    (
        "fleetgauge_messages_received_total",
        "counter",
        "source=\"ocpp\"",
        "",
        |s| &s.ocpp_received,
    ),
    (
        "fleetgauge_messages_accepted_total",
        "counter",
        "source=\"mqtt\"",
        "Messages understood.",
        |s| &s.mqtt_accepted,
    ),
    (
        "fleetgauge_messages_accepted_total",
        "counter",
        "source=\"ocpp\"",
        "",
        |s| &s.ocpp_accepted,
    ),
    (
        "fleetgauge_fields_ignored_total",
        "counter",
        "",
        "Fields of accepted messages that were not understood.",
        |s| &s.fields_ignored,
    ),
    (
        "fleetgauge_readings_late_total",
        "counter",
        "",
        "Readings older than what was booked.",
        |s| &s.late,
    ),
    (
        "fleetgauge_assets_refused_total",
        "counter",
        "",
        "Readings of assets beyond limits.max_assets.",
        |s| &s.assets_refused,
    ),
    (
        "fleetgauge_intensity_answers_total",
        "counter",
        "",
        "Answers of the carbon intensity API.",
        |s| &s.intensity_answers,
    ),
    (
        "fleetgauge_intensity_failures_total",
        "counter",
        "",
        "Questions to the carbon intensity API that failed.",
        |s| &s.intensity_failures,
    ),
    (
        "fleetgauge_indicators_refused_total",
        "counter",
        "",
        "Monthly figures beyond limits.max_indicators.",
        |s| &s.indicators_refused,
    ),
    (
        "fleetgauge_charging_refused_total",
        "counter",
        "",
        "Messages beyond limits.max_charge_points or limits.max_connectors.",
        |s| &s.charging_refused,
    ),
    (
        "fleetgauge_history_refused_total",
        "counter",
        "",
        "Energy and time of charge points beyond history.max_series.",
        |s| &s.history_refused,
    ),
    (
        "fleetgauge_connections",
        "gauge",
        "source=\"mqtt\"",
        "Open connections of devices and charge points.",
        |s| &s.listener_connections,
    ),
    (
        "fleetgauge_connections",
        "gauge",
        "source=\"ocpp\"",
        "",
        |s| &s.ocpp_connections,
    ),
    (
        "fleetgauge_connections_refused_total",
        "counter",
        "",
        "Connections refused (limit, credentials, unknown id).",
        |s| &s.connections_refused,
    ),
    (
        "fleetgauge_ocpp_connections_open",
        "gauge",
        "",
        "Connections of charge points, let in or not yet.",
        |s| &s.ocpp_open,
    ),
    (
        "fleetgauge_ocpp_connections_replaced_total",
        "counter",
        "",
        "Links that another of the same identity took the place of.",
        |s| &s.ocpp_replaced,
    ),
    (
        "fleetgauge_ocpp_duplicates_refused_total",
        "counter",
        "",
        "Connections refused: the identity is connected, better authenticated or alive.",
        |s| &s.duplicates_refused,
    ),
    (
        "fleetgauge_ocpp_handshakes_limited_total",
        "counter",
        "",
        "Handshakes beyond ocpp.max_handshakes or max_failed_handshakes.",
        |s| &s.handshakes_limited,
    ),
    (
        "fleetgauge_web_logins_failed_total",
        "counter",
        "",
        "Logins at the page with a wrong name or password.",
        |s| &s.logins_failed,
    ),
    (
        "fleetgauge_web_logins_limited_total",
        "counter",
        "",
        "Logins beyond web.max_failed_logins, or too many at once.",
        |s| &s.logins_limited,
    ),
    (
        "fleetgauge_ocpp_requests_repeated_total",
        "counter",
        "",
        "Requests heard before, answered as before.",
        |s| &s.ocpp_repeated,
    ),
    (
        "fleetgauge_ocpp_frames_repaired_total",
        "counter",
        "",
        "Metering frames whose JSON was broken and mended.",
        |s| &s.ocpp_repaired,
    ),
    (
        "fleetgauge_ocpp_answers_unasked_total",
        "counter",
        "",
        "Answers to what nobody asked.",
        |s| &s.ocpp_unasked,
    ),
    (
        "fleetgauge_tap_upstream_failures_total",
        "counter",
        "",
        "Operators that could not be reached.",
        |s| &s.tap_upstream_failures,
    ),
    (
        "fleetgauge_tap_dropped_total",
        "counter",
        "",
        "Frames passed on, but not listened to.",
        |s| &s.tap_dropped,
    ),
    (
        "fleetgauge_tap_deaf_total",
        "counter",
        "",
        "Directions passed on only, because their bytes are no WebSocket.",
        |s| &s.tap_deaf,
    ),
    (
        "fleetgauge_tap_listener_deaths_total",
        "counter",
        "",
        "Listeners that died and were replaced.",
        |s| &s.tap_listener_deaths,
    ),
    (
        "fleetgauge_tap_bypass_total",
        "counter",
        "",
        "Operators that gave a tapped charge point another address.",
        |s| &s.tap_bypass,
    ),
    (
        "fleetgauge_capture_dropped_total",
        "counter",
        "",
        "Lines the capture had no room for.",
        |s| &s.capture_dropped,
    ),
    (
        "fleetgauge_brokers_connected",
        "gauge",
        "",
        "MQTT brokers connected to.",
        |s| &s.brokers_connected,
    ),
    (
        "fleetgauge_messages_own_total",
        "counter",
        "",
        "Messages of our own that a broker brought back; left out.",
        |s| &s.mqtt_own,
    ),
    (
        "fleetgauge_publisher_connected",
        "gauge",
        "",
        "1 while results can be published to the broker.",
        |s| &s.publisher_connected,
    ),
    (
        "fleetgauge_published_total",
        "counter",
        "",
        "Messages published to the broker.",
        |s| &s.published,
    ),
    (
        "fleetgauge_home_assistant_vehicles_left_out",
        "gauge",
        "",
        "Vehicles on the list beyond home_assistant.max_devices.",
        |s| &s.devices_left_out,
    ),
    (
        "fleetgauge_commits_total",
        "counter",
        "",
        "Commits of the store.",
        |s| &s.commits,
    ),
    (
        "fleetgauge_commit_failures_total",
        "counter",
        "",
        "Commits that failed and were tried again.",
        |s| &s.commit_failures,
    ),
    (
        "fleetgauge_checkpoints_total",
        "counter",
        "",
        "Checkpoints of the store.",
        |s| &s.checkpoints,
    ),
    (
        "fleetgauge_inbox_bytes_total",
        "counter",
        "",
        "Bytes of inbox rows committed.",
        |s| &s.inbox_bytes,
    ),
    (
        "fleetgauge_points_total",
        "counter",
        "",
        "Rows of line protocol committed.",
        |s| &s.points,
    ),
    (
        "fleetgauge_outbox_bytes_total",
        "counter",
        "",
        "Compressed bytes of them.",
        |s| &s.outbox_bytes,
    ),
    (
        "fleetgauge_outbox_batches",
        "gauge",
        "",
        "Batches waiting for a sink.",
        |s| &s.outbox_rows,
    ),
    (
        "fleetgauge_outbox_waiting_bytes",
        "gauge",
        "",
        "Bytes waiting for a sink.",
        |s| &s.outbox_waiting_bytes,
    ),
    (
        "fleetgauge_outbox_dropped_total",
        "counter",
        "",
        "Batches dropped because store.outbox_max was reached.",
        |s| &s.outbox_dropped,
    ),
    (
        "fleetgauge_disk_free_ppm",
        "gauge",
        "",
        "Free part of the disk of the store, millionths; 0 is not known.",
        |s| &s.disk_free_ppm,
    ),
    (
        "fleetgauge_alerts_refused_total",
        "counter",
        "",
        "Alerts beyond alerts.max_series.",
        |s| &s.alerts_refused,
    ),
    (
        "fleetgauge_notifications_waiting",
        "gauge",
        "",
        "Notifications that wait for their notifiers.",
        |s| &s.notifications_waiting,
    ),
    (
        "fleetgauge_notifications_dropped_total",
        "counter",
        "",
        "Notifications dropped because too many waited.",
        |s| &s.notifications_dropped,
    ),
    (
        "fleetgauge_notifications_delivered_total",
        "counter",
        "",
        "Notifications that notifiers have taken.",
        |s| &s.notifications_delivered,
    ),
    (
        "fleetgauge_notifications_failed_total",
        "counter",
        "",
        "Attempts to deliver that failed and are tried again.",
        |s| &s.notifications_failed,
    ),
    (
        "fleetgauge_notifications_refused_total",
        "counter",
        "",
        "Notifications that a notifier refuses for good.",
        |s| &s.notifications_refused,
    ),
];

pub(super) async fn metrics(State(state): State<WebState>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        render(&state.stats, state.health.borrow().ready),
    )
        .into_response()
}

/// Counters that every output has: name, help text, counter.
type OutputMetric = (&'static str, &'static str, fn(&OutputStats) -> &AtomicU64);

const OUTPUT_METRICS: &[OutputMetric] = &[
    (
        "fleetgauge_sink_batches_total",
        "Batches a sink has taken.",
        |output| &output.batches,
    ),
    (
        "fleetgauge_sink_failures_total",
        "Failed attempts to write to a sink.",
        |output| &output.failures,
    ),
    (
        "fleetgauge_sink_points_refused_total",
        "Rows a sink refused for good.",
        |output| &output.points_refused,
    ),
];

fn render_outputs(stats: &Stats, text: &mut String) {
    for (name, help, counter) in OUTPUT_METRICS {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n");
        for (output, counters) in stats.outputs() {
            let count = Stats::get(counter(&counters));
            let _ = writeln!(text, "{name}{{sink=\"{output}\"}} {count}");
        }
    }
}

fn render(stats: &Stats, ready: bool) -> String {
    let mut text = String::with_capacity(4096);
    let mut family = "";
    for (name, kind, labels, help, counter) in METRICS {
        if family != *name {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            family = name;
        }
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        let _ = writeln!(text, "{name}{labels} {}", Stats::get(counter(stats)));
    }
    render_outputs(stats, &mut text);
    text.push_str(
        "# HELP fleetgauge_rejected_total Messages not understood, by reason.\n# TYPE fleetgauge_rejected_total counter\n",
    );
    for (source, reason, count) in stats.snapshot().rejects {
        let _ = writeln!(
            text,
            "fleetgauge_rejected_total{{source=\"{source}\",reason=\"{reason}\"}} {count}"
        );
    }
    text.push_str(
        "# HELP fleetgauge_broker_connected 1 while there is a link to the broker.\n# TYPE fleetgauge_broker_connected gauge\n",
    );
    for (broker, down_since) in stats.brokers() {
        let broker = broker
            .replace('\\', r"\\")
            .replace('"', "\\\"")
            .replace('\n', r"\n");
        let _ = writeln!(
            text,
            "fleetgauge_broker_connected{{broker=\"{broker}\"}} {}",
            u8::from(down_since.is_none())
        );
    }
    for (name, help, ms) in [
        (
            "fleetgauge_outbox_oldest_timestamp_seconds",
            "Time of the oldest waiting batch, 0 for none.",
            &stats.outbox_oldest_ms,
        ),
        (
            "fleetgauge_notifications_oldest_timestamp_seconds",
            "Time of the oldest undelivered notification, 0 for none; time() minus it is its age.",
            &stats.notifications_oldest_ms,
        ),
    ] {
        let oldest = Stats::get(ms);
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {}.{:03}\n",
            oldest / 1000,
            oldest % 1000
        );
    }
    let _ = write!(
        text,
        "# HELP fleetgauge_ready 1 while the store takes writes.\n# TYPE fleetgauge_ready gauge\nfleetgauge_ready {}\n",
        u8::from(ready)
    );
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        text,
        "# HELP fleetgauge_build_info Version of the program.\n# TYPE fleetgauge_build_info gauge\nfleetgauge_build_info{{version=\"{version}\"}} 1\n"
    );
    text
}
