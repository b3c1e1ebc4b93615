//! Server-sent events: `health`, `overview`, `charge-points` and `alerts` once a second, computed once for all clients and only while there
//! are any.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::watch;

use super::caller::Caller;
use super::requests::Request;
use super::response::{problem, serialise};
use super::route::{Route, schema};
use super::state::ApiState;
use crate::engine::{AlertsQuery, ChargePointsQuery, OverviewQuery};

const INTERVAL: Duration = Duration::from_secs(1);
/// Pages that may be open at once.
const MAX_CLIENTS: usize = 64;
/// Names of the events, in the order in which they are sent.
const NAMES: [&str; 4] = ["health", "overview", "charge-points", "alerts"];

pub(super) const EVENTS: Route = Route {
    method: "get",
    path: "/events",
    summary: "Server-sent events with the newest overview, charge points and alerts",
    parameters: &[],
    media_type: "text/event-stream",
    body: None,
    response: schema::<String>,
    handler: || get(events),
};

/// The newest data of each event, for every client.
#[derive(Clone)]
pub(super) struct Events {
    newest: watch::Sender<Arc<[String; 4]>>,
    clients: Arc<AtomicUsize>,
    shutdown: watch::Receiver<bool>,
}

impl Events {
    pub(super) fn new(shutdown: watch::Receiver<bool>) -> Self {
        Self {
            newest: watch::Sender::new(Arc::default()),
            clients: Arc::default(),
            shutdown,
        }
    }
}

/// The event `health`.
#[derive(Serialize)]
struct HealthEvent {
    demo: bool,
    ready: bool,
    reasons: Vec<String>,
    speed: u32,
}

/// Requests the newest data once a second while any client is connected.
pub(crate) async fn poll(state: ApiState) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if state.events.clients.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let Ok(newest) = newest(&state).await else {
            return;
        };
        state.events.newest.send_replace(Arc::new(newest));
    }
}

async fn newest(state: &ApiState) -> Result<[String; 4], String> {
    let health = state.health.borrow().clone();
    let health = HealthEvent {
        demo: health.demo,
        ready: health.ready,
        reasons: health.reasons,
        speed: health.speed,
    };
    Ok([
        serialise(health).await?,
        answer(state, OverviewQuery).await?,
        answer(state, ChargePointsQuery).await?,
        answer(state, AlertsQuery).await?,
    ])
}

async fn answer<R: Request<Response: Serialize>>(
    state: &ApiState,
    request: R,
) -> Result<String, String> {
    serialise(state.engine.request(request).await?).await
}

/// Counts a client while its stream is open.
struct ClientSlot(Arc<AtomicUsize>);

impl Drop for ClientSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One client's stream.
struct Client {
    newest: watch::Receiver<Arc<[String; 4]>>,
    shutdown: watch::Receiver<bool>,
    caller: Caller,
    /// Events still to be sent, the last one first.
    pending: Vec<(&'static str, String)>,
    _slot: ClientSlot,
}

impl Client {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.pending.is_empty() {
            let changed = tokio::select! {
                changed = self.newest.changed() => changed.is_ok(),
                () = async { drop(self.shutdown.wait_for(|stop| *stop).await) } => false,
            };
            // A page that stays open must not outlive its login.
            if !changed || !(self.caller.is_still_valid)() {
                return None;
            }
            let newest = self.newest.borrow_and_update().clone();
            self.pending = NAMES
                .into_iter()
                .zip(newest.iter().cloned())
                .rev()
                .collect();
        }
        let (name, data) = self.pending.pop()?;
        Some((Ok(Event::default().event(name).data(data)), self))
    }
}

async fn events(State(state): State<ApiState>, Extension(caller): Extension<Caller>) -> Response {
    let events = state.events;
    let before = events.clients.fetch_add(1, Ordering::Relaxed);
    let slot = ClientSlot(events.clients.clone());
    if before >= MAX_CLIENTS {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many pages are open at once; /api/v1/overview can be polled instead",
        );
    }
    let client = Client {
        newest: events.newest.subscribe(),
        shutdown: events.shutdown,
        caller,
        pending: Vec::new(),
        _slot: slot,
    };
    Sse::new(stream::unfold(client, Client::next))
        .keep_alive(KeepAlive::default())
        .into_response()
}
