//! `/api/v1/transition`.

use super::parameters::{FROM_MONTH, Parameter, TO_MONTH, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::TransitionQuery;

pub(super) struct Transition;

impl Get for Transition {
    const PATH: &'static str = "/transition";
    const SUMMARY: &'static str = "Emission classes of the fleet today and month by month";
    const PARAMETERS: &'static [Parameter] = &[FROM_MONTH, TO_MONTH];
    type Request = TransitionQuery;

    fn request(values: &Values) -> Result<TransitionQuery, Problem> {
        let (from, to) = values.months()?;
        Ok(TransitionQuery { from, to })
    }
}
