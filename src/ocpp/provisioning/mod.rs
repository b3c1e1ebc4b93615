//! Sets a charge point up for rich telemetry, politely: reads first, writes only what differs, one request at a time, and leaves alone
//! what does harm. A state machine without a socket: the link tells it the time and what it heard, and does what [`Setup::next`] says.
//!
//! Order: BootNotification answered (or none came), a pause; read; write; read back; then what is missing of states and samples (1.6)
//! or the inventory and transactions with something missing (2.x). Every write is noted in the books, on disk, before it is sent.

mod channel;
mod config;
mod desired_configuration;
mod requests;
mod responses;
mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::channel::Channel;
pub use self::config::ProvisioningConfig;
use crate::model::{
    CommandChannel, Inventory, OcppVersion, ProvisioningEvent, ProvisioningSnapshot,
    ProvisioningState,
};
use crate::ocpp::codec::call_results::Setting;
use crate::ocpp::provisioning::desired_configuration::{Key, Wishes, chunks, elements, rows};
use crate::ocpp::provisioning::requests::{Ask, Trigger, Write};
use crate::units::UtcMs;

/// Variables asked for at once; `ItemsPerMessageGetVariables` of a station may be smaller, then they are asked for one by one.
const AT_ONCE: usize = 4;
/// Connectors asked for their state one by one.
const MAX_CONNECTORS: u32 = 32;
/// New beginnings on one connection, each after a BootNotification. A charge point that boots more often is left alone.
const MAX_RESTARTS: u8 = 3;
/// Times that a setup may stay unfinished before the next one waits longer: a flapping link, or one that our requests bring down.
const UNFINISHED: u8 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// An inventory that never ends is not asked for more often.
const MAX_INVENTORIES: u8 = 2;

/// What the link is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Send this frame.
    Send(String),
    /// Tell the engine.
    Tell(ProvisioningEvent),
    /// Tell the engine, wait until it is on disk, and call [`Setup::remembered`].
    Recall(ProvisioningEvent),
    /// Close the link: it is deaf.
    Close,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// For a BootNotification, and the pause behind it.
    Waiting,
    Reading,
    Writing,
    Triggering,
    Inventory,
    Transactions,
    Idle,
    /// It does not answer, or boots all the time.
    Asleep,
}

/// What is to be done when the engine has told what it remembers.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Recalling {
    Begun,
    Write(Write),
    Look,
}

/// An inventory under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Report {
    id: i32,
    accepted: bool,
}

/// The charge point, as far as the register knows it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Known {
    pub max_power_kw: Option<f64>,
    pub connectors: Option<u32>,
    /// `ocpp.heartbeat_interval`.
    pub heartbeat: Duration,
}

/// The setup of one charge point, on one connection.
#[derive(Debug)]
pub(crate) struct Setup {
    version: OcppVersion,
    config: Arc<ProvisioningConfig>,
    known: Known,
    wishes: Wishes,
    stage: Stage,
    /// Nothing is begun before.
    due: Option<Instant>,
    steps: VecDeque<Step>,
    recalling: Option<Recalling>,
    channel: Channel,
    memory: ProvisioningState,
    wall: UtcMs,
    restarts: u8,
    to_read: VecDeque<Vec<Key>>,
    found: BTreeMap<Key, Setting>,
    /// To be read back.
    written: BTreeSet<Key>,
    /// Written without an answer: not again before it was read back.
    unanswered: BTreeSet<Key>,
    /// Connectors whose state was heard on this connection.
    heard: BTreeSet<u32>,
    triggers: VecDeque<(Trigger, Option<u32>)>,
    triggered: bool,
    report: Option<Report>,
    transactions: VecDeque<String>,
    /// Transactions asked about on this connection.
    asked: BTreeSet<String>,
}

impl Setup {
    /// At the beginning of a connection. `prefix` makes message ids that no other connection had.
    pub fn new(
        version: OcppVersion,
        config: Arc<ProvisioningConfig>,
        known: Known,
        prefix: String,
        now: Instant,
    ) -> Self {
        Self {
            version,
            known,
            wishes: Wishes::new(config.clone(), known.heartbeat, known.max_power_kw),
            stage: Stage::Waiting,
            due: Some(now + config.boot_wait),
            steps: VecDeque::new(),
            recalling: None,
            channel: Channel::new(prefix, config.call_timeout),
            memory: ProvisioningState::default(),
            wall: UtcMs(0),
            restarts: 0,
            to_read: VecDeque::new(),
            found: BTreeMap::new(),
            written: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            heard: BTreeSet::new(),
            triggers: VecDeque::new(),
            triggered: false,
            report: None,
            transactions: VecDeque::new(),
            asked: BTreeSet::new(),
            config,
        }
    }

