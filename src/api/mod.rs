//! F4: the JSON API below `/api/v1`. One table of routes ([`ROUTES`]) is what the router, the OpenAPI document and the tests of access are
//! made from. A handler turns text parameters into a typed query; the structure that comes back is serialised here and nowhere else.

mod activity;
mod air;
mod alerts;
mod caller;
mod counters;
mod daemon;
mod emissions;
mod events;
mod history;
mod intensity;
mod openapi;
mod parameters;
pub mod requests;
mod response;
mod route;
mod sessions;
mod state;
mod transition;
mod uptime;
mod what_if;

pub use caller::{AuthMethod, Caller, Role};
pub use openapi::document as openapi_document;
pub use route::Route;
pub use state::{ApiState, Health};

pub(crate) use events::poll as poll_events;
pub(crate) use response::{json, problem};

use axum::Router;

use crate::engine::{
    AlertsQuery, ChargePointsQuery, FeedsQuery, IndicatorsQuery, OverviewQuery, TargetsQuery,
    VehiclesQuery,
};

/// All routes. To add one, write its file and its line here.
pub static ROUTES: &[Route] = &[
    Route::plain::<OverviewQuery>("/overview", "The figures of the first page"),
    Route::plain::<VehiclesQuery>("/vehicles", "All vehicles with their newest values"),
    Route::plain::<ChargePointsQuery>("/charge-points", "All charge points and connectors"),
    Route::plain::<TargetsQuery>("/targets", "All targets with status, path and forecast"),
    Route::get::<transition::Transition>(),
    Route::get::<what_if::WhatIf>(),
    Route::get::<sessions::Sessions>(),
    Route::get::<emissions::Emissions>(),
    Route::get::<air::Air>(),
    Route::get::<activity::Activity>(),
    Route::get::<uptime::Uptime>(),
    Route::get::<history::History>(),
    Route::get::<history::Utilisation>(),
    Route::get::<intensity::Intensity>(),
    Route::plain::<IndicatorsQuery>("/indicators", "Monthly figures of other systems"),
    Route::plain::<FeedsQuery>("/feeds", "All assets of all feeds with their freshness"),
    Route::get::<counters::Counters>(),
    Route::post::<counters::Undo>(),
    Route::plain::<AlertsQuery>("/alerts", "Alerts, silences and rules"),
    Route::post::<alerts::Ack>(),
    Route::post::<alerts::Silence>(),
    Route::post::<alerts::Unsilence>(),
    daemon::REJECTS,
    daemon::SETTINGS,
    events::EVENTS,
    daemon::ME,
    openapi::OPENAPI,
];

/// The router of all routes.
pub(crate) fn router() -> Router<ApiState> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, route.handler())
    })
}
