//! Everything that may be wrong is found before the first thread starts: files, ports, the store, the register, the state in the store.

use std::sync::Arc;

use super::{StartOptions, warn_of_doubts};
use crate::app::StartError;
use crate::app::config::{self, Config};
use crate::app::mappings::load_mappings;
use crate::app::preflight::{Files, Sockets};
use crate::app::recovery::recover;
use crate::app::wiring::{self, Remembering};
use crate::engine::Engine;
use crate::ingest::capture::{Capture, Writer as CaptureWriter};
use crate::model::register::Register;
use crate::model::{Stats, TokenHasher};
use crate::outputs::{Output, OutputsConfig};
use crate::store::{Opened, Store};
use crate::telemetry::mapping::Mappings;

/// Read, bound, opened and restored, but not started.
pub(super) struct Loaded {
    pub files: Files,
    pub sockets: Sockets,
    pub mappings: Arc<Mappings>,
    pub outputs: Vec<Box<dyn Output>>,
    pub store: Store,
    pub subscriptions: Vec<Remembering>,
    pub hasher: TokenHasher,
    pub capture: Capture,
    pub capture_writer: Option<CaptureWriter>,
    pub register: Arc<Register>,
    pub engine: Engine,
    pub stats: Arc<Stats>,
}

impl Loaded {
    pub(super) async fn new(config: &Config, options: &StartOptions) -> Result<Self, StartError> {
        let stats = Arc::new(Stats::default());
        let factors = Arc::new(config::load_factors(&config.factors).map_err(StartError::Factors)?);
        let targets = config::load_targets_file(config).map_err(|errors| room(&errors))?;
        // Mistakes of the configuration before anything that another program may be in the way of.
        let mappings = load_mappings(&config.mapping)?;
        let mut files = Files::read(config, &mappings)?;
        let sockets = Sockets::bind(config).await?;
        let Opened {
            mut store,
            identity,
            recovery,
        } = Store::open(&config.store)?;
        let outputs = open_outputs(config, &mut store, &stats)?;
        let names = files.notifiers.iter().map(|(name, _)| name.as_ref());
        let notifiers: Vec<&str> = names.collect();
        store
            .set_notifiers(&notifiers)
            .map_err(|error| room(&error))?;
        let subscriptions =
            wiring::recall(&mut store, &mut files.subscribers).map_err(|error| {
                room(&format!(
                    "the subscriptions that brokers hold cannot be read or written: {error}"
                ))
            })?;
        let hasher = TokenHasher::new(&identity.token_key);
        let (capture, capture_writer) =
            Capture::open(&config.capture, hasher.clone(), stats.clone()).map_err(|error| {
                room(&format!(
                    "`capture.directory`: {error}\n  hint: a folder that this user may write to"
                ))
            })?;
        let register = Arc::new(options.register.load(config.engine.jurisdiction, &hasher)?);
        warn_of_doubts(&register);
        let first_id = identity.first_transaction_id;
        let clock = &options.clock;
        let engine = recover(
            config, &register, &factors, targets, first_id, &recovery, clock,
        )?;
        Ok(Self {
            files,
            sockets,
            mappings,
            outputs,
            store,
            subscriptions,
            hasher,
            capture,
            capture_writer,
            register,
            engine,
            stats,
        })
    }
}

fn open_outputs(
    config: &Config,
    store: &mut Store,
    stats: &Stats,
) -> Result<Vec<Box<dyn Output>>, StartError> {
    let outputs = config.outputs.open();
    for name in OutputsConfig::NAMES {
        // Shows the counters of all outputs, whether configured or not.
        stats.output(name);
    }
    let names = outputs.iter().map(|output| output.name());
    store.set_outputs(names).map_err(|error| room(&error))?;
    Ok(outputs)
}

fn room(error: &dyn std::fmt::Display) -> StartError {
    StartError::Room(error.to_string())
}
