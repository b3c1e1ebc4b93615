//! `/api/v1/intensity`.

use super::parameters::{Parameter, TO_DAY, Values, length};
use super::response::Problem;
use super::route::Get;
use crate::engine::IntensityQuery;
use crate::units::Day;

/// More days at once would keep the engine from its work.
const MAX_DAYS: i32 = 92;

pub(super) struct Intensity;

impl Get for Intensity {
    const PATH: &'static str = "/intensity";
    const SUMMARY: &'static str = "Operational carbon intensity of charging by half-hour";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "from",
            description: "First day, such as 2026-11-24; default six days before `to`.",
        },
        TO_DAY,
    ];
    type Request = IntensityQuery;

    fn request(values: &Values) -> Result<IntensityQuery, Problem> {
        let (from, to) = values.days()?;
        if length((from, to)).is_some_and(|days| days >= MAX_DAYS) {
            return Err(Problem::bad_request("request at most 92 days at once"));
        }
        // Without an end, the range is as long as is allowed.
        let furthest = from.map(|from| Day(from.0.saturating_add(MAX_DAYS - 1)));
        Ok(IntensityQuery {
            from,
            to: to.or(furthest),
        })
    }
}
