//! `/api/v1/indicators`: the monthly figures from elsewhere that targets are tracked on.

use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::model::Indicator;

/// The answer.
#[derive(Debug, Serialize)]
pub struct IndicatorsView {
    as_of: String,
    indicators: Vec<IndicatorRow>,
}

#[derive(Debug, Serialize)]
struct IndicatorRow {
    organisation: Arc<str>,
    /// The organisation is in the register.
    registered: bool,
    name: Arc<str>,
    month: String,
    value: f64,
    unit: Option<Arc<str>>,
    source: &'static str,
    said_at: String,
}

impl Engine {
    /// `/api/v1/indicators`. `stored` are those that were imported.
    pub fn indicators_view(&self, context: &ViewContext, stored: Vec<Indicator>) -> IndicatorsView {
        let rows = self
            .indicators(stored)
            .into_iter()
            .map(|indicator| IndicatorRow {
                registered: self
                    .reference
                    .register
                    .organisations
                    .iter()
                    .any(|organisation| organisation.id == indicator.key.organisation),
                organisation: indicator.key.organisation,
                name: indicator.key.name,
                month: indicator.key.month.to_string(),
                value: indicator.value,
                unit: indicator.unit,
                source: indicator.source.name(),
                said_at: rfc3339(indicator.at),
            });
        IndicatorsView {
            as_of: rfc3339(context.now),
            indicators: rows.collect(),
        }
    }
}
