//! `/api/v1/activity`.

use super::parameters::{FROM_DAY, Parameter, TO_DAY, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::ActivityQuery;

pub(super) struct Activity;

impl Get for Activity {
    const PATH: &'static str = "/activity";
    const SUMMARY: &'static str =
        "Kilometres, litres and energy by vehicle, claim and charge point";
    const PARAMETERS: &'static [Parameter] = &[FROM_DAY, TO_DAY];
    type Request = ActivityQuery;

    fn request(values: &Values) -> Result<ActivityQuery, Problem> {
        let (from, to) = values.days()?;
        Ok(ActivityQuery { from, to })
    }
}
