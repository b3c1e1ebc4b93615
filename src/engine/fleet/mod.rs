//! Vehicles, chargers and meters that speak MQTT: the assets, the audit log of their registers, and what decoders remember.

mod assets;
mod audit;
mod quality;

pub(super) use assets::{Asset, Assets, ReadingEffect};
pub(super) use quality::Freshness;

use std::collections::BTreeMap;

use assets::ReadingRules;

use super::activity::DaySpan;
use super::reference::{Reference, millis};
use crate::ledger::audit::AuditLog;
use crate::model::{AssetKind, DecoderMemory, Reading};

/// State of everything that is observed over MQTT.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    assets: Assets,
    audit: AuditLog,
    /// What decoders get back after a restart, by their names.
    memories: BTreeMap<String, Vec<u8>>,
}

impl Fleet {
    /// The fleet of a checkpoint.
    pub(super) fn restored(
        assets: Assets,
        audit: AuditLog,
        memories: BTreeMap<String, Vec<u8>>,
    ) -> Self {
        Self {
            assets,
            audit,
            memories,
        }
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.assets
    }

    pub(super) fn assets_mut(&mut self) -> &mut Assets {
        &mut self.assets
    }

    pub(super) fn audit(&self) -> &AuditLog {
        &self.audit
    }

    pub(super) fn memories(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.memories
    }

    /// Keeps what a decoder wants back after a restart.
    pub(super) fn remember(&mut self, memory: &DecoderMemory<'_>) {
        self.memories.insert(
            memory.decoder.clone().into_owned(),
            memory.bytes.clone().into_owned(),
        );
    }

    /// The position of the asset that a reading is of, made if new; `None` beyond the limit.
    pub(super) fn position(
        &mut self,
        reading: &Reading<'_>,
        reference: &Reference,
    ) -> Option<usize> {
        self.assets
            .position(reading, reference.config.max_assets, &reference.register)
    }

    /// Applies a reading to the asset at this position. `books` is false for an asset whose energy is booked elsewhere.
    pub(super) fn apply(
        &mut self,
        position: usize,
        reading: &Reading<'_>,
        books: bool,
        today: DaySpan,
        reference: &Reference,
    ) -> ReadingEffect {
        let rules = ReadingRules {
            row_interval_ms: millis(reference.config.telemetry_interval),
            positions: reference.config.positions,
            books,
            silent_ms: reference.stale_ms(),
            rates: reference.config.rates,
            overrides: &reference.config.counters,
        };
        // A charger's gains are needed with their instants, for its quarter hours.
        let is_charger = reading.kind == AssetKind::Charger;
        self.assets.apply(position, reading, rules, |at| {
            !is_charger && today.contains(at)
        })
    }
}
