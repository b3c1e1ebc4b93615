//! The alert rules in the engine: each minute every subject is evaluated, and what follows becomes rows and notices.

mod charge_points;
mod fleet;
mod months;
mod process;

use std::sync::Arc;

use super::Engine;
use super::charging::Charging;
use super::output::Output;
use super::reference::Reference;
use crate::ledger::alerts::{AckError, AlertBook, Matcher, MonthlyBook, Reading, Sample};
use crate::model::{Fact, Fingerprint, Labels, Observation};
use crate::units::UtcMs;

/// The alert books.
#[derive(Debug, Default)]
pub(super) struct Alerting {
    book: AlertBook,
    monthly: MonthlyBook,
}

/// What the rules about charge points look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Premises<'a> {
    pub reference: &'a Reference,
    pub charging: &'a Charging,
    pub now: UtcMs,
}

impl Alerting {
    pub(super) fn restored(book: AlertBook, monthly: MonthlyBook) -> Self {
        Self { book, monthly }
    }

    pub(super) fn book(&self) -> &AlertBook {
        &self.book
    }

    pub(super) fn book_mut(&mut self) -> &mut AlertBook {
        &mut self.book
    }

    pub(super) fn monthly(&self) -> &MonthlyBook {
        &self.monthly
    }

    /// Applies an observation that is about alerts, not about the fleet.
    pub(super) fn apply(
        &mut self,
        observation: &Observation<'_>,
        reference: &Reference,
        now: UtcMs,
        output: &mut Output,
    ) {
        match observation {
            Observation::OwnState(state) => self.observe_own_state(*state, reference, now),
            Observation::Brokers(links) => self.observe_brokers(links, reference, now),
            Observation::AlertAcked { fingerprint, by } => self.book.ack(*fingerprint, by, now),
            Observation::AlertsSilenced {
                matchers,
                until,
                by,
                comment,
            } => {
                self.book
                    .silence(to_matchers(matchers), *until, by, comment, now);
            }
            Observation::SilenceEnded { id } => self.book.unsilence(*id),
            Observation::EmissionsOfMonth(sample) => {
                self.monthly
                    .emissions(sample, &reference.config.alerts, &mut self.book, now)
            }
            _ => return,
        }
        self.settle(reference, now, output);
    }

    /// Emits rows of changed states, and the notices that are due.
    pub(super) fn settle(&mut self, reference: &Reference, now: UtcMs, output: &mut Output) {
        let (rows, notices) = self.book.settle(&reference.config.alerts, now);
        output.extend(rows.into_iter().map(|row| Fact::Alert(Box::new(row))));
        output.notify(notices);
    }

    /// Returns true if the alert changed state.
    fn observe(
        &mut self,
        rule: &str,
        labels: &Labels,
        reading: Reading,
        (reference, now): (&Reference, UtcMs),
        summary: impl FnOnce() -> String,
    ) -> bool {
        self.book.observe(
            &reference.config.alerts,
            &Sample {
                rule,
                labels,
                reading,
                at: now,
            },
            summary,
        )
    }
}

impl Engine {
    /// Can an alert be acknowledged?
    pub fn check_ack(&self, fingerprint: Fingerprint) -> Result<(), AckError> {
        self.alerting.book.check_ack(fingerprint)
    }

    /// Can alerts be silenced so? The number that the silence gets.
    pub fn check_silence(
        &self,
        matchers: &[(String, String)],
        until: UtcMs,
        now: UtcMs,
    ) -> Result<u64, AckError> {
        self.alerting
            .book
            .check_silence(&to_matchers(matchers), until, now)
    }

    /// Can a silence be ended?
    pub fn check_unsilence(&self, id: u64) -> Result<(), AckError> {
        self.alerting.book.check_unsilence(id)
    }

    /// Evaluates every rule; due every minute.
    pub(super) fn evaluate_alerts(&mut self, now: UtcMs) {
        let Self {
            reference,
            charging,
            fleet,
            alerting,
            output,
            ..
        } = self;
        if reference.config.alerts.enabled {
            let premises = Premises {
                reference,
                charging,
                now,
            };
            alerting.evaluate_charge_points(premises);
            alerting.evaluate_vehicles(reference, fleet, now);
            alerting.evaluate_counter_events(reference, fleet, now);
            if self.schedule.full_rows_due(now) {
                alerting.evaluate_uptime(premises);
            }
        }
        alerting.settle(reference, now, output);
    }
}

fn to_matchers(pairs: &[(String, String)]) -> Vec<Matcher> {
    pairs
        .iter()
        .map(|(name, value)| Matcher {
            name: Arc::from(name.as_str()),
            value: Arc::from(value.as_str()),
        })
        .collect()
}
