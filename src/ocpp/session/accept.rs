//! Accepts an authenticated connection: acquires its slot, agrees on an OCPP version, and serves the session until it ends.

use std::sync::Arc;

use super::ChargePointSession;
use crate::model::{OcppVersion, Stats};
use crate::ocpp::server::links::ConnectionSlot;
use crate::ocpp::server::subprotocol::choose;
use crate::ocpp::server::{Authentication, PendingConnection, Route, Shared};
use crate::ocpp::websocket::{Socket, close};

/// Completes the WebSocket handshake of a charge point and serves its session until it ends.
pub(crate) async fn serve(pending: Box<PendingConnection>, shared: Arc<Shared>) {
    // On the heap, to be freed when it is done: a task keeps room for its largest future as long as it lives.
    let Some((mut session, mut slot)) = Box::pin(accept(pending, &shared)).await else {
        return;
    };
    Stats::count(&shared.stats.ocpp_connections);
    session.connection_opened().await;
    session.run(&mut slot).await;
    Stats::release(&shared.stats.ocpp_connections);
    if shared.links.release(&slot) {
        session.connection_closed().await;
    }
}

/// Acquires the slot, which replaces an older connection, and completes the handshake; `None` if the connection was refused.
async fn accept(
    pending: Box<PendingConnection>,
    shared: &Arc<Shared>,
) -> Option<(ChargePointSession, ConnectionSlot)> {
    let Authentication {
        charge_point,
        method,
        route,
    } = pending.authentication.clone();
    let slot = match shared
        .acquire_slot(&charge_point, method, pending.address)
        .await
    {
        Ok(slot) => slot,
        Err(refusal) => {
            pending.refuse(shared, &refusal).await;
            return None;
        }
    };
    let PendingConnection {
        mut stream,
        request,
        rest,
        ..
    } = *pending;
    let agreed = agree_on_version(shared, &charge_point, &request.protocols);
    let protocol = agreed.and_then(|(_, spelling)| spelling);
    let accepted = request
        .accept(&mut stream, protocol, shared.config.deflate)
        .await;
    let Ok(deflate) = accepted else {
        shared.links.release(&slot);
        return None;
    };
    let mut session = ChargePointSession::new(
        Socket::new(stream, rest, shared.config.max_message_bytes, deflate),
        charge_point,
        agreed.map_or(OcppVersion::V16, |(version, _)| version),
        route == Route::Quarantine,
        shared.clone(),
    );
    if agreed.is_none() {
        // OCPP-J 1.6 section 4.2, OCPP 2.0.1 part 4 section 3.2: without a version in common the handshake completes without a
        // subprotocol, and the connection is closed.
        Stats::count(&shared.stats.connections_refused);
        shared.links.release(&slot);
        session
            .close(close::PROTOCOL, "no OCPP version in common")
            .await;
        return None;
    }
    Some((session, slot))
}

/// The version to use, and the subprotocol in the client's spelling; `None` for the latter if the client offered none.
fn agree_on_version<'a>(
    shared: &Shared,
    charge_point: &str,
    offered: &'a [String],
) -> Option<(OcppVersion, Option<&'a str>)> {
    let register = shared.register.borrow().clone();
    let enabled = register
        .charge_point(charge_point)
        .and_then(|known| known.ocpp_versions.as_deref())
        .unwrap_or(&shared.config.versions);
    if let Some((version, spelling)) = choose(offered, enabled) {
        return Some((version, Some(spelling)));
    }
    // RFC 6455 section 4.2.2: a client that offered no subprotocol must get none.
    if offered.is_empty()
        && !shared.config.require_subprotocol
        && enabled.contains(&OcppVersion::V16)
    {
        return Some((OcppVersion::V16, None));
    }
    let enabled: Vec<_> = enabled.iter().map(|version| version.name()).collect();
    tracing::warn!(
        %charge_point,
        ?offered,
        ?enabled,
        "connection refused: no OCPP version in common; enable one of those offered in `ocpp.versions` or the register"
    );
    None
}
