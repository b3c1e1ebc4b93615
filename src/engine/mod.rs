//! F3: owns all state on one thread, is told the time, does no input or output.
//!
//! Feed it with [`Engine::handle`] and [`Engine::handle_timeout`], then drain [`Engine::poll_output`]. The same calls with
//! the same instants give the same state and the same output, which is what a restart relies on.

mod activity;
mod alerts;
mod assets;
mod audit;
mod config;
mod fleet_rows;
mod indicators;
mod periodic;
mod quality;
mod rollups;
mod snapshot;
mod tally;
mod targets;
mod uptime;
mod view;
mod views;
mod watch;

pub use config::EngineConfig;
pub use snapshot::RestoreError;
pub use tally::Tally;
pub use view::{Dimension, Field, MAX_EMISSION_DAYS, Step, View};
pub use views::{HistoryView, StoredActivity, StoredIntensity, UtilisationView, ViewContext};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use activity::{DaySpan, Journal, for_each_day};
use assets::{Assets, Hearing};
use indicators::Indicators;
use targets::Targets;

use crate::ledger::alerts::{AlertBook, MonthlyBook};
use crate::ledger::audit::AuditLog;
use crate::ledger::charging::{ChargingBook, ChargingOutcome};
use crate::ledger::emissions::{FactorSets, Months};
use crate::ledger::rollups::HistoryBook;
use crate::ledger::transition::Profile;
use crate::ledger::uptime::UptimeBook;
use crate::model::register::{Access, Register};
use crate::model::{
    Activity, AssetKind, ChargePointEvent, DecoderMemory, EnergyUser, Fact, Notice, Observation,
    ProvisioningSnapshot, Reading, Subject,
};
use crate::units::UtcMs;

/// How often the day's sums, the transition and the targets are written as rows.
const PERIODIC_MS: i64 = 60_000;

/// All domain state.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    profile: Profile,
    register: Arc<Register>,
    factors: Arc<FactorSets>,
    /// Activity of the months before, from the store; not in the snapshot, given again after a restart.
    months: Months,
    assets: Assets,
    charging: ChargingBook,
    uptime: UptimeBook,
    /// Quarter hours that the store does not have yet.
    history: HistoryBook,
    /// The newest instant told: until then we were there.
    last_alive: UtcMs,
    /// When all rows of the uptime book are due.
    next_uptime_rows: UtcMs,
    journal: Journal,
    today: DaySpan,
    /// Energy by charge point and user on the running day, with what the journal has already.
    charged_today: BTreeMap<Subject, Activity>,
    sessions_closed_today: u64,
    next_periodic: UtcMs,
    output: VecDeque<Fact>,
    outcomes: Vec<ChargingOutcome>,
    tally: Tally,
    audit: AuditLog,
    /// What decoders asked to be given back, by their names.
    memories: BTreeMap<String, Vec<u8>>,
    targets: Targets,
    alerts: AlertBook,
    monthly: MonthlyBook,
    notices: VecDeque<Notice>,
    /// So many facts at the front of the output were looked at by the rules.
    watched: usize,
    /// Monthly figures that were published.
    indicators: Indicators,
    writing: periodic::DayWriting,
}

impl Engine {
    /// An empty engine. `first_transaction_id` comes from the store, so that ids differ between stores and last over restarts.
    pub fn new(
        config: EngineConfig,
        profile: Profile,
        register: Arc<Register>,
        factors: Arc<FactorSets>,
        first_transaction_id: i32,
        now: UtcMs,
    ) -> Self {
        let history = HistoryBook::new(config.max_history_series);
        let today = DaySpan::of(now, register.zone());
        let charging = ChargingBook::new(first_transaction_id, config.charging_limits());
        Self {
            config,
            profile,
            register,
            factors,
            months: Months::default(),
            assets: Assets::default(),
            charging,
            uptime: UptimeBook::default(),
            history,
            // Nothing was told yet; at a restart the inbox tells of earlier times than now.
            last_alive: UtcMs(i64::MIN),
            next_uptime_rows: UtcMs(i64::MIN),
            journal: Journal::default(),
            today,
            charged_today: BTreeMap::new(),
            sessions_closed_today: 0,
            next_periodic: now,
            output: VecDeque::new(),
            outcomes: Vec::new(),
            tally: Tally::default(),
            audit: AuditLog::default(),
            memories: BTreeMap::new(),
            targets: Targets::default(),
            alerts: AlertBook::default(),
            monthly: MonthlyBook::default(),
            notices: VecDeque::new(),
            watched: 0,
            indicators: Indicators::default(),
            writing: Default::default(),
        }
    }

