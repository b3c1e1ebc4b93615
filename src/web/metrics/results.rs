//! Counters of what is kept and goes out: published results, the store with its outbox, and notifications.

use super::{Family, counter, gauge};

pub(super) const RESULTS: &[Family] = &[
    gauge(
        "fleetgauge_publisher_connected",
        "1 while the publisher is connected to its broker.",
        |stats| &stats.publisher_connected,
    ),
    counter(
        "fleetgauge_published_total",
        "Messages published to the broker.",
        |stats| &stats.published,
    ),
    gauge(
        "fleetgauge_home_assistant_vehicles_left_out",
        "Listed vehicles that are not published because home_assistant.max_devices is reached.",
        |stats| &stats.devices_left_out,
    ),
    counter(
        "fleetgauge_commits_total",
        "Commits of the store.",
        |stats| &stats.commits,
    ),
    counter(
        "fleetgauge_commit_failures_total",
        "Commits of the store that failed and were repeated.",
        |stats| &stats.commit_failures,
    ),
    counter(
        "fleetgauge_checkpoints_total",
        "Checkpoints written to the store.",
        |stats| &stats.checkpoints,
    ),
    counter(
        "fleetgauge_inbox_bytes_total",
        "Bytes of inbox rows committed to the store.",
        |stats| &stats.inbox_bytes,
    ),
    counter(
        "fleetgauge_points_total",
        "Rows of line protocol committed to the store.",
        |stats| &stats.points,
    ),
    counter(
        "fleetgauge_outbox_bytes_total",
        "Bytes of compressed line protocol committed to the store.",
        |stats| &stats.outbox_bytes,
    ),
    gauge(
        "fleetgauge_outbox_batches",
        "Batches that wait for an output.",
        |stats| &stats.outbox_rows,
    ),
    gauge(
        "fleetgauge_outbox_waiting_bytes",
        "Bytes of the batches that wait for an output.",
        |stats| &stats.outbox_waiting_bytes,
    ),
    counter(
        "fleetgauge_outbox_dropped_total",
        "Batches dropped because store.outbox_max was reached.",
        |stats| &stats.outbox_dropped,
    ),
    gauge(
        "fleetgauge_disk_free_ppm",
        "Free part of the store's disk in millionths; 0 if unknown.",
        |stats| &stats.disk_free_ppm,
    ),
    counter(
        "fleetgauge_alerts_refused_total",
        "Alerts refused because alerts.max_series is reached.",
        |stats| &stats.alerts_refused,
    ),
    gauge(
        "fleetgauge_notifications_waiting",
        "Notifications that wait for their notifiers.",
        |stats| &stats.notifications_waiting,
    ),
    counter(
        "fleetgauge_notifications_dropped_total",
        "Notifications dropped because too many waited.",
        |stats| &stats.notifications_dropped,
    ),
    counter(
        "fleetgauge_notifications_delivered_total",
        "Notifications that a notifier has delivered.",
        |stats| &stats.notifications_delivered,
    ),
    counter(
        "fleetgauge_notifications_failed_total",
        "Attempts to deliver a notification that failed and are repeated.",
        |stats| &stats.notifications_failed,
    ),
    counter(
        "fleetgauge_notifications_refused_total",
        "Notifications that a receiver refused for good.",
        |stats| &stats.notifications_refused,
    ),
];
