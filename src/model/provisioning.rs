//! Setting a charge point up: the notes that the link tells the engine, and what the engine remembers of them, so that no restart
//! repeats a write that did harm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// Writes of one key without a clean end, after which it is left alone (ABB Terra rebooted at each: lbbrhzn/ocpp issues 1275, 1036).
pub const MAX_ATTEMPTS: u8 = 2;
/// Keys remembered; there are fewer that are ever written.
const MAX_KEYS: usize = 32;
/// Refused values remembered of a key: more than a list of measurands has ways to shrink.
const MAX_REFUSED: usize = 24;

/// How a write ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteOutcome {
    /// Accepted, not yet read back.
    Accepted,
    /// Read, and it was there.
    Kept,
    /// Accepted, but not there when it was read back.
    Ignored,
    /// Refused.
    Rejected,
    /// Accepted, in force after a reboot. We never cause one.
    RebootRequired,
    /// Cannot be written.
    ReadOnly,
}

/// Whether the charge point answers requests. A link may be alive and deaf to them.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CommandChannel {
    /// Nothing was asked yet.
    #[default]
    Unknown,
    /// It answers.
    Ok,
    /// It does not, several times in a row.
    Deaf,
}

/// The inventory of an OCPP 2.x station.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Inventory {
    /// Not asked for.
    #[default]
    None,
    /// Begun, never finished.
    Partial,
    /// Here.
    Complete,
    /// Not to be had.
    Refused,
}

/// What the link tells the engine about setting a charge point up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProvisioningEvent {
    /// It begins.
    Begun,
    /// A write is about to be sent. Told, and on disk, before it is.
    Attempt {
        /// The key.
        key: String,
        /// What it should be at best.
        wish: String,
        /// What is written now.
        value: String,
    },
    /// How it ended.
    Outcome {
        /// The key.
        key: String,
        /// What was written, or is there.
        value: String,
        /// How.
        outcome: WriteOutcome,
    },
    /// It answers, or stopped answering.
    Channel(CommandChannel),
    /// We closed the link, because it does not answer.
    Closed,
    /// The inventory's fate.
    Inventory(Inventory),
    /// Answer of GetTransactionStatus.
    Transaction {
        /// Asked about.
        transaction_id: String,
        /// `ongoingIndicator`.
        ongoing: Option<bool>,
        /// `messagesInQueue`.
        queued: bool,
    },
    /// What should be known is asked again; nothing changes.
    Refresh,
    /// Nothing is left to do.
    Done,
}

/// One key that was written, or should be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyState {
    /// What it should be at best; another wish begins anew.
    pub wish: String,
    /// What was written last.
    pub value: String,
    /// Writes without a clean end: never answered, or accepted and not kept.
    pub attempts: u8,
    /// How the last one ended; `None` while it has not.
    pub outcome: Option<WriteOutcome>,
    /// Values that were refused.
    pub refused: Vec<String>,
}

impl KeyState {
    /// It is not written any more.
    pub fn given_up(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }
}

/// What is remembered of one charge point.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProvisioningState {
    /// It came to its end since it last began.
    pub done: bool,
    /// How often it began without coming to an end.
    pub unfinished: u8,
    /// Whether requests are answered.
    pub channel: CommandChannel,
    /// When we closed the link for not being answered.
    pub closed_at: Option<UtcMs>,
    /// OCPP 2.x.
    pub inventory: Inventory,
    /// How often it stayed partial.
    pub inventory_attempts: u8,
    /// By name: of OCPP 1.6, or `Component.Variable`.
    pub keys: BTreeMap<String, KeyState>,
}

