//! The link's hands for [`Setup`]: it says what to send and to tell, the link does it, and tells it what came.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Call, Ended, Link};
use crate::ingest::Receipt;
use crate::model::{
    ChargePointMessage, Manner, OcppVersion, ProvisioningEvent, ProvisioningSnapshot, Stats,
    TransactionEventKind,
};
use crate::ocpp::codec::{Request, call_results};
use crate::ocpp::provisioning::{Known, Setup, Step};
use crate::ocpp::server::Shared;
use crate::ocpp::websocket::close;

/// The setup of a charge point; `None` where it is not switched on, and never for one whose words are not booked.
pub(super) fn setup(
    shared: &Shared,
    charge_point: &str,
    version: OcppVersion,
    quarantined: bool,
) -> Option<Box<Setup>> {
    let config = &shared.config.provisioning;
    if quarantined || !config.wants(charge_point) {
        return None;
    }
    let register = shared.register.borrow();
    let registered = register.charge_point(charge_point);
    let known = Known {
        max_power_kw: registered.and_then(|point| point.max_power_kw),
        connectors: registered.map(|point| point.connectors),
        heartbeat: shared.config.heartbeat_interval,
    };
    let prefix = format!("fg{:x}", (shared.clock)().0);
    Some(Box::new(Setup::new(
        version,
        config.clone(),
        known,
        prefix,
        Instant::now(),
    )))
}

impl Link {
    /// How long until the setup has something to do.
    pub(super) fn setup_due(&self) -> Option<Duration> {
        let due = self.setup.as_ref()?.next_timeout()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Does what the setup wants done.
    pub(super) async fn drive(&mut self) -> Result<(), Ended> {
        while let Some(step) = self
            .setup
            .as_mut()
            .and_then(|setup| setup.next(Instant::now()))
        {
            match step {
                Step::Send(frame) => self.send(&frame).await?,
                Step::Tell(note) => self.note(note, None).await,
                Step::Recall(note) => {
                    let remembered = self.recall(note).await?;
                    let wall = (self.shared.clock)();
                    if let Some(setup) = &mut self.setup {
                        setup.remembered(remembered, wall, Instant::now());
                    }
                }
                Step::Close => {
                    tracing::warn!(charge_point = %self.charge_point, "it is alive but answers no request: its link is closed once");
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

    /// Tells the engine, waits until that is on disk, and brings back what is remembered.
    async fn recall(&mut self, note: ProvisioningEvent) -> Result<ProvisioningSnapshot, Ended> {
        let (settle, settled) = oneshot::channel();
        let receipt = Receipt::new(move |settlement| {
            let _ = settle.send(settlement);
        });
        self.note(note, Some(receipt)).await;
        let settlement = settled.await.map_err(|_| Ended)?;
        Ok(settlement
            .provisioning
            .map(|remembered| *remembered)
            .unwrap_or_default())
    }

    async fn note(&self, note: ProvisioningEvent, receipt: Option<Receipt>) {
        let at = (self.shared.clock)();
        self.hand_on(
            ChargePointMessage::Provisioning(note),
            at,
            Manner::default(),
            receipt,
        )
        .await;
    }

    /// An answer to a request of ours, or to nothing.
    pub(super) fn answered(&mut self, id: &str, answer: Result<&str, &str>) {
        let asked = self
            .setup
            .as_mut()
            .is_some_and(|setup| setup.answered(id, answer, Instant::now()));
        if !asked {
            Stats::count(&self.shared.stats.ocpp_unasked);
        }
    }

    /// What the setup should know of a request.
    pub(super) fn overhear(&mut self, call: &Call<'_>, request: &Request) {
        let Some(setup) = self.setup.as_mut() else {
            return;
        };
        if call.action.name() == "NotifyReport" {
            let (report, more) = call_results::report_part(call.text);
            setup.heard_report(report, more);
        }
        let messages = match request {
            Request::Authorize(_) => return,
            Request::Event(message) => std::slice::from_ref(message),
            Request::Events(messages) => messages,
        };
        for message in messages {
            match message {
                // The pause behind it is longer than it takes to answer.
                ChargePointMessage::Boot { .. } => setup.booted(Instant::now()),
                ChargePointMessage::Status { connector_id, .. } => {
                    setup.heard_status(*connector_id)
                }
                ChargePointMessage::Transaction(event)
                    if event.kind == TransactionEventKind::Ended =>
                {
                    setup.heard_end(Instant::now());
                }
                _ => {}
            }
        }
    }
}
