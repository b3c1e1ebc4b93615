//! `/api/v1/...`: questions in the query, JSON out, mistakes as `{"error": ...}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;

use super::{Site, Wish, events};
use crate::engine::{Dimension, View};
use crate::units::{Day, Month, UtcMs};

type Parameters = HashMap<String, String>;

/// All of the API.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/overview", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Overview)))
        .route("/vehicles", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Vehicles)))
        .route("/charge-points", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::ChargePoints)))
        .route("/targets", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Targets)))
        .route("/transition", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Transition)))
        .route("/sessions", get(sessions))
        .route("/emissions", get(emissions))
        .route("/activity", get(activity))
        .route("/uptime", get(uptime))
        .route("/intensity", get(intensity))
        .route("/indicators", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Indicators)))
        .route("/feeds", get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Feeds)))
        .route("/counters", get(counters))
        .route("/counters/undo", post(undo_counter_event))
        .route("/rejects", get(rejects))
        .route("/events", get(events::stream))
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// A mistake.
pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    json(status, serde_json::json!({ "error": text }).to_string())
}

async fn ask(site: &Site, view: View) -> Response {
    match site.ask(view).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(reason) => problem(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

async fn simple(State(site): State<Site>, Query(parameters): Query<Parameters>, view: View) -> Response {
    match only(&parameters, &[]) {
        Ok(()) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

/// A parameter that nobody reads would be a question answered wrongly.
fn only(parameters: &Parameters, known: &[&str]) -> Result<(), Box<Response>> {
    match parameters.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known =
                if known.is_empty() { "there are none here".to_owned() } else { format!("known are {}", known.join(", ")) };
            Err(Box::new(problem(StatusCode::BAD_REQUEST, &format!("`{name}` is not a parameter: {known}"))))
        }
    }
}

fn read<T>(
    parameters: &Parameters,
    name: &str,
    wanted: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Box<Response>> {
    match parameters.get(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(Box::new(problem(StatusCode::BAD_REQUEST, &format!("`{name}`: `{text}` is not {wanted}")))),
        },
    }
}

const INSTANT: &str = "a time such as 2026-11-24T09:00:00Z, or a day such as 2026-11-24";

async fn sessions(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match sessions_view(&parameters) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

fn sessions_view(parameters: &Parameters) -> Result<View, Box<Response>> {
    only(parameters, &["from", "to", "charge_point", "vehicle"])?;
    // A day alone means its beginning as `from` and its end as `to`.
    let from =
        read(parameters, "from", INSTANT, |text| text.parse::<UtcMs>().ok().or_else(|| text.parse().ok().map(Day::start)))?;
    let to = read(parameters, "to", INSTANT, |text| text.parse::<UtcMs>().ok().or_else(|| text.parse().ok().map(Day::end)))?;
    let name = |key: &str| parameters.get(key).filter(|text| !text.is_empty()).map(|text| Arc::from(text.as_str()));
    Ok(View::Sessions { from, to, charge_point: name("charge_point"), vehicle: name("vehicle") })
}

async fn emissions(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match emissions_view(&parameters) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

const DAY: &str = "a day such as 2026-11-24";

/// `from` and `to` as days, both included.
fn days(parameters: &Parameters) -> Result<(Option<Day>, Option<Day>), Box<Response>> {
    let from = read(parameters, "from", DAY, |text| text.parse::<Day>().ok())?;
    let to = read(parameters, "to", DAY, |text| text.parse::<Day>().ok())?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Box::new(problem(StatusCode::BAD_REQUEST, "`to` is before `from`")));
    }
    Ok((from, to))
}

async fn activity(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    let asked = only(&parameters, &["from", "to"]).and_then(|()| days(&parameters));
    match asked {
        Ok((from, to)) => ask(&site, View::Activity { from, to }).await,
        Err(refused) => *refused,
    }
}

/// More days at once would keep the engine from its work.
const MOST_INTENSITY_DAYS: i32 = 92;

async fn intensity(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match only(&parameters, &["from", "to"]).and_then(|()| days(&parameters)) {
        Ok((Some(from), to)) if to.is_none_or(|to| to.0.saturating_sub(from.0) < MOST_INTENSITY_DAYS) => {
            // Without an end, it is as far from the beginning as is allowed.
            let to = to.or(Some(Day(from.0.saturating_add(MOST_INTENSITY_DAYS - 1))));
            ask(&site, View::Intensity { from: Some(from), to }).await
        }
        Ok((Some(_), _)) => problem(StatusCode::BAD_REQUEST, "ask for at most 92 days at once"),
        Ok((None, to)) => ask(&site, View::Intensity { from: None, to }).await,
        Err(refused) => *refused,
    }
}

fn emissions_view(parameters: &Parameters) -> Result<View, Box<Response>> {
    const DIMENSIONS: [(&str, Dimension); 5] = [
        ("scope", Dimension::Scope),
        ("organisation", Dimension::Organisation),
        ("site", Dimension::Site),
        ("vehicle_class", Dimension::VehicleClass),
        ("tier", Dimension::Tier),
    ];
    only(parameters, &["from", "to", "by"])?;
    let (from, to) = days(parameters)?;
    let by = read(parameters, "by", "a list of scope, organisation, site, vehicle_class, tier", |text| {
        text.split(',')
            .map(|name| DIMENSIONS.iter().find(|(known, _)| *known == name.trim()).map(|(_, dimension)| *dimension))
            .collect::<Option<Vec<_>>>()
    })?;
    Ok(View::Emissions { from, to, by: by.unwrap_or_default() })
}

async fn uptime(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match uptime_view(&parameters) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

fn uptime_view(parameters: &Parameters) -> Result<View, Box<Response>> {
    const MONTH: &str = "a month such as 2026-11";
    only(parameters, &["from", "to"])?;
    let from = read(parameters, "from", MONTH, |text| text.parse::<Month>().ok())?;
    let to = read(parameters, "to", MONTH, |text| text.parse::<Month>().ok())?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Box::new(problem(StatusCode::BAD_REQUEST, "`to` is before `from`")));
    }
    Ok(View::Uptime { from, to })
}

async fn counters(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match only(&parameters, &["asset"]) {
        Ok(()) => {
            let asset = parameters.get("asset").filter(|text| !text.is_empty()).map(|text| Arc::from(text.as_str()));
            ask(&site, View::Counters { asset }).await
        }
        Err(refused) => *refused,
    }
}

/// `{"entry": 7}`. A form of a foreign page cannot send JSON without asking first, and nobody answers that question here.
async fn undo_counter_event(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send `Content-Type: application/json`");
    }
    let asked: Result<UndoRequest, _> = serde_json::from_slice(&body);
    match asked {
        Ok(UndoRequest { entry }) => match site.wish(Wish::UndoCounterEvent(entry)).await {
            Ok(body) => json(StatusCode::OK, body),
            Err(reason) => problem(StatusCode::CONFLICT, &reason),
        },
        Err(error) => problem(StatusCode::BAD_REQUEST, &format!("the body is not {{\"entry\": <number>}}: {error}")),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoRequest {
    entry: u64,
}

async fn rejects(State(site): State<Site>) -> Response {
    let counts: Vec<_> = site
        .stats
        .snapshot()
        .rejects
        .iter()
        .map(|(source, reason, count)| serde_json::json!({ "source": source, "reason": reason, "count": count }))
        .collect();
    json(StatusCode::OK, serde_json::json!({ "counts": counts, "newest": site.stats.rejects() }).to_string())
}
