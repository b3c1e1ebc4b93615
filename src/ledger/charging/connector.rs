//! One connector: its state, what its meter said last, and the session on it.

use serde::{Deserialize, Serialize};

use super::scene::Scene;
use super::session::OpenSession;
use super::{ChargingOutcome, ORPHAN_WAIT_MS};
use crate::model::{ConnectorStatus, Fact, MeterSample, SessionRecord};
use crate::units::UtcMs;

/// What is known of a connector.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Connector {
    /// As last said.
    pub status: ConnectorStatus,
    /// Since when.
    pub since: Option<UtcMs>,
    /// `errorCode` unless NoError.
    pub error_code: Option<String>,
    /// mW; 0 after a session.
    pub power_mw: Option<i64>,
    /// Tenths of Wh.
    pub register_dwh: Option<i64>,
    /// On the heap: most connectors have none, and it is large.
    pub(super) open: Option<Box<OpenSession>>,
    /// Plugged in since.
    pub(super) occupied_since: Option<UtcMs>,
    /// Free since.
    pub(super) available_since: Option<UtcMs>,
    /// When the session is given up although no StopTransaction came.
    pub(super) orphan_due: Option<UtcMs>,
}

impl Connector {
    /// The open session.
    pub fn session(&self) -> Option<&SessionRecord> {
        self.open.as_ref().map(|open| &open.record)
    }

    /// StatusNotification. Repetitions of the same state and error are collapsed.
    pub(super) fn status_heard(
        &mut self,
        id: u32,
        status: ConnectorStatus,
        error: Option<&str>,
        at: Option<UtcMs>,
        online: bool,
        scene: &mut Scene<'_>,
    ) {
        let (at, _) = scene.time(at);
        let same = self.since.is_some() && self.status == status && self.error_code.as_deref() == error;
        if !same {
            if self.status != status {
                self.since = Some(at);
            }
            self.since = self.since.or(Some(at));
            self.status = status;
            self.error_code = error.map(str::to_owned);
            scene.out.push(ChargingOutcome::Fact(Fact::ChargePointStatus(scene.status_fact(self, id, at, online))));
        }
        if id == 0 {
            return;
        }
        if status.is_occupied() {
            self.available_since = None;
            self.occupied_since = self.occupied_since.or(Some(at));
            self.orphan_due = None;
        }
        if status == ConnectorStatus::Available {
            self.power_mw = Some(0);
            self.occupied_since = None;
            self.available_since = self.available_since.or(Some(at));
            // The StopTransaction may be on its way: many charge points send it after the state.
            if self.open.is_some() && self.orphan_due.is_none() {
                self.orphan_due = Some(scene.received_at.plus(ORPHAN_WAIT_MS));
            }
        }
        if let Some(open) = &mut self.open {
            open.flow(status == ConnectorStatus::Charging, at);
        }
    }

    /// The newest readings, for the page.
    pub(super) fn note_samples(&mut self, samples: &[MeterSample], _scene: &Scene<'_>) {
        for sample in samples {
            self.power_mw = sample.power_mw.or(self.power_mw);
            self.register_dwh = sample.register_dwh.or(self.register_dwh);
        }
    }
}
