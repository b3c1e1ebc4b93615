//! Takes the answers to what was asked, those that come late too.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{Setup, Stage, chunks};
use crate::model::{CommandChannel, Inventory, OcppVersion, ProvisioningEvent, WriteOutcome};
use crate::ocpp::codec::call_results;
use crate::ocpp::codec::call_results::Setting;
use crate::ocpp::provisioning::desired_configuration::{Key, row_of, rows};
use crate::ocpp::provisioning::requests::{Ask, Trigger};

/// Keys asked for at once where the charge point does not say how many it can take.
const FEW: usize = 5;

impl Setup {
    /// The charge point answered: the payload, or the code of an error. False if nobody asked.
    pub fn answered(&mut self, id: &str, answer: Result<&str, &str>, now: Instant) -> bool {
        let Some((ask, awaited)) = self.channel.answered(id) else {
            return false;
        };
        if self.memory.channel != CommandChannel::Ok {
            self.tell(ProvisioningEvent::Channel(CommandChannel::Ok));
        }
        match ask {
            Ask::Read(keys) => self.read(&keys, answer),
            Ask::Write(write) => {
                let outcome = match answer.map(call_results::status).as_deref() {
                    Ok("RebootRequired") => WriteOutcome::RebootRequired,
                    // An answer without a word is judged by what is read back.
                    Ok("Accepted" | "") => WriteOutcome::Accepted,
                    _ => WriteOutcome::Rejected,
                };
                self.ended(&write, outcome);
            }
            Ask::Trigger(trigger, connector) if awaited => {
                let accepted =
                    answer.is_ok_and(|payload| call_results::status(payload) == "Accepted");
                match (trigger, connector) {
                    // Give the states time to come before those that did not are asked for one by one.
                    (Trigger::Status, None) if accepted => {
                        self.due = Some(now + self.config.settle)
                    }
                    // Growatt rejects for ever (lbbrhzn/ocpp issue 1452): one refusal is enough.
                    (_, Some(_)) if !accepted => {
                        self.triggers.retain(|(other, _)| *other != trigger)
                    }
                    _ => {}
                }
            }
            Ask::Inventory(id) if awaited && self.stage == Stage::Inventory => {
                let accepted =
                    answer.is_ok_and(|payload| call_results::status(payload) == "Accepted");
                if !accepted {
                    self.inventory_is(Inventory::Refused);
                } else if let Some(report) = self.report.as_mut().filter(|report| report.id == id) {
                    report.accepted = true;
                    self.due = Some(now + self.config.inventory_timeout);
                }
            }
            Ask::Transaction(transaction_id) => {
                if let Ok(payload) = answer {
                    let (ongoing, queued) = call_results::transaction_status(payload);
                    self.tell(ProvisioningEvent::Transaction {
                        transaction_id,
                        ongoing,
                        queued,
                    });
                }
            }
            Ask::Trigger(..) | Ask::Inventory(_) => {}
        }
        if self.stage == Stage::Asleep && self.restarts <= super::MAX_RESTARTS {
            // Deaf, but now it answers: what was given up is begun again.
            self.stage = Stage::Reading;
            self.due = None;
        }
        true
    }

    fn read(&mut self, keys: &[Key], answer: Result<&str, &str>) {
        if self.to_read.front().is_none_or(|asked| asked != keys) {
            return;
        }
        self.to_read.pop_front();
        // It may have been waited for again already.
        self.due = None;
        let Ok(payload) = answer else {
            // Too many at once, or not all of them together: one by one, as long as there is more than one.
            let smaller = if keys.is_empty() {
                chunks(self.all_keys(), FEW)
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
            self.read_the_rest(count);
        }
    }

    /// An answer to "all" that may have been cut off: what is missing is asked for by name.
    fn read_the_rest(&mut self, count: usize) {
        let most: Option<usize> = self
            .found
            .get(&Key::MostKeys)
            .and_then(|setting| setting.value.parse().ok());
        if count == 0 || most.is_some_and(|most| count >= most) {
            let missing = self
                .all_keys()
                .into_iter()
                .filter(|key| !self.found.contains_key(key))
                .collect();
            self.to_read.extend(chunks(missing, most.unwrap_or(FEW)));
        }
    }

    fn all_keys(&self) -> Vec<Key> {
        rows(self.version).map(|row| row.key).collect()
    }
}
