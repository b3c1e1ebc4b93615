//! Which value is written next, and how earlier writes ended.

use super::Provisioner;
use super::desired_configuration::{elements, satisfies, supported_part};
use super::keys::{Key, Kind, Row, rows};
use super::requests::Write;
use super::shrink::next_list;
use super::stages::Stage;
use crate::model::{KeyState, ProvisioningEvent, WriteOutcome};
use crate::ocpp::codec::call_results::Setting;

/// What is to be done about one key.
enum Decision {
    /// The value is as desired, or there is no further value to try.
    Skip,
    /// The key cannot be written, which is to be recorded.
    RecordReadOnly,
    Write(Write, ProvisioningEvent),
}

impl Provisioner {
    /// The desired value of a key: in the charge point's own spelling, and no longer than it supports.
    fn desired_value(&self, row: &Row) -> Vec<String> {
        let mut desired = self.desired.value(row.key);
        if row.kind == Kind::List {
            let supported = self
                .found
                .get(&Key::Supported)
                .map(|setting| elements(&setting.value))
                .unwrap_or_default();
            desired = supported_part(&desired, &supported);
            let max_length = row
                .max_length_key()
                .and_then(|key| self.found.get(&key))
                .and_then(|setting| setting.value.parse().ok());
            desired.truncate(max_length.filter(|max| *max > 0).unwrap_or(usize::MAX));
        }
        desired
    }

    /// Now that values are read: decides how writes ended, of this connection or an earlier one.
    pub(super) fn judge_writes(&mut self) {
        let mut events = Vec::new();
        for row in rows(self.version) {
            let Some(found) = self.found.get(&row.key) else {
                continue;
            };
            let key = row.name(self.version);
            let Some(state) = self.state.keys.get(key) else {
                continue;
            };
            let is_as_written = satisfies(row.kind, &found.value, &elements(&state.value))
                && !state.value.is_empty();
            let is_as_desired = satisfies(row.kind, &found.value, &self.desired_value(row));
            let outcome = match state.outcome {
                Some(WriteOutcome::Kept) => continue,
                _ if is_as_desired => WriteOutcome::Kept,
                Some(WriteOutcome::Rejected | WriteOutcome::ReadOnly) => continue,
                _ if is_as_written => WriteOutcome::Kept,
                Some(WriteOutcome::Accepted) => WriteOutcome::Ignored,
                _ => continue,
            };
            events.push(ProvisioningEvent::Outcome {
                key: key.to_owned(),
                value: found.value.clone(),
                outcome,
            });
        }
        events.into_iter().for_each(|event| self.emit(event));
    }

    /// The next write, and the event that must be durable before it is sent.
    pub(super) fn next_write(&mut self) -> Option<(Write, ProvisioningEvent)> {
        for row in rows(self.version).filter(|row| row.kind != Kind::ReadOnly) {
            let Some(found) = self
                .found
                .get(&row.key)
                .filter(|_| !self.unanswered.contains(&row.key))
            else {
                continue;
            };
            match self.decide(row, found) {
                Decision::Skip => {}
                Decision::RecordReadOnly => {
                    let event = ProvisioningEvent::Outcome {
                        key: row.name(self.version).to_owned(),
                        value: found.value.clone(),
                        outcome: WriteOutcome::ReadOnly,
                    };
                    self.emit(event);
                }
                Decision::Write(write, attempt) => return Some((write, attempt)),
            }
        }
        None
    }

    fn decide(&self, row: &Row, found: &Setting) -> Decision {
        let desired = self.desired_value(row);
        if desired.is_empty() || satisfies(row.kind, &found.value, &desired) {
            return Decision::Skip;
        }
        let key = row.name(self.version);
        let desired_text = desired.join(",");
        // Earlier writes of another desired value prove nothing about this one.
        let state = self
            .state
            .keys
            .get(key)
            .filter(|state| state.desired.is_empty() || state.desired == desired_text);
        if found.read_only {
            let is_recorded =
                state.is_some_and(|state| state.outcome == Some(WriteOutcome::ReadOnly));
            return if is_recorded {
                Decision::Skip
            } else {
                Decision::RecordReadOnly
            };
        }
        let write = next_value(row, found, desired, state)
            .and_then(|value| Write::new(self.version, &found.name, value));
        match write {
            Some(write) => {
                let attempt = ProvisioningEvent::Attempt {
                    key: key.to_owned(),
                    desired: desired_text,
                    value: write.value().to_owned(),
                };
                Decision::Write(write, attempt)
            }
            None => Decision::Skip,
        }
    }

    /// A write was answered, in time or not.
    pub(super) fn write_ended(&mut self, write: &Write, outcome: WriteOutcome) {
        let Some(row) = rows(self.version).find(|row| row.key == write.key()) else {
            return;
        };
        let key = row.name(self.version).to_owned();
        self.unanswered.remove(&write.key());
        self.emit(ProvisioningEvent::Outcome {
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

/// The value to write next; `None` if the key is left alone.
fn next_value(
    row: &Row,
    found: &Setting,
    desired: Vec<String>,
    state: Option<&KeyState>,
) -> Option<String> {
    let is_left_alone = state.is_some_and(|state| {
        state.given_up() || state.outcome == Some(WriteOutcome::RebootRequired)
    });
    if is_left_alone {
        return None;
    }
    let refused: Vec<Vec<String>> = state
        .into_iter()
        .flat_map(|state| &state.refused)
        .map(|value| elements(value))
        .collect();
    let value = if row.kind == Kind::List {
        next_list(&desired, &refused, &elements(&found.value))
    } else {
        Some(desired).filter(|value| !refused.contains(value))
    };
    value
        .filter(|value| !satisfies(row.kind, &found.value, value))
        .map(|value| value.join(","))
}
