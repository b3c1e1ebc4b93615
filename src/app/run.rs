//! Starts every room, joins them with bounded channels, and stops them along the data's way.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::clock::Clock;
use super::config::Config;
use super::health::health;
use super::mappings::load_mappings;
use super::pipeline::{Channels, Pipeline};
use super::recovery::recover;
use super::register::LoadError;
use super::writer::{Job, Writer};
use super::{RegisterSource, disk, inbox, intensity, outputs};
use crate::api::requests::EngineClient;
use crate::app::preflight::{Files, Sockets, read_accounts};
use crate::app::wiring;
use crate::app::wiring::Outlets;
use crate::engine::RestoreError;
use crate::ingest::FrameSender;
use crate::ingest::capture::Capture;
use crate::jurisdiction::Jurisdiction;
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::mqtt;
use crate::notify;
use crate::ocpp;
use crate::outputs::OutputsConfig;
use crate::store::{OpenError, Opened, Reader, Store};
use crate::telemetry::Decoders;
use crate::telemetry::mapping::MappingErrors;
use crate::web::{self, Accounts, WebConfig};

/// Batches between the sockets and the engine. Each is at most a few hundred messages, so this is about a tenth of a second of full load.
const N_QUEUED_FRAMES: usize = 256;
/// Requests to the engine that may wait.
const N_QUEUED_REQUESTS: usize = 32;
/// Jobs for the writer: one commit, one checkpoint, and the outputs' acknowledgements.
const N_QUEUED_JOBS: usize = 16;
/// How long outputs may go on sending when the daemon stops, and how often to look.
const FLUSH: Duration = Duration::from_secs(2);
const FLUSH_LOOK: Duration = Duration::from_millis(20);
/// How long connections and outlets may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The daemon cannot start. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or may not be bound.
    #[error(
        "`{key}`: cannot listen on {address}: {error}\n  hint: another program (or another fleetgauge) may have it; `{key}` in the configuration changes it"
    )]
    Listen {
        /// The configuration key.
        key: &'static str,
        /// The address.
        address: String,
        /// Why.
        error: std::io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The checkpoint in it.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The inbox in it.
    #[error(transparent)]
    Inbox(#[from] inbox::InboxError),
    /// The register.
    #[error(transparent)]
    Register(#[from] LoadError),
    /// The emission factors.
    #[error("{0}")]
    Factors(String),
    /// The mapping files.
    #[error(transparent)]
    Mapping(#[from] MappingErrors),
    /// A password file or another file a room needs.
    #[error("{0}")]
    Room(String),
}

/// What the configuration file does not say.
pub struct StartOptions {
    /// The clock, faster in the demo.
    pub clock: Clock,
    /// Where the register comes from.
    pub register: RegisterSource,
    /// Show on the page that this is a demonstration.
    pub demo: bool,
}

/// A running daemon.
pub struct Daemon {
    /// The page.
    pub web_address: Option<std::net::SocketAddr>,
    /// The MQTT listener.
    pub mqtt_address: Option<std::net::SocketAddr>,
    /// The OCPP central system.
    pub ocpp_address: Option<std::net::SocketAddr>,
    /// The register in force.
    pub register: watch::Receiver<Arc<Register>>,
    register_sender: watch::Sender<Arc<Register>>,
    accounts: watch::Sender<Arc<Accounts>>,
    web: WebConfig,
    source: RegisterSource,
    jurisdiction: &'static Jurisdiction,
    hasher: TokenHasher,
    ingest: JoinSet<()>,
    outlets: JoinSet<()>,
    engine: JoinHandle<()>,
    store: JoinHandle<()>,
    stats: Arc<Stats>,
    has_output: bool,
    ingest_shutdown: watch::Sender<bool>,
    outlet_shutdown: watch::Sender<bool>,
}

impl Daemon {
    /// Starts everything. Must run inside a tokio runtime; the engine and the store get threads of their own.
    pub async fn start(config: &Config, options: StartOptions) -> Result<Self, StartError> {
        let clock = options.clock;
        let stats = Arc::new(Stats::default());
        let factors =
            Arc::new(super::config::load_factors(&config.factors).map_err(StartError::Factors)?);
        let targets = super::config::load_targets_file(config)
            .map_err(|errors| StartError::Room(errors.to_string()))?;
        // Mistakes of the configuration before anything that another program may be in the way of.
        let mappings = load_mappings(&config.mapping)?;
        let mut files = Files::read(config, &mappings)?;
        let mut sockets = Sockets::bind(config).await?;
        let Opened {
            mut store,
            identity,
            recovery,
        } = Store::open(&config.store)?;
        let outputs = config.outputs.open();
        for name in OutputsConfig::NAMES {
            // Shows the counters of all outputs, whether configured or not.
            stats.output(name);
        }
        let notifiers: Vec<&str> = files
            .notifiers
            .iter()
            .map(|(name, _)| name.as_ref())
            .collect();
        store
            .set_notifiers(&notifiers)
            .map_err(|error| StartError::Room(error.to_string()))?;
        store
            .set_outputs(outputs.iter().map(|output| output.name()))
            .map_err(|error| StartError::Room(error.to_string()))?;
        let subscriptions =
            wiring::recall(&mut store, &mut files.subscribers).map_err(|error| {
                StartError::Room(format!(
                    "what brokers hold for us cannot be read or written: {error}"
                ))
            })?;
        let hasher = TokenHasher::new(&identity.token_key);
        let (capture, capture_writer) =
            Capture::open(&config.capture, hasher.clone(), stats.clone()).map_err(|error| {
                StartError::Room(format!(
                    "`capture.directory`: {error}\n  hint: a folder that this user may write to"
                ))
            })?;
        let register = Arc::new(options.register.load(config.engine.jurisdiction, &hasher)?);
        tell_doubts(&register);
        let engine = recover(
            config,
            &register,
            &factors,
            targets,
            identity.first_transaction_id,
            &recovery,
            &clock,
        )?;
        drop(recovery);

        let (ingest_shutdown, ingest_stop) = watch::channel(false);
        let (outlet_shutdown, outlet_stop) = watch::channel(false);
        let (register_sender, register_receiver) = watch::channel(register);
        let (frames, frame_queue) = mpsc::channel(N_QUEUED_FRAMES);
        let (requests, request_queue) = mpsc::channel(N_QUEUED_REQUESTS);
        let engine_client = EngineClient::new(requests);
        let (jobs, job_queue) = mpsc::channel::<Job>(N_QUEUED_JOBS);
        let (done, done_queue) = mpsc::unbounded_channel();
        let (trouble, trouble_receiver) = watch::channel(None);
        let written = Arc::new(Notify::new());

        let open_reader = || Reader::open(&config.store.directory);
        let writer = Writer {
            store,
            jobs: job_queue,
            done,
            written: written.clone(),
            trouble,
            stopping: ingest_stop.clone(),
            stats: stats.clone(),
        };
        let reader = open_reader()?;
        let decoders = Decoders::with_mappings(mappings);
        let pipeline = Pipeline::new(
            engine,
            decoders,
            clock.clone(),
            config.store.clone(),
            stats.clone(),
            reader,
            capture.clone(),
        )
        .with_outlets(Outlets::of(config));
        if let Some(writer) = capture_writer {
            // Ends by itself when the engine and the sockets, who hold its other end, are gone.
            thread("capture", move || writer.run())?;
        }
        let channels = Channels {
            frames: frame_queue,
            requests: request_queue,
            register: register_receiver.clone(),
            jobs: jobs.clone(),
            done: done_queue,
        };
        let store = thread("store", move || writer.run())?;
        let engine = thread("engine", move || run_pipeline(pipeline, channels))?;

        let mut daemon = Self {
            web_address: sockets
                .web
                .as_ref()
                .and_then(|socket| socket.local_addr().ok()),
            mqtt_address: sockets
                .mqtt
                .as_ref()
                .and_then(|socket| socket.local_addr().ok()),
            ocpp_address: sockets
                .ocpp
                .as_ref()
                .and_then(|socket| socket.local_addr().ok()),
            register: register_receiver.clone(),
            register_sender,
            accounts: watch::Sender::new(Arc::new(std::mem::take(&mut files.accounts))),
            web: config.web.clone(),
            source: options.register,
            jurisdiction: config.engine.jurisdiction,
            hasher,
            ingest: JoinSet::new(),
            outlets: JoinSet::new(),
            engine,
            store,
            stats: stats.clone(),
            has_output: !outputs.is_empty(),
            ingest_shutdown,
            outlet_shutdown,
        };
        for (session, rows) in subscriptions {
            daemon
                .outlets
                .spawn(wiring::remember(session, rows, jobs.clone()));
        }
        daemon.outlets.spawn(disk::watch(
            config.store.directory.clone(),
            stats.clone(),
            outlet_stop.clone(),
        ));
        for (_, notifier) in files.notifiers.drain(..) {
            let (delivered, noted) = mpsc::channel(N_QUEUED_JOBS);
            daemon
                .outlets
                .spawn(wiring::record_delivered(noted, jobs.clone()));
            let deps = notify::Deps {
                reader: open_reader()?,
                delivered,
                written: written.clone(),
                engine: engine_client.clone(),
                clock: clock.arrival(),
                stats: stats.clone(),
                seed: clock.now().0 as u64 ^ u64::from(std::process::id()),
            };
            daemon
                .outlets
                .spawn(notify::run(notifier, deps, outlet_stop.clone()));
        }
        if let Some(publisher) = files.publisher.take() {
            let engine = engine_client.clone();
            daemon
                .outlets
                .spawn(publisher.run(engine, stats.clone(), outlet_stop.clone()));
        }
        let around = (&clock, stats.clone());
        let stop = outlet_stop.clone();
        intensity::start(
            &config.intensity,
            &open_reader()?,
            register_receiver,
            around,
            jobs.clone(),
            stop,
            &mut daemon.outlets,
        )?;
        let listeners = sockets.listeners(&files.acceptors);
        let entrances = sockets.entrances(files.web_acceptor.take());
        daemon.start_ingest(
            config,
            files,
            sockets.mqtt,
            listeners,
            &frames,
            &clock,
            capture,
            &ingest_stop,
        );
        // From here only the sockets hold senders: when the last one ends, the engine does.
        drop(frames);
        let deps = outputs::Deps {
            open_reader: &open_reader,
            jobs,
            written,
            stats: stats.clone(),
            seed: clock.now().0 as u64 ^ u64::from(std::process::id()),
            shutdown: outlet_stop.clone(),
        };
        outputs::start(outputs, deps, &mut daemon.outlets)?;
        if let Some(entrances) = entrances {
            let health = health(
                trouble_receiver,
                (&clock, stats.clone()),
                options.demo,
                config.engine.jurisdiction.zone(),
                &mut daemon.outlets,
            );
            let accounts = daemon.accounts.subscribe();
            let deps = web::Deps {
                engine: engine_client,
                stats,
                health,
                settings: config.loaded.json().into(),
                zone: config.engine.jurisdiction.zone(),
                accounts,
                shutdown: outlet_stop,
            };
            daemon
                .outlets
                .spawn(web::run(config.web.clone(), entrances, deps));
        }
        Ok(daemon)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "wiring: each is one end of a channel or a socket"
    )]
    fn start_ingest(
        &mut self,
        config: &Config,
        files: Files,
        mqtt_socket: Option<TcpListener>,
        listeners: Vec<ocpp::server::Listener>,
        frames: &FrameSender,
        clock: &Clock,
        capture: Capture,
        stop: &watch::Receiver<bool>,
    ) {
        let stats = self.stats.clone();
        if let Some(socket) = mqtt_socket {
            let (config, frames, clock) =
                (config.listener.clone(), frames.clone(), clock.arrival());
            self.ingest.spawn(mqtt::server::run(
                config,
                files.passwords,
                socket,
                frames,
                clock,
                stats.clone(),
                stop.clone(),
            ));
        }
        if !listeners.is_empty() {
            let deps = ocpp::server::Deps {
                frames: frames.clone(),
                register: self.register.clone(),
                hasher: self.hasher.clone(),
                clock: clock.arrival(),
                stats: stats.clone(),
                capture,
                upstream: files.upstream,
                shutdown: stop.clone(),
            };
            self.ingest
                .spawn(ocpp::server::run(config.ocpp.clone(), listeners, deps));
        }
        for subscriber in files.subscribers {
            self.ingest.spawn(subscriber.run(
                frames.clone(),
                clock.arrival(),
                stats.clone(),
                stop.clone(),
            ));
        }
    }

    /// Reads the register again; keeps the old one and says why if the new one is bad.
    pub fn reload_register(&self) {
        match self.source.load(self.jurisdiction, &self.hasher) {
            Ok(register) => {
                tracing::info!(
                    vehicles = register.vehicles.len(),
                    charge_points = register.charge_points.len(),
                    "register reloaded"
                );
                tell_doubts(&register);
                self.register_sender.send_replace(Arc::new(register));
            }
            Err(error) => tracing::error!(
                "the new register is not used, the old one stays in force:\n{error}"
            ),
        }
    }

    /// Reads who may use the page again; keeps the old ones and says why if a file is bad.
    pub fn reload_accounts(&self) {
        match read_accounts(&self.web) {
            Ok(accounts) => drop(self.accounts.send_replace(Arc::new(accounts))),
            Err(error) => tracing::error!(
                "the new users and tokens are not used, the old ones stay in force:\n{error}"
            ),
        }
    }

    /// Stops along the data's way: sockets, engine, store, outlets.
    pub async fn stop(mut self) {
        self.ingest_shutdown.send_replace(true);
        end(&mut self.ingest, "connections").await;
        // The engine ends when the last socket's sender is gone: the last commit, then a checkpoint.
        let engine = join(self.engine).await;
        if self.has_output {
            // What a database takes at once need not wait for the next start. What it does not take is in the outbox.
            let sent = async {
                while Stats::get(&self.stats.outbox_rows) > 0 {
                    tokio::time::sleep(FLUSH_LOOK).await;
                }
            };
            let _ = tokio::time::timeout(FLUSH, sent).await;
        }
        self.outlet_shutdown.send_replace(true);
        end(&mut self.outlets, "outlets").await;
        // The store ends when the engine's and the outputs' senders are gone.
        if !(engine && join(self.store).await) {
            tracing::error!(
                "the engine or the store ended with a fault; the next start recovers from the store"
            );
        }
    }
}

/// Waits for tasks that were told to end, and cuts those that do not.
async fn end(tasks: &mut JoinSet<()>, what: &str) {
    if tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        tracing::warn!(
            "some {what} did not end within {} s and are cut",
            GRACE.as_secs()
        );
        tasks.shutdown().await;
    }
}

/// Waits for a thread; false if it panicked.
async fn join(thread: JoinHandle<()>) -> bool {
    matches!(
        tokio::task::spawn_blocking(move || thread.join().is_ok()).await,
        Ok(true)
    )
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

fn tell_doubts(register: &Register) {
    register
        .doubts()
        .iter()
        .for_each(|doubt| tracing::warn!("{doubt}"));
}
