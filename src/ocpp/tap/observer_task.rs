//! The task that observes a tapped link: frames become facts. It may be slow or panic, and neither side of the link is affected.

use std::sync::Arc;

use super::queue::{Queue, TappedMessage};
use crate::ingest::capture::Line;
use crate::ingest::{Frame, OcppFrame};
use crate::model::{
    ChargePointEvent, ChargePointMessage, Deviations, LinkMode, OcppVersion, RejectReason, Stats,
};
use crate::ocpp::codec::frame::ParseOptions;
use crate::ocpp::codec::observer::{ObservedMessage, Observer};
use crate::ocpp::server::Shared;
use crate::units::UtcMs;

/// One tapped link, as the engine sees it.
#[derive(Clone)]
pub(super) struct TappedLink {
    pub charge_point: Arc<str>,
    pub version: OcppVersion,
    /// The link's frames are captured.
    pub captured: bool,
    pub shared: Arc<Shared>,
}

impl TappedLink {
    /// Observes messages until the queue is closed.
    pub(super) async fn observe(self, queue: Arc<Queue>) {
        let mut observer = Observer::new(self.version);
        let mut observed = Vec::new();
        while let Some(message) = queue.next().await {
            self.parse(&mut observer, &message, &mut observed);
            self.emit_all(&mut observed).await;
        }
        observer.ended(&mut observed);
        self.emit_all(&mut observed).await;
    }

    fn parse(
        &self,
        observer: &mut Observer,
        message: &TappedMessage,
        observed: &mut Vec<ObservedMessage>,
    ) {
        let shared = &self.shared;
        let (at, origin) = (message.at, message.origin);
        // Invalid UTF-8 is replaced here only; the link passed the bytes on as they were.
        let text = String::from_utf8_lossy(&message.payload);
        if self.captured {
            shared.capture.record(Line::Frame {
                at,
                charge_point: self.charge_point.clone(),
                version: self.version,
                from: origin,
                text: text.clone().into_owned(),
            });
        }
        let options = ParseOptions {
            version: self.version,
            hasher: &shared.hasher,
            max_depth: shared.config.max_json_depth,
            repair_metering: shared.config.repair_metering,
        };
        if let Err(rejected) = observer.observe(origin, &text, &options, at, observed) {
            shared.stats.reject(
                at,
                "ocpp",
                &self.charge_point,
                rejected.reason,
                &rejected.detail,
                text.as_bytes(),
            );
        }
    }

    async fn emit_all(&self, observed: &mut Vec<ObservedMessage>) {
        for ObservedMessage {
            received_at,
            deviations,
            message,
        } in observed.drain(..)
        {
            if deviations.repaired {
                Stats::count(&self.shared.stats.ocpp_repaired);
            }
            if let ChargePointMessage::Notice { action, .. } = &message
                && action == "SetNetworkProfile"
            {
                Stats::count(&self.shared.stats.tap_bypass);
                tracing::warn!(charge_point = %self.charge_point, "operator sets another address for a tapped charge point: its messages may bypass this tap soon; ask the operator");
            }
            self.emit(received_at, deviations, message).await;
        }
    }

    /// Records that the charge point's link was opened or closed.
    pub(super) async fn connection_changed(&self, up: bool) {
        let at = (self.shared.clock)();
        if self.captured {
            self.shared.capture.record(Line::Link {
                at,
                charge_point: self.charge_point.clone(),
                up: up.then_some((self.version, LinkMode::Tap)),
            });
        }
        let message = if up {
            ChargePointMessage::Connected {
                version: self.version,
                mode: LinkMode::Tap,
            }
        } else {
            ChargePointMessage::Disconnected
        };
        self.emit(at, Deviations::default(), message).await;
    }

    /// Records that the observer panicked. Its memory of open requests is lost.
    pub(super) fn record_panic(&self) {
        Stats::count(&self.shared.stats.tap_observer_failures);
        let detail =
            "the observer of this link panicked and was restarted; the link itself is not affected";
        self.shared.stats.reject(
            (self.shared.clock)(),
            "ocpp",
            &self.charge_point,
            RejectReason::Syntax,
            detail,
            b"",
        );
        tracing::error!(charge_point = %self.charge_point, "{detail}; report it with the panic above");
    }

    async fn emit(&self, received_at: UtcMs, deviations: Deviations, message: ChargePointMessage) {
        emit(
            &self.shared,
            &self.charge_point,
            received_at,
            deviations,
            message,
        )
        .await;
    }
}

/// Records that the operator was reached or not, which is independent of the charge point's own link.
pub(super) async fn emit_operator_link(shared: &Shared, charge_point: &Arc<str>, up: bool) {
    emit(
        shared,
        charge_point,
        (shared.clock)(),
        Deviations::default(),
        ChargePointMessage::OperatorLink { up },
    )
    .await;
}

async fn emit(
    shared: &Shared,
    charge_point: &Arc<str>,
    received_at: UtcMs,
    deviations: Deviations,
    message: ChargePointMessage,
) {
    let event = ChargePointEvent {
        charge_point: charge_point.clone(),
        received_at,
        deviations,
        message,
    };
    // Fails only when the engine has stopped; the link goes on without it.
    let _ = shared
        .frames
        .send(Frame::Ocpp(OcppFrame {
            event,
            receipt: None,
        }))
        .await;
}
