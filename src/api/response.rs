//! Responses: a structure as JSON, or `{"error": ...}` with a status.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    /// 400: a parameter or the body is wrong.
    pub(super) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        problem(self.status, &self.text)
    }
}

/// The body of a refusal.
#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorBody<'a> {
    /// What is wrong, and what to do.
    error: &'a str,
}

/// A refusal with its reason as JSON.
pub(crate) fn problem(status: StatusCode, text: &str) -> Response {
    // A structure of one text always serialises.
    let body = serde_json::to_string(&ErrorBody { error: text }).unwrap_or_default();
    json(status, body)
}

/// JSON text as a response.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        body,
    )
        .into_response()
}

/// Serialises an answer on a thread of its own: all sockets share one thread, and a year of quarter hours is some MB.
pub(super) async fn serialise<T: Serialize + Send + 'static>(answer: T) -> Result<String, String> {
    let text = tokio::task::spawn_blocking(move || serde_json::to_string(&answer)).await;
    match text {
        Ok(text) => text.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The engine's answer as a response; `refused` is the status of a refusal.
pub(super) async fn respond<T: Serialize + Send + 'static>(
    answer: Result<T, String>,
    refused: StatusCode,
) -> Response {
    let answer = match answer {
        Ok(answer) => answer,
        Err(reason) => return problem(refused, &reason),
    };
    match serialise(answer).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(reason) => problem(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}
