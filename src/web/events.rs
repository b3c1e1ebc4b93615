//! Server-sent events: `overview`, `charge-points` and `alerts` once a second, computed once for all clients and only while there are any.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::access::Caller;
use super::{Site, api};
use crate::engine::View;

const INTERVAL: Duration = Duration::from_secs(1);
/// Pages that may be open at once.
const MAX_CLIENTS: usize = 64;

/// The newest state, for every client.
#[derive(Clone)]
pub(super) struct Events {
    newest: watch::Sender<Arc<[String; 4]>>,
    clients: Arc<AtomicUsize>,
    shutdown: watch::Receiver<bool>,
}

impl Events {
    pub fn new(shutdown: watch::Receiver<bool>) -> Self {
        Self {
            newest: watch::Sender::new(Arc::default()),
            clients: Arc::default(),
            shutdown,
        }
    }
}

/// Asks the engine once a second while somebody looks.
pub(super) async fn feed(site: Site) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if site.events.clients.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let mut answers = Vec::with_capacity(3);
        for view in [View::Overview, View::ChargePoints, View::Alerts] {
            match site.ask(view).await {
                Ok(answer) => answers.push(answer),
                Err(_) => return,
            }
        }
        let Ok([overview, charge_points, alerts]) = <[String; 3]>::try_from(answers) else {
            return;
        };
        let health = site.health.borrow().clone();
        let health =
            serde_json::json!({ "ready": health.ready, "reasons": health.reasons, "speed": health.speed, "demo": health.demo })
                .to_string();
        site.events
            .newest
            .send_replace(Arc::new([health, overview, charge_points, alerts]));
    }
}

/// Counts a client while its stream lives.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `/api/v1/events`.
pub(super) async fn stream(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let (events, access) = (site.events, site.access);
    let before = events.clients.fetch_add(1, Ordering::Relaxed);
    let seat = Seat(events.clients.clone());
    if before >= MAX_CLIENTS {
        return api::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many pages are open at once; /api/v1/overview can be asked instead",
        );
    }
    let receiver = events.newest.subscribe();
    let start = (
        receiver,
        events.shutdown,
        seat,
        Vec::new(),
        (access, caller),
    );
    let stream = stream::unfold(
        start,
        |(mut receiver, mut shutdown, seat, mut pending, who)| async move {
            if pending.is_empty() {
                let changed = tokio::select! {
                    changed = receiver.changed() => changed.is_ok(),
                    () = async { drop(shutdown.wait_for(|stop| *stop).await) } => false,
                };
                // A page that stays open must not outlive its login.
                if !changed || !who.0.still(&who.1) {
                    return None;
                }
                let newest = receiver.borrow_and_update().clone();
                // Taken from the end: the daemon's health first.
                pending = ["health", "overview", "charge-points", "alerts"]
                    .into_iter()
                    .zip(newest.iter().cloned())
                    .rev()
                    .collect();
            }
            let (name, data) = pending.pop()?;
            Some((
                Ok::<_, Infallible>(Event::default().event(name).data(data)),
                (receiver, shutdown, seat, pending, who),
            ))
        },
    );
    Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response()
}
