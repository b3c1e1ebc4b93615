//! Two outputs of one outbox: each has its own position, and rows are deleted when both have acknowledged them.

use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::TempDir;
use fleetgauge::model::Stats;
use fleetgauge::outputs::{Delivery, Outcome, Output, deliver};
use fleetgauge::store::{Commit, Reader, Store, StoreConfig};
use fleetgauge::units::UtcMs;
use tokio::sync::{Notify, mpsc, watch};

/// An output that keeps lines in memory, or refuses every write while it is down.
#[derive(Clone)]
struct Memory {
    name: &'static str,
    lines: Arc<Mutex<Vec<String>>>,
    is_down: Arc<Mutex<bool>>,
}

impl Memory {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            lines: Arc::default(),
            is_down: Arc::default(),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn set_down(&self, down: bool) {
        *self.is_down.lock().unwrap() = down;
    }
}

impl Output for Memory {
    fn name(&self) -> &'static str {
        self.name
    }

    fn address(&self) -> &str {
        "memory"
    }

    fn write(&mut self, gzip: Vec<u8>) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        Box::pin(async move {
            if *self.is_down.lock().unwrap() {
                return Outcome::Later("is down".to_owned());
            }
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(&gzip[..])
                .read_to_string(&mut text)
                .unwrap();
            if text.contains("bad") {
                return Outcome::Refused("cannot be read".to_owned());
            }
            let lines = text.lines().map(str::to_owned);
            self.lines.lock().unwrap().extend(lines);
            Outcome::Stored
        })
    }
}

/// A store with both outputs running.
struct Outbox {
    store: Store,
    written: Arc<Notify>,
    stats: Arc<Stats>,
    acknowledged: mpsc::Receiver<(&'static str, i64)>,
    shutdown: watch::Sender<bool>,
}

impl Outbox {
    fn start(folder: &TempDir, outputs: &[&Memory]) -> Self {
        let config = StoreConfig {
            directory: folder.path().to_owned(),
            ..StoreConfig::default()
        };
        let mut store = Store::open(&config).unwrap().store;
        let names = outputs.iter().map(|output| output.name);
        store.set_outputs(names).unwrap();
        let (acknowledge, acknowledged) = mpsc::channel(16);
        let (shutdown, stop) = watch::channel(false);
        let (written, stats) = (Arc::new(Notify::new()), Arc::new(Stats::default()));
        for output in outputs {
            let delivery = Delivery {
                reader: Reader::open(folder.path()).unwrap(),
                acknowledge: acknowledge.clone(),
                written: written.clone(),
                stats: stats.clone(),
                seed: 1,
            };
            tokio::spawn(deliver(Box::new((*output).clone()), delivery, stop.clone()));
        }
        Self {
            store,
            written,
            stats,
            acknowledged,
            shutdown,
        }
    }

    fn commit(&mut self, line: &str) {
        let lines = format!("{line}\n");
        let commit = Commit {
            at: UtcMs(1),
            inbox: &[],
            lines: lines.as_bytes(),
            points: 1,
            sessions: &[],
            notifications: &[],
        };
        self.store.commit(&commit).unwrap();
        self.written.notify_waiters();
    }

    /// Takes acknowledgements to the store until `done`.
    async fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        let acknowledge = async {
            while !done(self) {
                let (output, id) = self.acknowledged.recv().await.unwrap();
                self.store.acknowledge(output, id).unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), acknowledge)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn each_output_has_a_position_of_its_own() {
    let folder = TempDir::new("outputs-two");
    let (first, second) = (Memory::new("influx"), Memory::new("memory"));
    second.set_down(true);
    let mut outbox = Outbox::start(&folder, &[&first, &second]);
    outbox.commit("m f=1.0 1");
    outbox.commit("m f=2.0 2");
    outbox.run_until(|_| first.lines().len() == 2).await;
    assert_eq!(
        outbox.store.outbox().rows,
        2,
        "rows wait for the output that is down"
    );
    second.set_down(false);
    outbox
        .run_until(|outbox| outbox.store.outbox().rows == 0)
        .await;
    assert_eq!(second.lines(), ["m f=1.0 1", "m f=2.0 2"], "in order");
    assert_eq!(first.lines(), second.lines());
    let reader = Reader::open(folder.path()).unwrap();
    for output in ["influx", "memory"] {
        assert_eq!(reader.position(output).unwrap(), 2);
    }
    let failures = |name| Stats::get(&outbox.stats.output(name).failures);
    assert!(failures("memory") > 0 && failures("influx") == 0);
    outbox.shutdown.send_replace(true);
}

#[tokio::test]
async fn a_row_that_one_output_refuses_is_counted_there_alone() {
    let folder = TempDir::new("outputs-refused");
    let output = Memory::new("memory");
    let mut outbox = Outbox::start(&folder, &[&output]);
    for line in ["m f=1.0 1", "bad", "m f=3.0 3"] {
        outbox.commit(line);
    }
    outbox
        .run_until(|outbox| outbox.store.outbox().rows == 0)
        .await;
    assert_eq!(output.lines(), ["m f=1.0 1", "m f=3.0 3"]);
    let refused = Stats::get(&outbox.stats.output("memory").points_refused);
    assert_eq!(refused, 1);
    assert_eq!(Stats::get(&outbox.stats.output("influx").points_refused), 0);
}
