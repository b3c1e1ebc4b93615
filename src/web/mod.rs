//! F4: the web server: static files, access (login, roles, sessions), TLS, metrics and health. The JSON API is the room `api`.

mod access;
mod guard;
mod limited_listener;
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
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub use access::{Accounts, AccountsError};

use limited_listener::LimitedListener;

use crate::api::requests::EngineClient;
use crate::api::{self, ApiState, Caller, Health};
use crate::model::Stats;
use crate::units::Zone;

/// Settings of the section `[web]`.
#[derive(Clone, PartialEq, Debug)]
pub struct WebConfig {
    /// `enabled`: false serves neither page nor API.
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
    /// `behind_proxy`: a reverse proxy does TLS and passes the client address on in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// `allow_plain_http`: passwords may cross the network unencrypted.
    pub allow_plain_http: bool,
    /// `session_idle`: a session that is not used for so long ends.
    pub session_idle: Duration,
    /// `session_max`: a session ends after so long.
    pub session_max: Duration,
    /// `max_connections` by each of the two ways.
    pub max_connections: usize,
    /// `max_sessions`: sessions of people at once.
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

/// What the handlers of this room share.
#[derive(Clone)]
struct WebState {
    stats: Arc<Stats>,
    health: watch::Receiver<Health>,
    access: Arc<access::Access>,
}

/// Everything that the web server needs from other rooms.
pub struct Deps {
    /// To the engine.
    pub engine: EngineClient,
    /// Counters of the daemon, for `/metrics`.
    pub stats: Arc<Stats>,
    /// State of the daemon.
    pub health: watch::Receiver<Health>,
    /// Users and tokens.
    pub accounts: watch::Receiver<Arc<Accounts>>,
    /// Answer of `/api/v1/settings`: JSON without secrets.
    pub settings: Arc<str>,
    /// The clock by which days in requests are meant.
    pub zone: &'static Zone,
    /// True when it is time to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// The sockets that the web server accepts connections from.
pub struct Listeners {
    /// The socket of `web.listen`.
    pub plain: TcpListener,
    /// The socket of `web.tls_listen`; `None` where that is not set.
    pub tls: Option<(TcpListener, TlsAcceptor)>,
}

/// Serves until `deps.shutdown`.
pub async fn run(config: WebConfig, listeners: Listeners, deps: Deps) {
    let Listeners { plain, tls } = listeners;
    let max_connections = config.max_connections;
    let shutdown = deps.shutdown.clone();
    let secured = tls
        .map(|(listener, acceptor)| tls::Secured::new(listener, acceptor))
        .transpose();
    let guard = Arc::new(guard::Guard::new(
        &config,
        &plain,
        !matches!(secured, Ok(None)),
    ));
    let (app, poll) = router(&config, &plain, guard, deps);
    let poll = tokio::spawn(poll);
    let app = app.into_make_service_with_connect_info::<access::Peer>();
    let secured = async {
        match secured {
            Ok(None) => Ok(()),
            Ok(Some(secured)) => {
                axum::serve(LimitedListener::new(secured, max_connections), app.clone())
                    .with_graceful_shutdown(stopped(shutdown.clone()))
                    .await
            }
            Err(error) => Err(error),
        }
    };
    let plain = axum::serve(LimitedListener::new(plain, max_connections), app.clone())
        .with_graceful_shutdown(stopped(shutdown.clone()))
        .into_future();
    let (plain, secured) = tokio::join!(plain, secured);
    for error in [plain, secured].into_iter().filter_map(Result::err) {
        tracing::error!(%error, "the web server ended");
    }
    poll.abort();
}

async fn stopped(mut shutdown: watch::Receiver<bool>) {
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// All routes behind guard and gate, and the task that feeds event streams.
fn router(
    config: &WebConfig,
    listener: &TcpListener,
    guard: Arc<guard::Guard>,
    deps: Deps,
) -> (Router, impl Future<Output = ()> + Send + 'static) {
    let loopback = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let access = Arc::new(access::Access::new(config, loopback, deps.accounts));
    let state = WebState {
        stats: deps.stats.clone(),
        health: deps.health.clone(),
        access: access.clone(),
    };
    let api_state = ApiState::new(
        deps.engine,
        deps.stats,
        deps.health,
        deps.settings,
        deps.zone,
        deps.shutdown,
    );
    let poll = api::poll_events(api_state.clone());
    let router = Router::new()
        .merge(page::routes())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .merge(access::routes())
        .nest("/api/v1", api::router().with_state(api_state))
        .fallback(|| async {
            api::problem(StatusCode::NOT_FOUND, "there is nothing at this address")
        })
        .layer(axum::middleware::from_fn_with_state(access, access::gate))
        .layer(axum::middleware::from_fn_with_state(guard, guard::guard))
        .with_state(state);
    (router, poll)
}

/// Answer of `/readyz`.
#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<String>,
    warnings: Vec<String>,
}

async fn ready(State(state): State<WebState>, caller: Option<Extension<Caller>>) -> Response {
    let health = state.health.borrow().clone();
    let mut readiness = Readiness {
        ready: health.ready,
        reasons: health.reasons,
        warnings: health.warnings,
    };
    for words in [&mut readiness.reasons, &mut readiness.warnings] {
        if caller.is_none() && !words.is_empty() {
            // Names of brokers and paths need a login.
            *words = vec!["log in, or send a token, to read why".to_owned()];
        }
    }
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // Texts and a flag always serialise.
    api::json(
        status,
        serde_json::to_string(&readiness).unwrap_or_default(),
    )
}
