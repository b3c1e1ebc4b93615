//! The store: what it refuses to open and why, a full disk, and the outbox's limit.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Daemon, TempDir, server, signal, wait_for};
use fleetgauge::model::Subscription;
use fleetgauge::store::{
    Commit, INBOX_FORMAT, Notification, OpenError, Reader, Store, StoreConfig,
};
use fleetgauge::units::UtcMs;

fn config(folder: &Path) -> StoreConfig {
    StoreConfig {
        directory: folder.to_owned(),
        ..StoreConfig::default()
    }
}

fn commit<'a>(inbox: &'a [u8], lines: &'a [u8]) -> Commit<'a> {
    Commit {
        at: UtcMs(1_790_000_000_000),
        inbox,
        lines,
        points: 1,
        sessions: &[],
        notifications: &[],
    }
}

#[test]
fn committed_rows_are_there_after_a_restart() {
    let folder = TempDir::new("store-again");
    let mut opened = Store::open(&config(folder.path())).unwrap();
    let key = opened.identity.token_key;
    for n in 0..10u8 {
        opened
            .store
            .commit(&commit(&[n; 100], b"m f=1.0 1\n"))
            .unwrap();
    }
    drop(opened);
    let opened = Store::open(&config(folder.path())).unwrap();
    assert_eq!(opened.recovery.inbox.len(), 10);
    assert!(
        opened
            .recovery
            .inbox
            .iter()
            .enumerate()
            .all(|(n, row)| row.blob == [n as u8; 100] && row.format == INBOX_FORMAT),
        "in order"
    );
    assert_eq!(
        (opened.identity.token_key, opened.store.outbox().rows),
        (key, 10)
    );
}

#[test]
fn notifications_wait_for_each_notifier_and_are_limited() {
    let folder = TempDir::new("store-notifications");
    let mut opened = Store::open(&config(folder.path())).unwrap();
    let to = |name: &str| Notification {
        notifier: name.into(),
        body: "{}".into(),
    };
    let rows = [to("mail"), to("chat")];
    for _ in 0..1_010 {
        opened
            .store
            .commit(&Commit {
                notifications: &rows,
                ..commit(&[], &[])
            })
            .unwrap();
    }
    let undelivered = opened.store.undelivered();
    assert_eq!(
        (undelivered.rows, undelivered.dropped, undelivered.oldest),
        (2_000, 20, Some(UtcMs(1_790_000_000_000)))
    );
    let reader = Reader::open(folder.path()).unwrap();
    let ids: Vec<i64> = reader
        .notifications("mail", 10_000)
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    assert!(
        ids.len() == 1_000 && ids.is_sorted() && ids[0] > 10,
        "the oldest have gone"
    );
    opened.store.delivered(&ids).unwrap();
    assert_eq!(
        (
            reader.notifications("mail", 1).unwrap().len(),
            opened.store.undelivered().rows
        ),
        (0, 1_000)
    );
    drop(opened);
    let mut opened = Store::open(&config(folder.path())).unwrap();
    assert_eq!(opened.store.undelivered().rows, 1_000);
    opened.store.set_notifiers(&["mail"]).unwrap();
    assert_eq!(opened.store.undelivered().rows, 0, "no notifier is left");
}

#[test]
fn files_that_cannot_be_used_are_named_and_left_alone() {
    let folder = TempDir::new("store-bad");
    let file = folder.path().join("fleetgauge.db");
    let refused = |content: &[u8]| {
        std::fs::write(&file, content).unwrap();
        let error = Store::open(&config(folder.path()))
            .err()
            .expect("a refusal")
            .to_string();
        assert_eq!(std::fs::read(&file).unwrap(), content, "left as it was");
        error
    };
    let text = refused(b"this is a letter, not a database, and long enough to be one");
    assert!(
        text.contains("is not a fleetgauge store") || text.contains("is damaged"),
        "{text}"
    );
    let foreign = TempDir::new("store-foreign");
    let other = foreign.path().join("other.db");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine');")
        .unwrap();
    assert!(refused(&std::fs::read(&other).unwrap()).contains("is not a fleetgauge store"));
    std::fs::remove_file(&file).unwrap();
    let mut opened = Store::open(&config(folder.path())).unwrap();
    opened
        .store
        .commit(&commit(&[1; 50_000], b"m f=1.0 1\n"))
        .unwrap();
    drop(opened);
    // A newer program's file.
    let connection = rusqlite::Connection::open(&file).unwrap();
    let version: i32 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "user_version", version + 1)
        .unwrap();
    drop(connection);
    let newer = std::fs::read(&file).unwrap();
    assert!(refused(&newer).contains("was written by a newer fleetgauge"));
    // A damaged one: the middle of the file is gone.
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .pragma_update(None, "user_version", version)
        .unwrap();
    drop(connection);
    let mut damaged = std::fs::read(&file).unwrap();
    let length = damaged.len();
    damaged[4096..length - 100].fill(0xAA);
    assert!(refused(&damaged).contains("is damaged"));
}

