//! `/api/v1/uptime`: time by class, reliability, uptime and utilisation per connector, charge point, site, and of all.

mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::engine::query::{Query, Stored};
use crate::ledger::uptime::{ConnectorUptime, Fault, Sums};
use crate::model::register::{Access, ChargePoint};
use crate::units::{Month, UtcMs};
use figures::Total;
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
    /// By site.
    pub sites: Vec<UptimeSite>,
    /// By charge point.
    pub charge_points: Vec<UptimeChargePoint>,
    /// By connector.
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
    /// Its site.
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

/// Faults by error code and vendor code: reports, those with the state Faulted, the last time.
type FaultSums = BTreeMap<(Option<Box<str>>, Option<Box<str>>), (u64, u64, UtcMs)>;

#[derive(Default)]
struct Group {
    total: Total,
    in_scope: Sums,
    charge_points: u32,
    charge_points_in_scope: u32,
    faults: FaultSums,
}

impl Group {
    fn row(self) -> UptimeGroup {
        UptimeGroup {
            charge_points: self.charge_points,
            connectors: self.total.connectors,
            figures: UptimeFigures::from_total(&self.total),
            pcpr_charge_points_in_scope: self.charge_points_in_scope,
            pcpr_in_scope: (self.charge_points_in_scope > 0)
                .then(|| PcprRatios::from_sums(&self.in_scope)),
            top_faults: top(self.faults),
        }
    }
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
        let connected: BTreeSet<String> = by_point.keys().map(|id| id.to_lowercase()).collect();
        let registered = self
            .reference
            .register
            .charge_points
            .iter()
            .map(|point| &point.id);
        let never_connected = registered
            .filter(|id| !connected.contains(&id.to_lowercase()))
            .cloned()
            .collect();
        let mut connectors = Vec::new();
        let mut charge_points = Vec::new();
        let mut sites: BTreeMap<Arc<str>, Group> = BTreeMap::new();
        let mut all = Group::default();
        for (id, of_point) in by_point {
            let registered = self.reference.register.charge_point(&id);
            let rated_kw = registered.and_then(|point| point.max_power_kw);
            let (site, in_scope) = (
                self.reference.site_of(&id),
                registered.is_some_and(|point| in_scope(point, from_kw)),
            );
            let mut point = Total::default();
            for connector in of_point {
                let period = sum(&connector, from, to);
                let year = sum(&connector, nevi_from, to);
                let mut one = Total::default();
                one.add(&period, &year, rated_kw);
                point.add(&period, &year, rated_kw);
                for group in [&mut all, sites.entry(site.clone()).or_default()] {
                    group.total.add(&period, &year, rated_kw);
                    if in_scope {
                        group.in_scope.add(&period);
                    }
                }
                connectors.push(UptimeConnector {
                    charge_point_id: id.clone(),
                    connector_id: connector.connector_id,
                    site: site.clone(),
                    first_observed_at: rfc3339(connector.first_observed),
                    class_now: connector.class.name(),
                    figures: UptimeFigures::from_total(&one),
                });
            }
            let mut faults = FaultSums::new();
            let wanted = |fault: &&Fault| (from..=to).contains(&fault.month);
            for fault in self.charging.uptime().faults(&id).iter().filter(wanted) {
                for sums in [
                    &mut faults,
                    &mut all.faults,
                    &mut sites.entry(site.clone()).or_default().faults,
                ] {
                    count(sums, fault);
                }
            }
            for group in [&mut all, sites.entry(site.clone()).or_default()] {
                group.charge_points += 1;
                group.charge_points_in_scope += u32::from(in_scope);
            }
            charge_points.push(UptimeChargePoint {
                charge_point_id: id,
                site,
                connectors: point.connectors,
                pcpr_in_scope: in_scope,
                figures: UptimeFigures::from_total(&point),
                top_faults: top(faults),
            });
        }
        UptimeView {
            as_of: rfc3339(context.now),
            from: from.to_string(),
            to: to.to_string(),
            nevi_from: nevi_from.to_string(),
            nevi_to: to.to_string(),
            norms: self
                .reference
                .register
                .jurisdiction
                .uptime_norms
                .iter()
                .map(|norm| NormRow {
                    name: norm.name,
                    source: norm.source,
                    reading: norm.reading,
                })
                .collect(),
            all: all.row(),
            sites: sites
                .into_iter()
                .map(|(site, group)| UptimeSite {
                    site,
                    group: group.row(),
                })
                .collect(),
            charge_points,
            connectors,
            never_connected,
        }
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

fn sum(connector: &ConnectorUptime, from: Month, to: Month) -> Sums {
    let mut sum = Sums::default();
    let wanted = connector
        .months
        .iter()
        .filter(|(month, _)| (from..=to).contains(month));
    wanted.for_each(|(_, sums)| sum.add(sums));
    sum
}

fn count(sums: &mut FaultSums, fault: &Fault) {
    let key = (fault.error_code.clone(), fault.vendor_error_code.clone());
    let (reports, faulted, last_at) = sums.entry(key).or_default();
    *reports += u64::from(fault.count);
    *faulted += u64::from(fault.faulted);
    *last_at = (*last_at).max(fault.last_at);
}

fn top(sums: FaultSums) -> Vec<FaultRow> {
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|(_, (reports, ..))| std::cmp::Reverse(*reports));
    rows.truncate(TOP_FAULTS);
    rows.into_iter()
        .map(
            |((error_code, vendor_error_code), (reports, reports_faulted, last_at))| FaultRow {
                error_code,
                vendor_error_code,
                reports,
                reports_faulted,
                last_at: rfc3339(last_at),
            },
        )
        .collect()
}
