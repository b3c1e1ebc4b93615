//! A route: its description for the router, the OpenAPI document and the tests, and the generic handlers of GET and POST.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Query as QueryString, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::caller::Caller;
use super::parameters::{Parameter, Values};
use super::requests::Request;
use super::response::{Problem, respond};
use super::state::ApiState;
use crate::engine::{Command, Query};

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route of the API.
pub struct Route {
    /// `get` or `post`.
    pub method: &'static str,
    /// Path below `/api/v1`.
    pub path: &'static str,
    /// One line for the document.
    pub summary: &'static str,
    /// Query parameters that the route accepts.
    pub parameters: &'static [Parameter],
    /// Type of the response's body.
    pub media_type: &'static str,
    pub(super) body: Option<SchemaOf>,
    pub(super) response: SchemaOf,
    pub(super) handler: fn() -> MethodRouter<ApiState>,
}

/// A GET. Its parameters become a typed request.
pub(super) trait Get: 'static {
    const PATH: &'static str;
    const SUMMARY: &'static str;
    const PARAMETERS: &'static [Parameter];
    type Request: Request<Response: Serialize + JsonSchema>;

    fn request(values: &Values) -> Result<Self::Request, Problem>;
}

/// A POST. Its body becomes a command.
pub(super) trait Post: 'static {
    const PATH: &'static str;
    const SUMMARY: &'static str;
    /// An example of the body, for the refusal of another one.
    const BODY: &'static str;
    type Body: DeserializeOwned + JsonSchema + Send;
    type Command: Command<Response: Serialize + JsonSchema>;

    fn command(body: Self::Body, caller: &Caller) -> Result<Self::Command, String>;

    /// What was done, for the log.
    fn log_text(command: &Self::Command) -> String;
}

pub(super) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Route {
    /// A GET without parameters.
    pub(super) const fn plain<Q>(path: &'static str, summary: &'static str) -> Self
    where
        Q: Query<Response: Serialize + JsonSchema> + Default,
    {
        Self {
            method: "get",
            path,
            summary,
            parameters: &[],
            media_type: "application/json",
            body: None,
            response: schema::<Q::Response>,
            handler: plain_router::<Q>,
        }
    }

    /// A GET with parameters.
    pub(super) const fn get<G: Get>() -> Self {
        Self {
            method: "get",
            path: G::PATH,
            summary: G::SUMMARY,
            parameters: G::PARAMETERS,
            media_type: "application/json",
            body: None,
            response: schema::<<G::Request as Request>::Response>,
            handler: get_router::<G>,
        }
    }

    /// The route of a POST.
    pub(super) const fn post<P: Post>() -> Self {
        Self {
            method: "post",
            path: P::PATH,
            summary: P::SUMMARY,
            parameters: &[],
            media_type: "application/json",
            body: Some(schema::<P::Body>),
            response: schema::<<P::Command as Command>::Response>,
            handler: post_router::<P>,
        }
    }

    pub(super) fn handler(&self) -> MethodRouter<ApiState> {
        (self.handler)()
    }
}

fn plain_router<Q>() -> MethodRouter<ApiState>
where
    Q: Query<Response: Serialize + JsonSchema> + Default,
{
    get(handle_plain::<Q>)
}

async fn handle_plain<Q>(
    State(state): State<ApiState>,
    QueryString(values): QueryString<HashMap<String, String>>,
) -> Response
where
    Q: Query<Response: Serialize + JsonSchema> + Default,
{
    match Values::new(values, &[], state.zone) {
        Ok(_) => {
            let answer = state.engine.request(Q::default()).await;
            respond(answer, StatusCode::SERVICE_UNAVAILABLE).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn get_router<G: Get>() -> MethodRouter<ApiState> {
    get(handle_get::<G>)
}

async fn handle_get<G: Get>(
    State(state): State<ApiState>,
    QueryString(values): QueryString<HashMap<String, String>>,
) -> Response {
    let request =
        Values::new(values, G::PARAMETERS, state.zone).and_then(|values| G::request(&values));
    match request {
        Ok(request) => {
            let answer = state.engine.request(request).await;
            respond(answer, StatusCode::SERVICE_UNAVAILABLE).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn post_router<P: Post>() -> MethodRouter<ApiState> {
    post(handle_post::<P>)
}

/// A form of a foreign page cannot send JSON without a preflight request, which no handler here answers; so the content type is a second
/// guard, behind the gate that checks the origin.
async fn handle_post<P: Post>(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let command = match parse_body::<P>(&headers, &body)
        .and_then(|body| P::command(body, &caller).map_err(Problem::bad_request))
    {
        Ok(command) => command,
        Err(problem) => return problem.into_response(),
    };
    let text = P::log_text(&command);
    let answer = state.engine.command(command).await;
    if answer.is_ok() {
        tracing::info!(by = caller.display_name(), "done: {text}");
    }
    respond(answer, StatusCode::CONFLICT).await
}

fn parse_body<P: Post>(headers: &HeaderMap, body: &[u8]) -> Result<P::Body, Problem> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|media_type| media_type.to_str().ok())
        .unwrap_or_default();
    if media_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send `Content-Type: application/json`",
        ));
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not {}: {error}", P::BODY)))
}
