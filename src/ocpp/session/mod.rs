//! One charge point's session with our central system, once [`crate::ocpp::server`] has accepted its connection.
//!
//! Requests are handled one after the other, and each is answered before the next is read: a charge point that empties its memory after a
//! night offline cannot flood the engine. Responses to messages that the ledger stores are sent after the commit; all others
//! (BootNotification, Heartbeat, Authorize) immediately. Requests of our own come from [`crate::ocpp::provisioning`], and only where that
//! is switched on.

mod accept;
mod calls;
mod idle;
mod inbound;
mod provisioning;
mod responses;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(super) use self::accept::serve;
use self::idle::IdleLimits;
use crate::ingest::capture::Line;
use crate::ingest::{Frame, OcppFrame, Receipt};
use crate::model::{
    ChargePointEvent, ChargePointMessage, Deviations, LinkMode, OcppVersion, RejectReason,
};
use crate::ocpp::codec::Checks;
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::codec::repeats::Repeats;
use crate::ocpp::provisioning::Provisioner;
use crate::ocpp::server::links::ConnectionSlot;
use crate::ocpp::server::{Shared, Stream};
use crate::ocpp::websocket::{Incoming, Socket, close};
use crate::units::UtcMs;

/// The session of a charge point whose central system we are.
struct ChargePointSession {
    socket: Socket<Stream>,
    charge_point: Arc<str>,
    /// The version agreed on.
    version: OcppVersion,
    /// Its requests are answered, but nothing is stored.
    quarantined: bool,
    shared: Arc<Shared>,
    /// The latest requests that the ledger stores, with their responses: the same frame again must not count twice.
    repeats: Repeats<Arc<str>>,
    checks: Checks,
    /// Its frames are written to the capture file.
    captured: bool,
    /// `None` if the charge point is not provisioned. On the heap, because most are not.
    provisioner: Option<Box<Provisioner>>,
}

/// The connection is closed, or must be.
#[derive(Debug)]
struct Ended;

impl ChargePointSession {
    fn new(
        socket: Socket<Stream>,
        charge_point: Arc<str>,
        version: OcppVersion,
        quarantined: bool,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            captured: shared.capture.includes(&charge_point),
            provisioner: provisioning::provisioner(&shared, &charge_point, version, quarantined),
            repeats: Repeats::default(),
            checks: Checks::default(),
            socket,
            charge_point,
            version,
            quarantined,
            shared,
        }
    }

    /// Serves the connection until it is closed.
    async fn run(&mut self, slot: &mut ConnectionSlot) {
        let mut shutdown = self.shared.shutdown.clone();
        let limits = IdleLimits::new(&self.shared.config);
        let liveness = slot.liveness.clone();
        // Registered once, outside the loop: only the socket is polled anew for each message.
        let mut stop = pin!(async { drop(shutdown.wait_for(|stop| *stop).await) });
        let mut probe = pin!(liveness.probe.notified());
        let mut idle = pin!(tokio::time::sleep(limits.first_check()));
        loop {
            let provisioning_in = self.provisioning_due();
            tokio::select! {
                biased;
                incoming = self.socket.next() => {
                    liveness.touch();
                    // On the heap: an idle connection must not keep room for the largest future of a busy one.
                    let incoming = incoming.unwrap_or(Incoming::End);
                    if Box::pin(self.incoming(incoming)).await.is_err() {
                        return;
                    }
                }
                _ = &mut slot.replaced => return self.close(close::POLICY, "another connection with this identity is open").await,
                () = &mut stop => return self.close(close::RESTART, "the central system is stopping").await,
                () = &mut probe => {
                    probe.set(liveness.probe.notified());
                    if self.socket.ping().await.is_err() {
                        return;
                    }
                }
                () = &mut idle => {
                    let Ok(next) = self.check_idle(&limits, liveness.silent_for()).await else {
                        return;
                    };
                    idle.as_mut().reset(Instant::now() + next);
                }
                () = async { tokio::time::sleep(provisioning_in.unwrap_or_default()).await }, if provisioning_in.is_some() => {}
            }
            if self.provisioner.is_some() && Box::pin(self.drive_provisioning()).await.is_err() {
                return;
            }
        }
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.close(code, reason)).await;
    }

    fn reject(&self, reason: RejectReason, detail: &str, raw: &[u8]) {
        self.shared.stats.reject(
            (self.shared.clock)(),
            "ocpp",
            &self.charge_point,
            reason,
            detail,
            raw,
        );
    }

    async fn connection_opened(&self) {
        self.connection_changed(Some((self.version, LinkMode::Csms)))
            .await;
    }

    async fn connection_closed(&self) {
        self.connection_changed(None).await;
    }

    async fn connection_changed(&self, up: Option<(OcppVersion, LinkMode)>) {
        let at = (self.shared.clock)();
        if self.captured {
            self.shared.capture.record(Line::Link {
                at,
                charge_point: self.charge_point.clone(),
                up,
            });
        }
        let message = match up {
            Some((version, mode)) => ChargePointMessage::Connected { version, mode },
            None => ChargePointMessage::Disconnected,
        };
        self.submit(message, at, Deviations::default(), None).await;
    }

    fn capture(&self, at: UtcMs, from: Origin, text: &str) {
        if self.captured {
            let (charge_point, version) = (self.charge_point.clone(), self.version);
            self.shared.capture.record(Line::Frame {
                at,
                charge_point,
                version,
                from,
                text: text.to_owned(),
            });
        }
    }

    /// Passes a message to the engine, unless the charge point is quarantined.
    async fn submit(
        &self,
        message: ChargePointMessage,
        received_at: UtcMs,
        deviations: Deviations,
        receipt: Option<Receipt>,
    ) {
        if self.quarantined {
            return;
        }
        let event = ChargePointEvent {
            charge_point: self.charge_point.clone(),
            received_at,
            deviations,
            message,
        };
        // Fails only when the engine has stopped; then the receipt is dropped and nothing is acknowledged.
        let _ = self
            .shared
            .frames
            .send(Frame::Ocpp(OcppFrame { event, receipt }))
            .await;
    }

    async fn send(&mut self, frame: &str) -> Result<(), Ended> {
        if self.captured {
            self.capture((self.shared.clock)(), Origin::Csms, frame);
        }
        self.socket.send(frame).await.map_err(|_| Ended)
    }
}
