//! F4: the page, the JSON API, server-sent events, metrics and health. Everything comes from the engine by question.

mod access;
mod api;
mod commands;
mod entrance;
mod events;
mod guard;
mod history;
mod metrics;
mod page;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;

pub use access::{Accounts, AccountsError, Role};

use entrance::Entrance;

use crate::engine::View;
use crate::model::{Fingerprint, Stats};
use crate::units::Zone;

/// `[web]`.
#[derive(Clone, PartialEq, Debug)]
pub struct WebConfig {
    /// `enabled`.
    pub enabled: bool,
    /// `listen`, host:port: without TLS. Beyond loopback only with users or tokens.
    pub listen: String,
    /// `tls_listen`: over TLS, and never without a login.
    pub tls_listen: Option<String>,
    /// `certificate_file`: our certificate and its chain, PEM.
    pub certificate_file: Option<PathBuf>,
    /// `key_file`: its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// `users_file`: lines `name:role:hash` of people.
    pub users_file: Option<PathBuf>,
    /// `tokens_file`: lines `name:role:hash` of programs.
    pub tokens_file: Option<PathBuf>,
    /// `require_login`: on loopback too.
    pub require_login: bool,
    /// `behind_proxy`: a reverse proxy does TLS and passes on who asks in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// `allow_plain_http`: passwords may cross the network unencrypted.
    pub allow_plain_http: bool,
    /// `session_idle`: a session that is not used for so long ends.
    pub session_idle: Duration,
    /// `session_max`: a session ends after so long.
    pub session_max: Duration,
    /// `max_connections` by each of the two ways.
    pub max_connections: usize,
    /// `max_sessions`.
    pub max_sessions: usize,
    /// `max_failed_logins` of an address, and of a name, in a minute.
    pub max_failed_logins: u32,
    /// `allowed_hosts`: further names that a reverse proxy passes on as `Host`. Others are refused, so that a foreign page in a browser
    /// cannot read this one through a name of its own (DNS rebinding).
    pub allowed_hosts: Vec<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            enabled: true,
            listen: "127.0.0.1:8310".into(),
            tls_listen: None,
            certificate_file: None,
            key_file: None,
            users_file: None,
            tokens_file: None,
            require_login: false,
            behind_proxy: false,
            allow_plain_http: false,
            session_idle: HOUR,
            session_max: 12 * HOUR,
            max_connections: 500,
            max_sessions: 1_000,
            max_failed_logins: 10,
            allowed_hosts: Vec::new(),
        }
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
    /// What does not work although everything that comes in is taken.
    pub warnings: Vec<String>,
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
    zone: &'static Zone,
    events: events::Events,
    access: Arc<access::Access>,
}

/// Everything the web room needs from outside.
pub struct Surroundings {
    /// To the engine.
    pub questions: mpsc::Sender<Question>,
    /// Counters.
    pub stats: Arc<Stats>,
    /// State of the daemon.
    pub health: watch::Receiver<Health>,
    /// Who may come in.
    pub accounts: watch::Receiver<Arc<Accounts>>,
    /// What `/api/v1/settings` answers: nothing secret.
    pub settings: Arc<str>,
    /// The clocks by which days in requests are meant.
    pub zone: &'static Zone,
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
        self.questions
            .send(Question { wish, reply })
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Where browsers and programs come in.
pub struct Entrances {
    /// `web.listen`.
    pub plain: TcpListener,
    /// `web.tls_listen`.
    pub tls: Option<(TcpListener, TlsAcceptor)>,
}

/// Serves until told to stop.
pub async fn run(config: WebConfig, entrances: Entrances, around: Surroundings) {
    let Entrances { plain, tls } = entrances;
    let mut shutdown = around.shutdown.clone();
    let events = events::Events::new(around.shutdown);
    let seats = config.max_connections;
    let loopback = plain
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let access = Arc::new(access::Access::new(&config, loopback, around.accounts));
    let site = Site {
        questions: around.questions,
        stats: around.stats,
        health: around.health,
        settings: around.settings,
        zone: around.zone,
        events,
        access: access.clone(),
    };
    let guard = Arc::new(guard::Guard::new(&config, &plain, tls.is_some()));
    let feed = tokio::spawn(events::feed(site.clone()));
    let app = Router::new()
        .merge(page::routes())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .merge(access::routes())
        .nest("/api/v1", api::routes())
        .fallback(|| async {
            api::problem(StatusCode::NOT_FOUND, "there is nothing at this address")
        })
        .layer(axum::middleware::from_fn_with_state(access, access::gate))
        .layer(axum::middleware::from_fn_with_state(guard, guard::guard))
        .with_state(site)
        .into_make_service_with_connect_info::<access::Peer>();
    let mut also = shutdown.clone();
    let stopped = async move { drop(shutdown.wait_for(|stop| *stop).await) };
    let also_stopped = async move { drop(also.wait_for(|stop| *stop).await) };
    let secured = tls
        .map(|(listener, acceptor)| tls::Secured::new(listener, acceptor))
        .transpose();
    let secured = async {
        match secured {
            Ok(None) => Ok(()),
            Ok(Some(secured)) => {
                axum::serve(Entrance::new(secured, seats), app.clone())
                    .with_graceful_shutdown(also_stopped)
                    .await
            }
            Err(error) => Err(error),
        }
    };
    let plain = axum::serve(Entrance::new(plain, seats), app.clone())
        .with_graceful_shutdown(stopped)
        .into_future();
    let (plain, secured) = tokio::join!(plain, secured);
    for error in [plain, secured].into_iter().filter_map(Result::err) {
        tracing::error!(%error, "the web server ended");
    }
    feed.abort();
}

async fn ready(State(site): State<Site>, caller: Option<Extension<access::Caller>>) -> Response {
    let mut health = site.health.borrow().clone();
    for words in [&mut health.reasons, &mut health.warnings] {
        if caller.is_none() && !words.is_empty() {
            // Names of brokers and paths are not for everybody on the network.
            *words = vec!["log in, or send a token, to read why".to_owned()];
        }
    }
    let status = if health.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({ "ready": health.ready, "reasons": health.reasons, "warnings": health.warnings });
    api::json(status, body.to_string())
}
