//! Answers questions about the history beside the engine's thread: a year of quarter hours must not keep it from its work.
//!
//! The engine's thread only begins a read, so that store and engine fit together to the row, and adds what the store does not have yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::app::api_requests::Reply;
use crate::engine::{Engine, Field, HistoryView, Step, UtilisationView, View};
use crate::ledger::rollups::{HeatMap, by_day};
use crate::model::register::Register;
use crate::model::{SLOT_MS, Series, Slots, slot_of};
use crate::store::{ReadError, Reader};
use crate::units::{Day, UtcMs, Zone};

/// Questions answered at once, each with a thread and a connection.
const MAX_AT_ONCE: usize = 4;
/// Connections kept for the next questions.
const KEPT: usize = 2;
const DAY_MS: i64 = 86_400_000;

/// Hands questions out and takes connections back.
pub(super) struct RollupReaders {
    directory: PathBuf,
    idle: Vec<Reader>,
    under_way: usize,
    back: (Sender<Option<Reader>>, Receiver<Option<Reader>>),
}

/// A place among [`MAX_AT_ONCE`], given back however the thread ends.
struct Place {
    back: Sender<Option<Reader>>,
    reader: Option<Reader>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.back.send(self.reader.take());
    }
}

/// What a question is about, with defaults in place.
enum Asked {
    History {
        from: UtcMs,
        to: UtcMs,
        step: Step,
        fields: Vec<Field>,
    },
    Utilisation {
        from: Day,
        to: Day,
    },
}

/// All that the other thread needs.
struct Work {
    reader: Reader,
    asked: Asked,
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

    /// Answers by and by; the engine goes on at once.
    pub(super) fn answer(&mut self, engine: &Engine, now: UtcMs, view: &View, reply: Reply) {
        while let Ok(reader) = self.back.1.try_recv() {
            self.under_way -= 1;
            self.idle.extend(reader.filter(|_| self.idle.len() < KEPT));
        }
        match self.prepare(engine, now, view) {
            Ok(work) => {
                let back = self.back.0.clone();
                let read = move || {
                    let mut place = Place { back, reader: None };
                    let (answer, reader) = work.run();
                    let _ = reply.send(answer);
                    place.reader = reader;
                };
                if std::thread::Builder::new()
                    .name("rollups".into())
                    .spawn(read)
                    .is_ok()
                {
                    self.under_way += 1;
                }
            }
            Err(reason) => drop(reply.send(Err(reason))),
        }
    }

    fn prepare(&mut self, engine: &Engine, now: UtcMs, view: &View) -> Result<Work, String> {
        if self.under_way >= MAX_AT_ONCE {
            return Err("too many questions about the history at once; ask again".to_owned());
        }
        let (asked, series) = Asked::of(view, now, engine.register().zone())
            .ok_or("this is no question about the history")?;
        let reader = match self.idle.pop() {
            Some(reader) => reader,
            None => Reader::open(&self.directory).map_err(|error| error.to_string())?,
        };
        let generation = reader.begin().map_err(|error| error.to_string())?;
        let open = engine.open_rollups(series, generation, now);
        Ok(Work {
            reader,
            asked,
            series: series.clone(),
            open,
            register: engine.register().clone(),
            now,
        })
    }
}

impl Asked {
    fn of<'a>(view: &'a View, now: UtcMs, zone: &Zone) -> Option<(Self, &'a Series)> {
        match view {
            View::History {
                from,
                to,
                step,
                series,
                fields,
            } => {
                let furthest =
                    from.map_or(now, |from| from.plus(i64::from(step.max_days()) * DAY_MS));
                let to = to.unwrap_or(now.min(furthest));
                let days = if *step == Step::Quarter { 7 } else { 365 };
                let from = from.unwrap_or(to.plus(-days * DAY_MS));
                Some((
                    Self::History {
                        from,
                        to,
                        step: *step,
                        fields: fields.clone(),
                    },
                    series,
                ))
            }
            View::Utilisation { from, to, series } => {
                let (today, most) = (Day::of(now, zone), Step::Quarter.max_days());
                let to = to.unwrap_or(from.map_or(today, |from| {
                    today.min(Day(from.0.saturating_add(most - 1)))
                }));
                Some((
                    Self::Utilisation {
                        from: from.unwrap_or(Day(to.0.saturating_sub(27))),
                        to,
                    },
                    series,
                ))
            }
            _ => None,
        }
    }
}

impl Work {
    /// The answer, and the connection if it can be used again.
    fn run(self) -> (Result<String, String>, Option<Reader>) {
        let answer = self.read().map_err(|error| error.to_string());
        let ended = self.reader.end().is_ok();
        (answer, ended.then_some(self.reader))
    }

    fn read(&self) -> Result<String, ReadError> {
        let Self {
            series,
            register,
            now,
            ..
        } = self;
        let zone = register.zone();
        match &self.asked {
            Asked::History {
                from,
                to,
                step: Step::Quarter,
                fields,
            } => {
                // The last slot is the one that holds the last instant asked for.
                let sums = self.quarters(slot_of(*from), slot_of(to.plus(SLOT_MS - 1)))?;
                let view = HistoryView::new(
                    (*from, *to, *now),
                    Step::Quarter,
                    series,
                    fields.clone(),
                    sums,
                    register,
                );
                Ok(serde_json::to_string(&view)?)
            }
            Asked::History {
                from,
                to,
                step: Step::Day,
                fields,
            } => {
                let (first, last) = (Day::of(*from, zone), Day::of(to.plus(-1), zone));
                let mut sums = self.reader.days(series, first, last, zone)?;
                by_day(&self.open, zone)
                    .iter()
                    .filter(|(day, _)| (first.0..=last.0).contains(day))
                    .for_each(|(day, open)| sums.entry(day).add(open));
                let view = HistoryView::new(
                    (*from, *to, *now),
                    Step::Day,
                    series,
                    fields.clone(),
                    sums,
                    register,
                );
                Ok(serde_json::to_string(&view)?)
            }
            Asked::Utilisation { from, to } => {
                let mut map = HeatMap::default();
                let sums = self.quarters(slot_of(from.start(zone)), slot_of(to.end(zone)))?;
                sums.iter()
                    .for_each(|(slot, sums)| map.add(slot, sums, zone));
                Ok(serde_json::to_string(&UtilisationView::new(
                    (*from, *to, *now),
                    series,
                    &map,
                    register,
                ))?)
            }
        }
    }

    fn quarters(&self, from: i32, to: i32) -> Result<Slots, ReadError> {
        let mut sums = self.reader.quarters(&self.series, from, to)?;
        let open = self
            .open
            .iter()
            .filter(|(slot, _)| (from..to).contains(slot));
        open.for_each(|(slot, open)| sums.entry(slot).add(open));
        Ok(sums)
    }
}
