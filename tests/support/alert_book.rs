//! A desk for alerts: the book with its configuration, and everything that came out of it; and chance by a seed.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::ledger::alerts::{AlertBook, AlertsConfig, Reading, Rule, Sample};
use fleetgauge::model::{AlertFact, Labels, Notice, NoticeKind};
use fleetgauge::units::UtcMs;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// From 0 to 1, neither included.
    pub fn share(&mut self) -> f64 {
        (self.below(1 << 30) as f64 + 0.5) / f64::from(1 << 30)
    }

    /// Box and Muller 1958.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// A book with its configuration and everything that came out of it.
#[derive(Default)]
pub struct Desk {
    pub config: AlertsConfig,
    pub book: AlertBook,
    pub rows: Vec<AlertFact>,
    pub notices: Vec<Notice>,
}

impl Desk {
    pub fn rule(&mut self, name: &str) -> &mut Rule {
        self.config.rule_mut(name).unwrap()
    }

    pub fn observe(&mut self, rule: &str, labels: &[(&str, &str)], reading: Reading, at: i64) {
        let labels = Labels::new(labels);
        self.book.observe(
            &self.config,
            &Sample {
                rule,
                labels: &labels,
                reading,
                at: UtcMs(at),
            },
            || format!("{rule} at {at}"),
        );
    }

    pub fn settle(&mut self, at: i64) {
        let (rows, notices) = self.book.settle(&self.config, UtcMs(at));
        self.rows.extend(rows);
        self.notices.extend(notices);
    }

    pub fn sent(&self) -> Vec<(i64, NoticeKind, usize)> {
        self.notices
            .iter()
            .map(|notice| (notice.at.0, notice.kind, notice.alerts.len()))
            .collect()
    }

    pub fn fault(&mut self, charge_point: &str, site: &str, holds: bool, at: i64) {
        self.observe(
            "charger_faulted",
            &[("charge_point_id", charge_point), ("site", site)],
            Reading::Holds(holds),
            at,
        );
    }
}
