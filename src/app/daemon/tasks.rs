//! The tasks on the sockets' thread. Those that bring data in end first at a stop, all others after the engine.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::threads::{N_QUEUED_JOBS, Wires};
use crate::app::config::Config;
use crate::app::health::health;
use crate::app::preflight::{Files, Sockets};
use crate::app::wiring::{self, Remembering};
use crate::app::{StartError, disk, intensity, outputs};
use crate::model::TokenHasher;
use crate::notify::{self, Notifier};
use crate::outputs::Output;
use crate::store::{OpenError, Reader};
use crate::web::{self, Accounts};
use crate::{mqtt, ocpp};

/// What single rooms need beside the channels.
pub(super) struct Rooms {
    pub hasher: TokenHasher,
    pub files: Files,
    pub sockets: Sockets,
    pub outputs: Vec<Box<dyn Output>>,
    pub subscriptions: Vec<Remembering>,
    pub accounts: watch::Receiver<Arc<Accounts>>,
    pub demo: bool,
}

pub(super) fn start(
    config: &Config,
    wires: Wires,
    mut rooms: Rooms,
    ingest: &mut JoinSet<()>,
    tasks: &mut JoinSet<()>,
) -> Result<(), StartError> {
    let open_reader = || Reader::open(&config.store.directory);
    for (session, rows) in std::mem::take(&mut rooms.subscriptions) {
        tasks.spawn(wiring::remember(session, rows, wires.jobs.clone()));
    }
    let (directory, stop) = (config.store.directory.clone(), wires.task_stop.clone());
    tasks.spawn(disk::watch(directory, wires.stats.clone(), stop));
    for (_, notifier) in std::mem::take(&mut rooms.files.notifiers) {
        start_notifier(notifier, &open_reader, &wires, tasks)?;
    }
    if let Some(publisher) = rooms.files.publisher.take() {
        let (engine, stop) = (wires.engine.clone(), wires.task_stop.clone());
        tasks.spawn(publisher.run(engine, wires.stats.clone(), stop));
    }
    intensity::start(
        &config.intensity,
        &open_reader()?,
        wires.register.clone(),
        (&wires.clock, wires.stats.clone()),
        wires.jobs.clone(),
        wires.task_stop.clone(),
        tasks,
    )?;
    let output_deps = outputs::Deps {
        open_reader: &open_reader,
        jobs: wires.jobs.clone(),
        written: wires.written.clone(),
        stats: wires.stats.clone(),
        seed: seed(&wires),
        shutdown: wires.task_stop.clone(),
    };
    outputs::start(std::mem::take(&mut rooms.outputs), output_deps, tasks)?;
    start_web(config, &wires, &mut rooms, tasks);
    // The sockets get the only senders of frames: when the last one ends, the engine does.
    start_ingest(config, wires, rooms, ingest);
    Ok(())
}

fn start_notifier(
    notifier: Notifier,
    open_reader: &dyn Fn() -> Result<Reader, OpenError>,
    wires: &Wires,
    tasks: &mut JoinSet<()>,
) -> Result<(), OpenError> {
    let (delivered, noted) = mpsc::channel(N_QUEUED_JOBS);
    tasks.spawn(wiring::record_delivered(noted, wires.jobs.clone()));
    let deps = notify::Deps {
        reader: open_reader()?,
        delivered,
        written: wires.written.clone(),
        engine: wires.engine.clone(),
        clock: wires.clock.arrival(),
        stats: wires.stats.clone(),
        seed: seed(wires),
    };
    tasks.spawn(notify::run(notifier, deps, wires.task_stop.clone()));
    Ok(())
}

fn start_web(config: &Config, wires: &Wires, rooms: &mut Rooms, tasks: &mut JoinSet<()>) {
    let acceptor = rooms.files.web_acceptor.take();
    let Some(entrances) = rooms.sockets.entrances(acceptor) else {
        return;
    };
    let zone = config.engine.jurisdiction.zone();
    let clock = (&wires.clock, wires.stats.clone());
    let health = health(wires.trouble.clone(), clock, rooms.demo, zone, tasks);
    let deps = web::Deps {
        engine: wires.engine.clone(),
        stats: wires.stats.clone(),
        health,
        settings: config.loaded.json().into(),
        zone,
        accounts: rooms.accounts.clone(),
        shutdown: wires.task_stop.clone(),
    };
    tasks.spawn(web::run(config.web.clone(), entrances, deps));
}

fn start_ingest(config: &Config, wires: Wires, mut rooms: Rooms, ingest: &mut JoinSet<()>) {
    let listeners = rooms.sockets.listeners(&rooms.files.acceptors);
    let Files {
        passwords,
        subscribers,
        upstream,
        ..
    } = rooms.files;
    if let Some(socket) = rooms.sockets.mqtt.take() {
        ingest.spawn(mqtt::server::run(
            config.listener.clone(),
            passwords,
            socket,
            wires.frames.clone(),
            wires.clock.arrival(),
            wires.stats.clone(),
            wires.ingest_stop.clone(),
        ));
    }
    if !listeners.is_empty() {
        let deps = ocpp::server::Deps {
            frames: wires.frames.clone(),
            register: wires.register.clone(),
            hasher: rooms.hasher,
            clock: wires.clock.arrival(),
            stats: wires.stats.clone(),
            capture: wires.capture,
            upstream,
            shutdown: wires.ingest_stop.clone(),
        };
        ingest.spawn(ocpp::server::run(config.ocpp.clone(), listeners, deps));
    }
    for subscriber in subscribers {
        ingest.spawn(subscriber.run(
            wires.frames.clone(),
            wires.clock.arrival(),
            wires.stats.clone(),
            wires.ingest_stop.clone(),
        ));
    }
}

/// Spreads the retries of many gateways; not a secret.
fn seed(wires: &Wires) -> u64 {
    wires.clock.now().0 as u64 ^ u64::from(std::process::id())
}
