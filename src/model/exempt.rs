//! Time that does not count against a connector: planned maintenance, and hours in which its site is closed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::units::{UtcMs, WeeklyHours, Zone};

/// Why time is exempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExemptReason {
    /// Maintenance that was planned.
    Maintenance,
    /// The site was not accessible.
    Closed,
}

/// When a window is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExemptTime {
    /// A single stretch of time.
    Once {
        /// Begin of the window.
        from: UtcMs,
        /// To, not included.
        to: UtcMs,
    },
    /// Every week, by London's clock.
    Weekly(WeeklyHours),
}

/// One `[[exempt]]` entry of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExemptWindow {
    /// `site`: only its charge points.
    pub site: Option<Arc<str>>,
    /// `charge_point`: only this one, whatever its case.
    pub charge_point: Option<Arc<str>>,
    /// `reason`: why the time does not count.
    pub reason: ExemptReason,
    /// `from` and `to`, or `weekly`.
    pub time: ExemptTime,
}

impl ExemptTime {
    /// Whether it is open at an instant, and until when that surely holds.
    pub fn at(&self, instant: UtcMs, zone: &Zone) -> (bool, UtcMs) {
        match self {
            Self::Once { from, .. } if instant < *from => (false, *from),
            Self::Once { to, .. } if instant < *to => (true, *to),
            Self::Once { .. } => (false, UtcMs(i64::MAX)),
            Self::Weekly(hours) => hours.at(instant, zone),
        }
    }
}
