//! Configures a charge point so that it reports more: measurands, sampling intervals, states. Charge points are easily harmed by that, so
//! the provisioner reads first, writes only what differs, sends one request at a time, and leaves alone what does harm.
//!
//! It is a state machine without input or output: the session passes it the time and what the charge point sends, and executes the steps
//! of [`Provisioner::next`]. Order: wait for BootNotification or a while without one; read; write; read back; then request missing
//! states and samples (OCPP 1.6), or the inventory and the transactions of which events are missing (OCPP 2.x). The event of a write is
//! durable before the write is sent.

mod channel;
mod config;
mod desired_configuration;
mod keys;
mod requests;
mod responses;
mod shrink;
mod stages;
mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::channel::Channel;
pub use self::config::ProvisioningConfig;
use self::desired_configuration::DesiredConfiguration;
use self::keys::Key;
use self::requests::{ProvisioningRequest, Trigger};
use self::stages::{AwaitedCommit, InventoryReport, Stage};
use crate::model::{CommandChannel, Inventory, OcppVersion, ProvisioningEvent, ProvisioningState};
use crate::ocpp::codec::call_results::Setting;
use crate::units::UtcMs;

/// Connectors whose state is requested one by one.
const MAX_CONNECTORS: u32 = 32;
/// New runs on one connection, each after a BootNotification. A charge point that boots more often is left alone.
const MAX_RESTARTS: u8 = 3;

/// What the session is to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Send this frame.
    Send(String),
    /// Pass the event to the engine.
    Emit(ProvisioningEvent),
    /// Pass the event to the engine, wait until it is durable, and call [`Provisioner::committed`].
    EmitDurably(ProvisioningEvent),
    /// Close the connection: no request is answered.
    Close,
}

/// The charge point as the register describes it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct KnownChargePoint {
    /// `None` if the register does not have it.
    pub max_power_kw: Option<f64>,
    /// `None` if the register does not have it.
    pub connectors: Option<u32>,
    /// `ocpp.heartbeat_interval`, written to the charge point as its heartbeat interval.
    pub heartbeat: Duration,
}

/// Provisions one charge point on one connection.
#[derive(Debug)]
pub(crate) struct Provisioner {
    version: OcppVersion,
    config: Arc<ProvisioningConfig>,
    known: KnownChargePoint,
    desired: DesiredConfiguration,
    stage: Stage,
    /// Nothing is begun before.
    due: Option<Instant>,
    steps: VecDeque<Step>,
    awaited_commit: Option<AwaitedCommit>,
    channel: Channel,
    state: ProvisioningState,
    wall: UtcMs,
    restarts: u8,
    to_read: VecDeque<Vec<Key>>,
    found: BTreeMap<Key, Setting>,
    /// Keys to read back.
    written: BTreeSet<Key>,
    /// Keys written without a response: not to be written again before they are read back.
    unanswered: BTreeSet<Key>,
    /// Connectors whose state was reported on this connection.
    reported_connectors: BTreeSet<u32>,
    triggers: VecDeque<(Trigger, Option<u32>)>,
    triggered: bool,
    report: Option<InventoryReport>,
    transactions: VecDeque<String>,
    /// Transactions whose status was requested on this connection.
    requested_transactions: BTreeSet<String>,
}

impl Provisioner {
    /// For a new connection. `id_prefix` makes message ids that no other connection had.
    pub(crate) fn new(
        version: OcppVersion,
        config: Arc<ProvisioningConfig>,
        known: KnownChargePoint,
        id_prefix: String,
        now: Instant,
    ) -> Self {
        Self {
            version,
            known,
            desired: DesiredConfiguration::new(config.clone(), known.heartbeat, known.max_power_kw),
            stage: Stage::Waiting,
            due: Some(now + config.boot_wait),
            steps: VecDeque::new(),
            awaited_commit: None,
            channel: Channel::new(id_prefix, config.call_timeout),
            state: ProvisioningState::default(),
            wall: UtcMs(0),
            restarts: 0,
            to_read: VecDeque::new(),
            found: BTreeMap::new(),
            written: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            reported_connectors: BTreeSet::new(),
            triggers: VecDeque::new(),
            triggered: false,
            report: None,
            transactions: VecDeque::new(),
            requested_transactions: BTreeSet::new(),
            config,
        }
    }

