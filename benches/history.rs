//! A year of quarter hours of 1,000 charge points at 50 sites, written by the store's own checkpoints, then asked for over HTTP: how long one
//! charge point's year, one site's year and the heat map of all take, and how large the file is.
//!
//! `cargo bench --bench history`; `-- --quick` writes a month.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and needs the real clock"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetgauge::ledger::rollups::{HistoryBook, Spent, Stretch};
use fleetgauge::ledger::uptime::Class;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{SLOT_MS, TokenHasher};
use fleetgauge::store::{Checkpoint, Store, StoreConfig};
use fleetgauge::units::UtcMs;

const POINTS: usize = 1_000;
const SITES: usize = 50;
/// Quarters between checkpoints: four hours instead of five minutes, or filling the store would take an hour.
const QUARTERS: i64 = 16;

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn register() -> (Register, Vec<Arc<str>>) {
    let ids: Vec<Arc<str>> = (0..POINTS).map(|n| format!("CP-{n:04}").into()).collect();
    let sites: String = (0..SITES)
        .map(|n| format!("S{n:02},Site {n},200\n"))
        .collect();
    let points: String = ids
        .iter()
        .enumerate()
        .map(|(n, id)| format!("{id},S{:02},1\n", n % SITES))
        .collect();
    let files = vec![
        (
            "sites.csv".to_owned(),
            format!("site_id,name,capacity_kw\n{sites}").into_bytes(),
        ),
        (
            "charge_points.csv".to_owned(),
            format!("charge_point_id,site,connectors\n{points}").into_bytes(),
        ),
    ];
    (
        Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[1; 32]),
        )
        .unwrap(),
        ids,
    )
}

/// What each charge point does: a vehicle comes about twice a day, charges two hours, and stays as long again.
#[derive(Clone, Copy, Default)]
struct Plug {
    charges_until: i64,
    leaves_at: i64,
}

fn fill(folder: &Path, days: i64, until: UtcMs) -> (Duration, Duration, u32) {
    let (register, ids) = register();
    let config = StoreConfig {
        directory: folder.to_owned(),
        ..StoreConfig::default()
    };
    let mut store = Store::open(&config).unwrap().store;
    let mut book = HistoryBook::new(100_000);
    let mut plugs = vec![Plug::default(); POINTS];
    let mut random = Random(1);
    let (mut in_book, mut in_store, mut checkpoints) = (Duration::ZERO, Duration::ZERO, 0);
    let first = until.0 / SLOT_MS - days * 96;
    for part in 0..days * 96 / QUARTERS {
        let started = Instant::now();
        for quarter in first + part * QUARTERS..first + (part + 1) * QUARTERS {
            let (from, to) = (UtcMs(quarter * SLOT_MS), UtcMs((quarter + 1) * SLOT_MS));
            for (id, plug) in ids.iter().zip(&mut plugs) {
                if quarter >= plug.leaves_at && random.below(32) == 0 {
                    *plug = Plug {
                        charges_until: quarter + 8,
                        leaves_at: quarter + 16,
                    };
                }
                let class = if quarter < plug.leaves_at {
                    Class::Occupied
                } else {
                    Class::Available
                };
                let stretch = |spent| Stretch {
                    charge_point: id.clone(),
                    spent,
                    from,
                    to,
                };
                book.time(&stretch(Spent::As(class)), &register, to);
                if quarter < plug.charges_until {
                    let watts = 5_000 + random.below(6_000) as i64;
                    book.power(id, &register, watts, Some(from));
                    book.energy(id, &register, (from, to), watts * 10 / 4, to);
                    book.time(&stretch(Spent::Charging), &register, to);
                } else if quarter == plug.charges_until {
                    book.power(id, &register, 0, Some(from));
                }
            }
        }
        checkpoints += 1;
        let at = UtcMs((first + (part + 1) * QUARTERS) * SLOT_MS);
        book.freeze(u64::from(checkpoints), at);
        let rollups = book.frozen();
        in_book += started.elapsed();
        let started = Instant::now();
        let checkpoint = Checkpoint {
            snapshot: b"",
            generation: checkpoints.into(),
            activity: &[],
            rollups: &rollups,
            at,
        };
        store.checkpoint(&checkpoint).unwrap();
        in_store += started.elapsed();
        book.confirm(checkpoints.into());
    }
    drop(store);
    // The daemon begins with the history and no engine of before.
    let connection = rusqlite::Connection::open(folder.join("fleetgauge.db")).unwrap();
    connection.execute("DELETE FROM checkpoint", []).unwrap();
    (in_book, in_store, checkpoints)
}

struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(env!("CARGO_BIN_EXE_fleetgauge"))
            .arg("run")
            .env("FLEETGAUGE__STORE__DIRECTORY", folder)
            // Without any way in the engine has nothing to live for.
            .env("FLEETGAUGE__LISTENER__LISTEN", "127.0.0.1:0")
            .env("FLEETGAUGE__OCPP__ENABLED", "false")
            .env("FLEETGAUGE__WEB__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the daemon does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { child, port }
    }

    fn get(&self, path: &str) -> (Duration, usize, usize) {
        let started = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "GET /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let took = started.elapsed();
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{}",
            &answer[..200.min(answer.len())]
        );
        (took, answer.len(), answer.matches("[\"2").count())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    let days = if std::env::args().any(|argument| argument == "--quick") {
        30
    } else {
        365
    };
    let folder = std::env::temp_dir().join(format!("fleetgauge-history-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let now = UtcMs(
        std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_millis() as i64,
    );
    let (in_book, in_store, checkpoints) = fill(&folder, days, now);
    let size = std::fs::metadata(folder.join("fleetgauge.db"))
        .unwrap()
        .len();
    let million = (days * 96) as f64 * POINTS as f64 / 1e6;
    println!(
        "{days} days of quarter hours, {POINTS} charge points, {SITES} sites: {million:.1} million quarters"
    );
    println!(
        "book                                          {:9.2} us a quarter",
        in_book.as_secs_f64() / million
    );
    println!(
        "checkpoint (1,051 series, 16 quarters each)   {:9.1} ms",
        in_store.as_secs_f64() * 1000.0 / f64::from(checkpoints)
    );
    println!(
        "file                                          {:9.1} MB, {:.1} MB a million quarters",
        size as f64 / 1e6,
        size as f64 / 1e6 / million
    );
    let daemon = Daemon::start(&folder);
    let day = |back: i64| UtcMs(now.0 - back * 86_400_000).to_string();
    let from = day(days);
    println!(
        "{:46}{:>9}{:>12}{:>12}{:>10}",
        "over HTTP", "first", "median of 9", "bytes", "rows"
    );
    for (what, path) in [
        (
            "one charge point's year by 15m",
            format!("history?charge_point=CP-0500&step=15m&from={from}"),
        ),
        (
            "  the same, energy alone",
            format!("history?charge_point=CP-0501&step=15m&fields=energy_wh&from={from}"),
        ),
        (
            "one site's year by 15m",
            format!("history?site=S25&step=15m&from={from}"),
        ),
        (
            "one site's year by 1d",
            format!("history?site=S26&step=1d&from={from}"),
        ),
        (
            "the fleet's year by 1d",
            format!("history?step=1d&from={from}"),
        ),
        (
            "heat map of the fleet's year",
            format!("utilisation?from={}", &from[..10]),
        ),
        (
            "heat map of a site's year",
            format!("utilisation?site=S27&from={}", &from[..10]),
        ),
        (
            "a site's power of a week (the page)",
            format!(
                "history?site=S28&fields=power_w,peak_power_w&from={}",
                day(7)
            ),
        ),
    ] {
        let (first, bytes, rows) = daemon.get(&path);
        let mut times: Vec<Duration> = (0..9).map(|_| daemon.get(&path).0).collect();
        times.sort();
        let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        println!(
            "{what:46}{:>9}{:>12}{bytes:>12}{rows:>10}",
            ms(first),
            ms(times[4])
        );
    }
    drop(daemon);
    std::fs::remove_dir_all(&folder).unwrap();
}
