//! A charge point that the door lets in: a version in common, the place of older links, and then its connection to the end.

use std::sync::Arc;

use super::connection::Link;
use crate::model::{LinkMode, OcppVersion, Stats};
use crate::ocpp::server::links::ConnectionSlot;
use crate::ocpp::server::subprotocol::choose;
use crate::ocpp::server::{Authentication, PendingConnection, Route, Shared};
use crate::ocpp::websocket::{Socket, close};

/// Answers a charge point's request for a WebSocket and serves it to its end.
pub(crate) async fn serve(pending: Box<PendingConnection>, shared: Arc<Shared>) {
    // On the heap, to be gone when it is done: a task keeps room for the largest of its moments as long as it lives.
    let Some((mut link, mut slot)) = Box::pin(welcome(pending, &shared)).await else {
        return;
    };
    Stats::count(&shared.stats.ocpp_connections);
    link.went(Some((link.version, LinkMode::Csms))).await;
    link.run(&mut slot).await;
    Stats::release(&shared.stats.ocpp_connections);
    if shared.links.release(&slot) {
        link.went(None).await;
    }
}

/// Agrees on a version and takes the place of older links; `None` if it was turned away.
async fn welcome(
    pending: Box<PendingConnection>,
    shared: &Arc<Shared>,
) -> Option<(Link, ConnectionSlot)> {
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
    let register = shared.register.borrow().clone();
    let enabled = register
        .charge_point(&charge_point)
        .and_then(|known| known.ocpp_versions.as_deref());
    let enabled = enabled.unwrap_or(&shared.config.versions);
    let chosen = match choose(&request.protocols, enabled) {
        Some((version, spelling)) => Some((version, Some(spelling))),
        // A client that offered none must get none.
        None if request.protocols.is_empty()
            && !shared.config.require_subprotocol
            && enabled.contains(&OcppVersion::V16) =>
        {
            Some((OcppVersion::V16, None))
        }
        None => {
            let spoken: Vec<_> = enabled.iter().map(|version| version.name()).collect();
            tracing::warn!(%charge_point, offered = ?request.protocols, ?spoken, "refused: no OCPP version in common");
            None
        }
    };
    let protocol = chosen.and_then(|(_, spelling)| spelling);
    let accepted = request
        .accept(&mut stream, protocol, shared.config.deflate)
        .await;
    let Ok(deflate) = accepted else {
        shared.links.release(&slot);
        return None;
    };
    let socket = Socket::new(stream, rest, shared.config.max_message_bytes, deflate);
    let version = chosen.map_or(OcppVersion::V16, |(version, _)| version);
    let mut link = Link::new(
        socket,
        charge_point,
        version,
        route == Route::Quarantine,
        shared.clone(),
    );
    if chosen.is_none() {
        // OCPP-J 1.6 section 4.2, OCPP 2.0.1 part 4 section 3.2: no version in common is said by a handshake without one, and goodbye.
        Stats::count(&shared.stats.connections_refused);
        shared.links.release(&slot);
        link.close(close::PROTOCOL, "no OCPP version in common")
            .await;
        return None;
    }
    Some((link, slot))
}
