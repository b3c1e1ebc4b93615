//! A year of quarter hours must not keep the engine from its work, so queries about rollups are answered on threads of their own.
//!
//! The engine's thread only begins the read, so that store and engine agree to the row, and adds what the store does not have yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::api::requests::{AnswerRollups, RollupSources};
use crate::engine::{Engine, Rollups};
use crate::ledger::rollups::by_day;
use crate::model::register::Register;
use crate::model::{Series, Slots};
use crate::store::Reader;
use crate::units::{Day, UtcMs};

/// Queries answered at once, each with a thread and a connection.
const MAX_AT_ONCE: usize = 4;
/// Idle connections kept for the next queries.
const MAX_IDLE: usize = 2;

/// Starts a thread for each query and keeps idle connections.
pub(super) struct RollupReaders {
    directory: PathBuf,
    idle: Vec<Reader>,
    under_way: usize,
    back: (Sender<Option<Reader>>, Receiver<Option<Reader>>),
}

/// A slot among [`MAX_AT_ONCE`], released however the thread ends.
struct ReaderSlot {
    back: Sender<Option<Reader>>,
    reader: Option<Reader>,
}

impl Drop for ReaderSlot {
    fn drop(&mut self) {
        let _ = self.back.send(self.reader.take());
    }
}

/// All that the other thread needs.
struct Read {
    reader: Reader,
    series: Series,
    /// What the store does not have yet.
    open: Slots,
    register: Arc<Register>,
    now: UtcMs,
}

impl RollupReaders {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            idle: Vec::new(),
            under_way: 0,
            back: channel(),
        }
    }

    /// Answers on a thread of its own; the engine goes on at once.
    pub(super) fn answer(
        &mut self,
        engine: &Engine,
        now: UtcMs,
        series: Series,
        answer: AnswerRollups,
    ) {
        while let Ok(reader) = self.back.1.try_recv() {
            self.under_way -= 1;
            self.idle
                .extend(reader.filter(|_| self.idle.len() < MAX_IDLE));
        }
        let read = match self.begin(engine, now, series) {
            Ok(read) => read,
            Err(reason) => return answer(Err(reason)),
        };
        let back = self.back.0.clone();
        let body = move || {
            let mut slot = ReaderSlot { back, reader: None };
            answer(Ok(RollupSources {
                now: read.now,
                register: &read.register,
                rollups: &read,
            }));
            // A connection with an unfinished read cannot be used again.
            let ended = read.reader.end().is_ok();
            slot.reader = ended.then_some(read.reader);
        };
        if std::thread::Builder::new()
            .name("rollups".into())
            .spawn(body)
            .is_ok()
        {
            self.under_way += 1;
        }
    }

    fn begin(&mut self, engine: &Engine, now: UtcMs, series: Series) -> Result<Read, String> {
        if self.under_way >= MAX_AT_ONCE {
            return Err("too many requests for the history at once; try again".to_owned());
        }
        let reader = match self.idle.pop() {
            Some(reader) => reader,
            None => Reader::open(&self.directory).map_err(|error| error.to_string())?,
        };
        let generation = reader.begin().map_err(|error| error.to_string())?;
        let open = engine.open_rollups(&series, generation, now);
        Ok(Read {
            reader,
            series,
            open,
            register: engine.register().clone(),
            now,
        })
    }
}

impl Rollups for Read {
    fn quarters(&self, from: i32, to: i32) -> Result<Slots, String> {
        let mut sums = self
            .reader
            .quarters(&self.series, from, to)
            .map_err(|error| error.to_string())?;
        let open = self
            .open
            .iter()
            .filter(|(slot, _)| (from..to).contains(slot));
        open.for_each(|(slot, open)| sums.entry(slot).add(open));
        Ok(sums)
    }

    fn days(&self, first: Day, last: Day) -> Result<Slots, String> {
        let mut sums = self
            .reader
            .days(&self.series, first, last, self.register.zone())
            .map_err(|error| error.to_string())?;
        by_day(&self.open, self.register.zone())
            .iter()
            .filter(|(day, _)| (first.0..=last.0).contains(day))
            .for_each(|(day, open)| sums.entry(day).add(open));
        Ok(sums)
    }
}
