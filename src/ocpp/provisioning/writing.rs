//! What is written next, and what came of what was written.

use super::{Setup, Stage};
use crate::model::{ProvisioningEvent, WriteOutcome};
use crate::ocpp::provisioning::desired_configuration::{
    Key, Kind, Row, elements, next_list, rows, satisfies, spelt,
};
use crate::ocpp::provisioning::requests::Write;

impl Setup {
    /// What this charge point should have in a row of the table: in its own words, and no longer than it can take.
    fn wished(&self, row: &Row) -> Vec<String> {
        let mut wished = self.wishes.of(row.key);
        if row.kind == Kind::List {
            let supported = self
                .found
                .get(&Key::Supported)
                .map(|setting| elements(&setting.value))
                .unwrap_or_default();
            wished = spelt(&wished, &supported);
            let most = row
                .most()
                .and_then(|most| self.found.get(&most))
                .and_then(|setting| setting.value.parse().ok());
            wished.truncate(most.filter(|most| *most > 0).unwrap_or(usize::MAX));
        }
        wished
    }

    /// Now that values were read: what became of those that were written, now or on an earlier connection.
    pub(super) fn judge(&mut self) {
        let mut notes = Vec::new();
        for row in rows(self.version) {
            let Some(found) = self.found.get(&row.key) else {
                continue;
            };
            let key = row.name(self.version);
            let Some(memory) = self.memory.keys.get(key) else {
                continue;
            };
            let is_what_was_written = satisfies(row.kind, &found.value, &elements(&memory.value))
                && !memory.value.is_empty();
            let is_what_is_wished = satisfies(row.kind, &found.value, &self.wished(row));
            let outcome = match memory.outcome {
                Some(WriteOutcome::Kept) => continue,
                _ if is_what_is_wished => WriteOutcome::Kept,
                Some(WriteOutcome::Rejected | WriteOutcome::ReadOnly) => continue,
                _ if is_what_was_written => WriteOutcome::Kept,
                Some(WriteOutcome::Accepted) => WriteOutcome::Ignored,
                _ => continue,
            };
            notes.push(ProvisioningEvent::Outcome {
                key: key.to_owned(),
                value: found.value.clone(),
                outcome,
            });
        }
        notes.into_iter().for_each(|note| self.tell(note));
    }

    /// The next write, and the note that must be on disk before it.
    pub(super) fn next_write(&mut self) -> Option<(Write, ProvisioningEvent)> {
        let mut read_only = Vec::new();
        let mut next = None;
        for row in rows(self.version).filter(|row| row.kind != Kind::ReadOnly) {
            let Some(found) = self
                .found
                .get(&row.key)
                .filter(|_| !self.unanswered.contains(&row.key))
            else {
                continue;
            };
            let wished = self.wished(row);
            if wished.is_empty() || satisfies(row.kind, &found.value, &wished) {
                continue;
            }
            let key = row.name(self.version);
            let wish = wished.join(",");
            let memory = self
                .memory
                .keys
                .get(key)
                .filter(|memory| memory.wish.is_empty() || memory.wish == wish);
            if found.read_only {
                if memory.is_none_or(|memory| memory.outcome != Some(WriteOutcome::ReadOnly)) {
                    read_only.push((key.to_owned(), found.value.clone()));
                }
                continue;
            }
            if memory.is_some_and(|memory| {
                memory.given_up() || memory.outcome == Some(WriteOutcome::RebootRequired)
            }) {
                continue;
            }
            let refused: Vec<Vec<String>> = memory
                .into_iter()
                .flat_map(|memory| &memory.refused)
                .map(|value| elements(value))
                .collect();
            let list = if row.kind == Kind::List {
                next_list(&wished, &refused, &elements(&found.value))
            } else {
                Some(wished).filter(|value| !refused.contains(value))
            };
            let Some(list) = list.filter(|list| !satisfies(row.kind, &found.value, list)) else {
                continue;
            };
            let value = list.join(",");
            let Some(write) = Write::new(self.version, &found.name, value.clone()) else {
                continue;
            };
            next = Some((
                write,
                ProvisioningEvent::Attempt {
                    key: key.to_owned(),
                    wish,
                    value,
                },
            ));
            break;
        }
        for (key, value) in read_only {
            self.tell(ProvisioningEvent::Outcome {
                key,
                value,
                outcome: WriteOutcome::ReadOnly,
            });
        }
        next
    }

    /// A write was answered, in time or not.
    pub(super) fn ended(&mut self, write: &Write, outcome: WriteOutcome) {
        let Some(row) = rows(self.version).find(|row| row.key == write.key()) else {
            return;
        };
        let key = row.name(self.version).to_owned();
        self.unanswered.remove(&write.key());
        self.tell(ProvisioningEvent::Outcome {
            key,
            value: write.value().to_owned(),
            outcome,
        });
        if outcome == WriteOutcome::Accepted
            && matches!(self.stage, Stage::Writing | Stage::Reading)
        {
            self.written.insert(write.key());
            if let Some(found) = self.found.get_mut(&write.key()) {
                write.value().clone_into(&mut found.value);
            }
        }
    }
}
