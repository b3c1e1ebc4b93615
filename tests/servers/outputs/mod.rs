//! What reaches the database: a strict stub that answers like InfluxDB 2, a real VictoriaMetrics and a real InfluxDB 1.6, and every line parsed
//! by InfluxData's own parser and compared with the table of series.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod delivery;
mod real_servers;
mod schema;

use crate::support::Daemon;

/// Publishes odometer values with QoS 1 and waits until each is acknowledged.
fn drive(daemon: &Daemon, id: &str, kilometres: std::ops::Range<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, mut events) = rumqttc::AsyncClient::new(
            rumqttc::MqttOptions::new(format!("drive-{id}"), "127.0.0.1", daemon.mqtt),
            10,
        );
        for km in kilometres {
            let topic = format!("fleet/vehicles/{id}/telemetry");
            client
                .publish(
                    topic,
                    rumqttc::QoS::AtLeastOnce,
                    false,
                    format!("{{\"odometer\":{km}}}"),
                )
                .await
                .unwrap();
            while !matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ) {}
        }
    });
}

fn expected(kilometres: std::ops::Range<u32>) -> Vec<String> {
    kilometres.map(|km| format!("{km}.0")).collect()
}
