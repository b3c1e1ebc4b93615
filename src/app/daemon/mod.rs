//! A running daemon: starts every room, joins them with bounded channels, and stops them in the order of the data.

mod load;
mod tasks;
mod threads;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::config::Config;
use super::preflight::read_accounts;
use super::{RegisterSource, StartError};
use crate::jurisdiction::Jurisdiction;
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::web::{Accounts, WebConfig};

/// How long outputs may go on sending when the daemon stops, and how often to look.
const FLUSH: Duration = Duration::from_secs(2);
const FLUSH_LOOK: Duration = Duration::from_millis(20);
/// How long connections and other tasks may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// What the configuration file does not contain.
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
    /// Address of the page.
    pub web_address: Option<std::net::SocketAddr>,
    /// Address of the MQTT server.
    pub mqtt_address: Option<std::net::SocketAddr>,
    /// Address of the OCPP central system.
    pub ocpp_address: Option<std::net::SocketAddr>,
    /// The register in force.
    pub register: watch::Receiver<Arc<Register>>,
    register_sender: watch::Sender<Arc<Register>>,
    accounts: watch::Sender<Arc<Accounts>>,
    web: WebConfig,
    source: RegisterSource,
    jurisdiction: &'static Jurisdiction,
    hasher: TokenHasher,
    /// Tasks whose sockets bring data in; they end first.
    ingest: JoinSet<()>,
    /// All other tasks; they end after the engine.
    tasks: JoinSet<()>,
    engine: JoinHandle<()>,
    store: JoinHandle<()>,
    stats: Arc<Stats>,
    has_output: bool,
    ingest_shutdown: watch::Sender<bool>,
    task_shutdown: watch::Sender<bool>,
}

impl Daemon {
    /// Starts everything. Must run inside a tokio runtime; the engine and the store get threads of their own.
    pub async fn start(config: &Config, options: StartOptions) -> Result<Self, StartError> {
        let loaded = load::Loaded::new(config, &options).await?;
        let (threads, rest) = threads::start(config, &options, loaded)?;
        let addresses = rest.sockets.addresses();
        let mut daemon = Self {
            web_address: addresses.web,
            mqtt_address: addresses.mqtt,
            ocpp_address: addresses.ocpp,
            register: threads.wires.register.clone(),
            register_sender: threads.register_sender,
            accounts: watch::Sender::new(Arc::new(rest.accounts)),
            web: config.web.clone(),
            source: options.register,
            jurisdiction: config.engine.jurisdiction,
            hasher: rest.hasher.clone(),
            ingest: JoinSet::new(),
            tasks: JoinSet::new(),
            engine: threads.engine,
            store: threads.store,
            stats: threads.wires.stats.clone(),
            has_output: !rest.outputs.is_empty(),
            ingest_shutdown: threads.ingest_shutdown,
            task_shutdown: threads.task_shutdown,
        };
        let rooms = tasks::Rooms {
            hasher: rest.hasher,
            files: rest.files,
            sockets: rest.sockets,
            outputs: rest.outputs,
            subscriptions: rest.subscriptions,
            accounts: daemon.accounts.subscribe(),
            demo: options.demo,
        };
        tasks::start(
            config,
            threads.wires,
            rooms,
            &mut daemon.ingest,
            &mut daemon.tasks,
        )?;
        Ok(daemon)
    }

    /// Reads the register again. If the new one is bad, logs why and keeps the old one.
    pub fn reload_register(&self) {
        match self.source.load(self.jurisdiction, &self.hasher) {
            Ok(register) => {
                tracing::info!(
                    vehicles = register.vehicles.len(),
                    charge_points = register.charge_points.len(),
                    "register reloaded"
                );
                warn_of_doubts(&register);
                self.register_sender.send_replace(Arc::new(register));
            }
            Err(error) => tracing::error!(
                "the new register is not used, the old one stays in force:\n{error}"
            ),
        }
    }

    /// Reads users and tokens again. If a file is bad, logs why and keeps the old ones.
    pub fn reload_accounts(&self) {
        match read_accounts(&self.web) {
            Ok(accounts) => drop(self.accounts.send_replace(Arc::new(accounts))),
            Err(error) => tracing::error!(
                "the new users and tokens are not used, the old ones stay in force:\n{error}"
            ),
        }
    }

    /// Stops in the order of the data: sockets, engine, store, other tasks.
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
        self.task_shutdown.send_replace(true);
        end(&mut self.tasks, "tasks").await;
        // The store ends when the engine's and the outputs' senders are gone.
        if !(engine && join(self.store).await) {
            tracing::error!(
                "the engine or the store ended with a fault; the next start recovers from the store"
            );
        }
    }
}

/// Waits for tasks that were signalled to end, and aborts those that do not.
async fn end(tasks: &mut JoinSet<()>, what: &str) {
    if tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        tracing::warn!(
            "some {what} did not end within {} s and are aborted",
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

/// Logs what is allowed in a register and yet looks like a mistake.
fn warn_of_doubts(register: &Register) {
    let doubts = register.doubts();
    doubts.iter().for_each(|doubt| tracing::warn!("{doubt}"));
}
