//! F3: owns all state on one thread. The time is an argument of every call, and there is no input or output.
//!
//! Feed it with [`Engine::handle`] and [`Engine::handle_timeout`], then drain [`Engine::poll_output`]. The same calls with
//! the same instants give the same state and the same output: a restart replays the inbox and relies on this.

mod activity;
mod alerting;
mod charging;
mod commands;
mod config;
mod fleet;
mod indicators;
mod output;
mod query;
mod reference;
mod rows;
mod schedule;
mod snapshot;
mod targets;
pub mod views;
mod watch;

pub use commands::{
    AckAlert, AlertAcked, AlertsSilenced, CounterEventUndone, EndSilence, SilenceAlerts,
    SilenceEnded, UndoCounterEvent,
};
pub use config::EngineConfig;
pub use output::Tally;
pub use query::{
    Command, Dimension, Field, MAX_EMISSION_DAYS, Query, RollupQuery, Rollups, Step, Stored,
};
pub use snapshot::RestoreError;
pub use views::{
    ActivityQuery, AirQuery, AlertsQuery, ChargePointsQuery, CountersQuery, EmissionsQuery,
    FeedsQuery, HistoryQuery, HistoryView, HomeAssistantQuery, IndicatorsQuery, IntensityQuery,
    OverviewQuery, SessionsQuery, StoredActivity, StoredIntensity, TargetsQuery, TransitionQuery,
    UptimeQuery, UtilisationQuery, UtilisationView, VehiclesQuery, ViewContext, WhatIfQuery,
};

use std::sync::Arc;

use activity::ActivityBook;
use alerting::Alerting;
use charging::Charging;
use fleet::Fleet;
use output::Output;
use reference::Reference;
use rows::DayRows;
use schedule::Schedule;
use targets::Targets;

use crate::ledger::audit::UndoError;
use crate::ledger::charging::{ChargingBook, ChargingOutcome};
use crate::ledger::emissions::FactorSets;
use crate::ledger::rollups::HistoryBook;
use crate::ledger::transition::Profile;
use crate::ledger::uptime::UptimeBook;
use crate::model::register::Register;
use crate::model::{
    AssetKind, ChargePointEvent, DecoderMemory, Fact, Notice, Observation, ProvisioningSnapshot,
    Reading, RollupRow, Series, Slots, Subject,
};
use crate::units::UtcMs;

