//! The tap: a charge point talks to its operator's central system through us, and neither notices.
//!
//! The operator is dialled before the charge point is answered, with its path, credentials and subprotocols; a refusal is passed on as it
//! is. Then bytes pass unchanged in both directions, and nothing of ours is ever put between them. Whoever listens has a copy, behind a
//! bounded queue. When the operator is away, the charge point's link is closed, so that it goes offline as it was built to.

mod config;
mod observer_task;
mod pump;
mod queue;
mod upstream;

use std::future::Future;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;

pub use self::config::TapConfig;
use self::pump::StreamTap;
use self::queue::Queue;
pub use self::upstream::Upstream;
use self::upstream::{DialError, Operator};
use crate::model::{OcppVersion, Stats};
use crate::ocpp::codec::observer::Origin;
use crate::ocpp::server::handshake::Refusal;
use crate::ocpp::server::links::{AuthMethod, ConnectionSlot};
use crate::ocpp::server::subprotocol::version_of;
use crate::ocpp::server::{PendingConnection, Route, Shared, Stream};
use crate::ocpp::tap::observer_task::LinkObserver;

const UNREACHABLE: Refusal = Refusal {
    status: "502 Bad Gateway",
    text: "The operator's central system cannot be reached; try again.\n",
};

/// Leads a charge point to its operator, to the end of its link.
pub(crate) async fn serve(pending: Box<PendingConnection>, shared: Arc<Shared>) {
    let Route::Tap(url) = &pending.authentication.route else {
        return;
    };
    let charge_point = pending.authentication.charge_point.clone();
    let dialled = tokio::time::timeout(
        shared.config.tap.connect_timeout,
        shared.upstream.dial(url, &pending.request),
    );
    let operator = match dialled
        .await
        .unwrap_or_else(|_| Err(DialError::Down("it does not answer".to_owned())))
    {
        Ok(operator) => operator,
        Err(DialError::Refused { status, answer }) => {
            tracing::warn!(%charge_point, %status, "its operator refused it");
            Stats::count(&shared.stats.connections_refused);
            let mut stream = pending.stream;
            if stream.write_all(&answer).await.is_ok() {
                let _ = stream.shutdown().await;
            }
            return;
        }
        Err(DialError::Down(error)) => {
            tracing::warn!(%charge_point, %error, "its operator cannot be reached");
            Stats::count(&shared.stats.tap_upstream_failures);
            observer_task::tell_operator_link(&shared, &charge_point, false).await;
            return pending.refuse(&shared, &UNREACHABLE).await;
        }
    };
    // The operator has checked what the charge point showed it.
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
    let version = operator
        .protocol
        .as_deref()
        .and_then(version_of)
        .unwrap_or(OcppVersion::V16);
    let captured = shared.capture.wants(&charge_point);
    let observer_link = LinkObserver {
        charge_point,
        version,
        captured,
        shared: shared.clone(),
    };
    let PendingConnection {
        mut stream,
        request,
        rest,
        ..
    } = *pending;
    if request
        .accept(&mut stream, operator.protocol.as_deref(), false)
        .await
        .is_ok()
    {
        drop(request);
        Stats::count(&shared.stats.ocpp_connections);
        observer_link.went(true).await;
        observer_task::tell_operator_link(&shared, &observer_link.charge_point, true).await;
        connect(stream, rest, operator, &observer_link, &mut slot).await;
        Stats::release(&shared.stats.ocpp_connections);
    }
    if shared.links.release(&slot) {
        observer_link.went(false).await;
    }
}

/// Joins both sides, and has somebody listen.
async fn connect(
    mut stream: Stream,
    rest: Vec<u8>,
    operator: Operator,
    observer_link: &LinkObserver,
    slot: &mut ConnectionSlot,
) {
    let shared = &observer_link.shared;
    let queue = Arc::new(Queue::new(shared.config.tap.max_queued));
    let tap = |origin| {
        StreamTap::new(
            origin,
            shared.config.max_message_bytes,
            queue.clone(),
            shared.clock.clone(),
            shared.stats.clone(),
        )
    };
    let (mut from_charger, mut from_operator) = (tap(Origin::ChargePoint), tap(Origin::Csms));
    let Operator {
        stream: mut upstream,
        rest: answered,
        ..
    } = operator;
    // What either side said before the line was joined.
    if upstream.write_all(&rest).await.is_err() || stream.write_all(&answered).await.is_err() {
        return;
    }
    from_charger.hear(&rest);
    from_operator.hear(&answered);
    let (listens, heard_from) = (observer_link.clone(), queue.clone());
    let listening = stay(
        move || listens.clone().run(heard_from.clone()),
        || observer_link.died(),
    );
    let mut shutdown = shared.shutdown.clone();
    let line = async {
        tokio::select! {
            () = pump::run(stream, upstream, from_charger, from_operator, &slot.liveness) => {}
            _ = &mut slot.replaced => {}
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
        }
        queue.end();
    };
    tokio::join!(line, listening);
}

/// Keeps somebody listening: runs it as a task of its own, and another one if it dies.
async fn stay<F>(begin: impl Fn() -> F, died: impl Fn())
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(begin()).await {
        if !error.is_panic() {
            return;
        }
        died();
    }
}

#[cfg(test)]
mod tests;
