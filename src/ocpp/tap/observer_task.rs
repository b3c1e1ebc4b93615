//! What listens to a tapped link: frames to facts. It may be slow, or die, and neither side of the line notices.

use std::sync::Arc;

use super::queue::{Queue, TappedMessage};
use crate::ingest::capture::Line;
use crate::ingest::{Frame, OcppFrame};
use crate::model::{
    ChargePointEvent, ChargePointMessage, LinkMode, Manner, OcppVersion, RejectReason, Stats,
};
use crate::ocpp::codec::frame::ParseOptions;
use crate::ocpp::codec::observer::{ObservedMessage, Observer};
use crate::ocpp::server::Shared;
use crate::units::UtcMs;

/// One tapped link, as told to the engine.
#[derive(Clone)]
pub(super) struct LinkObserver {
    pub charge_point: Arc<str>,
    pub version: OcppVersion,
    pub captured: bool,
    pub shared: Arc<Shared>,
}

impl LinkObserver {
    /// Listens until the queue ends.
    pub async fn run(self, queue: Arc<Queue>) {
        let mut observer = Observer::new(self.version);
        let mut heard = Vec::new();
        while let Some(tapped) = queue.take().await {
            self.take(&mut observer, &tapped, &mut heard);
            self.tell_all(&mut heard).await;
        }
        observer.ended(&mut heard);
        self.tell_all(&mut heard).await;
    }

    fn take(
        &self,
        observer: &mut Observer,
        tapped: &TappedMessage,
        heard: &mut Vec<ObservedMessage>,
    ) {
        let shared = &self.shared;
        // What is not UTF-8 is read as far as it goes: the line itself passed it on as it was.
        let text = String::from_utf8_lossy(&tapped.payload);
        if self.captured {
            let (charge_point, version) = (self.charge_point.clone(), self.version);
            let (at, from, text) = (tapped.at, tapped.origin, text.clone().into_owned());
            shared.capture.note(Line::Frame {
                at,
                charge_point,
                version,
                from,
                text,
            });
        }
        let reading = ParseOptions {
            version: self.version,
            hasher: &shared.hasher,
            max_depth: shared.config.max_json_depth,
            repair_metering: shared.config.repair_metering,
        };
        if let Err(unheard) = observer.observe(tapped.origin, &text, &reading, tapped.at, heard) {
            shared.stats.reject(
                tapped.at,
                "ocpp",
                &self.charge_point,
                unheard.reason,
                &unheard.detail,
                text.as_bytes(),
            );
        }
    }

    async fn tell_all(&self, heard: &mut Vec<ObservedMessage>) {
        for ObservedMessage {
            received_at,
            manner,
            message,
        } in heard.drain(..)
        {
            if manner.repaired {
                Stats::count(&self.shared.stats.ocpp_repaired);
            }
            if let ChargePointMessage::Notice { action, .. } = &message
                && action == "SetNetworkProfile"
            {
                Stats::count(&self.shared.stats.tap_bypass);
                tracing::warn!(charge_point = %self.charge_point, "its operator gives it another address: soon nothing may come through here");
            }
            self.tell(received_at, manner, message).await;
        }
    }

    /// The link is up, or down.
    pub async fn went(&self, up: bool) {
        let at = (self.shared.clock)();
        if self.captured {
            let up = up.then_some((self.version, LinkMode::Tap));
            self.shared.capture.note(Line::Link {
                at,
                charge_point: self.charge_point.clone(),
                up,
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
        self.tell(at, Manner::default(), message).await;
    }

    /// It died: what it knew of open requests is lost, and said.
    pub fn died(&self) {
        Stats::count(&self.shared.stats.tap_listener_deaths);
        let detail =
            "whoever listened to this link died and was replaced; the link itself was not touched";
        self.shared.stats.reject(
            (self.shared.clock)(),
            "ocpp",
            &self.charge_point,
            RejectReason::Syntax,
            detail,
            b"",
        );
        tracing::error!(charge_point = %self.charge_point, "{detail}");
    }

    async fn tell(&self, received_at: UtcMs, manner: Manner, message: ChargePointMessage) {
        tell(
            &self.shared,
            &self.charge_point,
            received_at,
            manner,
            message,
        )
        .await;
    }
}

/// The operator could be reached, or not: another thing than the charge point's own link.
pub(super) async fn tell_operator_link(shared: &Shared, charge_point: &Arc<str>, up: bool) {
    tell(
        shared,
        charge_point,
        (shared.clock)(),
        Manner::default(),
        ChargePointMessage::OperatorLink { up },
    )
    .await;
}

async fn tell(
    shared: &Shared,
    charge_point: &Arc<str>,
    received_at: UtcMs,
    manner: Manner,
    message: ChargePointMessage,
) {
    let event = ChargePointEvent {
        charge_point: charge_point.clone(),
        received_at,
        manner,
        message,
    };
    // Fails only when the engine is gone: the line goes on without us.
    let _ = shared
        .frames
        .send(Frame::Ocpp(OcppFrame {
            event,
            receipt: None,
        }))
        .await;
}
