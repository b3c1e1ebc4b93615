//! `/api/v1/rejects`, `/settings` and `/me`: answered without the engine.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::{AuthMethod, Caller, Role};
use super::response::{json, respond};
use super::route::{Route, schema};
use super::state::ApiState;
use crate::model::{Reject, RejectReason};

pub(super) const REJECTS: Route = Route {
    method: "get",
    path: "/rejects",
    summary: "Rejected messages and ignored fields",
    parameters: &[],
    media_type: "application/json",
    body: None,
    response: schema::<RejectsView>,
    handler: || get(rejects),
};

/// Rejected messages and ignored fields since the start.
#[derive(Serialize, JsonSchema)]
struct RejectsView {
    /// Rejected messages by source and reason.
    counts: Vec<RejectCount>,
    /// Fields of accepted messages that were ignored, by name and reason.
    ignored_fields: Vec<IgnoredField>,
    /// Ignored fields beyond the names that are counted.
    ignored_fields_further: u64,
    /// The newest rejected messages.
    newest: Vec<Reject>,
}

#[derive(Serialize, JsonSchema)]
struct RejectCount {
    /// Number of messages rejected for this reason.
    count: u64,
    /// Why they were rejected.
    reason: &'static str,
    /// `mqtt` or `ocpp`.
    source: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct IgnoredField {
    /// How often the field was ignored for this reason.
    count: u64,
    /// Name of the field.
    field: String,
    /// Why it was ignored.
    reason: RejectReason,
}

async fn rejects(State(state): State<ApiState>) -> Response {
    let counts = state.stats.snapshot().rejects;
    let (ignored, ignored_fields_further) = state.stats.ignored();
    let view = RejectsView {
        counts: counts
            .into_iter()
            .map(|(source, reason, count)| RejectCount {
                count,
                reason,
                source,
            })
            .collect(),
        ignored_fields: ignored
            .into_iter()
            .map(|(field, reason, count)| IgnoredField {
                count,
                field,
                reason,
            })
            .collect(),
        ignored_fields_further,
        newest: state.stats.rejects(),
    };
    respond(Ok(view), StatusCode::SERVICE_UNAVAILABLE).await
}

pub(super) const SETTINGS: Route = Route {
    method: "get",
    path: "/settings",
    summary: "Version and configuration, without secrets",
    parameters: &[],
    media_type: "application/json",
    body: None,
    response: schema::<SettingsView>,
    handler: || get(settings),
};

/// Describes the text that the configuration makes once at the start.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct SettingsView {
    /// Version of the program.
    version: String,
    /// Keys that are set, with value and origin.
    settings: Vec<serde_json::Value>,
}

async fn settings(State(state): State<ApiState>) -> Response {
    json(StatusCode::OK, state.settings.to_string())
}

pub(super) const ME: Route = Route {
    method: "get",
    path: "/me",
    summary: "The caller and its role",
    parameters: &[],
    media_type: "application/json",
    body: None,
    response: schema::<MeView>,
    handler: || get(me),
};

/// The caller and its role.
#[derive(Serialize, JsonSchema)]
struct MeView {
    /// Seconds until the session ends at the latest.
    expires_in_s: Option<u64>,
    /// Whether any person can log in.
    has_users: bool,
    /// How the caller authenticated.
    login: AuthMethod,
    /// Name of the user or token.
    name: Option<Arc<str>>,
    /// What the caller may do.
    role: Role,
}

async fn me(Extension(caller): Extension<Caller>) -> Response {
    let view = MeView {
        expires_in_s: caller.expires_in_s,
        has_users: caller.has_users,
        login: caller.method,
        name: caller.name,
        role: caller.role,
    };
    respond(Ok(view), StatusCode::SERVICE_UNAVAILABLE).await
}
