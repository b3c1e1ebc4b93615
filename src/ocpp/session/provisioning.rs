//! Connects the [`Provisioner`], which does no input or output, with the session: sends its requests, stores its events, and passes it what
//! the charge point sends.

use std::time::Duration;

use tokio::time::Instant;

use super::calls::{Call, receipt};
use super::{ChargePointSession, Ended};
use crate::ingest::Receipt;
use crate::model::{
    ChargePointMessage, Deviations, OcppVersion, ProvisioningEvent, ProvisioningSnapshot, Stats,
    TransactionEventKind,
};
use crate::ocpp::codec::{Request, call_results};
use crate::ocpp::provisioning::{KnownChargePoint, Provisioner, Step};
use crate::ocpp::server::Shared;
use crate::ocpp::websocket::close;

/// The provisioner of a charge point; `None` where provisioning is not switched on, and for quarantined charge points, of which nothing is
/// stored.
pub(super) fn provisioner(
    shared: &Shared,
    charge_point: &str,
    version: OcppVersion,
    quarantined: bool,
) -> Option<Box<Provisioner>> {
    let config = &shared.config.provisioning;
    if quarantined || !config.includes(charge_point) {
        return None;
    }
    let register = shared.register.borrow();
    let registered = register.charge_point(charge_point);
    let known = KnownChargePoint {
        max_power_kw: registered.and_then(|point| point.max_power_kw),
        connectors: registered.map(|point| point.connectors),
        heartbeat: shared.config.heartbeat_interval,
    };
    let id_prefix = format!("fg{:x}", (shared.clock)().0);
    Some(Box::new(Provisioner::new(
        version,
        config.clone(),
        known,
        id_prefix,
        Instant::now(),
    )))
}

impl ChargePointSession {
    /// How long until the provisioner has something to do.
    pub(super) fn provisioning_due(&self) -> Option<Duration> {
        let due = self.provisioner.as_ref()?.next_timeout()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Executes the provisioner's steps.
    pub(super) async fn drive_provisioning(&mut self) -> Result<(), Ended> {
        while let Some(step) = self
            .provisioner
            .as_mut()
            .and_then(|provisioner| provisioner.next(Instant::now()))
        {
            match step {
                Step::Send(frame) => self.send(&frame).await?,
                Step::Emit(event) => self.emit(event, None).await,
                Step::EmitDurably(event) => {
                    let snapshot = self.emit_durably(event).await?;
                    let wall = (self.shared.clock)();
                    if let Some(provisioner) = &mut self.provisioner {
                        provisioner.committed(snapshot, wall, Instant::now());
                    }
                }
                Step::Close => {
                    tracing::warn!(
                        charge_point = %self.charge_point,
                        "charge point is online but answers no request: its connection is closed once, so that it connects again"
                    );
                    self.close(
                        close::RESTART,
                        "no answer to requests; please connect again",
                    )
                    .await;
                    return Err(Ended);
                }
            }
        }
        Ok(())
    }

    /// Passes an event to the engine, waits for the commit, and returns the state after it.
    async fn emit_durably(
        &mut self,
        event: ProvisioningEvent,
    ) -> Result<ProvisioningSnapshot, Ended> {
        let (receipt, settlement) = receipt();
        self.emit(event, Some(receipt)).await;
        let settlement = settlement.await?;
        Ok(settlement
            .provisioning
            .map(|snapshot| *snapshot)
            .unwrap_or_default())
    }

    async fn emit(&self, event: ProvisioningEvent, receipt: Option<Receipt>) {
        self.submit(
            ChargePointMessage::Provisioning(event),
            (self.shared.clock)(),
            Deviations::default(),
            receipt,
        )
        .await;
    }

    /// A response of the charge point: its payload, or an error code. It is counted if it belongs to no request.
    pub(super) fn handle_response(&mut self, id: &str, response: Result<&str, &str>) {
        let is_ours = self
            .provisioner
            .as_mut()
            .is_some_and(|provisioner| provisioner.response(id, response, Instant::now()));
        if !is_ours {
            Stats::count(&self.shared.stats.ocpp_unsolicited);
        }
    }

    /// Passes on what the provisioner needs of the charge point's requests.
    pub(super) fn observe_for_provisioning(&mut self, call: &Call<'_>, request: &Request) {
        let Some(provisioner) = self.provisioner.as_mut() else {
            return;
        };
        if call.action.name() == "NotifyReport" {
            let (report, more) = call_results::report_part(call.text);
            provisioner.report_part(report, more);
        }
        let messages = match request {
            Request::Authorize(_) => return,
            Request::Event(message) => std::slice::from_ref(message),
            Request::Events(messages) => messages,
        };
        for message in messages {
            match message {
                // Called before the response is sent: the pause that follows is longer than that takes.
                ChargePointMessage::Boot { .. } => provisioner.booted(Instant::now()),
                ChargePointMessage::Status { connector_id, .. } => {
                    provisioner.status_reported(*connector_id);
                }
                ChargePointMessage::Transaction(event)
                    if event.kind == TransactionEventKind::Ended =>
                {
                    provisioner.transaction_ended(Instant::now());
                }
                _ => {}
            }
        }
    }
}
