//! `/api/v1/emissions`.

use super::parameters::{FROM_DAY, Parameter, TO_DAY, Values, length};
use super::response::Problem;
use super::route::Get;
use crate::engine::{Dimension, EmissionsQuery, MAX_EMISSION_DAYS};

pub(super) struct Emissions;

impl Get for Emissions {
    const PATH: &'static str = "/emissions";
    const SUMMARY: &'static str = "The inventory of a range of days by scope and dimension";
    const PARAMETERS: &'static [Parameter] = &[
        FROM_DAY,
        TO_DAY,
        Parameter {
            name: "by",
            description: "Comma-separated list of scope, organisation, site, vehicle_class, tier, role, vehicle; default the total by scope.",
        },
    ];
    type Request = EmissionsQuery;

    fn request(values: &Values) -> Result<EmissionsQuery, Problem> {
        let (from, to) = values.days()?;
        if length((from, to)).is_some_and(|days| days >= MAX_EMISSION_DAYS) {
            return Err(Problem::bad_request(format!(
                "request at most {MAX_EMISSION_DAYS} days (five years) at once"
            )));
        }
        let wanted = format!(
            "a list of {}",
            Dimension::ALL.map(Dimension::name).join(", ")
        );
        let by = values.list("by", &wanted, |word| {
            Dimension::ALL
                .into_iter()
                .find(|dimension| dimension.name() == word)
        })?;
        Ok(EmissionsQuery {
            from,
            to,
            by: by.unwrap_or_default(),
        })
    }
}
