//! `/api/v1/uptime`: time by class, reliability, uptime and utilisation per connector, charge point, site, and of all.

mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339};
use crate::ledger::uptime::{ConnectorUptime, Fault, Sums, norms};
use crate::model::register::{Access, ChargePoint};
use crate::units::{Month, UtcMs};
use figures::{Figures, Pcpr, Total};

/// Faults named per charge point, per site and of all.
const TOP_FAULTS: usize = 10;
/// 23 CFR 680.116(b): uptime is that of the previous twelve months.
const NEVI_MONTHS: i32 = 12;

/// The answer.
#[derive(Debug, Serialize)]
pub struct UptimeView {
    as_of: String,
    from: String,
    to: String,
    nevi_from: String,
    nevi_to: String,
    norms: Vec<NormRow>,
    all: GroupRow,
    sites: Vec<SiteRow>,
    charge_points: Vec<ChargePointRow>,
    connectors: Vec<ConnectorRow>,
    /// Registered charge points of which nothing was ever heard: no time of theirs is in any figure.
    never_heard: Vec<Arc<str>>,
}

#[derive(Debug, Serialize)]
struct NormRow {
    name: &'static str,
    source: &'static str,
    reading: &'static str,
}

#[derive(Debug, Serialize)]
struct ConnectorRow {
    charge_point_id: Arc<str>,
    connector_id: u32,
    site: Arc<str>,
    first_observed_at: String,
    /// What it is now.
    class_now: &'static str,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct ChargePointRow {
    charge_point_id: Arc<str>,
    site: Arc<str>,
    connectors: u32,
    /// Regulation 7 speaks of public points of 50 kW or more only.
    pcpr_in_scope: bool,
    #[serde(flatten)]
    figures: Figures,
    top_faults: Vec<FaultRow>,
}

#[derive(Debug, Serialize)]
struct SiteRow {
    site: Arc<str>,
    #[serde(flatten)]
    group: GroupRow,
}

#[derive(Debug, Serialize)]
struct GroupRow {
    charge_points: u32,
    connectors: u32,
    #[serde(flatten)]
    figures: Figures,
    /// The same readings over the points in scope alone.
    pcpr_charge_points_in_scope: u32,
    pcpr_in_scope: Option<Pcpr>,
    top_faults: Vec<FaultRow>,
}

#[derive(Debug, Serialize)]
struct FaultRow {
    error_code: Option<Box<str>>,
    vendor_error_code: Option<Box<str>>,
    reports: u64,
    reports_faulted: u64,
    last_at: String,
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
    fn row(self) -> GroupRow {
        GroupRow {
            charge_points: self.charge_points,
            connectors: self.total.connectors,
            figures: Figures::of(&self.total),
            pcpr_charge_points_in_scope: self.charge_points_in_scope,
            pcpr_in_scope: (self.charge_points_in_scope > 0).then(|| Pcpr::of(&self.in_scope)),
            top_faults: top(self.faults),
        }
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
        let heard: BTreeSet<String> = by_point.keys().map(|id| id.to_lowercase()).collect();
        let registered = self
            .reference
            .register
            .charge_points
            .iter()
            .map(|point| &point.id);
        let never_heard = registered
            .filter(|id| !heard.contains(&id.to_lowercase()))
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
                registered.is_some_and(in_scope),
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
                connectors.push(ConnectorRow {
                    charge_point_id: id.clone(),
                    connector_id: connector.connector_id,
                    site: site.clone(),
                    first_observed_at: rfc3339(connector.first_observed),
                    class_now: connector.class.name(),
                    figures: Figures::of(&one),
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
            charge_points.push(ChargePointRow {
                charge_point_id: id,
                site,
                connectors: point.connectors,
                pcpr_in_scope: in_scope,
                figures: Figures::of(&point),
                top_faults: top(faults),
            });
        }
        UptimeView {
            as_of: rfc3339(context.now),
            from: from.to_string(),
            to: to.to_string(),
            nevi_from: nevi_from.to_string(),
            nevi_to: to.to_string(),
            norms: norms::NORMS
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
                .map(|(site, group)| SiteRow {
                    site,
                    group: group.row(),
                })
                .collect(),
            charge_points,
            connectors,
            never_heard,
        }
    }
}

fn in_scope(point: &ChargePoint) -> bool {
    point.access == Access::Public
        && point
            .max_power_kw
            .is_some_and(|kw| kw >= norms::PCPR_FROM_KW)
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
