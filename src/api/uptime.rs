//! `/api/v1/uptime`.

use super::parameters::{FROM_MONTH, Parameter, TO_MONTH, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::UptimeQuery;

pub(super) struct Uptime;

impl Get for Uptime {
    const PATH: &'static str = "/uptime";
    const SUMMARY: &'static str = "Uptime, reliability and utilisation of charge points";
    const PARAMETERS: &'static [Parameter] = &[FROM_MONTH, TO_MONTH];
    type Request = UptimeQuery;

    fn request(values: &Values) -> Result<UptimeQuery, Problem> {
        let (from, to) = values.months()?;
        Ok(UptimeQuery { from, to })
    }
}
