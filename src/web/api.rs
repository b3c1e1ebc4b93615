//! `/api/v1/...`: questions in the query, JSON out, mistakes as `{"error": ...}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::{Site, access, commands, events, history};
use crate::engine::{Dimension, View};
use crate::units::{Day, Month, UtcMs, Zone};

pub(super) type Parameters = HashMap<String, String>;

/// All of the API.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(
            "/overview",
            get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Overview)),
        )
        .route(
            "/vehicles",
            get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Vehicles)),
        )
        .route(
            "/charge-points",
            get(|site: State<Site>, query: Query<Parameters>| {
                simple(site, query, View::ChargePoints)
            }),
        )
        .route(
            "/targets",
            get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Targets)),
        )
        .route("/transition", get(transition))
        .route("/what-if", get(what_if))
        .route("/sessions", get(sessions))
        .route("/emissions", get(emissions))
        .route("/air", get(air))
        .route("/activity", get(activity))
        .route("/uptime", get(uptime))
        .route("/history", get(history::history))
        .route("/utilisation", get(history::utilisation))
        .route("/intensity", get(intensity))
        .route(
            "/indicators",
            get(|site: State<Site>, query: Query<Parameters>| {
                simple(site, query, View::Indicators)
            }),
        )
        .route(
            "/feeds",
            get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Feeds)),
        )
        .route("/counters", get(counters))
        .route("/counters/undo", post(commands::undo_counter_event))
        .route(
            "/alerts",
            get(|site: State<Site>, query: Query<Parameters>| simple(site, query, View::Alerts)),
        )
        .route("/alerts/ack", post(commands::ack_alert))
        .route("/alerts/silence", post(commands::silence_alerts))
        .route("/alerts/unsilence", post(commands::end_silence))
        .route("/rejects", get(rejects))
        .route(
            "/settings",
            get(|State(site): State<Site>| async move {
                json(StatusCode::OK, site.settings.to_string())
            }),
        )
        .route("/events", get(events::stream))
        .route("/me", get(access::me))
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, body: String) -> Response {
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

/// A mistake.
pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    json(status, serde_json::json!({ "error": text }).to_string())
}

