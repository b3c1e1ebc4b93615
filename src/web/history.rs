//! `/api/v1/history` and `/api/v1/utilisation`: what may be asked of the quarter hours and days of sites and charge points.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::Site;
use super::api::{Parameters, ask, days, instants, only, problem, read};
use crate::engine::{Field, Step, View};
use crate::model::Series;
use crate::units::Zone;

const DAY_MS: i64 = 86_400_000;

pub(super) async fn history(
    State(site): State<Site>,
    Query(parameters): Query<Parameters>,
) -> Response {
    match history_view(&parameters, site.zone) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

pub(super) async fn utilisation(
    State(site): State<Site>,
    Query(parameters): Query<Parameters>,
) -> Response {
    match utilisation_view(&parameters) {
        Ok(view) => ask(&site, view).await,
        Err(refused) => *refused,
    }
}

fn refuse(text: &str) -> Box<Response> {
    Box::new(problem(StatusCode::BAD_REQUEST, text))
}

fn history_view(parameters: &Parameters, zone: &Zone) -> Result<View, Box<Response>> {
    only(
        parameters,
        &["from", "to", "step", "site", "charge_point", "fields"],
    )?;
    let (from, to) = instants(parameters, zone)?;
    let step = read(parameters, "step", "15m or 1d", |text| match text {
        "15m" => Some(Step::Quarter),
        "1d" => Some(Step::Day),
        _ => None,
    })?;
    let step = step.unwrap_or(Step::Quarter);
    let names = Field::ALL.map(Field::name).join(", ");
    let fields = read(
        parameters,
        "fields",
        &format!("a list of {names}"),
        |text| {
            text.split(',')
                .map(|name| {
                    Field::ALL
                        .into_iter()
                        .find(|field| field.name() == name.trim())
                })
                .collect::<Option<Vec<_>>>()
        },
    )?;
    let (most, name) = (
        step.max_days(),
        if step == Step::Quarter { "15m" } else { "1d" },
    );
    match from.zip(to) {
        Some((from, to)) if to <= from => return Err(refuse("`to` is not after `from`")),
        Some((from, to)) if to.since(from) > i64::from(most) * DAY_MS => {
            return Err(refuse(&format!(
                "ask for at most {most} days at once with step={name}"
            )));
        }
        _ => {}
    }
    Ok(View::History {
        from,
        to,
        step,
        series: series(parameters)?,
        fields: fields.unwrap_or_else(|| Field::ALL.to_vec()),
    })
}

fn utilisation_view(parameters: &Parameters) -> Result<View, Box<Response>> {
    only(parameters, &["from", "to", "site", "charge_point"])?;
    let (from, to) = days(parameters)?;
    let most = Step::Quarter.max_days();
    if from
        .zip(to)
        .is_some_and(|(from, to)| to.0.saturating_sub(from.0) >= most)
    {
        return Err(refuse("ask for at most 400 days at once"));
    }
    Ok(View::Utilisation {
        from,
        to,
        series: series(parameters)?,
    })
}

fn series(parameters: &Parameters) -> Result<Series, Box<Response>> {
    let name = |key: &str| {
        parameters
            .get(key)
            .filter(|text| !text.is_empty())
            .map(|text| Arc::from(text.as_str()))
    };
    match (name("site"), name("charge_point")) {
        (Some(_), Some(_)) => Err(refuse("give `site` or `charge_point`, not both")),
        (Some(site), None) => Ok(Series::Site(site)),
        (None, Some(charge_point)) => Ok(Series::ChargePoint(charge_point)),
        (None, None) => Ok(Series::Fleet),
    }
}
