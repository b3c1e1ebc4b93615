//! `/metrics` in Prometheus' text format: what the daemon did itself. Facts about the fleet go out as time series instead.

mod results;
mod sources;

use std::fmt::{Display, Write};
use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::WebState;
use crate::model::{OutputStats, Stats};
use results::RESULTS;
use sources::SOURCES;

type Value = fn(&Stats) -> &AtomicU64;

/// A metric with its samples.
struct Family {
    name: &'static str,
    /// `counter` or `gauge`.
    kind: &'static str,
    help: &'static str,
    samples: Samples,
}

enum Samples {
    /// One without labels.
    One(Value),
    /// One of MQTT and one of OCPP, with the label `source`.
    BySource { mqtt: Value, ocpp: Value },
}

const fn counter(name: &'static str, help: &'static str, value: Value) -> Family {
    Family {
        name,
        kind: "counter",
        help,
        samples: Samples::One(value),
    }
}

const fn gauge(name: &'static str, help: &'static str, value: Value) -> Family {
    Family {
        name,
        kind: "gauge",
        help,
        samples: Samples::One(value),
    }
}

const fn by_source(
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    mqtt: Value,
    ocpp: Value,
) -> Family {
    Family {
        name,
        kind,
        help,
        samples: Samples::BySource { mqtt, ocpp },
    }
}

/// Counters that every output has: name, help text, counter.
type OutputMetric = (&'static str, &'static str, fn(&OutputStats) -> &AtomicU64);

const OUTPUT_METRICS: &[OutputMetric] = &[
    (
        "fleetgauge_sink_batches_total",
        "Batches that an output has acknowledged.",
        |output| &output.batches,
    ),
    (
        "fleetgauge_sink_failures_total",
        "Attempts to write to an output that failed and are repeated.",
        |output| &output.failures,
    ),
    (
        "fleetgauge_sink_points_refused_total",
        "Rows that an output refused for good.",
        |output| &output.points_refused,
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

fn render(stats: &Stats, ready: bool) -> String {
    let mut text = Exposition(String::with_capacity(4096));
    for family in SOURCES.iter().chain(RESULTS) {
        text.family(family, stats);
    }
    text.outputs(stats);
    text.rejects(stats);
    text.brokers(stats);
    text.oldest_waiting(stats);
    text.head(
        "fleetgauge_ready",
        "gauge",
        "1 while the store accepts writes.",
    );
    text.sample("fleetgauge_ready", "", u8::from(ready));
    text.head(
        "fleetgauge_build_info",
        "gauge",
        "The version of the program as a label; always 1.",
    );
    let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
    text.sample("fleetgauge_build_info", version, 1);
    text.0
}

/// The text that Prometheus reads.
struct Exposition(String);

impl Exposition {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// `labels`: `name="value"` with commas between them, or empty.
    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }

    fn family(&mut self, family: &Family, stats: &Stats) {
        let name = family.name;
        self.head(name, family.kind, family.help);
        let value = |value: Value| Stats::get(value(stats));
        match family.samples {
            Samples::One(one) => self.sample(name, "", value(one)),
            Samples::BySource { mqtt, ocpp } => {
                self.sample(name, "source=\"mqtt\"", value(mqtt));
                self.sample(name, "source=\"ocpp\"", value(ocpp));
            }
        }
    }

    fn outputs(&mut self, stats: &Stats) {
        for (name, help, counter) in OUTPUT_METRICS {
            self.head(name, "counter", help);
            for (output, counters) in stats.outputs() {
                let count = Stats::get(counter(&counters));
                self.sample(name, &format!("sink=\"{output}\""), count);
            }
        }
    }

    fn rejects(&mut self, stats: &Stats) {
        let name = "fleetgauge_rejected_total";
        self.head(
            name,
            "counter",
            "Messages that could not be decoded, by source and reason.",
        );
        for (source, reason, count) in stats.snapshot().rejects {
            let labels = format!("source=\"{source}\",reason=\"{reason}\"");
            self.sample(name, &labels, count);
        }
    }

    fn brokers(&mut self, stats: &Stats) {
        let name = "fleetgauge_broker_connected";
        self.head(name, "gauge", "1 while the broker is connected.");
        for (broker, down_since) in stats.brokers() {
            let broker = broker
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            let labels = format!("broker=\"{broker}\"");
            self.sample(name, &labels, u8::from(down_since.is_none()));
        }
    }

    /// Times of what has waited longest, in Unix seconds.
    fn oldest_waiting(&mut self, stats: &Stats) {
        for (name, help, ms) in [
            (
                "fleetgauge_outbox_oldest_timestamp_seconds",
                "Time of the oldest waiting batch in Unix seconds; 0 if none waits.",
                &stats.outbox_oldest_ms,
            ),
            (
                "fleetgauge_notifications_oldest_timestamp_seconds",
                "Time of the oldest undelivered notification in Unix seconds; 0 if none waits.",
                &stats.notifications_oldest_ms,
            ),
        ] {
            let oldest = Stats::get(ms);
            self.head(name, "gauge", help);
            let seconds = format!("{}.{:03}", oldest / 1000, oldest % 1000);
            self.sample(name, "", seconds);
        }
    }
}
