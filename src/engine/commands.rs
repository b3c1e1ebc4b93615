//! Commands with their answers: undo an entry of the audit log, acknowledge an alert, silence alerts, end a silence.

use schemars::JsonSchema;
use serde::Serialize;

use super::Engine;
use super::query::Command;
use crate::model::{Fingerprint, Observation};
use crate::units::UtcMs;

/// Undoes an entry of the audit log of registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UndoCounterEvent {
    /// Number of the entry.
    pub entry: u64,
}

/// The entry was undone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CounterEventUndone {
    /// Number of the entry.
    pub undone: u64,
}

impl Command for UndoCounterEvent {
    type Response = CounterEventUndone;

    fn prepare(
        self,
        engine: &Engine,
        _now: UtcMs,
    ) -> Result<(Observation<'static>, CounterEventUndone), String> {
        let entry = self.entry;
        engine
            .check_undo(entry)
            .map_err(|error| error.to_string())?;
        Ok((
            Observation::CounterUndone { entry },
            CounterEventUndone { undone: entry },
        ))
    }
}

/// Acknowledges an alert: it sends no more notifications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AckAlert {
    /// Identifies the alert, by its rule and labels.
    pub fingerprint: Fingerprint,
    /// Name of the person or program.
    pub by: String,
}

/// The alert was acknowledged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertAcked {
    /// Fingerprint of the alert.
    pub acked: String,
}

impl Command for AckAlert {
    type Response = AlertAcked;

    fn prepare(
        self,
        engine: &Engine,
        _now: UtcMs,
    ) -> Result<(Observation<'static>, AlertAcked), String> {
        let Self { fingerprint, by } = self;
        engine
            .check_ack(fingerprint)
            .map_err(|error| error.to_string())?;
        let acked = fingerprint.to_string();
        Ok((
            Observation::AlertAcked { fingerprint, by },
            AlertAcked { acked },
        ))
    }
}

/// Holds back the notifications of all alerts with some labels for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SilenceAlerts {
    /// Labels (and `rule`, `severity`) with their values.
    pub matchers: Vec<(String, String)>,
    /// Length of the silence from now.
    pub duration_ms: i64,
    /// Name of the person or program.
    pub by: String,
    /// Reason for the silence.
    pub comment: String,
}

/// The silence is in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertsSilenced {
    /// Number of the silence.
    pub silence: u64,
    /// End of the silence.
    pub until: String,
}

impl Command for SilenceAlerts {
    type Response = AlertsSilenced;

    fn prepare(
        self,
        engine: &Engine,
        now: UtcMs,
    ) -> Result<(Observation<'static>, AlertsSilenced), String> {
        let Self {
            matchers,
            duration_ms,
            by,
            comment,
        } = self;
        let until = now.plus(duration_ms);
        let silence = engine
            .check_silence(&matchers, until, now)
            .map_err(|error| error.to_string())?;
        let response = AlertsSilenced {
            silence,
            until: until.to_string(),
        };
        let observation = Observation::AlertsSilenced {
            matchers,
            until,
            by,
            comment,
        };
        Ok((observation, response))
    }
}

/// Ends a silence before its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndSilence {
    /// Number of the silence.
    pub id: u64,
}

/// The silence has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SilenceEnded {
    /// Number of the silence.
    pub ended: u64,
}

impl Command for EndSilence {
    type Response = SilenceEnded;

    fn prepare(
        self,
        engine: &Engine,
        _now: UtcMs,
    ) -> Result<(Observation<'static>, SilenceEnded), String> {
        let id = self.id;
        engine
            .check_unsilence(id)
            .map_err(|error| error.to_string())?;
        Ok((Observation::SilenceEnded { id }, SilenceEnded { ended: id }))
    }
}
