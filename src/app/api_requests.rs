//! Answers queries on the engine's thread: the engine's state, and what the store has beside it.

use super::intensity;
use crate::api::requests::AnswerQuery;
use crate::engine::{Engine, Stored, StoredActivity, StoredIntensity, ViewContext};
use crate::model::{ClosedSession, Indicator, Stats};
use crate::store::Reader;
use crate::units::{Calendar, Day, UtcMs};

/// Longest answer of closed sessions; the newest come first.
const MAX_SESSIONS: usize = 1_000;

/// Answers one query of the API on the engine's thread.
pub(super) fn answer(
    engine: &Engine,
    reader: &Reader,
    stats: &Stats,
    now: UtcMs,
    answer: AnswerQuery,
) {
    let rejected = stats.snapshot();
    let context = ViewContext {
        now,
        late: Stats::get(&stats.late),
        rejected: rejected.mqtt_rejected + rejected.ocpp_rejected,
    };
    let stored = StoreReader {
        reader,
        calendar: &engine.register().jurisdiction.calendar,
    };
    answer(engine, &context, &stored);
}

/// The store as the engine reads it.
struct StoreReader<'a> {
    reader: &'a Reader,
    calendar: &'a Calendar,
}

impl Stored for StoreReader<'_> {
    fn activity(&self, from: Day, to: Day) -> Result<StoredActivity, String> {
        crate::store::stored_activity(self.reader, from, to, self.calendar)
    }

    fn sessions(
        &self,
        from: Option<UtcMs>,
        to: Option<UtcMs>,
        charge_point: Option<&str>,
        vehicle: Option<&str>,
    ) -> Result<Vec<ClosedSession>, String> {
        self.reader
            .sessions(from, to, charge_point, vehicle, MAX_SESSIONS)
            .map_err(|error| error.to_string())
    }

    fn intensity(&self, from: UtcMs, to: UtcMs) -> Result<StoredIntensity, String> {
        intensity::stored(self.reader, from, to).map_err(|error| error.to_string())
    }

    fn indicators(&self) -> Result<Vec<Indicator>, String> {
        self.reader.indicators().map_err(|error| error.to_string())
    }
}
