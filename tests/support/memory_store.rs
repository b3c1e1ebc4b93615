//! What the store does, in memory: what an engine under test has handed over, and its history as an answer would have it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write;

use fleetgauge::engine::Engine;
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::rollups::{by_day, total};
use fleetgauge::model::{
    ActivityData, ActivityKey, ClosedSession, Notice, RollupRow, Series, Slots,
};
use fleetgauge::units::UtcMs;

/// The store's rows.
#[derive(Default)]
pub struct Shelf {
    pub activity: BTreeMap<ActivityKey, ActivityData>,
    pub generation: u64,
    pub sessions: BTreeMap<String, ClosedSession>,
    pub lines: Vec<u8>,
    pub notices: Vec<Notice>,
    rollups: BTreeMap<Series, Slots>,
}

impl Shelf {
    /// Additions of a checkpoint.
    pub fn add(&mut self, rows: Vec<RollupRow>) {
        for row in rows {
            self.rollups.entry(row.series).or_default().add(&row.slots);
        }
    }

    fn slots(&self, engine: &Engine, series: Series, now: UtcMs) -> Slots {
        let mut slots = self.rollups.get(&series).cloned().unwrap_or_default();
        slots.add(&engine.open_rollups(&series, self.generation, now));
        slots
    }

    /// Every quarter hour of every series, checked against each other.
    pub fn history(&self, engine: &Engine, now: UtcMs) -> String {
        let points = ["DER-CP-01", "ILK-CP-03", "AMB-101", "x"];
        let fleet = self.slots(engine, Series::Fleet, now);
        let of_points: Vec<Slots> = points
            .iter()
            .map(|id| self.slots(engine, Series::ChargePoint((*id).into()), now))
            .collect();
        let mut sum = Slots::default();
        of_points.iter().for_each(|slots| sum.add(slots));
        let (of_fleet, of_points_total) = (total(&fleet), total(&sum));
        assert_eq!(
            of_fleet.energy_tenth_wh, of_points_total.energy_tenth_wh,
            "all are the sum of each"
        );
        assert_eq!(
            total(&by_day(&fleet, UK.zone())).energy_tenth_wh,
            of_fleet.energy_tenth_wh,
            "days are the sum of quarters"
        );
        assert!(of_fleet.observed_ms >= of_fleet.occupied_ms + of_fleet.faulted_ms);
        let mut text = String::new();
        for (id, slots) in points.iter().zip(&of_points) {
            slots
                .iter()
                .for_each(|(slot, sums)| writeln!(text, "{id} {slot} {sums:?}").unwrap());
        }
        fleet
            .iter()
            .for_each(|(slot, sums)| writeln!(text, "fleet {slot} {sums:?}").unwrap());
        text
    }
}
