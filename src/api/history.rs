//! `/api/v1/history` and `/api/v1/utilisation`.

use super::parameters::{
    CHARGE_POINT, FROM_INSTANT, Parameter, SITE, TO_DAY, TO_INSTANT, Values, length,
};
use super::response::Problem;
use super::route::Get;
use crate::engine::{Field, HistoryQuery, Step, UtilisationQuery};
use crate::model::Series;

const DAY_MS: i64 = 86_400_000;

pub(super) struct History;

impl Get for History {
    const PATH: &'static str = "/history";
    const SUMMARY: &'static str = "Quarter hours or days of a site, a charge point or all";
    const PARAMETERS: &'static [Parameter] = &[
        FROM_INSTANT,
        TO_INSTANT,
        Parameter {
            name: "step",
            description: "15m or 1d; default 15m.",
        },
        SITE,
        CHARGE_POINT,
        Parameter {
            name: "fields",
            description: "Comma-separated list of columns; default all.",
        },
    ];
    type Request = HistoryQuery;

    fn request(values: &Values) -> Result<HistoryQuery, Problem> {
        let (from, to) = values.instants()?;
        let step = values.parse("step", "15m or 1d", |text| {
            let steps = [Step::Quarter, Step::Day];
            steps.into_iter().find(|step| step.name() == text)
        })?;
        let step = step.unwrap_or(Step::Quarter);
        let wanted = format!("a list of {}", Field::ALL.map(Field::name).join(", "));
        let fields = values.list("fields", &wanted, |word| {
            Field::ALL.into_iter().find(|field| field.name() == word)
        })?;
        let max_days = step.max_days();
        match from.zip(to) {
            Some((from, to)) if to <= from => {
                return Err(Problem::bad_request("`to` is not after `from`"));
            }
            Some((from, to)) if to.since(from) > i64::from(max_days) * DAY_MS => {
                let step = step.name();
                return Err(Problem::bad_request(format!(
                    "request at most {max_days} days at once with step={step}"
                )));
            }
            _ => {}
        }
        Ok(HistoryQuery {
            from,
            to,
            step,
            series: series(values)?,
            fields: fields.unwrap_or_else(|| Field::ALL.to_vec()),
        })
    }
}

pub(super) struct Utilisation;

impl Get for Utilisation {
    const PATH: &'static str = "/utilisation";
    const SUMMARY: &'static str = "Utilisation by weekday and hour";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "from",
            description: "First day, such as 2026-11-24; default 27 days before `to`.",
        },
        TO_DAY,
        SITE,
        CHARGE_POINT,
    ];
    type Request = UtilisationQuery;

    fn request(values: &Values) -> Result<UtilisationQuery, Problem> {
        let (from, to) = values.days()?;
        if length((from, to)).is_some_and(|days| days >= Step::Quarter.max_days()) {
            return Err(Problem::bad_request("request at most 400 days at once"));
        }
        Ok(UtilisationQuery {
            from,
            to,
            series: series(values)?,
        })
    }
}

fn series(values: &Values) -> Result<Series, Problem> {
    match (values.text("site"), values.text("charge_point")) {
        (Some(_), Some(_)) => Err(Problem::bad_request(
            "give `site` or `charge_point`, not both",
        )),
        (Some(site), None) => Ok(Series::Site(site)),
        (None, Some(charge_point)) => Ok(Series::ChargePoint(charge_point)),
        (None, None) => Ok(Series::Fleet),
    }
}