    /// A BootNotification is answered: begin again after a pause.
    pub(crate) fn booted(&mut self, now: Instant) {
        if self.stage != Stage::Waiting {
            self.restarts += 1;
        }
        // A request from before the boot gets no response any more.
        self.channel.abandon();
        self.to_read.clear();
        self.found.clear();
        self.written.clear();
        self.unanswered.clear();
        self.triggers.clear();
        self.report = None;
        self.stage = if self.restarts > MAX_RESTARTS {
            Stage::Asleep
        } else {
            Stage::Waiting
        };
        self.due = Some(now + self.config.settle);
    }

    /// The charge point reported a connector's state.
    pub(crate) fn status_reported(&mut self, connector_id: u32) {
        if connector_id <= MAX_CONNECTORS {
            self.reported_connectors.insert(connector_id);
        }
    }

    /// A transaction of OCPP 2.x ended: events of it may still be missing.
    pub(crate) fn transaction_ended(&mut self, now: Instant) {
        if self.stage == Stage::Idle && self.due.is_none() {
            self.due = Some(now + self.config.transaction_check);
        }
    }

    /// A part of an inventory came; `more` if another one follows.
    pub(crate) fn report_part(&mut self, id: Option<i64>, more: bool) {
        let ours = self
            .report
            .is_some_and(|report| id == Some(i64::from(report.id)));
        if ours && !more && self.stage == Stage::Inventory {
            self.inventory_ended(Inventory::Complete);
        }
    }

    /// When [`Provisioner::next`] has something to do if the charge point sends nothing before.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        if self.stage == Stage::Asleep {
            return self.channel.deadline();
        }
        self.channel.deadline().or(self.due)
    }

    /// The next step; to be called until there is none.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Step> {
        if let Some((request, in_a_row)) = self.channel.expire(now) {
            self.timed_out(request, in_a_row, now);
        }
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            let rests =
                self.stage == Stage::Asleep || (self.stage == Stage::Idle && self.due.is_none());
            let waits = self.awaited_commit.is_some()
                || self.channel.is_busy()
                || self.due.is_some_and(|due| now < due);
            if rests && self.stage == Stage::Idle {
                self.free_memory();
            }
            if rests || waits {
                return None;
            }
            self.due = None;
            self.advance(now);
        }
    }

    fn send(&mut self, request: ProvisioningRequest, now: Instant) {
        let id = self.channel.sent(request.clone(), now);
        match request.frame(self.version, &id) {
            Some(frame) => self.steps.push_back(Step::Send(frame)),
            None => drop(self.channel.response(&id)),
        }
    }

    fn emit(&mut self, event: ProvisioningEvent) {
        self.state.apply(&event, self.wall);
        self.steps.push_back(Step::Emit(event));
    }

    fn emit_durably(&mut self, awaited: AwaitedCommit, event: ProvisioningEvent) {
        self.awaited_commit = Some(awaited);
        self.steps.push_back(Step::EmitDurably(event));
    }

    /// There may be thousands of idle connections: frees what is not needed again. The engine has the state.
    fn free_memory(&mut self) {
        self.state.keys.clear();
        self.found.clear();
        self.steps = VecDeque::new();
        self.to_read = VecDeque::new();
        self.triggers = VecDeque::new();
        self.transactions = VecDeque::new();
        self.channel.free_memory();
    }

    /// A request had no response in time.
    fn timed_out(&mut self, request: ProvisioningRequest, in_a_row: u32, now: Instant) {
        match request {
            ProvisioningRequest::Write(write) => {
                self.written.insert(write.key());
                self.unanswered.insert(write.key());
            }
            ProvisioningRequest::Trigger(trigger, _) => {
                self.triggers.retain(|(other, _)| *other != trigger);
            }
            ProvisioningRequest::Inventory(_) => self.inventory_ended(Inventory::Partial),
            ProvisioningRequest::Read(_) | ProvisioningRequest::Transaction(_) => {}
        }
        if in_a_row < self.config.deaf_after {
            let pause = now + Channel::pause(in_a_row);
            self.due = Some(self.due.map_or(pause, |due| due.max(pause)));
            return;
        }
        self.stage = Stage::Asleep;
        if self.state.channel != CommandChannel::Unresponsive {
            self.emit(ProvisioningEvent::Channel(CommandChannel::Unresponsive));
        }
        let interval =
            i64::try_from(self.config.deaf_close_interval.as_millis()).unwrap_or(i64::MAX);
        let may_close = self
            .state
            .closed_at
            .is_none_or(|at| self.wall.since(at) >= interval);
        if may_close {
            // A new connection often helps (mobilityhouse/ocpp issues 338, 626); closing it again and again never does.
            self.steps
                .push_back(Step::EmitDurably(ProvisioningEvent::ConnectionClosed));
            self.steps.push_back(Step::Close);
        }
    }
}

#[cfg(test)]
mod tests;