/// Takes away from a store what versions after 1 added.
fn downgrade_to_version_1(folder: &Path) {
    let connection = rusqlite::Connection::open(folder.join("fleetgauge.db")).unwrap();
    connection
        .execute_batch(
            "DROP TABLE notification; ALTER TABLE inbox DROP COLUMN format; ALTER TABLE inbox DROP COLUMN crc32c;",
        )
        .unwrap();
    for table in [
        "subscription",
        "import_file",
        "imported",
        "indicator",
        "intensity",
        "year_figure",
        "emission_row",
        "rollup",
    ] {
        connection
            .execute_batch(&format!("DROP TABLE {table}"))
            .unwrap();
    }
    connection.pragma_update(None, "user_version", 1).unwrap();
}

fn subscriptions(filters: &[(&str, Option<u8>)]) -> Vec<Subscription> {
    filters
        .iter()
        .map(|(filter, qos)| Subscription {
            filter: (*filter).to_owned(),
            qos: *qos,
        })
        .collect()
}

#[test]
fn an_older_store_is_migrated_and_remembers_subscriptions_from_then_on() {
    let folder = TempDir::new("store-older");
    let mut opened = Store::open(&config(folder.path())).unwrap();
    opened
        .store
        .commit(&commit(&[1; 10], b"m f=1.0 1\n"))
        .unwrap();
    drop(opened);
    downgrade_to_version_1(folder.path());
    let mut opened = Store::open(&config(folder.path())).unwrap();
    assert_eq!(
        (opened.recovery.inbox.len(), opened.store.outbox().rows),
        (1, 1)
    );
    assert_eq!(opened.store.subscriptions("a@b:1").unwrap(), []);
    let other = subscriptions(&[("z", Some(1))]);
    for known in [
        &subscriptions(&[("x/#", None), ("y", Some(1))]),
        &subscriptions(&[("y", Some(0))]),
    ] {
        opened.store.remember_subscriptions("a@b:1", known).unwrap();
        opened
            .store
            .remember_subscriptions("c@b:1", &other)
            .unwrap();
        assert_eq!(&opened.store.subscriptions("a@b:1").unwrap(), known);
    }
    drop(opened);
    let opened = Store::open(&config(folder.path())).unwrap();
    assert_eq!(
        opened.store.subscriptions("a@b:1").unwrap(),
        subscriptions(&[("y", Some(0))])
    );
    assert_eq!(opened.store.subscriptions("c@b:1").unwrap(), other);
}

#[test]
fn an_inbox_row_that_was_changed_on_disk_is_refused() {
    let folder = TempDir::new("store-crc");
    let mut opened = Store::open(&config(folder.path())).unwrap();
    for n in 1..=3u8 {
        opened.store.commit(&commit(&[n; 40], &[])).unwrap();
    }
    drop(opened);
    let file = folder.path().join("fleetgauge.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute("UPDATE inbox SET blob = zeroblob(40) WHERE seq = 2", [])
        .unwrap();
    drop(connection);
    let error = Store::open(&config(folder.path()))
        .err()
        .expect("a refusal");
    let text = error.to_string();
    assert!(
        text.contains("inbox row 2") && text.contains("hint:"),
        "{text}"
    );
}

#[test]
fn two_daemons_cannot_open_one_store() {
    let folder = TempDir::new("store-two");
    let first = Store::open(&config(folder.path())).unwrap();
    assert!(matches!(
        Store::open(&config(folder.path())),
        Err(OpenError::InUse { .. })
    ));
    drop(first);
    Store::open(&config(folder.path())).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new("store-folder");
    let file = folder.path().join("a-file");
    std::fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below"), "/proc/nowhere".into()] {
        let error = Store::open(&config(&path))
            .err()
            .expect("a refusal")
            .to_string();
        assert!(
            error.contains("`store.directory`") && error.contains("hint:"),
            "{error}"
        );
    }
}

#[test]
fn the_outbox_keeps_within_its_limit_and_counts_what_it_drops() {
    let folder = TempDir::new("store-limit");
    let settings = StoreConfig {
        outbox_max_bytes: 4_000,
        ..config(folder.path())
    };
    let mut opened = Store::open(&settings).unwrap();
    opened.store.set_outputs(["influx"]).unwrap();
    for n in 0..200u32 {
        let line = format!("m,tag=a{n} f={n}.0 {n}\n");
        opened.store.commit(&commit(&[], line.as_bytes())).unwrap();
        assert!(opened.store.outbox().bytes <= 4_000);
    }
    let outbox = opened.store.outbox();
    assert!(
        outbox.dropped > 0 && outbox.rows + outbox.dropped == 200,
        "{outbox:?}"
    );
    let reader = Reader::open(folder.path()).unwrap();
    let oldest = reader.outbox_after(0).unwrap().unwrap();
    assert_eq!(oldest.id as u64, outbox.dropped + 1, "the oldest go first");
    opened.store.acknowledge("influx", 200).unwrap();
    assert_eq!(
        (
            opened.store.outbox().rows,
            reader.position("influx").unwrap()
        ),
        (0, 200)
    );
}

