//! Requests of the charge point: what the ledger stores is committed first, and then answered.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::responses::ErrorCode;
use super::{ChargePointSession, Ended, responses};
use crate::ingest::{Receipt, Settlement};
use crate::model::{ChargePointMessage, Deviations, IdTokenHash, Stats};
use crate::ocpp::codec::{Action, Request, ResponseInputs};
use crate::ocpp::server::Unknown;
use crate::units::UtcMs;

/// A parsed request (CALL) of the charge point.
pub(super) struct Call<'a> {
    /// JSON text of the message id.
    pub id: &'a str,
    pub action: Action,
    pub deviations: Deviations,
    /// JSON text of the whole frame.
    pub text: &'a str,
    /// When it was received.
    pub now: UtcMs,
}

/// The engine's decision about the messages of a request.
async fn settled(settlement: oneshot::Receiver<Settlement>) -> Result<Settlement, Ended> {
    settlement.await.map_err(|_| Ended)
}

/// A receipt, and the receiver that it settles once its message is durable.
pub(super) fn receipt() -> (Receipt, impl Future<Output = Result<Settlement, Ended>>) {
    let (settle, settlement) = oneshot::channel();
    let receipt = Receipt::new(move |settlement| {
        let _ = settle.send(settlement);
    });
    (receipt, settled(settlement))
}

impl ChargePointSession {
    /// Handles a CALL, or a SEND if `silent`.
    pub(super) async fn handle_call(
        &mut self,
        call: Call<'_>,
        request: Request,
        silent: bool,
    ) -> Result<(), Ended> {
        if call.deviations.repaired {
            Stats::count(&self.shared.stats.ocpp_repaired);
        }
        self.observe_for_provisioning(&call, &request);
        let messages = match request {
            Request::Authorize(_) if silent => return Ok(()),
            Request::Authorize(token) => {
                let accepted = token.is_some_and(|token| self.accepts(token));
                return self.respond(&call, Some(accepted), None).await;
            }
            Request::Event(message) => vec![message],
            Request::Events(messages) => messages,
        };
        if silent {
            self.submit_all(messages, &call, None).await;
            return Ok(());
        }
        if !call.action.needs_commit() {
            self.submit_all(messages, &call, None).await;
            return self.respond(&call, None, None).await;
        }
        if let Some(response) = self.repeats.find(call.text) {
            Stats::count(&self.shared.stats.ocpp_repeated);
            let response = response.clone();
            return self.send(&response).await;
        }
        let token = messages.first().and_then(token_of);
        let accepted = token.map(|token| self.accepts(token));
        let settlement = self.commit(messages, &call).await?;
        self.respond(&call, accepted, settlement.transaction_id)
            .await
    }

    /// Passes messages to the engine and waits for the commit. Without a commit there is no response, and the charge point repeats its
    /// request after the restart.
    async fn commit(
        &mut self,
        messages: Vec<ChargePointMessage>,
        call: &Call<'_>,
    ) -> Result<Settlement, Ended> {
        if messages.is_empty() {
            return Ok(Settlement::default());
        }
        if self.quarantined {
            // The charge point needs an id to go on. It is never looked up, because nothing is stored.
            return Ok(Settlement {
                transaction_id: Some(1),
                provisioning: None,
            });
        }
        let starts = matches!(
            messages.first(),
            Some(ChargePointMessage::StartTransaction { .. })
        );
        let (receipt, settlement) = receipt();
        self.submit_all(messages, call, Some(receipt)).await;
        let settlement = settlement.await?;
        if starts && settlement.transaction_id.is_none() {
            return Err(Ended);
        }
        Ok(settlement)
    }

    /// Whether the register has the token; in open mode every token is accepted.
    fn accepts(&self, token: IdTokenHash) -> bool {
        self.shared.config.unknown == Unknown::Accept
            || self.shared.register.borrow().tags.contains_key(&token)
    }

    /// Passes messages to the engine. The receipt goes with the last one: once that is durable, all before it are.
    async fn submit_all(
        &self,
        messages: Vec<ChargePointMessage>,
        call: &Call<'_>,
        mut receipt: Option<Receipt>,
    ) {
        let last = messages.len().saturating_sub(1);
        for (index, message) in messages.into_iter().enumerate() {
            // The frame's peculiarities count once.
            let deviations = if index == 0 {
                call.deviations
            } else {
                Deviations {
                    conformant: None,
                    repaired: false,
                    ..call.deviations
                }
            };
            let receipt = if index == last { receipt.take() } else { None };
            self.submit(message, call.now, deviations, receipt).await;
        }
    }

    async fn respond(
        &mut self,
        call: &Call<'_>,
        token_accepted: Option<bool>,
        transaction_id: Option<i32>,
    ) -> Result<(), Ended> {
        let interval_s =
            i32::try_from(self.shared.config.heartbeat_interval.as_secs()).unwrap_or(i32::MAX);
        let inputs = ResponseInputs {
            now: call.now,
            interval_s,
            token_accepted,
            transaction_id,
            frame: call.text,
        };
        let response: Arc<str> =
            responses::result(call.id, self.version, call.action, &inputs).into();
        if call.action.needs_commit() {
            self.repeats.record(call.text, response.clone());
        }
        self.send(&response).await
    }

    pub(super) async fn respond_error(
        &mut self,
        id: &str,
        code: ErrorCode,
        description: &str,
    ) -> Result<(), Ended> {
        let error = responses::error(id, self.version, code, description);
        self.send(&error).await
    }
}

/// The tag in a request that starts or stops a transaction.
fn token_of(message: &ChargePointMessage) -> Option<IdTokenHash> {
    match message {
        ChargePointMessage::StartTransaction { id_token, .. }
        | ChargePointMessage::StopTransaction { id_token, .. } => *id_token,
        ChargePointMessage::Transaction(event) => event.id_token,
        _ => None,
    }
}