    /// Takes one observation. For a StartTransaction, returns the id to answer.
    pub fn handle(&mut self, observation: &Observation<'_>, now: UtcMs) -> Option<i32> {
        if matches!(observation, Observation::Restarted) {
            // Before anything else concludes from the time that has passed.
            self.note_absence(now);
        }
        self.last_alive = self.last_alive.max(now);
        self.turn_day(now);
        let transaction = match observation {
            Observation::Telemetry(reading) => {
                self.hear(reading, now);
                None
            }
            Observation::ChargePoint(event) => self.hear_charge_point(event, now),
            Observation::Restarted => {
                self.write_all_anew();
                None
            }
            Observation::CounterUndone { entry } => {
                self.undo_counter_event(*entry, now);
                None
            }
            Observation::Remembered(memory) => {
                self.memories.insert(
                    memory.decoder.clone().into_owned(),
                    memory.bytes.clone().into_owned(),
                );
                None
            }
            Observation::Indicator(report) => {
                let taken = self.indicators.hear(report, self.config.max_indicators);
                self.tally.indicators_refused += u64::from(!taken);
                None
            }
            Observation::OwnState(_)
            | Observation::Brokers(_)
            | Observation::AlertAcked { .. }
            | Observation::AlertsSilenced { .. }
            | Observation::SilenceEnded { .. }
            | Observation::EmissionsOfMonth(_) => {
                self.hear_about_alerts(observation, now);
                None
            }
        };
        self.watch(now);
        transaction
    }

    /// Does what is due by itself: day change, orphaned sessions, links gone silent, the minute's rows.
    pub fn handle_timeout(&mut self, now: UtcMs) {
        self.last_alive = self.last_alive.max(now);
        self.turn_day(now);
        let mut outcomes = std::mem::take(&mut self.outcomes);
        self.charging.timeout(now, &self.register, &mut outcomes);
        self.take_outcomes(&mut outcomes, now);
        self.outcomes = outcomes;
        if now >= self.next_periodic {
            self.write_periodic(now);
            self.write_quality(now);
            self.evaluate_alerts(now);
            self.write_uptime(now);
            self.next_periodic = now.plus(PERIODIC_MS);
        }
        self.watch(now);
    }

    /// When [`Engine::handle_timeout`] is due.
    pub fn next_timeout(&self) -> UtcMs {
        let due = self.next_periodic.min(self.today.end());
        self.charging
            .next_timeout()
            .map_or(due, |charging| charging.min(due))
    }

    /// The next thing to write down.
    pub fn poll_output(&mut self) -> Option<Fact> {
        self.watched = self.watched.saturating_sub(1);
        self.output.pop_front()
    }

    /// The next thing to tell people. It belongs into the same commit as what it followed from.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Clears and returns the tally.
    pub fn take_tally(&mut self) -> Tally {
        self.tally.charging_refused += self.charging.take_refused();
        self.tally.alerts_refused += self.alerts.take_refused();
        self.tally.history_refused += self.history.take_refused();
        std::mem::take(&mut self.tally)
    }

    /// A new register is in force from now on. What is booked stays booked.
    pub fn set_register(&mut self, register: Arc<Register>, now: UtcMs) {
        self.settle_uptime(now);
        self.register = register;
        self.assets.resolve(&self.register);
        self.history.resolve(&self.register);
        self.forget_assessment();
        self.next_periodic = now;
    }

    /// Charge points whose link is up, as far as is known.
    pub fn online_charge_points(&self) -> Vec<Arc<str>> {
        self.charging
            .charge_points()
            .filter(|(_, state)| state.online)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// What is remembered of setting a charge point up.
    pub fn provisioning_snapshot(&self, charge_point: &str) -> ProvisioningSnapshot {
        self.charging.provisioning_snapshot(charge_point)
    }

    /// What decoders asked to be given back after a restart.
    pub fn decoder_memories(&self) -> impl Iterator<Item = DecoderMemory<'_>> {
        self.memories.iter().map(|(decoder, bytes)| DecoderMemory {
            decoder: decoder.into(),
            bytes: bytes.into(),
        })
    }

    /// The register in force.
    pub fn register(&self) -> &Arc<Register> {
        &self.register
    }

