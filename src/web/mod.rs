//! F4: the page, the JSON API, server-sent events, metrics and health. Everything comes from the engine by question.

mod api;
mod commands;
mod events;
mod guard;
mod metrics;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::View;
use crate::model::{Fingerprint, Stats};

/// `[web]`.
#[derive(Clone, PartialEq, Debug)]
pub struct WebConfig {
    /// `enabled`.
    pub enabled: bool,
    /// `listen`, host:port. Loopback until there is a login.
    pub listen: String,
    /// `allowed_hosts`: further names that a reverse proxy passes on as `Host`. Others are refused, so that a foreign page in a browser
    /// cannot read this one through a name of its own (DNS rebinding).
    pub allowed_hosts: Vec<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { enabled: true, listen: "127.0.0.1:8310".into(), allowed_hosts: Vec::new() }
    }
}

/// What the page or a client wants.
#[derive(Clone, PartialEq, Debug)]
pub enum Wish {
    /// To know something.
    See(View),
    /// To undo an entry of the audit log of registers; answered once that is on disk.
    UndoCounterEvent(u64),
    /// To be told no more of an alert; answered once that is on disk, like all that follow.
    AckAlert {
        /// Which.
        fingerprint: Fingerprint,
        /// Who wishes it.
        by: String,
    },
    /// Not to be told of alerts for a while.
    SilenceAlerts {
        /// Labels (and `rule`, `severity`) with their values.
        matchers: Vec<(String, String)>,
        /// For how long, from now.
        duration_ms: i64,
        /// Who wishes it.
        by: String,
        /// Why.
        comment: String,
    },
    /// To end a silence.
    EndSilence(u64),
}

/// A wish and the way back.
#[derive(Debug)]
pub struct Question {
    /// What.
    pub wish: Wish,
    /// JSON, or why not.
    pub reply: oneshot::Sender<Result<String, String>>,
}

/// What `/readyz` answers, and what the page says about the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Everything works.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// How much faster than the world the clock runs.
    pub speed: u32,
    /// Simulated data.
    pub demo: bool,
}

/// What all handlers share.
#[derive(Clone)]
struct Site {
    questions: mpsc::Sender<Question>,
    stats: Arc<Stats>,
    health: watch::Receiver<Health>,
    settings: Arc<str>,
    events: events::Events,
}

/// Everything the web room needs from outside.
pub struct Surroundings {
    /// To the engine.
    pub questions: mpsc::Sender<Question>,
    /// Counters.
    pub stats: Arc<Stats>,
    /// State of the daemon.
    pub health: watch::Receiver<Health>,
    /// What `/api/v1/settings` answers: nothing secret.
    pub settings: Arc<str>,
    /// True when it is time to stop.
    pub shutdown: watch::Receiver<bool>,
}

impl Site {
    /// Asks the engine.
    async fn ask(&self, view: View) -> Result<String, String> {
        self.wish(Wish::See(view)).await
    }

    async fn wish(&self, wish: Wish) -> Result<String, String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the engine is stopping".to_owned();
        self.questions.send(Question { wish, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Serves until told to stop.
pub async fn run(config: WebConfig, listener: TcpListener, around: Surroundings) {
    let mut shutdown = around.shutdown.clone();
    let events = events::Events::new(around.shutdown);
    let site =
        Site { questions: around.questions, stats: around.stats, health: around.health, settings: around.settings, events };
    let feed = tokio::spawn(events::feed(site.clone()));
    let app = Router::new()
        .merge(page::routes())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .nest("/api/v1", api::routes())
        .fallback(|| async { api::problem(StatusCode::NOT_FOUND, "there is nothing at this address") })
        .layer(axum::middleware::from_fn_with_state(Arc::new(guard::Guard::new(&config, &listener)), guard::guard))
        .with_state(site);
    let stopped = async move { drop(shutdown.wait_for(|stop| *stop).await) };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the web server ended");
    }
    feed.abort();
}

async fn ready(State(site): State<Site>) -> Response {
    let health = site.health.borrow().clone();
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({ "ready": health.ready, "reasons": health.reasons });
    api::json(status, body.to_string())
}
