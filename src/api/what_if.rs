//! `/api/v1/what-if`.

use super::parameters::{Parameter, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::WhatIfQuery;

/// More would replace any fleet at once.
const MAX_PER_MONTH: f64 = 10_000.0;

pub(super) struct WhatIf;

impl Get for WhatIf {
    const PATH: &'static str = "/what-if";
    const SUMMARY: &'static str = "The share under a steady rate of replacements";
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "per_month",
        description: "Vehicles replaced a month, 0 to 10000; default 0.",
    }];
    type Request = WhatIfQuery;

    fn request(values: &Values) -> Result<WhatIfQuery, Problem> {
        let wanted = "a number of vehicles a month from 0 to 10000";
        let per_month = values.parse("per_month", wanted, |text| {
            let rate = text.parse::<f64>().ok()?;
            (0.0..=MAX_PER_MONTH).contains(&rate).then_some(rate)
        })?;
        Ok(WhatIfQuery {
            per_month: per_month.unwrap_or(0.0),
        })
    }
}
