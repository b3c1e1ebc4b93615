//! Provisioning of charge points, as far as it must be remembered: which writes were tried, what came of them, and which transactions of
//! OCPP 2.x have something missing.

use std::sync::Arc;

use super::{ChargingBook, ORPHAN_WAIT_MS, due};
use crate::model::{ProvisioningEvent, ProvisioningSnapshot, ProvisioningState, TransactionId};
use crate::units::UtcMs;

/// Transactions asked about at once.
const MAX_UNCLEAR: usize = 8;

impl ChargingBook {
    /// Takes a note of the link. It is no sign of life of the charge point.
    pub(super) fn apply_provisioning(
        &mut self,
        id: &Arc<str>,
        event: &ProvisioningEvent,
        at: UtcMs,
    ) {
        let Some(point) = self.points.get_mut(id) else {
            return;
        };
        point.setup.get_or_insert_default().apply(event, at);
        let ProvisioningEvent::Transaction {
            transaction_id,
            ongoing: Some(false),
            queued: false,
        } = event
        else {
            return;
        };
        // It is over, and nothing more will be told of it.
        let before = due(point);
        let transaction_id = TransactionId::Text(transaction_id.as_str().into());
        let connector = point
            .connector_of(&transaction_id)
            .and_then(|id| point.connectors.get_mut(&id));
        if let Some(connector) = connector {
            connector.orphan_due = Some(at.plus(ORPHAN_WAIT_MS));
            self.watch(id, &before);
        }
    }

    /// What the link needs to know to go on.
    pub fn provisioning_snapshot(&self, id: &str) -> ProvisioningSnapshot {
        let Some(point) = self.points.get(id) else {
            return ProvisioningSnapshot::default();
        };
        let open = point
            .connectors
            .values()
            .filter_map(|connector| Some((connector, connector.open.as_ref()?)));
        let open = open
            .filter(|(connector, open)| connector.orphan_due.is_some() || open.seq.has_gap())
            .map(|(_, open)| &**open);
        let closed = point
            .closed
            .iter()
            .map(|closed| &*closed.open)
            .filter(|open| open.seq.has_gap());
        let unclear = open
            .chain(closed)
            .filter_map(|open| match &open.record.transaction_id {
                TransactionId::Text(id) => Some(id.to_string()),
                TransactionId::Number(_) | TransactionId::Unknown => None,
            });
        let state: ProvisioningState = point.setup.as_deref().cloned().unwrap_or_default();
        ProvisioningSnapshot {
            state,
            unclear_transactions: unclear.take(MAX_UNCLEAR).collect(),
        }
    }
}
