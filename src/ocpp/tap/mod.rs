//! The tap: a charge point talks to its operator's central system through us, and neither side is affected.
//!
//! The operator is dialled before the charge point is answered, with the charge point's path, credentials and subprotocols, and its refusal
//! is passed on as it is. Then bytes pass unchanged in both directions, and none of ours are added. The observer gets a copy through a
//! bounded queue. If the operator is away, the charge point's link is closed, so that it works offline as it was built to.

mod config;
mod observer_task;
mod pump;
mod queue;
mod upstream;

use std::future::Future;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;

pub use self::config::TapConfig;
use self::observer_task::{TappedLink, emit_operator_link};
use self::pump::MessageCopier;
use self::queue::Queue;
pub use self::upstream::Upstream;
use self::upstream::{DialError, Operator};
use crate::model::{OcppVersion, Stats};
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::server::handshake::Refusal;
use crate::ocpp::server::links::ConnectionSlot;
use crate::ocpp::server::subprotocol::version_of;
use crate::ocpp::server::{AuthMethod, PendingConnection, Route, Shared, Stream};

const UNREACHABLE: Refusal = Refusal {
    status: "502 Bad Gateway",
    text: "The operator's central system cannot be reached; try again.\n",
};

/// Connects a charge point to its operator, until the link ends.
pub(crate) async fn serve(pending: Box<PendingConnection>, shared: Arc<Shared>) {
    let Some((pending, operator)) = dial(pending, &shared).await else {
        return;
    };
    let charge_point = pending.authentication.charge_point.clone();
    // The operator has checked the credentials that the charge point sent.
    let method = match pending.request.authorization {
        Some(_) => pending.authentication.method.max(AuthMethod::Password),
        None => pending.authentication.method,
    };
    let mut slot = match shared
        .acquire_slot(&charge_point, method, pending.address)
        .await
    {
        Ok(slot) => slot,
        Err(refusal) => return pending.refuse(&shared, &refusal).await,
    };
    let version = operator.protocol.as_deref().and_then(version_of);
    let link = TappedLink {
        captured: shared.capture.includes(&charge_point),
        charge_point,
        version: version.unwrap_or(OcppVersion::V16),
        shared: shared.clone(),
    };
    let PendingConnection {
        mut stream,
        request,
        rest,
        ..
    } = *pending;
    let accepted = request.accept(&mut stream, operator.protocol.as_deref(), false);
    if accepted.await.is_ok() {
        drop(request);
        Stats::count(&shared.stats.ocpp_connections);
        link.connection_changed(true).await;
        emit_operator_link(&shared, &link.charge_point, true).await;
        relay(stream, rest, operator, &link, &mut slot).await;
        Stats::release(&shared.stats.ocpp_connections);
    }
    if shared.links.release(&slot) {
        link.connection_changed(false).await;
    }
}

/// Dials the operator. If that fails, the charge point gets the operator's refusal, or one of ours.
async fn dial(
    mut pending: Box<PendingConnection>,
    shared: &Shared,
) -> Option<(Box<PendingConnection>, Operator)> {
    let Route::Tap(url) = &pending.authentication.route else {
        return None;
    };
    let charge_point = &pending.authentication.charge_point;
    let timeout = shared.config.tap.connect_timeout;
    let dialled = tokio::time::timeout(timeout, shared.upstream.dial(url, &pending.request)).await;
    match dialled.unwrap_or_else(|_| Err(DialError::Down("it does not answer".to_owned()))) {
        Ok(operator) => Some((pending, operator)),
        Err(DialError::Refused { status, response }) => {
            tracing::warn!(%charge_point, %status, "operator refused a tapped charge point; check its credentials there");
            Stats::count(&shared.stats.connections_refused);
            if pending.stream.write_all(&response).await.is_ok() {
                let _ = pending.stream.shutdown().await;
            }
            None
        }
        Err(DialError::Down(error)) => {
            tracing::warn!(%charge_point, %error, "tapped charge point refused: its operator cannot be reached; check its address");
            Stats::count(&shared.stats.tap_upstream_failures);
            emit_operator_link(shared, charge_point, false).await;
            pending.refuse(shared, &UNREACHABLE).await;
            None
        }
    }
}

/// Passes bytes between both sides while the observer runs.
async fn relay(
    mut stream: Stream,
    rest: Vec<u8>,
    operator: Operator,
    link: &TappedLink,
    slot: &mut ConnectionSlot,
) {
    let shared = &link.shared;
    let queue = Arc::new(Queue::new(shared.config.tap.max_queued));
    let copier = |origin| {
        MessageCopier::new(
            origin,
            shared.config.max_message_bytes,
            queue.clone(),
            shared.clock.clone(),
            shared.stats.clone(),
        )
    };
    let (mut from_charger, mut from_operator) = (copier(Origin::ChargePoint), copier(Origin::Csms));
    let Operator {
        stream: mut upstream,
        rest: upstream_rest,
        ..
    } = operator;
    // Bytes that arrived behind the request and behind the operator's response.
    if upstream.write_all(&rest).await.is_err() || stream.write_all(&upstream_rest).await.is_err() {
        return;
    }
    from_charger.copy(&rest);
    from_operator.copy(&upstream_rest);
    let (observed_link, observed_queue) = (link.clone(), queue.clone());
    let observer = supervise(
        move || observed_link.clone().observe(observed_queue.clone()),
        || link.record_panic(),
    );
    let mut shutdown = shared.shutdown.clone();
    let pumping = async {
        tokio::select! {
            () = pump::run(stream, upstream, from_charger, from_operator, &slot.liveness) => {}
            _ = &mut slot.replaced => {}
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
        }
        queue.close();
    };
    tokio::join!(pumping, observer);
}

/// Runs a task, and starts it again whenever it panics.
async fn supervise<F>(start: impl Fn() -> F, on_panic: impl Fn())
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(start()).await {
        if !error.is_panic() {
            return;
        }
        on_panic();
    }
}

#[cfg(test)]
mod tests;
