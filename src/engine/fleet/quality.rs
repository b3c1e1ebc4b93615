//! How complete the fleet's telemetry is, and with it everything that is computed from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fleet;
use crate::engine::output::Output;
use crate::engine::reference::Reference;
use crate::model::{AssetKind, DataQualityFact, Fact};
use crate::units::{Day, UtcMs};

/// A vehicle whose last message is not older counts as present.
const HEARD_WITHIN_MS: i64 = 24 * 3_600_000;

/// A vehicle that is silent no longer than this may stand in its place: a month that ends with a bank holiday makes no fleet unknown (an
/// assumption).
const PARKED_MS: i64 = 7 * HEARD_WITHIN_MS;

/// Sums over registered vehicles in service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::engine) struct Quality {
    /// Vehicles in service.
    pub vehicles: u64,
    /// Freshness within 24 hours.
    pub heard_24h: u64,
    /// All their feeds silent for longer than allowed.
    pub stale: u64,
    /// Missing by running numbers.
    pub lost: u64,
    /// At least one of them has ever sent a message.
    pub any_message: bool,
}

/// Freshness of one vehicle over all its feeds.
#[derive(Clone, Copy, Default)]
pub(in crate::engine) struct Freshness {
    /// Within 24 hours.
    recently: bool,
    /// Some feed is not silent for longer than allowed.
    pub fresh: bool,
    /// Newest live message.
    pub last: Option<UtcMs>,
    lost: u64,
}

impl Fleet {
    /// Freshness of each vehicle of the register, in its order; and how many assets are in no register.
    pub(crate) fn freshness(&self, reference: &Reference, now: UtcMs) -> (Vec<Freshness>, u64) {
        let stale_ms = reference.stale_ms();
        let mut vehicles = vec![Freshness::default(); reference.register.vehicles.len()];
        let mut unregistered = 0;
        for asset in self
            .assets
            .iter()
            .filter(|asset| asset.kind == AssetKind::Vehicle)
        {
            let Some(vehicle) = asset
                .vehicle
                .and_then(|index| vehicles.get_mut(index as usize))
            else {
                unregistered += 1;
                continue;
            };
            vehicle.recently |= asset
                .presence
                .last_message_at
                .is_some_and(|freshness| now.since(freshness) <= HEARD_WITHIN_MS);
            vehicle.fresh |= !asset.presence.is_stale(now, stale_ms);
            vehicle.last = vehicle.last.max(asset.presence.last_message_at);
            vehicle.lost += asset.presence.lost().unwrap_or(0);
        }
        (vehicles, unregistered)
    }

    /// Which vehicles, in the register's order, had sent something once and were lost at an instant. All false unless that instant has
    /// just passed: for an older one, the silence of a vehicle cannot be told from a daemon that did not run.
    pub(crate) fn lost_at(&self, reference: &Reference, at: UtcMs, now: UtcMs) -> Vec<bool> {
        if now.since(at) > HEARD_WITHIN_MS {
            return vec![false; reference.register.vehicles.len()];
        }
        let lost = |freshness: Freshness| {
            !freshness.fresh
                && freshness
                    .last
                    .is_some_and(|last| at.since(last) > PARKED_MS)
        };
        self.freshness(reference, at)
            .0
            .into_iter()
            .map(lost)
            .collect()
    }

    /// By organisation, and under `all` the whole fleet; and how many assets are in no register.
    pub(crate) fn quality(
        &self,
        reference: &Reference,
        now: UtcMs,
    ) -> (BTreeMap<Arc<str>, Quality>, u64) {
        let day = Day::of(now, reference.zone());
        let (vehicles, unregistered) = self.freshness(reference, now);
        let all: Arc<str> = Arc::from("all");
        let mut sums: BTreeMap<Arc<str>, Quality> =
            BTreeMap::from([(all.clone(), Quality::default())]);
        for (vehicle, freshness) in reference.register.vehicles.iter().zip(vehicles) {
            if !vehicle.in_service_on(day) {
                continue;
            }
            let organisation = vehicle
                .organisation
                .clone()
                .unwrap_or_else(|| Arc::from("unknown"));
            for fleet in [all.clone(), organisation] {
                let sum = sums.entry(fleet).or_default();
                sum.vehicles += 1;
                sum.heard_24h += u64::from(freshness.recently);
                sum.any_message |= freshness.last.is_some();
                sum.stale += u64::from(!freshness.fresh);
                sum.lost += freshness.lost;
            }
        }
        (sums, unregistered)
    }

    pub(crate) fn write_quality(&self, reference: &Reference, now: UtcMs, output: &mut Output) {
        let (sums, _) = self.quality(reference, now);
        output.extend(sums.into_iter().map(|(fleet, sum)| {
            Fact::DataQuality(DataQualityFact {
                fleet,
                at: now,
                vehicles: sum.vehicles,
                heard_24h: sum.heard_24h,
                stale: sum.stale,
                messages_lost: sum.lost,
            })
        }));
    }
}
