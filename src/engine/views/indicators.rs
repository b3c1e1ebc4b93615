//! `/api/v1/indicators`: monthly figures of other systems that targets are tracked on.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::model::Indicator;

/// All monthly figures, by organisation, name and month.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IndicatorsView {
    /// Time of the answer.
    pub as_of: String,
    /// The newest value of each key.
    pub indicators: Vec<IndicatorRow>,
}

/// One monthly figure.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IndicatorRow {
    /// Organisation that the figure is about.
    pub organisation: Arc<str>,
    /// Whether the organisation is in the register.
    pub registered: bool,
    /// Name of the indicator.
    pub name: Arc<str>,
    /// The month that the figure is of, `2026-11`.
    pub month: String,
    /// The figure, in the indicator's own unit.
    pub value: f64,
    /// Unit as published; `null` where none was given.
    pub unit: Option<Arc<str>>,
    /// Where the figure came from: MQTT or an import.
    pub source: &'static str,
    /// When the figure was published or imported.
    #[serde(rename = "said_at")]
    pub reported_at: String,
}

/// All monthly figures.
#[derive(Clone, Copy, Default, Debug)]
pub struct IndicatorsQuery;

impl Query for IndicatorsQuery {
    type Response = IndicatorsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<IndicatorsView, String> {
        Ok(engine.indicators_view(context, stored.indicators()?))
    }
}

impl Engine {
    /// `/api/v1/indicators`. `stored` are the imported ones.
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
                reported_at: rfc3339(indicator.at),
            });
        IndicatorsView {
            as_of: rfc3339(context.now),
            indicators: rows.collect(),
        }
    }
}