    /// A BootNotification is answered: begin (again), a while later.
    pub fn booted(&mut self, now: Instant) {
        if self.stage != Stage::Waiting {
            self.restarts += 1;
        }
        // What was asked before will not be answered any more.
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

    /// A connector's state was heard.
    pub fn heard_status(&mut self, connector_id: u32) {
        if connector_id <= MAX_CONNECTORS {
            self.heard.insert(connector_id);
        }
    }

    /// A transaction of OCPP 2.x ended: its last numbers may be on the way.
    pub fn heard_end(&mut self, now: Instant) {
        if self.stage == Stage::Idle && self.due.is_none() {
            self.due = Some(now + self.config.transaction_check);
        }
    }

    /// A piece of an inventory came.
    pub fn heard_report(&mut self, id: Option<i64>, more: bool) {
        let ours = self
            .report
            .is_some_and(|report| id == Some(i64::from(report.id)));
        if ours && !more && self.stage == Stage::Inventory {
            self.inventory_is(Inventory::Complete);
        }
    }

    /// When [`Setup::next`] has something to do, if nothing is heard before.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.stage == Stage::Asleep {
            return self.channel.deadline();
        }
        self.channel.deadline().or(self.due)
    }

    /// What to do now; to be called until there is nothing.
    pub fn next(&mut self, now: Instant) -> Option<Step> {
        if let Some((ask, in_a_row)) = self.channel.expire(now) {
            self.gave_up(ask, in_a_row, now);
        }
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            let rests =
                self.stage == Stage::Asleep || (self.stage == Stage::Idle && self.due.is_none());
            let waits = self.recalling.is_some()
                || self.channel.is_busy()
                || self.due.is_some_and(|due| now < due);
            if rests && self.stage == Stage::Idle {
                self.rest();
            }
            if rests || waits {
                return None;
            }
            self.due = None;
            self.advance(now);
        }
    }

    /// One step on: a request, or the next stage.
    fn advance(&mut self, now: Instant) {
        match self.stage {
            Stage::Waiting => self.recall(Recalling::Begun, ProvisioningEvent::Begun),
            Stage::Reading => match self.to_read.front() {
                Some(keys) => self.send(Ask::Read(keys.clone()), now),
                None => {
                    self.judge();
                    self.stage = Stage::Writing;
                }
            },
            Stage::Writing => match self.next_write() {
                Some((write, attempt)) => self.recall(Recalling::Write(write), attempt),
                None if self.written.is_empty() => self.configured(),
                None => {
                    let written: Vec<Key> = std::mem::take(&mut self.written).into_iter().collect();
                    self.to_read = written.chunks(AT_ONCE).map(<[Key]>::to_vec).collect();
                    self.unanswered.clear();
                    self.stage = Stage::Reading;
                }
            },
            Stage::Triggering => match self.triggers.pop_front() {
                Some((Trigger::Status, Some(connector))) if self.heard.contains(&connector) => {}
                Some((trigger, connector)) => self.send(Ask::Trigger(trigger, connector), now),
                None => self.done(now),
            },
            Stage::Inventory => match self.report {
                // It did not end in time: what came is kept.
                Some(Report { accepted: true, .. }) => self.inventory_is(Inventory::Partial),
                _ if !self.wants_inventory() => self.done(now),
                _ => {
                    let id = 1
                        + i32::from(self.memory.inventory_attempts)
                        + i32::from(self.restarts) * 100;
                    self.report = Some(Report {
                        id,
                        accepted: false,
                    });
                    self.send(Ask::Inventory(id), now);
                }
            },
            Stage::Transactions => match self.transactions.pop_front() {
                Some(id) => {
                    self.asked.insert(id.clone());
                    self.send(Ask::Transaction(id), now);
                }
                None => self.stage = Stage::Idle,
            },
            Stage::Idle => self.recall(Recalling::Look, ProvisioningEvent::Refresh),
            Stage::Asleep => {}
        }
    }

    fn send(&mut self, ask: Ask, now: Instant) {
        let id = self.channel.sent(ask.clone(), now);
        match ask.frame(self.version, &id) {
            Some(frame) => self.steps.push_back(Step::Send(frame)),
            None => drop(self.channel.answered(&id)),
        }
    }

    fn tell(&mut self, note: ProvisioningEvent) {
        self.memory.take(&note, self.wall);
        self.steps.push_back(Step::Tell(note));
    }

    fn recall(&mut self, recalling: Recalling, note: ProvisioningEvent) {
        self.recalling = Some(recalling);
        self.steps.push_back(Step::Recall(note));
    }

    /// The note of the last [`Step::Recall`] is on disk.
    pub fn remembered(&mut self, remembered: ProvisioningSnapshot, wall: UtcMs, now: Instant) {
        self.memory = remembered.memory;
        self.wall = wall;
        match self.recalling.take() {
            Some(Recalling::Begun) => {
                if self.memory.unfinished > UNFINISHED {
                    let times = 1_u32 << u32::from(self.memory.unfinished - UNFINISHED).min(12);
                    self.due =
                        Some(now + self.config.settle.saturating_mul(times).min(LONGEST_WAIT));
                }
                self.to_read = match self.version {
                    OcppVersion::V16 => VecDeque::from([Vec::new()]),
                    version => chunks(rows(version).map(|row| row.key).collect(), AT_ONCE),
                };
                self.stage = Stage::Reading;
            }
            Some(Recalling::Write(write)) => self.send(Ask::Write(write), now),
            Some(Recalling::Look) => {
                let new = remembered
                    .unclear
                    .into_iter()
                    .filter(|id| !self.asked.contains(id));
                self.transactions = new.collect();
                self.stage = Stage::Transactions;
            }
            None => {}
        }
    }

    /// Nothing is left to write.
    fn configured(&mut self) {
        if self.version != OcppVersion::V16 {
            self.stage = Stage::Inventory;
            return;
        }
        self.stage = Stage::Triggering;
        let profiles = self
            .found
            .get(&Key::Profiles)
            .map(|profiles| elements(&profiles.value))
            .unwrap_or_default();
        let can = profiles
            .iter()
            .any(|profile| profile.eq_ignore_ascii_case("RemoteTrigger"));
        if self.triggered || !self.config.triggers || !can {
            return;
        }
        self.triggered = true;
        let told = self
            .found
            .get(&Key::Connectors)
            .and_then(|setting| setting.value.parse().ok());
        let connectors = told
            .or(self.known.connectors)
            .unwrap_or(1)
            .min(MAX_CONNECTORS);
        if (1..=connectors).any(|connector| !self.heard.contains(&connector)) {
            self.triggers.push_back((Trigger::Status, None));
            self.triggers
                .extend((1..=connectors).map(|connector| (Trigger::Status, Some(connector))));
        }
        self.triggers.push_back((Trigger::MeterValues, None));
    }

    fn wants_inventory(&self) -> bool {
        let had = matches!(
            self.memory.inventory,
            Inventory::Complete | Inventory::Refused
        );
        self.config.inventory
            && !had
            && self.memory.inventory_attempts < MAX_INVENTORIES
            && self.report.is_none_or(|it| !it.accepted)
    }

    fn inventory_is(&mut self, inventory: Inventory) {
        self.tell(ProvisioningEvent::Inventory(inventory));
        self.report = None;
        // Once a connection is enough.
        if inventory == Inventory::Partial {
            self.memory.inventory_attempts = MAX_INVENTORIES;
        }
        self.due = None;
    }

    /// There may be thousands of idle connections: what is not needed again goes. The engine remembers.
    fn rest(&mut self) {
        self.memory.keys.clear();
        self.found.clear();
        self.steps = VecDeque::new();
        self.to_read = VecDeque::new();
        self.triggers = VecDeque::new();
        self.transactions = VecDeque::new();
        self.channel.rest();
    }

    fn done(&mut self, now: Instant) {
        self.tell(ProvisioningEvent::Done);
        self.stage = Stage::Idle;
        self.due = (self.version != OcppVersion::V16).then(|| now + self.config.transaction_check);
    }

    /// Nobody answered in time.
    fn gave_up(&mut self, ask: Ask, in_a_row: u32, now: Instant) {
        match ask {
            Ask::Write(write) => {
                self.written.insert(write.key());
                self.unanswered.insert(write.key());
            }
            Ask::Trigger(trigger, _) => self.triggers.retain(|(other, _)| *other != trigger),
            Ask::Inventory(_) => self.inventory_is(Inventory::Partial),
            Ask::Read(_) | Ask::Transaction(_) => {}
        }
        if in_a_row < self.config.deaf_after {
            let pause = now + Channel::pause(in_a_row);
            self.due = Some(self.due.map_or(pause, |due| due.max(pause)));
            return;
        }
        self.stage = Stage::Asleep;
        if self.memory.channel != CommandChannel::Deaf {
            self.tell(ProvisioningEvent::Channel(CommandChannel::Deaf));
        }
        let interval =
            i64::try_from(self.config.deaf_close_interval.as_millis()).unwrap_or(i64::MAX);
        if self
            .memory
            .closed_at
            .is_none_or(|at| self.wall.since(at) >= interval)
        {
            // A new connection often helps (mobilityhouse/ocpp issues 338, 626); many of them never do.
            self.steps
                .push_back(Step::Recall(ProvisioningEvent::Closed));
            self.steps.push_back(Step::Close);
        }
    }
}

#[cfg(test)]
mod tests;