pub(super) async fn ask(site: &Site, view: View) -> Response {
    match site.ask(view).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(reason) => problem(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

async fn simple(
    State(site): State<Site>,
    Query(parameters): Query<Parameters>,
    view: View,
) -> Response {
    match only(&parameters, &[]) {
        Ok(()) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

/// A parameter that nobody reads would be a question answered wrongly.
pub(super) fn only(parameters: &Parameters, known: &[&str]) -> Result<(), Box<Response>> {
    match parameters
        .keys()
        .find(|name| !known.contains(&name.as_str()))
    {
        None => Ok(()),
        Some(name) => {
            let known = if known.is_empty() {
                "there are none here".to_owned()
            } else {
                format!("known are {}", known.join(", "))
            };
            Err(Box::new(problem(
                StatusCode::BAD_REQUEST,
                &format!("`{name}` is not a parameter: {known}"),
            )))
        }
    }
}

pub(super) fn read<T>(
    parameters: &Parameters,
    name: &str,
    wanted: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Box<Response>> {
    match parameters.get(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(Box::new(problem(
                StatusCode::BAD_REQUEST,
                &format!("`{name}`: `{text}` is not {wanted}"),
            ))),
        },
    }
}

const INSTANT: &str = "a time such as 2026-11-24T09:00:00Z, or a day such as 2026-11-24";

async fn sessions(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match sessions_view(&parameters, site.zone) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

fn sessions_view(parameters: &Parameters, zone: &Zone) -> Result<View, Box<Response>> {
    only(parameters, &["from", "to", "charge_point", "vehicle"])?;
    let (from, to) = instants(parameters, zone)?;
    let name = |key: &str| {
        parameters
            .get(key)
            .filter(|text| !text.is_empty())
            .map(|text| Arc::from(text.as_str()))
    };
    Ok(View::Sessions {
        from,
        to,
        charge_point: name("charge_point"),
        vehicle: name("vehicle"),
    })
}

/// `from` and `to`. A day alone means its beginning as `from` and its end as `to`.
#[allow(
    clippy::type_complexity,
    reason = "two optional instants, or the answer that refuses them"
)]
pub(super) fn instants(
    parameters: &Parameters,
    zone: &Zone,
) -> Result<(Option<UtcMs>, Option<UtcMs>), Box<Response>> {
    let from = read(parameters, "from", INSTANT, |text| {
        text.parse::<UtcMs>()
            .ok()
            .or_else(|| text.parse().ok().map(|day: Day| day.start(zone)))
    })?;
    let to = read(parameters, "to", INSTANT, |text| {
        text.parse::<UtcMs>()
            .ok()
            .or_else(|| text.parse().ok().map(|day: Day| day.end(zone)))
    })?;
    Ok((from, to))
}

async fn emissions(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match emissions_view(&parameters) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

async fn air(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    let view = only(&parameters, &["from", "to"])
        .and_then(|()| days(&parameters))
        .map(|(from, to)| View::Air { from, to });
    match view {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

const DAY: &str = "a day such as 2026-11-24";

/// `from` and `to` as days, both included.
pub(super) fn days(parameters: &Parameters) -> Result<(Option<Day>, Option<Day>), Box<Response>> {
    let from = read(parameters, "from", DAY, |text| text.parse::<Day>().ok())?;
    let to = read(parameters, "to", DAY, |text| text.parse::<Day>().ok())?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Box::new(problem(
            StatusCode::BAD_REQUEST,
            "`to` is before `from`",
        )));
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
const MAX_INTENSITY_DAYS: i32 = 92;

async fn intensity(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match only(&parameters, &["from", "to"]).and_then(|()| days(&parameters)) {
        Ok((Some(from), to))
            if to.is_none_or(|to| to.0.saturating_sub(from.0) < MAX_INTENSITY_DAYS) =>
        {
            // Without an end, it is as far from the beginning as is allowed.
            let to = to.or(Some(Day(from.0.saturating_add(MAX_INTENSITY_DAYS - 1))));
            ask(
                &site,
                View::Intensity {
                    from: Some(from),
                    to,
                },
            )
            .await
        }
        Ok((Some(_), _)) => problem(StatusCode::BAD_REQUEST, "ask for at most 92 days at once"),
        Ok((None, to)) => ask(&site, View::Intensity { from: None, to }).await,
        Err(refused) => *refused,
    }
}

fn emissions_view(parameters: &Parameters) -> Result<View, Box<Response>> {
    const DIMENSIONS: [(&str, Dimension); 7] = [
        ("scope", Dimension::Scope),
        ("organisation", Dimension::Organisation),
        ("site", Dimension::Site),
        ("vehicle_class", Dimension::VehicleClass),
        ("tier", Dimension::Tier),
        ("role", Dimension::Role),
        ("vehicle", Dimension::Vehicle),
    ];
    only(parameters, &["from", "to", "by"])?;
    let (from, to) = days(parameters)?;
    let most = crate::engine::MAX_EMISSION_DAYS;
    if from
        .zip(to)
        .is_some_and(|(from, to)| to.0.saturating_sub(from.0) >= most)
    {
        let text = format!("ask for at most {most} days (five years) at once");
        return Err(Box::new(problem(StatusCode::BAD_REQUEST, &text)));
    }
    let by = read(
        parameters,
        "by",
        "a list of scope, organisation, site, vehicle_class, tier, role, vehicle",
        |text| {
            text.split(',')
                .map(|name| {
                    DIMENSIONS
                        .iter()
                        .find(|(known, _)| *known == name.trim())
                        .map(|(_, dimension)| *dimension)
                })
                .collect::<Option<Vec<_>>>()
        },
    )?;
    Ok(View::Emissions {
        from,
        to,
        by: by.unwrap_or_default(),
    })
}

async fn transition(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match months(&parameters) {
        Ok((from, to)) => ask(&site, View::Transition { from, to }).await,
        Err(refused) => *refused,
    }
}

async fn uptime(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match months(&parameters) {
        Ok((from, to)) => ask(&site, View::Uptime { from, to }).await,
        Err(refused) => *refused,
    }
}

/// `from` and `to` as months.
#[allow(
    clippy::type_complexity,
    reason = "two optional months, or the answer that refuses them"
)]
fn months(parameters: &Parameters) -> Result<(Option<Month>, Option<Month>), Box<Response>> {
    const MONTH: &str = "a month such as 2026-11";
    only(parameters, &["from", "to"])?;
    let from = read(parameters, "from", MONTH, |text| text.parse::<Month>().ok())?;
    let to = read(parameters, "to", MONTH, |text| text.parse::<Month>().ok())?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Box::new(problem(
            StatusCode::BAD_REQUEST,
            "`to` is before `from`",
        )));
    }
    Ok((from, to))
}

/// More would be the whole of any fleet at once.
const MAX_PER_MONTH: f64 = 10_000.0;

async fn what_if(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    let rate = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|rate| (0.0..=MAX_PER_MONTH).contains(rate))
    };
    let asked = only(&parameters, &["per_month"]).and_then(|()| {
        read(
            &parameters,
            "per_month",
            "a number of vehicles a month from 0 to 10000",
            rate,
        )
    });
    match asked {
        Ok(per_month) => {
            ask(
                &site,
                View::WhatIf {
                    per_month: per_month.unwrap_or(0.0),
                },
            )
            .await
        }
        Err(refused) => *refused,
    }
}

async fn counters(State(site): State<Site>, Query(parameters): Query<Parameters>) -> Response {
    match only(&parameters, &["asset"]) {
        Ok(()) => {
            let asset = parameters
                .get("asset")
                .filter(|text| !text.is_empty())
                .map(|text| Arc::from(text.as_str()));
            ask(&site, View::Counters { asset }).await
        }
        Err(refused) => *refused,
    }
}

async fn rejects(State(site): State<Site>) -> Response {
    let counts: Vec<_> = site
        .stats
        .snapshot()
        .rejects
        .iter()
        .map(|(source, reason, count)| serde_json::json!({ "source": source, "reason": reason, "count": count }))
        .collect();
    let (ignored, further) = site.stats.ignored();
    let ignored: Vec<_> = ignored
        .iter()
        .map(|(field, reason, count)| serde_json::json!({ "field": field, "reason": reason.name(), "count": count }))
        .collect();
    let answer = serde_json::json!({
        "counts": counts, "newest": site.stats.rejects(), "ignored_fields": ignored, "ignored_fields_further": further,
    });
    json(StatusCode::OK, answer.to_string())
}
