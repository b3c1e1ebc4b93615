//! The carbon-intensity client against a server that speaks the documented JSON: both shapes, revisions, outages, back-filling; and what
//! a daemon makes of it, beside its reported figures.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::carbon_intensity_api;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::TempDir;
use crate::support::carbon_intensity_api::{CarbonIntensityApi, forecast};
use fleetgauge::intensity::{self, Deps, IntensityConfig};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{GridArea, IntensitySlot, Stats, TokenHasher};
use fleetgauge::store::{Reader, Store, StoreConfig};
use fleetgauge::units::{GramsCo2PerKwh, UtcMs};
use tokio::sync::{mpsc, watch};

const DAY_MS: i64 = 86_400_000;

fn at(text: &str) -> UtcMs {
    text.parse().unwrap()
}

fn register(regions: &[&str]) -> Arc<Register> {
    let rows: String = regions
        .iter()
        .enumerate()
        .map(|(n, region)| format!("S{n},{region}\n"))
        .collect();
    let files = vec![(
        "sites.csv".to_owned(),
        format!("site_id,region_id\n{rows}").into_bytes(),
    )];
    Arc::new(
        Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[0; 32]),
        )
        .unwrap(),
    )
}

/// A client on a clock of ours, and a store behind it.
struct Client {
    grid: CarbonIntensityApi,
    now: Arc<Mutex<UtcMs>>,
    stats: Arc<Stats>,
    store: Store,
    reader: Reader,
    slots: mpsc::Receiver<(Vec<IntensitySlot>, UtcMs)>,
    register: watch::Sender<Arc<Register>>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl Client {
    /// Inside a runtime.
    fn start(
        regions: &[&str],
        newest: BTreeMap<GridArea, UtcMs>,
        change: impl FnOnce(&mut carbon_intensity_api::Behaviour),
    ) -> Self {
        let grid = CarbonIntensityApi::start();
        grid.set(|behaviour| behaviour.actual_until = at("2026-11-25T11:00:00Z"));
        grid.set(change);
        let folder = TempDir::new("intensity");
        let settings = StoreConfig {
            directory: folder.path().to_owned(),
            ..StoreConfig::default()
        };
        let store = Store::open(&settings).unwrap().store;
        let reader = Reader::open(folder.path()).unwrap();
        let now = Arc::new(Mutex::new(at("2026-11-25T12:10:00Z")));
        let clock = now.clone();
        let (sender, slots) = mpsc::channel(64);
        let (register, registers) = watch::channel(register(regions));
        let (stop, shutdown) = watch::channel(false);
        let stats = Arc::new(Stats::default());
        let config = IntensityConfig {
            enabled: true,
            url: grid.url(),
            refresh: Duration::from_millis(50),
            timeout: Duration::from_secs(5),
            ..IntensityConfig::default()
        };
        let deps = Deps {
            register: registers,
            newest,
            now: Arc::new(move || *clock.lock().unwrap()),
            slots: sender,
            stats: stats.clone(),
            shutdown,
        };
        let task = tokio::spawn(intensity::run(config, deps));
        Self {
            grid,
            now,
            stats,
            store,
            reader,
            slots,
            register,
            stop,
            task,
            _folder: folder,
        }
    }

    /// Takes answers into the store until `wanted` holds.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Client) -> bool) {
        let all = async {
            while !wanted(self) {
                let (slots, oldest) = self.slots.recv().await.unwrap();
                self.store.put_intensity(&slots, oldest).unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all)
            .await
            .unwrap_or_else(|_| panic!("timed out waiting for {what}"));
    }

    fn slot(&self, area: u8, start: &str) -> Option<IntensitySlot> {
        let start = at(start);
        let slots = self.reader.intensity(start, start.plus(1)).unwrap();
        slots.into_iter().find(|slot| slot.area == GridArea(area))
    }

    fn count(&self) -> usize {
        self.reader
            .intensity(UtcMs(0), UtcMs(i64::MAX))
            .unwrap()
            .len()
    }

    async fn end(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(5), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

fn run(body: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(body);
}

#[test]
fn regions_and_nation_are_read_in_both_shapes() {
    for (array, chunked) in [(false, false), (true, true)] {
        run(async {
            let mut client = Client::start(&["9", "3", "9", ""], BTreeMap::new(), |behaviour| {
                (behaviour.array, behaviour.chunked) = (array, chunked)
            });
            let newest = "2026-11-25T12:00:00Z";
            client
                .until("three areas", |client| {
                    [0, 3, 9]
                        .iter()
                        .all(|area| client.slot(*area, newest).is_some())
                })
                .await;
            for (area, start, actual) in [
                (0, "2026-11-25T10:30:00Z", true),
                (0, "2026-11-25T11:00:00Z", false),
                (9, "2026-11-24T10:30:00Z", false),
                (3, newest, false),
            ] {
                let slot = client.slot(area, start).unwrap();
                let figure = GramsCo2PerKwh::constant(forecast(area, at(start)) as f64);
                let revised = figure + GramsCo2PerKwh::constant(5.0);
                assert_eq!(
                    (slot.forecast, slot.actual),
                    (Some(figure), actual.then_some(revised)),
                    "{area} {start}"
                );
            }
            assert!(
                client.slot(0, "2026-11-12T12:00:00Z").is_some(),
                "two weeks are made up for at first"
            );
            let requested = client.grid.requested_paths();
            assert!(
                requested.contains(
                    &"/regional/intensity/2026-11-12T12:00Z/2026-11-25T12:00Z/regionid/9"
                        .to_owned()
                ),
                "{requested:?}"
            );
            // A site moves: its new region is requested at once.
            client.register.send_replace(register(&["5"]));
            client
                .until("the new region", |client| client.slot(5, newest).is_some())
                .await;
            assert!(
                client
                    .grid
                    .requested_paths()
                    .iter()
                    .all(|path| path.matches('/').count() < 8),
                "nothing else is requested"
            );
            client.end().await;
        });
    }
}

#[test]
fn revisions_replace_and_keep_their_vintage() {
    run(async {
        let mut client = Client::start(&[], BTreeMap::new(), |_| {});
        client
            .until("the first round", |client| {
                client.slot(0, "2026-11-25T12:00:00Z").is_some()
            })
            .await;
        let (old, new) = ("2026-11-20T10:00:00Z", "2026-11-25T10:00:00Z");
        let first = client.slot(0, new).unwrap();
        let before = client.count();
        *client.now.lock().unwrap() = at("2026-11-25T12:20:00Z");
        let requested = client.grid.requested_paths().len();
        client
            .until("two more rounds", |client| {
                client.grid.requested_paths().len() > requested + 2
            })
            .await;
        assert_eq!(
            (client.slot(0, new), client.count()),
            (Some(first), before),
            "the same figure again is no revision"
        );
        client.grid.set(|behaviour| behaviour.revised_by = 7);
        let revised = |client: &Client| client.slot(0, new).unwrap();
        client
            .until("the revision", |client| {
                revised(client).actual != first.actual
            })
            .await;
        let slot = revised(&client);
        assert_eq!(
            (slot.actual, slot.vintage),
            (
                first
                    .actual
                    .map(|value| value + GramsCo2PerKwh::constant(7.0)),
                at("2026-11-25T12:20:00Z")
            )
        );
        assert_eq!(
            client.slot(0, old).unwrap().vintage,
            first.vintage,
            "older than 48 hours is not requested again"
        );
        // The actual figure is taken back: the stored one stays.
        client
            .grid
            .set(|behaviour| behaviour.actual_until = UtcMs(0));
        let requested = client.grid.requested_paths().len();
        client
            .until("two more rounds", |client| {
                client.grid.requested_paths().len() > requested + 2
            })
            .await;
        assert_eq!(revised(&client).actual, slot.actual);
        client.end().await;
    });
}

const ERROR: &str =
    r#"{"error":{"code":"500 Internal Server Error","message":"There has been an error"}}"#;

/// Waits until the client has counted so many failures more.
async fn wait_for_failures(client: &Client, more: u64) {
    let before = Stats::get(&client.stats.intensity_failures);
    let waited = async {
        while Stats::get(&client.stats.intensity_failures) < before + more {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited)
        .await
        .expect("the client goes on requesting");
}

#[test]
fn every_kind_of_outage_is_counted_and_ends() {
    run(async {
        let outage = |status: u16, body: &str| Some((status, body.to_owned()));
        let mut client = Client::start(&["9"], BTreeMap::new(), |behaviour| {
            behaviour.outage = outage(500, ERROR)
        });
        wait_for_failures(&client, 4).await;
        for (status, body) in [
            (200, "<html>Bad gateway</html>"),
            (200, "{\"data\":[]}"),
            (502, ""),
            (404, ERROR),
        ] {
            client
                .grid
                .set(|behaviour| behaviour.outage = outage(status, body));
            wait_for_failures(&client, 3).await;
        }
        client
            .grid
            .set(|behaviour| (behaviour.outage, behaviour.dead) = (None, true));
        wait_for_failures(&client, 3).await;
        assert_eq!(client.count(), 0);
        client.grid.set(|behaviour| behaviour.dead = false);
        client
            .until("answers", |client| {
                client.slot(9, "2026-11-25T12:00:00Z").is_some()
                    && client.slot(0, "2026-11-25T12:00:00Z").is_some()
            })
            .await;
        assert!(Stats::get(&client.stats.intensity_failures) >= 19);
        client.end().await;
    });
}

/// A month without the service: all of it is requested afterwards, in pieces the service allows.
#[test]
fn a_month_of_outage_is_filled_afterwards() {
    run(async {
        let mut client = Client::start(&["9"], BTreeMap::new(), |_| {});
        client
            .until("answers", |client| {
                client.slot(9, "2026-11-25T12:00:00Z").is_some()
                    && client.slot(0, "2026-11-25T12:00:00Z").is_some()
            })
            .await;
        client
            .grid
            .set(|behaviour| behaviour.outage = Some((503, String::new())));
        wait_for_failures(&client, 2).await;
        *client.now.lock().unwrap() = at("2026-12-25T12:10:00Z");
        client.grid.set(|behaviour| behaviour.outage = None);
        client
            .until("the newest", |client| {
                client.slot(9, "2026-12-25T12:00:00Z").is_some()
            })
            .await;
        for day in 0..30 {
            let start = at("2026-11-25T12:00:00Z").plus(day * DAY_MS).to_string();
            assert!(
                client.slot(9, &start).is_some() && client.slot(0, &start).is_some(),
                "{start}"
            );
        }
        client.end().await;
    });
}

#[test]
fn old_half_hours_are_deleted() {
    let folder = TempDir::new("intensity-old");
    let settings = StoreConfig {
        directory: folder.path().to_owned(),
        ..StoreConfig::default()
    };
    let mut store = Store::open(&settings).unwrap().store;
    let reader = Reader::open(folder.path()).unwrap();
    let slot = |area, start| IntensitySlot {
        area: GridArea(area),
        start: UtcMs(start),
        forecast: Some(GramsCo2PerKwh::constant(1.0)),
        actual: None,
        vintage: UtcMs(start),
    };
    store
        .put_intensity(&[slot(0, 0), slot(0, DAY_MS), slot(9, 0)], UtcMs(0))
        .unwrap();
    store
        .put_intensity(&[slot(0, 2 * DAY_MS)], UtcMs(DAY_MS))
        .unwrap();
    let left: Vec<_> = reader
        .intensity(UtcMs(0), UtcMs(i64::MAX))
        .unwrap()
        .iter()
        .map(|slot| (slot.area.0, slot.start.0))
        .collect();
    assert_eq!(
        left,
        [(0, DAY_MS), (0, 2 * DAY_MS), (9, 0)],
        "of the areas that were reported"
    );
    assert_eq!(
        reader.newest_intensity(GridArea(0)).unwrap(),
        Some(UtcMs(2 * DAY_MS))
    );
    assert_eq!(reader.newest_intensity(GridArea(5)).unwrap(), None);
}
