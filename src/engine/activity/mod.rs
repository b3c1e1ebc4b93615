//! Activity by local day: what assets and charge points gained on the running day, and the journal of what the store does not have.

mod day_span;
mod journal;

pub(super) use day_span::DaySpan;
pub(super) use journal::Journal;

use std::collections::BTreeMap;

use day_span::for_each_day;

use super::fleet::{Asset, Assets};
use crate::model::{ActivityData, ActivityKey, ActivityRow, Subject};
use crate::units::{Day, TenthWattHours, UtcMs, Zone};

/// Sums of the running day and the journal.
#[derive(Debug)]
pub(super) struct ActivityBook {
    journal: Journal,
    today: DaySpan,
    /// The day of the last gain that was spread.
    recent: DaySpan,
    /// Energy by charge point and user on the running day, with what the journal has already.
    charged_today: BTreeMap<Subject, ActivityData>,
    sessions_closed_today: u64,
}

impl ActivityBook {
    pub(super) fn new(now: UtcMs, zone: &Zone) -> Self {
        let today = DaySpan::of(now, zone);
        Self {
            journal: Journal::default(),
            today,
            recent: today,
            charged_today: BTreeMap::new(),
            sessions_closed_today: 0,
        }
    }

    /// The book of a checkpoint.
    pub(super) fn restored(
        journal: Journal,
        today: DaySpan,
        charged_today: BTreeMap<Subject, ActivityData>,
        sessions_closed_today: u64,
    ) -> Self {
        Self {
            journal,
            today,
            recent: today,
            charged_today,
            sessions_closed_today,
        }
    }

    /// The running day.
    pub(super) fn today(&self) -> DaySpan {
        self.today
    }

    pub(super) fn charged_today(&self) -> &BTreeMap<Subject, ActivityData> {
        &self.charged_today
    }

    pub(super) fn sessions_closed_today(&self) -> u64 {
        self.sessions_closed_today
    }

    pub(super) fn session_closed(&mut self) {
        self.sessions_closed_today += 1;
    }

    /// Books energy of a charge point.
    pub(super) fn book_charged(
        &mut self,
        zone: &Zone,
        subject: &Subject,
        from: UtcMs,
        to: UtcMs,
        tenth_wh: i64,
    ) {
        let gain = ActivityData {
            charged: TenthWattHours(tenth_wh),
            ..ActivityData::default()
        };
        for_each_day(zone, &mut self.recent, from, to, &gain, |day, part| {
            self.journal.add(day, subject, &part);
            if day == self.today.day {
                self.charged_today
                    .entry(subject.clone())
                    .or_default()
                    .add(&part);
            }
        });
    }

    /// Books a gain of an asset that is not wholly in the running day.
    pub(super) fn book_asset(
        &mut self,
        zone: &Zone,
        asset: &mut Asset,
        from: UtcMs,
        to: UtcMs,
        gain: &ActivityData,
    ) {
        let subject = asset.subject().clone();
        let mut in_today = ActivityData::default();
        for_each_day(zone, &mut self.recent, from, to, gain, |day, part| {
            self.journal.add(day, &subject, &part);
            if day == self.today.day {
                in_today.add(&part);
            }
        });
        asset.add_today(&in_today);
    }

    /// Moves what the assets gained since the last time into the journal.
    pub(super) fn save_running_day(&mut self, assets: &mut Assets) {
        let day = self.today.day;
        for asset in assets.iter_mut() {
            let unsaved = asset.take_unsaved();
            self.journal.add(day, asset.subject(), &unsaved);
        }
    }

    /// Makes the day of this instant the running day, and returns the day that has ended. Its sums must have been saved.
    pub(super) fn start_day(&mut self, now: UtcMs, zone: &Zone) -> Day {
        let ended = self.today.day;
        self.today = DaySpan::of(now, zone);
        ended
    }

    /// Drops the sums of the day before.
    pub(super) fn clear_day(&mut self, assets: &mut Assets) {
        self.charged_today.clear();
        self.sessions_closed_today = 0;
        for asset in assets.iter_mut() {
            asset.today = ActivityData::default();
        }
    }

    /// Activity of the running day, whether a checkpoint has it or not.
    pub(super) fn activity_today(&self, assets: &Assets) -> BTreeMap<ActivityKey, ActivityData> {
        let day = self.today.day;
        let mut activity: BTreeMap<ActivityKey, ActivityData> = BTreeMap::new();
        let of_assets = assets.iter().map(|asset| (asset.subject(), &asset.today));
        for (subject, sums) in of_assets.chain(&self.charged_today) {
            if !sums.is_empty() {
                let subject = subject.clone();
                activity
                    .entry(ActivityKey { day, subject })
                    .or_default()
                    .add(sums);
            }
        }
        activity
    }

    /// What the store does not have yet, given the generation it was read at, for days `from..=to`.
    pub(super) fn since(
        &self,
        generation: u64,
        from: Day,
        to: Day,
    ) -> impl Iterator<Item = (&ActivityKey, &ActivityData)> {
        self.journal.since(generation, from, to)
    }

    /// Hands over everything open for a checkpoint; returns its generation.
    pub(super) fn freeze(&mut self) -> (u64, Vec<ActivityRow>) {
        self.journal.freeze()
    }

    /// The checkpoint of this generation is in the store.
    pub(super) fn confirm(&mut self, generation: u64) {
        self.journal.confirm(generation);
    }

    pub(super) fn journal_for_snapshot(&self) -> Journal {
        self.journal.for_snapshot()
    }
}
