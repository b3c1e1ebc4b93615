//! Provisioning state of a charge point, for `/api/v1/charge-points`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{CommandChannel, Inventory, KeyState, ProvisioningState, WriteOutcome};

/// Provisioning of a charge point: the configuration keys this daemon writes, and their outcomes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProvisioningRow {
    /// `done`, `under_way`, or `interrupted`: the connection was lost before the end.
    pub state: &'static str,
    /// Whether the charge point responds to requests; its own messages may arrive all the same.
    pub command_channel: CommandChannel,
    /// A value comes into force only after a reboot, which this daemon never causes.
    pub reboot_required: bool,
    /// Keys that the charge point refuses to set.
    pub refused: Vec<String>,
    /// Keys that are not written any more, because two attempts had no clean end.
    pub given_up: Vec<String>,
    /// Device model of an OCPP 2.x station.
    pub inventory: Inventory,
    /// Keys written so far.
    pub keys: Vec<ProvisioningKey>,
}

/// One configuration key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProvisioningKey {
    /// Name of the key or variable.
    pub key: String,
    /// Value as written last.
    pub value: String,
    /// `null` while the response is awaited, or if it never came.
    pub outcome: Option<WriteOutcome>,
    /// Writes without a clean end.
    pub attempts: u8,
}

impl ProvisioningRow {
    pub(super) fn from_memory(memory: &ProvisioningState, online: bool) -> Self {
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
                .map(|(key, memory)| ProvisioningKey {
                    key: key.clone(),
                    value: memory.value.clone(),
                    outcome: memory.outcome,
                    attempts: memory.attempts,
                })
                .collect(),
        }
    }
}