    fn hear(&mut self, reading: &Reading<'_>, now: UtcMs) {
        let Some(position) = self
            .assets
            .position(reading, self.config.max_assets, &self.register)
        else {
            self.tally.assets_refused += 1;
            return;
        };
        let ms =
            |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let today = self.today;
        let books = self.books(position, reading.kind);
        let settings = Hearing {
            row_interval_ms: ms(self.config.telemetry_interval),
            positions: self.config.positions,
            books,
            silent_ms: ms(self.config.stale_after),
            rates: self.config.rates,
            overrides: &self.config.counters,
        };
        // A charger's gains are wanted with their instants, even where the running day is all that its sums need.
        let is_charger = reading.kind == AssetKind::Charger;
        let heard = self.assets.hear(position, reading, settings, |at| {
            !is_charger && today.contains(at)
        });
        if is_charger {
            self.note_charger(position, &heard, now);
        }
        self.tally.late += u64::from(heard.late);
        for occurrence in heard.occurrences {
            self.note_occurrence(occurrence);
        }
        self.output.extend(heard.telemetry.map(Fact::Telemetry));
        self.output.extend(heard.meter.map(Fact::MeterValues));
        for (from, to, gain) in heard.gains {
            self.book_asset(position, from, to, gain);
        }
    }

    /// A charger that also speaks OCPP is booked by its transactions; its MQTT register would be the same energy again.
    fn books(&self, position: usize, kind: AssetKind) -> bool {
        kind != AssetKind::Charger
            || self
                .assets
                .get(position)
                .is_none_or(|asset| self.charging.charge_point(&asset.tags().vehicle).is_none())
    }

    /// Books a gain that is not wholly in the running day.
    fn book_asset(&mut self, position: usize, from: UtcMs, to: UtcMs, gain: Activity) {
        let Some(asset) = self.assets.get_mut(position) else {
            return;
        };
        let subject = asset.subject().clone();
        let mut in_today = Activity::default();
        for_each_day(self.register.zone(), from, to, &gain, |day, part| {
            self.journal.add(day, &subject, &part);
            if day == self.today.day {
                in_today.add(&part);
            }
        });
        asset.add_today(&in_today);
    }

    fn hear_charge_point(&mut self, event: &ChargePointEvent, now: UtcMs) -> Option<i32> {
        let mut outcomes = std::mem::take(&mut self.outcomes);
        let transaction = self.charging.apply(event, &self.register, &mut outcomes);
        self.hear_uptime(event);
        self.note_power(event, &outcomes);
        self.take_outcomes(&mut outcomes, now);
        self.outcomes = outcomes;
        transaction
    }

    fn take_outcomes(&mut self, outcomes: &mut Vec<ChargingOutcome>, now: UtcMs) {
        for outcome in outcomes.drain(..) {
            self.take_uptime(&outcome, now);
            self.note_history(&outcome, now);
            match outcome {
                ChargingOutcome::Fact(fact) => self.output.push_back(fact),
                ChargingOutcome::Flowed { .. } => {}
                ChargingOutcome::Energy {
                    charge_point,
                    connector_id: _,
                    user,
                    from,
                    to,
                    dwh,
                } => {
                    let subject = Subject::Charging { charge_point, user };
                    for_each_day(
                        self.register.zone(),
                        from,
                        to,
                        &Activity {
                            charged_dwh: dwh,
                            ..Activity::default()
                        },
                        |day, part| {
                            self.journal.add(day, &subject, &part);
                            if day == self.today.day {
                                self.charged_today
                                    .entry(subject.clone())
                                    .or_default()
                                    .add(&part);
                            }
                        },
                    );
                }
                ChargingOutcome::Closed(record) => {
                    self.sessions_closed_today += 1;
                    self.write_session(record);
                }
                ChargingOutcome::Corrected(record) => self.write_session(record),
            }
        }
    }

    /// Starts a new day when it is time: the sums of the old one move to the journal.
    fn turn_day(&mut self, now: UtcMs) {
        if now < self.today.end() {
            return;
        }
        // The last word of the old day, at its very end, so that its rows are final.
        self.write_periodic(self.today.end().plus(-1));
        self.save_running_day();
        let ended = self.today.day;
        self.today = DaySpan::of(now, self.register.zone());
        self.judge_months(ended, now);
        self.charged_today.clear();
        self.sessions_closed_today = 0;
        for asset in self.assets.iter_mut() {
            asset.today = Activity::default();
        }
        self.next_periodic = now;
    }

    /// Moves what the assets gained since the last time into the journal.
    fn save_running_day(&mut self) {
        let day = self.today.day;
        for asset in self.assets.iter_mut() {
            let unsaved = asset.take_unsaved();
            self.journal.add(day, asset.subject(), &unsaved);
        }
    }
}

/// Whose energy a charger that speaks MQTT delivers, as far as the register says.
fn mqtt_charger_subject(id: &Arc<str>, register: &Register) -> Subject {
    let user = match register
        .charge_point(id)
        .map(|charge_point| charge_point.access)
    {
        Some(Access::Staff) => EnergyUser::Staff,
        Some(Access::Public) => EnergyUser::Public,
        Some(Access::Fleet) | None => EnergyUser::Unallocated,
    };
    Subject::Charging {
        charge_point: id.clone(),
        user,
    }
}
