//! How a charge point is being set up, for `/api/v1/charge-points`.

use serde::Serialize;

use crate::model::{CommandChannel, Inventory, KeyState, ProvisioningState, WriteOutcome};

/// `setup` of a charge point.
#[derive(Debug, Serialize)]
pub(super) struct SetupRow {
    /// `done`, `under_way`, or `interrupted`: the link went down before the end.
    state: &'static str,
    /// Whether requests are answered; the link may be alive all the same.
    command_channel: CommandChannel,
    /// Some value is in force only after a reboot, which somebody else must cause.
    reboot_required: bool,
    /// Keys that the charge point will not set.
    refused: Vec<String>,
    /// Keys that are not written any more, because that was tried twice without a good end.
    given_up: Vec<String>,
    inventory: Inventory,
    keys: Vec<KeyRow>,
}

#[derive(Debug, Serialize)]
struct KeyRow {
    key: String,
    /// As written last.
    value: String,
    /// `None` while an answer is awaited, or never came.
    outcome: Option<WriteOutcome>,
    attempts: u8,
}

impl SetupRow {
    pub fn of(memory: &ProvisioningState, online: bool) -> Self {
        let names = |wanted: fn(&KeyState) -> bool| {
            memory
                .keys
                .iter()
                .filter(|(_, memory)| wanted(memory))
                .map(|(key, _)| key.clone())
                .collect()
        };
        Self {
            state: match (memory.done, online) {
                (true, _) => "done",
                (false, true) => "under_way",
                (false, false) => "interrupted",
            },
            command_channel: memory.channel,
            reboot_required: memory.reboot_required(),
            refused: names(|key| {
                matches!(
                    key.outcome,
                    Some(WriteOutcome::Rejected | WriteOutcome::ReadOnly)
                )
            }),
            given_up: names(KeyState::given_up),
            inventory: memory.inventory,
            keys: memory
                .keys
                .iter()
                .map(|(key, memory)| KeyRow {
                    key: key.clone(),
                    value: memory.value.clone(),
                    outcome: memory.outcome,
                    attempts: memory.attempts,
                })
                .collect(),
        }
    }
}
