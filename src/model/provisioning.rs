//! Writing to a charge point's configuration can harm it: some reboot at a write. The session therefore reports each attempt as an event
//! before it is made, and the engine stores the state that follows, so that no restart repeats a harmful write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// Writes of one key without a clean end, after which it is not written again (an ABB Terra rebooted at each: lbbrhzn/ocpp issues 1275,
/// 1036).
pub(super) const MAX_ATTEMPTS: u8 = 2;
/// Keys stored of a charge point; fewer are ever written.
const MAX_KEYS: usize = 32;
/// Refused values stored of a key: a list of measurands has fewer ways to shrink.
const MAX_REFUSED: usize = 24;

/// How a write ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteOutcome {
    /// Accepted, but not yet read back.
    Accepted,
    /// Read back, and in force.
    Kept,
    /// Accepted, but not in force when it was read back.
    Ignored,
    /// Refused by the charge point.
    Rejected,
    /// Accepted, and in force after a reboot, which we never cause.
    RebootRequired,
    /// The key cannot be written.
    ReadOnly,
}

/// Whether the charge point answers requests. Some are online and send their own requests, but answer none.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CommandChannel {
    /// No request has been sent yet.
    #[default]
    Unknown,
    /// Requests are answered.
    Ok,
    /// Several requests in a row had no response.
    #[serde(rename = "deaf")]
    Unresponsive,
}

/// Whether the inventory (GetBaseReport) of an OCPP 2.x station is complete.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Inventory {
    /// No report of the device model was requested.
    #[default]
    None,
    /// The last part did not come in time.
    Partial,
    /// All parts came.
    Complete,
    /// The station refused the request.
    Refused,
}

/// An event of provisioning, from the session to the engine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProvisioningEvent {
    /// Provisioning of the charge point began.
    Started,
    /// A write is about to be sent. The event is durable before the write leaves.
    Attempt {
        /// Name of the key, or `Component.Variable`.
        key: String,
        /// The desired value.
        desired: String,
        /// The value of this write: a shorter list, perhaps.
        value: String,
    },
    /// A write has ended, or a value was read.
    Outcome {
        /// Name of the key, or `Component.Variable`.
        key: String,
        /// The value written, or in force.
        value: String,
        /// How the write ended.
        outcome: WriteOutcome,
    },
    /// Requests are answered again, or no longer.
    Channel(CommandChannel),
    /// We closed the connection, because requests are not answered.
    ConnectionClosed,
    /// The inventory ended.
    Inventory(Inventory),
    /// Response to GetTransactionStatus.
    Transaction {
        /// The transaction of the request.
        transaction_id: String,
        /// `ongoingIndicator`; `None` if it is missing.
        ongoing: Option<bool>,
        /// `messagesInQueue`; true if it is missing.
        queued: bool,
    },
    /// Changes nothing: the session needs the state as it is now.
    Refresh,
    /// Nothing is left to do.
    Completed,
}

/// State of one key that was written, or should be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyState {
    /// The desired value; if another one is desired, attempts count from 0.
    pub desired: String,
    /// The value written last.
    pub value: String,
    /// Writes without a clean end: never answered, or accepted but not in force.
    pub attempts: u8,
    /// How the last write ended; `None` while it has not.
    pub outcome: Option<WriteOutcome>,
    /// Values that the charge point refused.
    pub refused: Vec<String>,
}

impl KeyState {
    /// Whether the key is not written any more.
    pub fn given_up(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }
}

/// Provisioning state of one charge point.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProvisioningState {
    /// The run that began last has ended.
    pub done: bool,
    /// Runs in a row that began and did not end.
    pub unfinished: u8,
    /// Whether requests are answered.
    pub channel: CommandChannel,
    /// When we last closed the connection because requests were not answered.
    pub closed_at: Option<UtcMs>,
    /// Of an OCPP 2.x station.
    pub inventory: Inventory,
    /// How often the inventory stayed partial.
    pub inventory_attempts: u8,
    /// By the name of the key, or by `Component.Variable`.
    pub keys: BTreeMap<String, KeyState>,
}

