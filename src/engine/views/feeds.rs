//! `/api/v1/feeds`: every asset of every feed with its freshness, registered or not: for an installer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::super::fleet::Asset;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::model::AssetKind;
use crate::model::register::Register;
use crate::telemetry::format_name;

/// All assets of all feeds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FeedsView {
    /// Time of the answer.
    pub as_of: String,
    /// One row per asset and format.
    pub feeds: Vec<FeedRow>,
}

/// One asset of one feed, with its freshness.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FeedRow {
    /// Id of the asset in the feed.
    pub feed: Arc<str>,
    /// Format of the feed.
    pub format: &'static str,
    /// `vehicle`, `charger` or `meter`.
    pub kind: &'static str,
    /// The vehicle or charge point of the register; `null`: put the feed's id into its `feed_ids`.
    pub registered_as: Option<Arc<str>>,
    /// Arrival of its newest message.
    pub last_heard_at: Option<String>,
    /// From the asset's own time to arrival, of its newest message with a time.
    pub lag_s: Option<f64>,
    /// Silent for longer than allowed.
    pub stale: bool,
    /// How far its own clock is to be believed.
    pub clock: ClockView,
    /// Messages missing by running numbers; `null` where the feed has none.
    pub messages_lost: Option<u64>,
    /// Whether the asset reports itself online.
    pub online: Option<bool>,
}

/// A feed's own clock.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClockView {
    /// `set` (right, or not sent), `zone`, `rollover` (1,024 weeks), `offset`, `relative` (no date, only durations) or `none` (stands still).
    pub class: &'static str,
    /// Seconds that are added to its times; `null`: the time of arrival is used.
    pub offset_s: Option<f64>,
}

/// All assets of all feeds.
#[derive(Clone, Copy, Default, Debug)]
pub struct FeedsQuery;

impl Query for FeedsQuery {
    type Response = FeedsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<FeedsView, String> {
        Ok(engine.feeds_view(context))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/feeds`.
    pub fn feeds_view(&self, context: &ViewContext) -> FeedsView {
        let stale_ms = self.reference.stale_ms();
        let feeds = self.fleet.assets().iter().map(|asset| FeedRow {
            feed: asset.id.clone(),
            format: format_name(asset.format),
            kind: match asset.kind {
                AssetKind::Vehicle => "vehicle",
                AssetKind::Charger => "charger",
                AssetKind::Meter => "meter",
            },
            registered_as: registered_as(asset, &self.reference.register),
            last_heard_at: asset.presence.last_message_at.map(rfc3339),
            lag_s: asset.presence.lag_s(),
            stale: asset.presence.is_stale(context.now, stale_ms),
            clock: ClockView {
                class: asset.clock.class().name(),
                offset_s: asset.clock.shift_ms().map(|ms| ms as f64 / 1000.0),
            },
            messages_lost: asset.presence.lost(),
            online: asset.live.online,
        });
        FeedsView {
            as_of: rfc3339(context.now),
            feeds: feeds.collect(),
        }
    }
}

fn registered_as(asset: &Asset, register: &Register) -> Option<Arc<str>> {
    match asset.kind {
        AssetKind::Vehicle => asset
            .vehicle
            .and_then(|index| register.vehicles.get(index as usize))
            .map(|v| v.id.clone()),
        AssetKind::Charger | AssetKind::Meter => register
            .charger(&asset.id)
            .map(|charger| charger.id.clone()),
    }
}
