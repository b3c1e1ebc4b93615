//! Rows about the operation of fleetgauge itself: its audit log, the quality of its data, its counters.

use std::sync::Arc;

use crate::units::{Thousandths, UtcMs};

/// Row of `counter_event`: an entry of the audit log of registers.
#[derive(Clone, PartialEq, Debug)]
pub struct CounterEventFact {
    /// Site, or `unknown`.
    pub site: Arc<str>,
    /// The vehicle or charger, by its id in the register.
    pub asset: Arc<str>,
    /// Name of the register's quantity.
    pub quantity: &'static str,
    /// `reset`, `rebase`, `unit_suspect`, `source_changed`.
    pub event: &'static str,
    /// Time of the row.
    pub at: UtcMs,
    /// Number in the audit log.
    pub id: u64,
    /// The id of its feed.
    pub feed: Arc<str>,
    /// Last value of the old series, in the quantity's unit.
    pub before: Thousandths,
    /// First value of the new series.
    pub after: Thousandths,
    /// True if it was undone.
    pub undone: bool,
}

/// Row of `data_quality`.
#[derive(Clone, PartialEq, Debug)]
pub struct DataQualityFact {
    /// Fleet (the organisation's id, or `all`).
    pub fleet: Arc<str>,
    /// Time of the row.
    pub at: UtcMs,
    /// Vehicles registered and in service.
    pub vehicles: u64,
    /// Those that reported within 24 hours.
    pub heard_24h: u64,
    /// Those silent for longer than their source's limit.
    pub stale: u64,
    /// Their messages that sequence numbers show to be missing.
    pub messages_lost: u64,
}

/// Row of `ingest_stats`.
#[derive(Clone, PartialEq, Debug)]
pub struct IngestStatsFact {
    /// `mqtt` or `ocpp`.
    pub source: &'static str,
    /// Time of the row.
    pub at: UtcMs,
    /// Messages received since the daemon's start.
    pub received: u64,
    /// Messages that were understood.
    pub accepted: u64,
    /// Messages that were not understood.
    pub rejected: u64,
    /// Messages older than what was known.
    pub late: u64,
    /// Messages dropped because a queue was full.
    pub dropped: u64,
}