#[test]
fn a_full_file_refuses_and_goes_on_when_there_is_room() {
    let folder = TempDir::new("store-full");
    let mut opened = Store::open(&config(folder.path())).unwrap();
    opened.store.limit_pages(40).unwrap();
    let blob = vec![7; 30_000];
    let mut taken = 0;
    while opened.store.commit(&commit(&blob, b"m f=1.0 1\n")).is_ok() {
        taken += 1;
        assert!(taken < 100, "never full");
    }
    opened.store.limit_pages(100_000).unwrap();
    opened.store.commit(&commit(&blob, b"m f=1.0 1\n")).unwrap();
    drop(opened);
    assert_eq!(
        Store::open(&config(folder.path()))
            .unwrap()
            .recovery
            .inbox
            .len(),
        taken + 1,
        "a refused commit leaves nothing behind"
    );
}

/// Limits how far files of the daemon may grow: at their size, it is what a full disk looks like to the program.
fn limit_file_size(prlimit: &Path, daemon: &Daemon, bytes: &str) {
    let status = Command::new(prlimit)
        .args([
            format!("--pid={}", daemon.id()),
            format!("--fsize={bytes}:"),
        ])
        .status();
    assert!(status.unwrap().success());
}

fn largest_file(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .max()
        .unwrap()
}

/// A vehicle that publishes with QoS 1.
struct Vehicle {
    client: rumqttc::AsyncClient,
    events: rumqttc::EventLoop,
}

impl Vehicle {
    fn new(port: u16) -> Self {
        let mut options = rumqttc::MqttOptions::new("disk", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(60));
        let (client, events) = rumqttc::AsyncClient::new(options, 10);
        Self { client, events }
    }

    fn publish(&self, km: u32) {
        let payload = format!("{{\"odometer\":{km}}}");
        self.client
            .try_publish(
                "fleet/vehicles/D/telemetry",
                rumqttc::QoS::AtLeastOnce,
                false,
                payload,
            )
            .unwrap();
    }

    /// Whether an acknowledgement comes within some seconds.
    async fn is_acknowledged_within(&mut self, seconds: u64) -> bool {
        let acknowledged = async {
            while !matches!(
                self.events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ) {}
        };
        tokio::time::timeout(Duration::from_secs(seconds), acknowledged)
            .await
            .is_ok()
    }
}

fn assert_not_ready_but_answering(daemon: &Daemon) {
    let (status, body) = daemon.get("/readyz");
    assert!(status == 503 && body.contains("reasons"), "{status} {body}");
    assert_eq!(daemon.get("/healthz").0, 200);
    assert_eq!(
        daemon.get("/api/v1/overview").0,
        200,
        "the page still answers"
    );
}

#[test]
fn a_full_disk_stops_acknowledgements_and_nothing_else() {
    const TEST: &str = "a_full_disk_stops_acknowledgements_and_nothing_else";
    let Some(prlimit) = server(TEST, "prlimit") else {
        return;
    };
    let folder = TempDir::new("store-disk");
    let daemon = Daemon::start(folder.path(), &[]);
    let limit = |bytes: &str| limit_file_size(&prlimit, &daemon, bytes);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut vehicle = Vehicle::new(daemon.mqtt);
        vehicle.publish(1);
        assert!(vehicle.is_acknowledged_within(20).await);
        limit(&largest_file(&folder.path().join("data")).to_string());
        vehicle.publish(2);
        assert!(
            !vehicle.is_acknowledged_within(2).await,
            "not acknowledged while it is not on disk"
        );
        assert_not_ready_but_answering(&daemon);
        limit("unlimited");
        assert!(
            vehicle.is_acknowledged_within(20).await,
            "acknowledged when there is room again"
        );
        // The log cannot be written either: its lines are lost, the daemon goes on.
        limit("1");
        signal(daemon.id(), "HUP");
        std::thread::sleep(Duration::from_millis(300));
        limit("unlimited");
    });
    wait_for("ready again", || daemon.get("/readyz").0 == 200);
    assert_eq!(
        daemon.log().matches("trying again").count(),
        1,
        "logged once:\n{}",
        daemon.log()
    );
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    assert_eq!(daemon.api("vehicles")["vehicles"][0]["odometer_km"], 2.0);
}
