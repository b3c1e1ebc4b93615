//! Responses to the provisioner's requests, late ones included.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::keys::{Key, chunks, row_of, rows};
use super::requests::{ProvisioningRequest, Trigger};
use super::stages::Stage;
use super::{MAX_RESTARTS, Provisioner};
use crate::model::{CommandChannel, Inventory, OcppVersion, ProvisioningEvent, WriteOutcome};
use crate::ocpp::codec::call_results;
use crate::ocpp::codec::call_results::Setting;

/// Keys read at once from a charge point that does not report how many it can return.
const KEYS_AT_ONCE: usize = 5;

impl Provisioner {
    /// A response of the charge point: the payload, or an error code. Returns false if it belongs to no request.
    pub(crate) fn response(
        &mut self,
        id: &str,
        response: Result<&str, &str>,
        now: Instant,
    ) -> bool {
        let Some((request, in_time)) = self.channel.response(id) else {
            return false;
        };
        if self.state.channel != CommandChannel::Ok {
            self.emit(ProvisioningEvent::Channel(CommandChannel::Ok));
        }
        match request {
            ProvisioningRequest::Read(keys) => self.read_response(&keys, response),
            ProvisioningRequest::Write(write) => {
                let outcome = match response.map(call_results::status).as_deref() {
                    Ok("RebootRequired") => WriteOutcome::RebootRequired,
                    // Without a status, what is read back decides.
                    Ok("Accepted" | "") => WriteOutcome::Accepted,
                    _ => WriteOutcome::Rejected,
                };
                self.write_ended(&write, outcome);
            }
            ProvisioningRequest::Trigger(trigger, connector) if in_time => {
                self.trigger_response(trigger, connector, is_accepted(response), now);
            }
            ProvisioningRequest::Inventory(id) if in_time && self.stage == Stage::Inventory => {
                self.inventory_response(id, is_accepted(response), now);
            }
            ProvisioningRequest::Transaction(transaction_id) => {
                if let Ok(payload) = response {
                    let (ongoing, queued) = call_results::transaction_status(payload);
                    self.emit(ProvisioningEvent::Transaction {
                        transaction_id,
                        ongoing,
                        queued,
                    });
                }
            }
            ProvisioningRequest::Trigger(..) | ProvisioningRequest::Inventory(_) => {}
        }
        if self.stage == Stage::Asleep && self.restarts <= MAX_RESTARTS {
            // The charge point answers after all: the run goes on.
            self.stage = Stage::Reading;
            self.due = None;
        }
        true
    }

    fn trigger_response(
        &mut self,
        trigger: Trigger,
        connector: Option<u32>,
        accepted: bool,
        now: Instant,
    ) {
        match (trigger, connector) {
            // Give the states time to come, before the missing ones are requested one by one.
            (Trigger::Status, None) if accepted => self.due = Some(now + self.config.settle),
            // A Growatt rejects every one (lbbrhzn/ocpp issue 1452): one refusal is enough.
            (_, Some(_)) if !accepted => self.triggers.retain(|(other, _)| *other != trigger),
            _ => {}
        }
    }

    fn inventory_response(&mut self, id: i32, accepted: bool, now: Instant) {
        if !accepted {
            self.inventory_ended(Inventory::Refused);
        } else if let Some(report) = self.report.as_mut().filter(|report| report.id == id) {
            report.accepted = true;
            self.due = Some(now + self.config.inventory_timeout);
        }
    }

    fn read_response(&mut self, keys: &[Key], response: Result<&str, &str>) {
        if self.to_read.front().is_none_or(|expected| expected != keys) {
            return;
        }
        self.to_read.pop_front();
        // The pause after its time-out may still be running.
        self.due = None;
        let Ok(payload) = response else {
            // Too many keys at once, or one of them is unknown: read fewer at once, in the end one by one.
            let smaller = if keys.is_empty() {
                chunks(self.all_keys(), KEYS_AT_ONCE)
            } else {
                chunks(keys.to_vec(), 1)
            };
            if keys.len() != 1 {
                smaller
                    .into_iter()
                    .rev()
                    .for_each(|keys| self.to_read.push_front(keys));
            }
            return;
        };
        let settings = match self.version {
            OcppVersion::V16 => call_results::configuration(payload),
            OcppVersion::V201 | OcppVersion::V21 => call_results::variables(payload),
        };
        let count = settings.len();
        self.found.retain(|key, _| !keys.contains(key));
        let mut found: BTreeMap<Key, Setting> = BTreeMap::new();
        for setting in settings {
            if let Some(row) = row_of(self.version, &setting.name) {
                found.entry(row.key).or_insert(setting);
            }
        }
        self.found.append(&mut found);
        if keys.is_empty() {
            self.read_missing_keys(count);
        }
    }

    /// The response to a read of all keys may be cut off: missing keys are read by name.
    fn read_missing_keys(&mut self, count: usize) {
        let max: Option<usize> = self
            .found
            .get(&Key::MaxKeys)
            .and_then(|setting| setting.value.parse().ok());
        if count == 0 || max.is_some_and(|max| count >= max) {
            let missing = self
                .all_keys()
                .into_iter()
                .filter(|key| !self.found.contains_key(key));
            let chunks = chunks(missing, max.unwrap_or(KEYS_AT_ONCE));
            self.to_read.extend(chunks);
        }
    }

    fn all_keys(&self) -> Vec<Key> {
        rows(self.version).map(|row| row.key).collect()
    }
}

fn is_accepted(response: Result<&str, &str>) -> bool {
    response.is_ok_and(|payload| call_results::status(payload) == "Accepted")
}
