//! `/api/v1/uptime`: time by class, reliability, uptime and utilisation per connector, charge point, site, and of all.

mod figures;
mod sums;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::ledger::uptime::ConnectorUptime;
use crate::model::register::{Access, ChargePoint};
use crate::units::Month;
use sums::{PeriodSums, Point};

pub use figures::{ClassDurations, ExemptDurations, PcprRatios, UptimeFigures, UtilisationRatios};

/// Faults named per charge point, per site and of all.
const TOP_FAULTS: usize = 10;
/// 23 CFR 680.116(b): uptime is that of the previous twelve months.
const NEVI_MONTHS: i32 = 12;

/// Uptime of the months `from..=to`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeView {
    /// Time of the answer.
    pub as_of: String,
    /// First month, `2026-01`.
    pub from: String,
    /// Last month, included.
    pub to: String,
    /// First of the twelve months of 23 CFR 680.116(b).
    pub nevi_from: String,
    /// Last of them.
    pub nevi_to: String,
    /// The norms behind the ratios.
    pub norms: Vec<NormRow>,
    /// All sites together.
    pub all: UptimeGroup,
    /// Figures of each site, in the order of ids.
    pub sites: Vec<UptimeSite>,
    /// By charge point.
    pub charge_points: Vec<UptimeChargePoint>,
    /// Figures of each connector, in the order of ids.
    pub connectors: Vec<UptimeConnector>,
    /// Registered charge points that have never sent a message: no time of theirs is in any figure.
    #[serde(rename = "never_heard")]
    pub never_connected: Vec<Arc<str>>,
}

/// A norm that a ratio follows.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct NormRow {
    /// Name of the ratio.
    pub name: &'static str,
    /// The document it is defined in.
    pub source: &'static str,
    /// How the definition was read.
    pub reading: &'static str,
}

/// Uptime of a connector.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeConnector {
    /// Charge point of the connector.
    pub charge_point_id: Arc<str>,
    /// Number of the connector.
    pub connector_id: u32,
    /// Site of the charge point.
    pub site: Arc<str>,
    /// Since when its time is booked.
    pub first_observed_at: String,
    /// Class of its present state.
    pub class_now: &'static str,
    /// Durations and ratios.
    #[serde(flatten)]
    pub figures: UptimeFigures,
}

/// Uptime of a charge point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeChargePoint {
    /// Id of the charge point.
    pub charge_point_id: Arc<str>,
    /// Id of the site that the connector belongs to, or `unknown`.
    pub site: Arc<str>,
    /// Connectors with booked time.
    pub connectors: u32,
    /// Whether regulation 7 applies: public charge points of 50 kW or more.
    pub pcpr_in_scope: bool,
    /// Durations and ratios.
    #[serde(flatten)]
    pub figures: UptimeFigures,
    /// The most frequent faults.
    pub top_faults: Vec<FaultRow>,
}

/// Uptime of a site.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeSite {
    /// Id of the site.
    pub site: Arc<str>,
    /// Sums over its connectors.
    #[serde(flatten)]
    pub group: UptimeGroup,
}

/// Uptime of a group of charge points.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct UptimeGroup {
    /// Charge points with booked time.
    pub charge_points: u32,
    /// Connectors with booked time.
    pub connectors: u32,
    /// Durations and ratios over all of them.
    #[serde(flatten)]
    pub figures: UptimeFigures,
    /// Charge points that regulation 7 applies to.
    pub pcpr_charge_points_in_scope: u32,
    /// The same readings over those charge points alone.
    pub pcpr_in_scope: Option<PcprRatios>,
    /// The most frequent faults.
    pub top_faults: Vec<FaultRow>,
}

/// One kind of fault.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct FaultRow {
    /// OCPP error code.
    pub error_code: Option<Box<str>>,
    /// Vendor's error code.
    pub vendor_error_code: Option<Box<str>>,
    /// StatusNotifications with these codes.
    pub reports: u64,
    /// Of them with the status Faulted.
    pub reports_faulted: u64,
    /// Time of the newest one.
    pub last_at: String,
}

/// Uptime of the months `from..=to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct UptimeQuery {
    /// First month; default January of `to`'s year.
    pub from: Option<Month>,
    /// Last month; default the running one.
    pub to: Option<Month>,
}

impl Query for UptimeQuery {
    type Response = UptimeView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<UptimeView, String> {
        let (from, to) = engine.uptime_months(context, self.from, self.to);
        Ok(engine.uptime_view(context, from, to))
    }
}

impl Engine {
    /// The months of a question: by default the calendar year to date.
    pub fn uptime_months(
        &self,
        context: &ViewContext,
        from: Option<Month>,
        to: Option<Month>,
    ) -> (Month, Month) {
        let to = to.unwrap_or_else(|| Month::of(context.now, self.reference.register.zone()));
        (from.unwrap_or_else(|| to.first_of_year()), to)
    }

    /// `/api/v1/uptime`, months `from..=to`.
    pub fn uptime_view(&self, context: &ViewContext, from: Month, to: Month) -> UptimeView {
        let from_kw = self.reference.register.jurisdiction.reliability_from_kw;
        let nevi_from = to.plus(1 - NEVI_MONTHS);
        let mut by_point: BTreeMap<Arc<str>, Vec<ConnectorUptime>> = BTreeMap::new();
        for connector in self.charging.uptime().connectors(
            context.now,
            &self.reference.uptime_rules(),
            self.charging.book(),
        ) {
            by_point
                .entry(connector.charge_point.clone())
                .or_default()
                .push(connector);
        }
        let never_connected = self.never_connected(by_point.keys());
        let mut sums = PeriodSums {
            from,
            to,
            nevi_from,
            ..PeriodSums::default()
        };
        for (id, connectors) in by_point {
            let registered = self.reference.register.charge_point(&id);
            let point = Point {
                site: self.reference.site_of(&id),
                rated_kw: registered.and_then(|point| point.max_power_kw),
                in_scope: registered.is_some_and(|point| in_scope(point, from_kw)),
                id,
            };
            let faults = self.charging.uptime().faults(&point.id);
            sums.add_point(point, &connectors, faults);
        }
        let sites = sums.sites.into_iter();
        UptimeView {
            as_of: rfc3339(context.now),
            from: from.to_string(),
            to: to.to_string(),
            nevi_from: nevi_from.to_string(),
            nevi_to: to.to_string(),
            norms: self.norms(),
            all: sums.all.row(),
            sites: sites
                .map(|(site, group)| UptimeSite {
                    site,
                    group: group.row(),
                })
                .collect(),
            charge_points: sums.charge_points,
            connectors: sums.connectors,
            never_connected,
        }
    }

    /// Registered charge points without booked time.
    fn never_connected<'a>(&self, connected: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<str>> {
        let connected: BTreeSet<String> = connected.map(|id| id.to_lowercase()).collect();
        let registered = self.reference.register.charge_points.iter();
        registered
            .map(|point| &point.id)
            .filter(|id| !connected.contains(&id.to_lowercase()))
            .cloned()
            .collect()
    }

    fn norms(&self) -> Vec<NormRow> {
        let norms = self.reference.register.jurisdiction.uptime_norms.iter();
        norms
            .map(|norm| NormRow {
                name: norm.name,
                source: norm.source,
                reading: norm.reading,
            })
            .collect()
    }
}

/// A public point of the power from which the country's rule for reliability applies.
fn in_scope(point: &ChargePoint, from_kw: Option<f64>) -> bool {
    point.access == Access::Public
        && point
            .max_power_kw
            .zip(from_kw)
            .is_some_and(|(kw, from_kw)| kw >= from_kw)
}
