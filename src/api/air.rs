//! `/api/v1/air`.

use super::parameters::{FROM_DAY, Parameter, TO_DAY, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::AirQuery;

pub(super) struct Air;

impl Get for Air {
    const PATH: &'static str = "/air";
    const SUMMARY: &'static str = "Air pollutants against the base year";
    const PARAMETERS: &'static [Parameter] = &[FROM_DAY, TO_DAY];
    type Request = AirQuery;

    fn request(values: &Values) -> Result<AirQuery, Problem> {
        let (from, to) = values.days()?;
        Ok(AirQuery { from, to })
    }
}