impl ProvisioningState {
    /// Applies an event.
    pub fn apply(&mut self, event: &ProvisioningEvent, at: UtcMs) {
        match event {
            ProvisioningEvent::Started => {
                self.done = false;
                self.unfinished = self.unfinished.saturating_add(1);
            }
            ProvisioningEvent::Attempt {
                key,
                desired,
                value,
            } => {
                let Some(state) = self.key(key) else { return };
                if state.desired != *desired {
                    *state = KeyState {
                        desired: desired.clone(),
                        ..KeyState::default()
                    };
                }
                state.value.clone_from(value);
                state.attempts = state.attempts.saturating_add(1);
                state.outcome = None;
            }
            ProvisioningEvent::Outcome {
                key,
                value,
                outcome,
            } => self.outcome(key, value, *outcome),
            ProvisioningEvent::Channel(channel) => self.channel = *channel,
            ProvisioningEvent::ConnectionClosed => self.closed_at = Some(at),
            ProvisioningEvent::Inventory(inventory) => {
                self.inventory = *inventory;
                self.inventory_attempts = self
                    .inventory_attempts
                    .saturating_add(u8::from(*inventory == Inventory::Partial));
            }
            ProvisioningEvent::Transaction { .. } | ProvisioningEvent::Refresh => {}
            ProvisioningEvent::Completed => {
                self.done = true;
                self.unfinished = 0;
            }
        }
    }

    fn outcome(&mut self, key: &str, value: &str, outcome: WriteOutcome) {
        let Some(state) = self.key(key) else { return };
        match outcome {
            // It was answered, so it did no harm.
            WriteOutcome::Accepted | WriteOutcome::RebootRequired => {
                state.attempts = state.attempts.saturating_sub(1)
            }
            WriteOutcome::Rejected => {
                state.attempts = state.attempts.saturating_sub(1);
                if state.refused.len() < MAX_REFUSED
                    && !state.refused.iter().any(|known| known == value)
                {
                    state.refused.push(value.to_owned());
                }
            }
            WriteOutcome::Ignored => state.attempts = state.attempts.saturating_add(1),
            WriteOutcome::Kept => state.attempts = 0,
            WriteOutcome::ReadOnly => {}
        }
        state.outcome = Some(outcome);
    }

    fn key(&mut self, key: &str) -> Option<&mut KeyState> {
        if !self.keys.contains_key(key) && self.keys.len() >= MAX_KEYS {
            return None;
        }
        Some(self.keys.entry(key.to_owned()).or_default())
    }

    /// The charge point booted: values that needed that are to be read again. Other firmware may accept what the old one refused.
    pub fn booted(&mut self, other_firmware: bool) {
        if other_firmware {
            self.keys.clear();
            self.inventory = Inventory::None;
            self.inventory_attempts = 0;
        }
        for state in self
            .keys
            .values_mut()
            .filter(|state| state.outcome == Some(WriteOutcome::RebootRequired))
        {
            state.outcome = Some(WriteOutcome::Accepted);
        }
    }

    /// Whether a value is in force only after a reboot.
    pub fn reboot_required(&self) -> bool {
        self.keys
            .values()
            .any(|state| state.outcome == Some(WriteOutcome::RebootRequired))
    }
}

/// What the session gets back once an event is durable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProvisioningSnapshot {
    /// The state after the event.
    pub state: ProvisioningState,
    /// Transactions of OCPP 2.x of which events are missing, the last one perhaps.
    pub unclear_transactions: Vec<String>,
}

#[cfg(test)]
mod tests {
    use crate::model::provisioning::*;

    #[test]
    fn only_writes_without_a_clean_end_count_as_attempts() {
        use WriteOutcome::{Accepted, Ignored, Kept, RebootRequired, Rejected};
        let attempt = |desired: &str| ProvisioningEvent::Attempt {
            key: "K".into(),
            desired: desired.into(),
            value: "v".into(),
        };
        let ended = |outcome| ProvisioningEvent::Outcome {
            key: "K".into(),
            value: "v".into(),
            outcome,
        };
        let mut state = ProvisioningState::default();
        for (event, attempts) in [
            (attempt("w"), 1),
            (ended(Rejected), 0),
            (attempt("w"), 1),
            (ended(Accepted), 0),
            (ended(Ignored), 1),
            (attempt("w"), 2),
            // Another desired value: attempts count from 0.
            (attempt("x"), 1),
            (attempt("x"), 2),
            (ended(Kept), 0),
            (attempt("x"), 1),
            (ended(RebootRequired), 0),
        ] {
            state.apply(&event, UtcMs(0));
            assert_eq!(state.keys["K"].attempts, attempts, "{event:?}");
        }
        assert!(state.reboot_required());
        state.booted(false);
        assert_eq!(
            (state.reboot_required(), state.keys["K"].outcome),
            (false, Some(Accepted))
        );
        state.booted(true);
        assert!(state.keys.is_empty());
    }
}
