//! The stages of a run, and what each does next.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::desired_configuration::elements;
use super::keys::{Key, chunks, rows};
use super::requests::{ProvisioningRequest, Trigger, Write};
use super::{MAX_CONNECTORS, Provisioner};
use crate::model::{Inventory, OcppVersion, ProvisioningEvent, ProvisioningSnapshot};
use crate::units::UtcMs;

/// Variables read at once. A station whose `ItemsPerMessageGetVariables` is smaller refuses; then they are read one by one.
const VARIABLES_AT_ONCE: usize = 4;
/// Runs in a row that may stay unfinished before the next one waits longer: the connection flaps, or our requests bring it down.
const MAX_UNFINISHED: u8 = 3;
/// Longest pause before a run.
const MAX_PAUSE: Duration = Duration::from_secs(3_600);
/// Requests for an inventory that stays partial.
const MAX_INVENTORIES: u8 = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// For a BootNotification, and the pause after it.
    Waiting,
    Reading,
    Writing,
    Triggering,
    Inventory,
    Transactions,
    Idle,
    /// The charge point does not answer, or boots all the time.
    Asleep,
}

/// What goes on once an event is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum AwaitedCommit {
    Run,
    Write(Write),
    Transactions,
}

/// An inventory under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct InventoryReport {
    /// `requestId` of GetBaseReport, which the station's NotifyReport messages repeat.
    pub id: i32,
    /// The station accepted the request.
    pub accepted: bool,
}

impl Provisioner {
    /// Sends the next request of the stage, or goes on to the next stage.
    pub(super) fn advance(&mut self, now: Instant) {
        match self.stage {
            Stage::Waiting => self.emit_durably(AwaitedCommit::Run, ProvisioningEvent::Started),
            Stage::Reading => match self.to_read.front() {
                Some(keys) => self.send(ProvisioningRequest::Read(keys.clone()), now),
                None => {
                    self.judge_writes();
                    self.stage = Stage::Writing;
                }
            },
            Stage::Writing => match self.next_write() {
                Some((write, attempt)) => {
                    self.emit_durably(AwaitedCommit::Write(write), attempt);
                }
                None if self.written.is_empty() => self.configured(),
                None => self.read_back(),
            },
            Stage::Triggering => match self.triggers.pop_front() {
                Some((Trigger::Status, Some(connector)))
                    if self.reported_connectors.contains(&connector) => {}
                Some((trigger, connector)) => {
                    self.send(ProvisioningRequest::Trigger(trigger, connector), now);
                }
                None => self.completed(now),
            },
            Stage::Inventory => self.advance_inventory(now),
            Stage::Transactions => match self.transactions.pop_front() {
                Some(id) => {
                    self.requested_transactions.insert(id.clone());
                    self.send(ProvisioningRequest::Transaction(id), now);
                }
                None => self.stage = Stage::Idle,
            },
            Stage::Idle => {
                self.emit_durably(AwaitedCommit::Transactions, ProvisioningEvent::Refresh);
            }
            Stage::Asleep => {}
        }
    }

    /// The event of the last [`super::Step::EmitDurably`] is durable; the snapshot includes it.
    pub(crate) fn committed(&mut self, snapshot: ProvisioningSnapshot, wall: UtcMs, now: Instant) {
        self.state = snapshot.state;
        self.wall = wall;
        match self.awaited_commit.take() {
            Some(AwaitedCommit::Run) => {
                if self.state.unfinished > MAX_UNFINISHED {
                    let times = 1_u32 << u32::from(self.state.unfinished - MAX_UNFINISHED).min(12);
                    let pause = self.config.settle.saturating_mul(times).min(MAX_PAUSE);
                    self.due = Some(now + pause);
                }
                self.to_read = match self.version {
                    OcppVersion::V16 => VecDeque::from([Vec::new()]),
                    version => chunks(rows(version).map(|row| row.key), VARIABLES_AT_ONCE),
                };
                self.stage = Stage::Reading;
            }
            Some(AwaitedCommit::Write(write)) => {
                self.send(ProvisioningRequest::Write(write), now);
            }
            Some(AwaitedCommit::Transactions) => {
                let new = snapshot
                    .unclear_transactions
                    .into_iter()
                    .filter(|id| !self.requested_transactions.contains(id));
                self.transactions = new.collect();
                self.stage = Stage::Transactions;
            }
            None => {}
        }
    }

    fn read_back(&mut self) {
        self.to_read = chunks(std::mem::take(&mut self.written), VARIABLES_AT_ONCE);
        self.unanswered.clear();
        self.stage = Stage::Reading;
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
        let has_triggers = profiles
            .iter()
            .any(|profile| profile.eq_ignore_ascii_case("RemoteTrigger"));
        if self.triggered || !self.config.triggers || !has_triggers {
            return;
        }
        self.triggered = true;
        let reported = self
            .found
            .get(&Key::Connectors)
            .and_then(|setting| setting.value.parse().ok());
        let connectors = reported
            .or(self.known.connectors)
            .unwrap_or(1)
            .min(MAX_CONNECTORS);
        let is_missing = |connector| !self.reported_connectors.contains(&connector);
        if (1..=connectors).any(is_missing) {
            self.triggers.push_back((Trigger::Status, None));
            self.triggers
                .extend((1..=connectors).map(|connector| (Trigger::Status, Some(connector))));
        }
        self.triggers.push_back((Trigger::MeterValues, None));
    }

    fn advance_inventory(&mut self, now: Instant) {
        match self.report {
            // The last part did not come in time: the parts that came are kept.
            Some(InventoryReport { accepted: true, .. }) => {
                self.inventory_ended(Inventory::Partial);
            }
            _ if !self.needs_inventory() => self.completed(now),
            _ => {
                let id =
                    1 + i32::from(self.state.inventory_attempts) + i32::from(self.restarts) * 100;
                self.report = Some(InventoryReport {
                    id,
                    accepted: false,
                });
                self.send(ProvisioningRequest::Inventory(id), now);
            }
        }
    }

    fn needs_inventory(&self) -> bool {
        let ended = matches!(
            self.state.inventory,
            Inventory::Complete | Inventory::Refused
        );
        self.config.inventory
            && !ended
            && self.state.inventory_attempts < MAX_INVENTORIES
            && self.report.is_none_or(|report| !report.accepted)
    }

    pub(super) fn inventory_ended(&mut self, inventory: Inventory) {
        self.emit(ProvisioningEvent::Inventory(inventory));
        self.report = None;
        // Once per connection is enough.
        if inventory == Inventory::Partial {
            self.state.inventory_attempts = MAX_INVENTORIES;
        }
        self.due = None;
    }

    fn completed(&mut self, now: Instant) {
        self.emit(ProvisioningEvent::Completed);
        self.stage = Stage::Idle;
        self.due = (self.version != OcppVersion::V16).then(|| now + self.config.transaction_check);
    }
}
