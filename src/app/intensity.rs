//! Joins the carbon-intensity client with the store, and the store's half-hours with the engine's charging.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::StartError;
use super::writer::Job;
use crate::app::clock::Clock;
use crate::engine::{Engine, StoredIntensity};
use crate::intensity::{self, Deps, IntensityConfig};
use crate::ledger::intensity::IntensitySeries;
use crate::model::register::Register;
use crate::model::{ChargingIntensityFact, Fact, GridArea, HALF_HOUR_MS, Stats};
use crate::store::{ReadError, Reader};
use crate::units::UtcMs;

/// Sessions read for one request: a year of a large estate.
const MAX_SESSIONS: usize = 100_000;
/// Rows are written again for as long as intensities are revised (48 h), and longer for half-hours that arrive late.
const REVISED_MS: i64 = 3 * 86_400_000;
/// Answers that wait for the store.
const N_QUEUED: usize = 4;

/// Starts the client, if it is enabled.
pub(super) fn start(
    config: &IntensityConfig,
    reader: &Reader,
    register: watch::Receiver<Arc<Register>>,
    (clock, stats): (&Clock, Arc<Stats>),
    jobs: mpsc::Sender<Job>,
    shutdown: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<(), StartError> {
    if !config.enabled {
        return Ok(());
    }
    let mut newest = BTreeMap::new();
    for area in (0..=17).map(GridArea) {
        let known = reader
            .newest_intensity(area)
            .map_err(|error| StartError::Room(error.to_string()))?;
        newest.extend(known.map(|start| (area, start)));
    }
    let (slots, mut fetched) = mpsc::channel(N_QUEUED);
    let clock = clock.clone();
    let now = Arc::new(move || clock.now());
    tasks.spawn(intensity::run(
        config.clone(),
        Deps {
            register,
            newest,
            now,
            slots,
            stats,
            shutdown,
        },
    ));
    tasks.spawn(async move {
        while let Some((slots, oldest)) = fetched.recv().await {
            if jobs.send(Job::Intensity(slots, oldest)).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// What the store has about the half-hours that begin in `[from, to)`.
pub(super) fn stored(
    reader: &Reader,
    from: UtcMs,
    to: UtcMs,
) -> Result<StoredIntensity, ReadError> {
    let sessions = reader.sessions(Some(from), Some(to), None, None, MAX_SESSIONS)?;
    let slots = reader.intensity(from.plus(-IntensitySeries::LOOK_BACK_MS), to)?;
    Ok(StoredIntensity {
        truncated: sessions.len() == MAX_SESSIONS,
        sessions,
        slots,
    })
}

/// Rows of `charging_intensity` that were written: only rows that have changed are written again.
#[derive(Default)]
pub(super) struct IntensityRows {
    written: HashMap<(UtcMs, Arc<str>, &'static str), ChargingIntensityFact>,
}

impl IntensityRows {
    /// New rows of the newest days, after intensities arrived or were revised.
    pub(super) fn changed_rows(
        &mut self,
        engine: &Engine,
        reader: &Reader,
        now: UtcMs,
    ) -> Result<Vec<Fact>, ReadError> {
        let from = UtcMs(now.plus(-REVISED_MS).0.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS);
        let to = now.plus(HALF_HOUR_MS);
        self.written.retain(|(at, _, _), _| *at >= from);
        let mut changed_rows = Vec::new();
        for row in engine.intensity_rows(from, to, now, stored(reader, from, to)?) {
            let key = (row.at, row.site.clone(), row.user);
            if self.written.get(&key) != Some(&row) {
                self.written.insert(key, row.clone());
                changed_rows.push(Fact::ChargingIntensity(row));
            }
        }
        Ok(changed_rows)
    }
}
