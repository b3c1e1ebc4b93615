//! Sums of time and faults over connectors, charge points, sites and everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::figures::Total;
use super::{
    FaultRow, PcprRatios, TOP_FAULTS, UptimeChargePoint, UptimeConnector, UptimeFigures,
    UptimeGroup,
};
use crate::engine::views::rfc3339;
use crate::ledger::uptime::{ConnectorUptime, Fault, Sums};
use crate::units::{Month, UtcMs};

/// Faults by error code and vendor code: reports, those with the state Faulted, the last time.
type FaultSums = BTreeMap<(Option<Box<str>>, Option<Box<str>>), (u64, u64, UtcMs)>;

/// Sums of a site, or of all sites.
#[derive(Default)]
pub(super) struct Group {
    total: Total,
    in_scope: Sums,
    charge_points: u32,
    charge_points_in_scope: u32,
    faults: FaultSums,
}

impl Group {
    pub(super) fn row(self) -> UptimeGroup {
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

/// A charge point, as far as its sums need it.
pub(super) struct Point {
    pub(super) id: Arc<str>,
    pub(super) site: Arc<str>,
    /// Rated power; `None` if the register does not state it.
    pub(super) rated_kw: Option<f64>,
    /// Whether the country's rule for reliability applies to it.
    pub(super) in_scope: bool,
}

/// Rows and sums of the months `from..=to`, with the twelve months that NEVI looks at beside them.
#[derive(Default)]
pub(super) struct PeriodSums {
    pub(super) from: Month,
    pub(super) to: Month,
    pub(super) nevi_from: Month,
    pub(super) all: Group,
    pub(super) sites: BTreeMap<Arc<str>, Group>,
    pub(super) charge_points: Vec<UptimeChargePoint>,
    pub(super) connectors: Vec<UptimeConnector>,
}

impl PeriodSums {
    /// Adds a charge point with its connectors and faults.
    pub(super) fn add_point(
        &mut self,
        point: Point,
        connectors: &[ConnectorUptime],
        faults: &[Fault],
    ) {
        let mut total = Total::default();
        for connector in connectors {
            self.add_connector(&point, connector, &mut total);
        }
        let faults = self.add_faults(&point, faults);
        let site = self.sites.entry(point.site.clone()).or_default();
        for group in [&mut self.all, site] {
            group.charge_points += 1;
            group.charge_points_in_scope += u32::from(point.in_scope);
        }
        self.charge_points.push(UptimeChargePoint {
            charge_point_id: point.id,
            site: point.site,
            connectors: total.connectors,
            pcpr_in_scope: point.in_scope,
            figures: UptimeFigures::from_total(&total),
            top_faults: top(faults),
        });
    }

    fn add_connector(&mut self, point: &Point, connector: &ConnectorUptime, total: &mut Total) {
        let period = sum(connector, self.from, self.to);
        let year = sum(connector, self.nevi_from, self.to);
        let mut own = Total::default();
        own.add(&period, &year, point.rated_kw);
        total.add(&period, &year, point.rated_kw);
        let site = self.sites.entry(point.site.clone()).or_default();
        for group in [&mut self.all, site] {
            group.total.add(&period, &year, point.rated_kw);
            if point.in_scope {
                group.in_scope.add(&period);
            }
        }
        self.connectors.push(UptimeConnector {
            charge_point_id: point.id.clone(),
            connector_id: connector.connector_id,
            site: point.site.clone(),
            first_observed_at: rfc3339(connector.first_observed),
            class_now: connector.class.name(),
            figures: UptimeFigures::from_total(&own),
        });
    }

    /// Adds the faults of the months to the site and to all; returns those of the charge point.
    fn add_faults(&mut self, point: &Point, faults: &[Fault]) -> FaultSums {
        let mut own = FaultSums::new();
        let site = self.sites.entry(point.site.clone()).or_default();
        let months = self.from..=self.to;
        for fault in faults.iter().filter(|fault| months.contains(&fault.month)) {
            for sums in [&mut own, &mut self.all.faults, &mut site.faults] {
                count(sums, fault);
            }
        }
        own
    }
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
