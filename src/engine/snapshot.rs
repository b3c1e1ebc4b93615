//! The engine's state as bytes, for the checkpoint, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::activity::{ActivityBook, DaySpan, Journal};
use super::alerting::Alerting;
use super::charging::Charging;
use super::fleet::{Assets, Fleet};
use super::indicators::Indicators;
use super::rows::DayRows;
use super::schedule::Schedule;
use super::{Engine, EngineConfig};
use crate::ledger::alerts::{AlertBook, MonthlyBook};
use crate::ledger::audit::AuditLog;
use crate::ledger::charging::ChargingBook;
use crate::ledger::clock::FeedClock;
use crate::ledger::emissions::FactorSets;
use crate::ledger::rollups::HistoryBook;
use crate::ledger::series_tombstones::WrittenRows;
use crate::ledger::transition::Profile;
use crate::ledger::uptime::UptimeBook;
use crate::model::register::Register;
use crate::model::{ActivityData, ActivityRow, Subject};
use crate::units::UtcMs;

/// Raised when the layout changes; a snapshot of another number is refused, never guessed at.
const FORMAT: u16 = 7;
/// The layout before: the same, without the clocks of feeds, which stand last.
const WITHOUT_CLOCKS: u16 = 6;
/// The layout before: the same, but decoders' memories have no version byte.
const WITHOUT_MEMORY_VERSION: u16 = 5;
/// The layout before: all but the rollup book and the tags of the rows written, which stand last.
const WITHOUT_HISTORY: u16 = 4;

/// A snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Written by another version of the program.
    #[error(
        "the checkpoint has format {found}, this program reads {FORMAT}; start the version that wrote it, or move the store away to begin anew"
    )]
    Format {
        /// The number in the checkpoint.
        found: u16,
    },
    /// Not what was written.
    #[error(
        "the checkpoint cannot be read ({0}); restore the store from a backup, or move it away to begin anew"
    )]
    Damaged(#[from] postcard::Error),
}

#[derive(Serialize, Deserialize)]
struct Snapshot<A, C, U, J, T, L, B, M, I> {
    assets: A,
    charging: C,
    uptime: U,
    last_alive: UtcMs,
    next_uptime_rows: UtcMs,
    journal: J,
    today: DaySpan,
    charged_today: T,
    sessions_closed_today: u64,
    next_periodic: UtcMs,
    audit: L,
    memories: BTreeMap<String, Vec<u8>>,
    alerts: B,
    monthly: M,
    indicators: I,
}

type Sums = BTreeMap<Subject, ActivityData>;
type Owned = Snapshot<
    Assets,
    ChargingBook,
    UptimeBook,
    Journal,
    Sums,
    AuditLog,
    AlertBook,
    MonthlyBook,
    Indicators,
>;

/// All that a checkpoint holds.
type Restored = (Owned, HistoryBook, WrittenRows, Vec<(u32, FeedClock)>);

/// The content of a checkpoint of any known format.
fn decode(found: u16, body: &[u8]) -> Result<Restored, RestoreError> {
    Ok(match found {
        FORMAT => postcard::from_bytes(body)?,
        WITHOUT_CLOCKS | WITHOUT_MEMORY_VERSION => {
            let (state, history, written) = postcard::from_bytes(body)?;
            (state, history, written, Vec::new())
        }
        WITHOUT_HISTORY => (
            postcard::from_bytes(body)?,
            HistoryBook::default(),
            WrittenRows::default(),
            Vec::new(),
        ),
        _ => return Err(RestoreError::Format { found }),
    })
}

impl Engine {
    /// The state and the activity since the last checkpoint, which belong into the store together.
    ///
    /// Everything handled so far must be committed before the checkpoint, and nothing may be handled in between.
    pub fn checkpoint(&mut self) -> (u64, Vec<u8>, Vec<ActivityRow>) {
        self.activity.save_running_day(self.fleet.assets_mut());
        let (generation, rows) = self.activity.freeze();
        let last_alive = self.schedule.raw_last_alive();
        self.charging.freeze(generation, last_alive);
        let snapshot = Snapshot {
            assets: self.fleet.assets(),
            charging: self.charging.book(),
            uptime: self.charging.uptime(),
            last_alive,
            next_uptime_rows: self.schedule.next_full_rows(),
            journal: self.activity.journal_for_snapshot(),
            today: self.activity.today(),
            charged_today: self.activity.charged_today(),
            sessions_closed_today: self.activity.sessions_closed_today(),
            next_periodic: self.schedule.next_periodic(),
            audit: self.fleet.audit(),
            memories: self.fleet.memories().clone(),
            alerts: self.alerting.book(),
            monthly: self.alerting.monthly(),
            indicators: self.targets.indicators(),
        };
        let head = FORMAT.to_le_bytes().to_vec();
        let state = (
            &snapshot,
            self.charging.rollups(),
            self.day_rows.written(),
            self.fleet.assets().clocks(),
        );
        let bytes = postcard::to_extend(&state, head)
            .expect("writing to memory does not fail and every map has a length");
        (generation, bytes, rows)
    }

    /// The checkpoint of this generation is in the store.
    pub fn confirm_checkpoint(&mut self, generation: u64) {
        self.activity.confirm(generation);
        self.charging.confirm(generation);
    }

    /// The engine of a checkpoint.
    pub fn restore(
        snapshot: &[u8],
        config: EngineConfig,
        profile: Profile,
        register: Arc<Register>,
        factors: Arc<FactorSets>,
        now: UtcMs,
    ) -> Result<Self, RestoreError> {
        let (head, body) = snapshot
            .split_at_checked(2)
            .ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        let found = u16::from_le_bytes([head[0], head[1]]);
        let (mut state, mut history, written, clocks) = decode(found, body)?;
        state.assets.restore_clocks(clocks);
        history.set_limit(config.max_history_series);
        let mut charging = state.charging;
        charging.set_limits(config.charging_limits());
        let mut engine = Self::new(config, profile, register, factors, 1, now);
        engine.charging = Charging::new(charging, state.uptime, history);
        let mut memories = state.memories;
        if found <= WITHOUT_MEMORY_VERSION {
            // All of them are version 1.
            memories.values_mut().for_each(|bytes| bytes.insert(0, 1));
        }
        engine.fleet = Fleet::restored(state.assets, state.audit, memories);
        engine.day_rows = DayRows::restored(written);
        engine.schedule = Schedule::restored(
            state.last_alive,
            state.next_uptime_rows,
            state.next_periodic,
        );
        engine.activity = ActivityBook::restored(
            state.journal,
            state.today,
            state.charged_today,
            state.sessions_closed_today,
        );
        engine.alerting = Alerting::restored(state.alerts, state.monthly);
        *engine.targets.indicators_mut() = state.indicators;
        engine.resolve();
        Ok(engine)
    }
}
