//! The two threads beside the sockets' one, the engine's and the store's, and the channels between all three.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{Notify, mpsc, watch};

use super::StartOptions;
use super::load::Loaded;
use crate::api::requests::EngineClient;
use crate::app::StartError;
use crate::app::clock::Clock;
use crate::app::config::Config;
use crate::app::pipeline::{Channels, Pipeline};
use crate::app::preflight::{Files, Sockets};
use crate::app::wiring::{Receivers, Remembering};
use crate::app::writer::{Job, Writer};
use crate::ingest::FrameSender;
use crate::ingest::capture::{Capture, Writer as CaptureWriter};
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::outputs::Output;
use crate::store::{Reader, Store};
use crate::telemetry::Decoders;
use crate::web::Accounts;

/// Batches between the sockets and the engine. Each is at most a few hundred messages, so this is about a tenth of a second of full load.
const N_QUEUED_FRAMES: usize = 256;
/// Requests to the engine that may wait.
const N_QUEUED_REQUESTS: usize = 32;
/// Jobs for the store: one commit, one checkpoint, and the outputs' acknowledgements.
pub(super) const N_QUEUED_JOBS: usize = 16;

/// The tasks' ends of the channels.
pub(super) struct Wires {
    pub frames: FrameSender,
    pub engine: EngineClient,
    pub jobs: mpsc::Sender<Job>,
    /// Notified after each commit.
    pub written: Arc<Notify>,
    /// Why the store refuses writes, while it does.
    pub trouble: watch::Receiver<Option<String>>,
    pub register: watch::Receiver<Arc<Register>>,
    pub ingest_stop: watch::Receiver<bool>,
    pub task_stop: watch::Receiver<bool>,
    pub clock: Clock,
    pub stats: Arc<Stats>,
    pub capture: Capture,
}

/// The running threads with the daemon's ends of the channels.
pub(super) struct Threads {
    pub wires: Wires,
    pub engine: JoinHandle<()>,
    pub store: JoinHandle<()>,
    pub register_sender: watch::Sender<Arc<Register>>,
    pub ingest_shutdown: watch::Sender<bool>,
    pub task_shutdown: watch::Sender<bool>,
}

/// What the threads do not need.
pub(super) struct Rest {
    pub files: Files,
    pub accounts: Accounts,
    pub sockets: Sockets,
    pub outputs: Vec<Box<dyn Output>>,
    pub subscriptions: Vec<Remembering>,
    pub hasher: TokenHasher,
}

pub(super) fn start(
    config: &Config,
    options: &StartOptions,
    loaded: Loaded,
) -> Result<(Threads, Rest), StartError> {
    let (parts, rest) = assemble(config, &options.clock, loaded)?;
    let (ingest_shutdown, ingest_stop) = watch::channel(false);
    let (task_shutdown, task_stop) = watch::channel(false);
    let (register_sender, register) = watch::channel(parts.register);
    let (frames, frame_queue) = mpsc::channel(N_QUEUED_FRAMES);
    let (requests, request_queue) = mpsc::channel(N_QUEUED_REQUESTS);
    let (jobs, job_queue) = mpsc::channel::<Job>(N_QUEUED_JOBS);
    let (done, done_queue) = mpsc::unbounded_channel();
    let (trouble_sender, trouble) = watch::channel(None);
    let written = Arc::new(Notify::new());
    let writer = Writer {
        store: parts.store,
        jobs: job_queue,
        done,
        written: written.clone(),
        trouble: trouble_sender,
        stopping: ingest_stop.clone(),
        stats: parts.stats.clone(),
    };
    let channels = Channels {
        frames: frame_queue,
        requests: request_queue,
        register: register.clone(),
        jobs: jobs.clone(),
        done: done_queue,
    };
    if let Some(writer) = parts.capture_writer {
        // Ends by itself when the engine and the sockets, which hold its other end, are gone.
        thread("capture", move || writer.run())?;
    }
    let store = thread("store", move || writer.run())?;
    let engine = thread("engine", move || run_pipeline(parts.pipeline, channels))?;
    let wires = Wires {
        frames,
        engine: EngineClient::new(requests),
        jobs,
        written,
        trouble,
        register,
        ingest_stop,
        task_stop,
        clock: options.clock.clone(),
        stats: parts.stats,
        capture: parts.capture,
    };
    let threads = Threads {
        wires,
        engine,
        store,
        register_sender,
        ingest_shutdown,
        task_shutdown,
    };
    Ok((threads, rest))
}

/// What the threads take over.
struct Parts {
    store: Store,
    pipeline: Pipeline,
    register: Arc<Register>,
    capture: Capture,
    capture_writer: Option<CaptureWriter>,
    stats: Arc<Stats>,
}

fn assemble(
    config: &Config,
    clock: &Clock,
    mut loaded: Loaded,
) -> Result<(Parts, Rest), StartError> {
    let pipeline = Pipeline::new(
        loaded.engine,
        Decoders::with_mappings(loaded.mappings),
        clock.clone(),
        config.store.clone(),
        loaded.stats.clone(),
        Reader::open(&config.store.directory)?,
        loaded.capture.clone(),
    )
    .with_receivers(Receivers::of(config));
    let rest = Rest {
        accounts: std::mem::take(&mut loaded.files.accounts),
        files: loaded.files,
        sockets: loaded.sockets,
        outputs: loaded.outputs,
        subscriptions: loaded.subscriptions,
        hasher: loaded.hasher,
    };
    let parts = Parts {
        store: loaded.store,
        pipeline,
        register: loaded.register,
        capture: loaded.capture,
        capture_writer: loaded.capture_writer,
        stats: loaded.stats,
    };
    Ok((parts, rest))
}

fn run_pipeline(pipeline: Pipeline, channels: Channels) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(pipeline.run(channels)),
        Err(error) => tracing::error!(%error, "the engine's thread could not start"),
    }
}

fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| StartError::Room(format!("cannot start the {name} thread: {error}")))
}
