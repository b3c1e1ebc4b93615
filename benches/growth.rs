//! From a thousand to a million assets: processor time per message through decoder, engine and inbox, memory per asset, and what the engine
//! does once a minute. In this process, without sockets and disk, so that only what grows with the fleet is measured.
//!
//! `cargo bench --bench growth`; `-- --quick` goes to 100,000.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and needs the real clock"
)]

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use fleetgauge::engine::{Engine, EngineConfig};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::emissions::FactorSets;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::Register;
use fleetgauge::model::{Observation, Reading, RejectReason};
use fleetgauge::series;
use fleetgauge::telemetry::{Decoders, Formats, Message, Sink};
use fleetgauge::units::UtcMs;

struct Hear<'a> {
    engine: &'a mut Engine,
    inbox: &'a mut Vec<u8>,
    now: UtcMs,
}

impl Sink for Hear<'_> {
    fn reading(&mut self, reading: Reading<'_>) {
        let observation = Observation::Telemetry(reading);
        self.engine.handle(&observation, self.now);
        *self.inbox = postcard::to_extend(&observation, std::mem::take(self.inbox)).unwrap();
    }

    fn ignored(&mut self, reason: RejectReason, field: &str, detail: &str) {
        panic!("{reason:?} {field} {detail}");
    }
}

/// One vehicle's message, about 200 bytes as most of the trade's.
fn message(asset: usize, step: u64, now: UtcMs, topic: &mut Vec<u8>, payload: &mut Vec<u8>) {
    topic.clear();
    payload.clear();
    write!(topic, "fleet/vehicles/VEH-{asset:07}/telemetry").unwrap();
    let km = 10_000 + asset as u64 % 90_000 + step;
    write!(
        payload,
        "{{\"v\":1,\"ts\":{},\"seq\":{step},\"odometer\":{km}.{},\"fuel_used_total\":{}.5,\"fuel_level\":62.5,\"speed\":50.1,\"soc\":40,\"ignition\":true,\"aux_voltage\":13.8,\"position\":[52.48142,-1.89983]}}",
        now.0,
        step % 10,
        km / 10,
    )
    .unwrap();
}

fn rss_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Microseconds of processor time a message, bytes an asset, and seconds of the minute's work.
fn measure(assets: usize, messages: usize) -> (f64, f64, f64) {
    let factors = FactorSets::parse(&[
        (
            "ghg_electricity.csv",
            include_str!("../config/factors/ghg_electricity.csv"),
        ),
        (
            "ghg_fuel.csv",
            include_str!("../config/factors/ghg_fuel.csv"),
        ),
        (
            "ghg_distance.csv",
            include_str!("../config/factors/ghg_distance.csv"),
        ),
    ])
    .unwrap();
    let mut now: UtcMs = "2026-11-02T06:00:00Z".parse().unwrap();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let mut engine = Engine::new(
        EngineConfig::default(),
        profile,
        Arc::new(Register::default()),
        Arc::new(factors),
        1,
        now,
    );
    let mut decoders = Decoders::default();
    let (mut inbox, mut lines, mut topic, mut payload) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut hear = |asset, step, now, engine: &mut Engine| {
        message(asset, step, now, &mut topic, &mut payload);
        let topic = std::str::from_utf8(&topic).unwrap();
        let message = Message {
            zone: UK.zone(),
            topic,
            payload: &payload,
            retained: false,
            received_at: now,
            properties: &[],
        };
        decoders
            .decode(
                &Formats::ByTopic,
                &message,
                &mut Hear {
                    engine,
                    inbox: &mut inbox,
                    now,
                },
            )
            .unwrap();
        while let Some(fact) = engine.poll_output() {
            series::encode(&fact, &mut lines);
        }
        if inbox.len() > 4 << 20 {
            inbox.clear();
            lines.clear();
        }
    };
    hear(0, 0, now, &mut engine);
    let before = rss_kib();
    (0..assets).for_each(|asset| hear(asset, 1, now, &mut engine));
    now = now.plus(600_000);
    (0..assets).for_each(|asset| hear(asset, 2, now, &mut engine));
    let bytes = (rss_kib() - before) * 1024.0 / assets as f64;
    let mut random = 1u64;
    let started = cpu_seconds();
    for n in 0..messages {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if n % 1_000 == 0 {
            now = now.plus(1_000);
        }
        hear(
            (random >> 33) as usize % assets,
            3 + n as u64 / assets as u64,
            now,
            &mut engine,
        );
    }
    let each = (cpu_seconds() - started) / messages as f64 * 1e6;
    let minute = Instant::now();
    engine.handle_timeout(now.plus(60_000));
    (each, bytes, minute.elapsed().as_secs_f64())
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let quick = std::env::args().any(|argument| argument == "--quick");
    let messages = if quick { 200_000 } else { 2_000_000 };
    let mut first = None;
    println!(
        "{:>10}{:>22}{:>12}{:>20}{:>18}",
        "assets", "CPU us a message", "ratio", "bytes an asset", "minute's work s"
    );
    for assets in [1_000, 100_000, if quick { 100_000 } else { 1_000_000 }] {
        let (each, bytes, minute) = measure(assets, messages);
        let ratio = each / *first.get_or_insert(each);
        println!("{assets:>10}{each:>22.2}{ratio:>12.2}{bytes:>20.0}{minute:>18.3}");
    }
}