/// All domain state, by owner.
#[derive(Debug)]
pub struct Engine {
    reference: Reference,
    schedule: Schedule,
    charging: Charging,
    fleet: Fleet,
    activity: ActivityBook,
    day_rows: DayRows,
    targets: Targets,
    alerting: Alerting,
    output: Output,
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
        Self {
            schedule: Schedule::new(now),
            charging: Charging::new(
                ChargingBook::new(first_transaction_id, config.charging_limits()),
                UptimeBook::default(),
                HistoryBook::new(config.max_history_series),
            ),
            fleet: Fleet::default(),
            activity: ActivityBook::new(now, register.zone()),
            day_rows: DayRows::default(),
            targets: Targets::default(),
            alerting: Alerting::default(),
            output: Output::default(),
            reference: Reference {
                config,
                profile,
                register,
                factors,
            },
        }
    }

    /// Applies one observation. For a StartTransaction, returns the id to answer.
    pub fn handle(&mut self, observation: &Observation<'_>, now: UtcMs) -> Option<i32> {
        if matches!(observation, Observation::Restarted) {
            // Before anything else concludes from the time that has passed.
            self.record_absence(now);
        }
        self.schedule.advance(now);
        self.turn_day(now);
        let mut transaction = None;
        match observation {
            Observation::Telemetry(reading) => self.apply_reading(reading, now),
            Observation::ChargePoint(event) => transaction = self.apply_charge_point(event, now),
            Observation::Restarted => self.schedule.hasten_full_rows(),
            Observation::CounterUndone { entry } => {
                self.fleet.undo(
                    *entry,
                    now,
                    self.reference.zone(),
                    &mut self.activity,
                    &mut self.output,
                );
            }
            Observation::Remembered(memory) => self.fleet.remember(memory),
            Observation::Indicator(report) => {
                let limit = self.reference.config.max_indicators;
                let recorded = self.targets.indicators_mut().record(report, limit);
                self.output.tally().indicators_refused += u64::from(!recorded);
            }
            Observation::OwnState(_)
            | Observation::Brokers(_)
            | Observation::AlertAcked { .. }
            | Observation::AlertsSilenced { .. }
            | Observation::SilenceEnded { .. }
            | Observation::EmissionsOfMonth(_) => {
                self.alerting
                    .apply(observation, &self.reference, now, &mut self.output);
            }
        }
        self.watch(now);
        transaction
    }

    /// Does what is due by itself: day change, orphaned sessions, links gone silent, the minute's rows.
    pub fn handle_timeout(&mut self, now: UtcMs) {
        self.schedule.advance(now);
        self.turn_day(now);
        let Self {
            reference,
            charging,
            activity,
            output,
            ..
        } = self;
        charging.timeout(reference, now, |outcome| {
            book_outcome(outcome, reference, activity, output);
        });
        if self.schedule.periodic_due(now) {
            self.write_periodic(now);
            self.fleet
                .write_quality(&self.reference, now, &mut self.output);
            self.evaluate_alerts(now);
            self.write_uptime(now);
            self.schedule.periodic_written(now);
        }
        self.watch(now);
    }

    /// When [`Engine::handle_timeout`] is due.
    pub fn next_timeout(&self) -> UtcMs {
        let due = self
            .schedule
            .next_periodic()
            .min(self.activity.today().end());
        let charging = self.charging.book().next_timeout();
        charging.map_or(due, |charging| charging.min(due))
    }

    /// The next fact to write.
    pub fn poll_output(&mut self) -> Option<Fact> {
        self.output.next_fact()
    }

    /// The next notice to send. It belongs into the same commit as what it followed from.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.output.next_notice()
    }

    /// Clears and returns the tally.
    pub fn take_tally(&mut self) -> Tally {
        let (charging, history) = self.charging.take_refused();
        let tally = self.output.tally();
        tally.charging_refused += charging;
        tally.history_refused += history;
        tally.alerts_refused += self.alerting.book_mut().take_refused();
        std::mem::take(tally)
    }

    /// A new register is in force from now on. What is booked stays booked.
    pub fn set_register(&mut self, register: Arc<Register>, now: UtcMs) {
        self.charging.settle_uptime(&self.reference, now);
        self.reference.register = register;
        self.resolve();
        self.targets.forget_assessment();
        self.schedule.hasten_full_rows();
        self.schedule.set_periodic(now);
    }

    /// Looks up in the register what was found there before.
    fn resolve(&mut self) {
        self.fleet.assets_mut().resolve(&self.reference.register);
        self.charging.resolve(&self.reference);
    }

    /// When the engine last got an instant; `None` is never. Nothing is known of the time after that.
    pub fn last_alive(&self) -> Option<UtcMs> {
        self.schedule.last_alive()
    }

    /// Charge points whose link is up, as far as is known.
    pub fn online_charge_points(&self) -> Vec<Arc<str>> {
        self.charging
            .book()
            .charge_points()
            .filter(|(_, state)| state.online)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// What is remembered of the provisioning of a charge point.
    pub fn provisioning_snapshot(&self, charge_point: &str) -> ProvisioningSnapshot {
        self.charging.book().provisioning_snapshot(charge_point)
    }

    /// What decoders get back after a restart.
    pub fn decoder_memories(&self) -> impl Iterator<Item = DecoderMemory<'_>> {
        let memories = self.fleet.memories().iter();
        memories.map(|(decoder, bytes)| DecoderMemory {
            decoder: decoder.into(),
            bytes: bytes.into(),
        })
    }

    /// The register in force.
    pub fn register(&self) -> &Arc<Register> {
        &self.reference.register
    }

    /// Can an entry of the audit log be undone?
    pub fn check_undo(&self, entry: u64) -> Result<(), UndoError> {
        self.fleet.audit().check(entry)
    }

    /// Rollups that belong into the store together with the checkpoint just made.
    pub fn checkpoint_rollups(&self) -> Vec<RollupRow> {
        self.charging.rollups().frozen()
    }

    /// Quarter hours of a series that the store does not have yet, given the generation it is read at, as they are now.
    pub fn open_rollups(&self, series: &Series, generation: u64, now: UtcMs) -> Slots {
        self.charging
            .open_rollups(&self.reference, series, generation, now)
    }

    fn apply_reading(&mut self, reading: &Reading<'_>, now: UtcMs) {
        let Self {
            reference,
            charging,
            fleet,
            activity,
            output,
            ..
        } = self;
        let Some(position) = fleet.position(reading, reference) else {
            output.tally().assets_refused += 1;
            return;
        };
        let is_charger = reading.kind == AssetKind::Charger;
        // A charger that also speaks OCPP is booked by its transactions; its MQTT register would be the same energy again.
        let speaks_ocpp = is_charger
            && fleet
                .assets()
                .get(position)
                .is_some_and(|asset| charging.point(&asset.tags().vehicle).is_some());
        let effect = fleet.apply(position, reading, !speaks_ocpp, activity.today(), reference);
        if let Some(asset) = fleet.assets().get(position).filter(|_| is_charger) {
            charging.observe_charger(asset, &effect, reference, now);
        }
        output.tally().late += u64::from(effect.late);
        for occurrence in effect.occurrences {
            fleet.record(occurrence, reference.config.max_counter_events, output);
        }
        output.extend(effect.telemetry.map(Fact::Telemetry));
        output.extend(effect.meter.map(Fact::MeterValues));
        if let Some(asset) = fleet.assets_mut().get_mut(position) {
            for (from, to, gain) in effect.gains {
                activity.book_asset(reference.zone(), asset, from, to, &gain);
            }
        }
    }

    fn apply_charge_point(&mut self, event: &ChargePointEvent, now: UtcMs) -> Option<i32> {
        let Self {
            reference,
            charging,
            activity,
            output,
            ..
        } = self;
        charging.apply(event, reference, now, |outcome| {
            book_outcome(outcome, reference, activity, output);
        })
    }

    /// The daemon did not run since it last got an instant.
    fn record_absence(&mut self, now: UtcMs) {
        if let Some(alive) = self.schedule.last_alive() {
            self.charging
                .record_absence(&self.reference, alive, now.max(alive), now);
        }
    }

    /// Starts a new day when it is time: the sums of the old one move to the journal.
    fn turn_day(&mut self, now: UtcMs) {
        let end = self.activity.today().end();
        if now < end {
            return;
        }
        // The rows of the old day are written once more at its very end, so that they are final.
        self.write_periodic(end.plus(-1));
        self.activity.save_running_day(self.fleet.assets_mut());
        let ended = self.activity.start_day(now, self.reference.zone());
        self.judge_months(ended, now);
        self.activity.clear_day(self.fleet.assets_mut());
        self.schedule.set_periodic(now);
    }

    fn write_uptime(&mut self, now: UtcMs) {
        let all = self.schedule.full_rows_due(now);
        if all {
            self.schedule.full_rows_written(now);
        }
        self.charging
            .write_uptime(&self.reference, all, now, &mut self.output);
    }
}

/// Energy goes to the activity, everything else becomes facts.
fn book_outcome(
    outcome: ChargingOutcome,
    reference: &Reference,
    activity: &mut ActivityBook,
    output: &mut Output,
) {
    let record = match outcome {
        ChargingOutcome::Fact(fact) => return output.push(fact),
        ChargingOutcome::Flowed { .. } => return,
        ChargingOutcome::Energy {
            charge_point,
            connector_id: _,
            user,
            from,
            to,
            tenth_wh,
        } => {
            let subject = Subject::Charging { charge_point, user };
            return activity.book_charged(reference.zone(), &subject, from, to, tenth_wh);
        }
        ChargingOutcome::Closed(record) => {
            activity.session_closed();
            record
        }
        ChargingOutcome::Corrected(record) => record,
    };
    let kgco2e_location = reference.session_kgco2e(&record);
    output.push(Fact::Session {
        record: Box::new(record),
        kgco2e_location,
    });
}
