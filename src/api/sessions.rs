//! `/api/v1/sessions`.

use super::parameters::{CHARGE_POINT, FROM_INSTANT, Parameter, TO_INSTANT, Values};
use super::response::Problem;
use super::route::Get;
use crate::engine::SessionsQuery;

pub(super) struct Sessions;

impl Get for Sessions {
    const PATH: &'static str = "/sessions";
    const SUMMARY: &'static str = "Charging sessions, newest first";
    const PARAMETERS: &'static [Parameter] = &[
        FROM_INSTANT,
        TO_INSTANT,
        CHARGE_POINT,
        Parameter {
            name: "vehicle",
            description: "Only sessions of this vehicle (fleet id).",
        },
    ];
    type Request = SessionsQuery;

    fn request(values: &Values) -> Result<SessionsQuery, Problem> {
        let (from, to) = values.instants()?;
        Ok(SessionsQuery {
            from,
            to,
            charge_point: values.text("charge_point"),
            vehicle: values.text("vehicle"),
        })
    }
}