impl ProvisioningState {
    /// Takes a note.
    pub fn take(&mut self, note: &ProvisioningEvent, at: UtcMs) {
        match note {
            ProvisioningEvent::Begun => {
                self.done = false;
                self.unfinished = self.unfinished.saturating_add(1);
            }
            ProvisioningEvent::Attempt { key, wish, value } => {
                let Some(memory) = self.key(key) else { return };
                if memory.wish != *wish {
                    *memory = KeyState {
                        wish: wish.clone(),
                        ..KeyState::default()
                    };
                }
                memory.value.clone_from(value);
                memory.attempts = memory.attempts.saturating_add(1);
                memory.outcome = None;
            }
            ProvisioningEvent::Outcome {
                key,
                value,
                outcome,
            } => self.outcome(key, value, *outcome),
            ProvisioningEvent::Channel(channel) => self.channel = *channel,
            ProvisioningEvent::Closed => self.closed_at = Some(at),
            ProvisioningEvent::Inventory(inventory) => {
                self.inventory = *inventory;
                self.inventory_attempts = self
                    .inventory_attempts
                    .saturating_add(u8::from(*inventory == Inventory::Partial));
            }
            ProvisioningEvent::Transaction { .. } | ProvisioningEvent::Refresh => {}
            ProvisioningEvent::Done => {
                self.done = true;
                self.unfinished = 0;
            }
        }
    }

    fn outcome(&mut self, key: &str, value: &str, outcome: WriteOutcome) {
        let Some(memory) = self.key(key) else { return };
        match outcome {
            // Answered: whatever else it did, it did no harm.
            WriteOutcome::Accepted | WriteOutcome::RebootRequired => {
                memory.attempts = memory.attempts.saturating_sub(1)
            }
            WriteOutcome::Rejected => {
                memory.attempts = memory.attempts.saturating_sub(1);
                if memory.refused.len() < MAX_REFUSED
                    && !memory.refused.iter().any(|known| known == value)
                {
                    memory.refused.push(value.to_owned());
                }
            }
            WriteOutcome::Ignored => memory.attempts = memory.attempts.saturating_add(1),
            WriteOutcome::Kept => memory.attempts = 0,
            WriteOutcome::ReadOnly => {}
        }
        memory.outcome = Some(outcome);
    }

    fn key(&mut self, key: &str) -> Option<&mut KeyState> {
        if !self.keys.contains_key(key) && self.keys.len() >= MAX_KEYS {
            return None;
        }
        Some(self.keys.entry(key.to_owned()).or_default())
    }

    /// It booted: what waited for that is to be looked at again. Other firmware may do what the old one did not.
    pub fn booted(&mut self, other_firmware: bool) {
        if other_firmware {
            self.keys.clear();
            self.inventory = Inventory::None;
            self.inventory_attempts = 0;
        }
        for memory in self
            .keys
            .values_mut()
            .filter(|memory| memory.outcome == Some(WriteOutcome::RebootRequired))
        {
            memory.outcome = Some(WriteOutcome::Accepted);
        }
    }

    /// Some value waits for a reboot.
    pub fn reboot_required(&self) -> bool {
        self.keys
            .values()
            .any(|memory| memory.outcome == Some(WriteOutcome::RebootRequired))
    }
}

/// What the link is told back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProvisioningSnapshot {
    /// As it is now.
    pub memory: ProvisioningState,
    /// Transactions of OCPP 2.x with numbers missing, or whose end did not come.
    pub unclear: Vec<String>,
}

#[cfg(test)]
mod tests {
    use crate::model::provisioning::*;

    #[test]
    fn what_counts_as_an_attempt() {
        use WriteOutcome::{Accepted, Ignored, Kept, RebootRequired, Rejected};
        let attempt = |wish: &str| ProvisioningEvent::Attempt {
            key: "K".into(),
            wish: wish.into(),
            value: "v".into(),
        };
        let ended = |outcome| ProvisioningEvent::Outcome {
            key: "K".into(),
            value: "v".into(),
            outcome,
        };
        let mut memory = ProvisioningState::default();
        for (note, attempts) in [
            (attempt("w"), 1),
            (ended(Rejected), 0),
            (attempt("w"), 1),
            (ended(Accepted), 0),
            (ended(Ignored), 1),
            (attempt("w"), 2),
            // Another wish, another try.
            (attempt("x"), 1),
            (attempt("x"), 2),
            (ended(Kept), 0),
            (attempt("x"), 1),
            (ended(RebootRequired), 0),
        ] {
            memory.take(&note, UtcMs(0));
            assert_eq!(memory.keys["K"].attempts, attempts, "{note:?}");
        }
        assert!(memory.reboot_required());
        memory.booted(false);
        assert_eq!(
            (memory.reboot_required(), memory.keys["K"].outcome),
            (false, Some(Accepted))
        );
        memory.booted(true);
        assert!(memory.keys.is_empty());
    }
}
