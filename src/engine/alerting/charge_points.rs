//! Rules about charge points: faults, lost links, overstay, whole sites without a link, uptime.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Alerting, Premises};
use crate::ledger::alerts::Reading;
use crate::ledger::charging::{ChargePointState, Connector};
use crate::ledger::uptime::{Sums, norms};
use crate::model::register::Access;
use crate::model::{ConnectorStatus, Labels};
use crate::units::{Day, Month};

/// Uptime of a connector observed for less than a week means nothing.
const MIN_OBSERVED_MS: i64 = 7 * 86_400_000;

/// Charge points of a site that have been connected, and those of them without a link now.
#[derive(Clone, Copy, Default)]
struct SiteLinks {
    seen: u32,
    offline: u32,
}

impl Premises<'_> {
    /// In service by the register, or connected although the register does not know it.
    fn is_supervised(&self, id: &str) -> bool {
        let day = Day::of(self.now, self.reference.zone());
        match self.reference.register.charge_point(id) {
            Some(point) => {
                point.in_service_from.is_none_or(|from| from <= day)
                    && point.in_service_to.is_none_or(|to| day < to)
            }
            None => self.charging.point(id).is_some_and(|state| state.online),
        }
    }

    fn is_exempt(&self, id: &str) -> bool {
        self.reference.is_exempt(id, self.now)
    }

    fn connector(&self, id: &str, number: u32) -> Option<(&ChargePointState, &Connector)> {
        let state = self.charging.point(id)?;
        let connector = state.connectors.get(&number)?;
        Some((state, connector))
    }

    fn connector_labels(&self, id: &str, number: u32) -> (Labels, Arc<str>) {
        let site = self.reference.site_of(id);
        let labels = Labels::new(&[
            ("charge_point_id", id),
            ("connector_id", &number.to_string()),
            ("site", &site),
        ]);
        (labels, site)
    }
}

impl Alerting {
    pub(super) fn evaluate_charge_points(&mut self, premises: Premises<'_>) {
        let supervised: BTreeSet<&Arc<str>> = premises
            .charging
            .book()
            .charge_points()
            .map(|(id, _)| id)
            .filter(|id| premises.is_supervised(id))
            .collect();
        for rule in [
            "charger_faulted",
            "charger_offline",
            "charger_overstay",
            "uptime_low",
        ] {
            self.book.keep(rule, premises.now, |labels| {
                labels
                    .get("charge_point_id")
                    .is_some_and(|id| supervised.contains(id))
            });
        }
        let mut sites: BTreeMap<Arc<str>, SiteLinks> = BTreeMap::new();
        for (id, state) in premises.charging.book().charge_points() {
            if !supervised.contains(id) {
                continue;
            }
            let excused = premises.is_exempt(id);
            if state.last_seen.is_some() && !excused {
                let links = sites.entry(premises.reference.site_of(id)).or_default();
                links.seen += 1;
                links.offline += u32::from(!state.online);
            }
            self.evaluate_link(id, state, excused, premises);
            for connector in state.connectors.keys() {
                self.evaluate_fault(id, *connector, premises);
                self.evaluate_overstay(id, *connector, excused, premises);
            }
        }
        self.evaluate_sites(&sites, premises);
    }

    fn evaluate_link(
        &mut self,
        id: &str,
        state: &ChargePointState,
        excused: bool,
        premises: Premises<'_>,
    ) {
        let Some(last_seen) = state.last_seen else {
            return;
        };
        if state.online && !self.book.watches("charger_offline") {
            return;
        }
        let site = premises.reference.site_of(id);
        let labels = Labels::new(&[("charge_point_id", id), ("site", &site)]);
        let reading = if excused {
            Reading::Excused
        } else {
            Reading::Holds(!state.online)
        };
        let context = (premises.reference, premises.now);
        self.observe("charger_offline", &labels, reading, context, || {
            format!(
                "{id} ({site}) was last heard on {}",
                last_seen.in_words(premises.reference.zone())
            )
        });
    }

    fn evaluate_sites(&mut self, sites: &BTreeMap<Arc<str>, SiteLinks>, premises: Premises<'_>) {
        let Premises { reference, now, .. } = premises;
        for (site, links) in sites.iter().filter(|(site, _)| ***site != *"unknown") {
            // A site of one charge point is that charge point.
            let labels = Labels::new(&[("site", site)]);
            let reading = Reading::Holds(links.seen >= 2 && links.seen == links.offline);
            self.observe("site_offline", &labels, reading, (reference, now), || {
                format!("all {} charge points of {site} have no link", links.seen)
            });
        }
        self.book.keep("site_offline", now, |labels| {
            labels.get("site").is_some_and(|site| {
                reference.register.site(site).is_some() || sites.contains_key(site)
            })
        });
    }

    /// Evaluates one connector; returns true if its alert changed state. A status from before a lost link is not the status now.
    pub(crate) fn evaluate_fault(
        &mut self,
        id: &str,
        connector_id: u32,
        premises: Premises<'_>,
    ) -> bool {
        let Some((state, connector)) = premises.connector(id, connector_id) else {
            return false;
        };
        let faulted = connector.status == ConnectorStatus::Faulted;
        if !premises.is_supervised(id) || !(faulted || self.book.watches("charger_faulted")) {
            return false;
        }
        let known = state.online && !connector.stale;
        let reading = match (known, faulted) {
            (false, _) => Reading::Unknown,
            (true, true) if premises.is_exempt(id) => Reading::Excused,
            (true, faulted) => Reading::Holds(faulted),
        };
        let (labels, site) = premises.connector_labels(id, connector_id);
        let text = || {
            let code = connector
                .error_code
                .as_deref()
                .or(connector.vendor_error_code.as_deref())
                .unwrap_or("no error code");
            format!("{id} connector {connector_id} ({site}): {code}")
        };
        let context = (premises.reference, premises.now);
        self.observe("charger_faulted", &labels, reading, context, text)
    }

    /// Staff and public charge points only: fleet vehicles stay at theirs overnight, where no other driver waits.
    fn evaluate_overstay(
        &mut self,
        id: &str,
        connector_id: u32,
        excused: bool,
        premises: Premises<'_>,
    ) {
        let Premises { reference, now, .. } = premises;
        let access = reference
            .register
            .charge_point(id)
            .map(|point| point.access);
        let Some((state, connector)) = premises.connector(id, connector_id) else {
            return;
        };
        if !matches!(access, Some(Access::Staff | Access::Public)) {
            return;
        }
        // Charging is over but the plug is in: OCPP 1.6 section 4.9, Finishing and SuspendedEV.
        let over = matches!(
            connector.status,
            ConnectorStatus::Finishing | ConnectorStatus::SuspendedEV
        );
        if !(over || self.book.watches("charger_overstay")) {
            return;
        }
        let minutes = connector
            .since
            .filter(|_| over)
            .map_or(0.0, |since| now.since(since) as f64 / 60_000.0);
        let reading = match (state.online && !connector.stale, excused) {
            (false, _) => Reading::Unknown,
            (true, true) => Reading::Excused,
            (true, false) => Reading::Value(minutes),
        };
        let (labels, site) = premises.connector_labels(id, connector_id);
        let text = || {
            format!(
                "{id} connector {connector_id} ({site}) is blocked since charging ended {minutes:.0} minutes ago"
            )
        };
        self.observe("charger_overstay", &labels, reading, (reference, now), text);
    }

    pub(super) fn evaluate_uptime(&mut self, premises: Premises<'_>) {
        let Premises { reference, now, .. } = premises;
        if reference.config.alerts.rule("uptime_low").is_none() {
            return;
        }
        for (id, sums) in twelve_months(premises) {
            let observed = norms::observed_ms(&sums);
            let Some(uptime) = norms::nevi(&sums)
                .filter(|_| observed >= MIN_OBSERVED_MS && premises.is_supervised(&id))
            else {
                continue;
            };
            let site = reference.site_of(&id);
            let labels = Labels::new(&[("charge_point_id", &id), ("site", &site)]);
            let reading = Reading::Value(uptime);
            self.observe("uptime_low", &labels, reading, (reference, now), || {
                format!(
                    "{id} ({site}): uptime {:.1} % over twelve months",
                    uptime * 100.0
                )
            });
        }
    }
}

/// Sums of each charge point over its connectors and the last twelve months.
fn twelve_months(premises: Premises<'_>) -> BTreeMap<Arc<str>, Sums> {
    let Premises {
        reference,
        charging,
        now,
    } = premises;
    let from = Month::of(now, reference.zone()).plus(-11);
    let mut points: BTreeMap<Arc<str>, Sums> = BTreeMap::new();
    for connector in charging
        .uptime()
        .connectors(now, &reference.uptime_rules(), charging.book())
    {
        let sums = points.entry(connector.charge_point.clone()).or_default();
        connector
            .months
            .iter()
            .filter(|(month, _)| *month >= from)
            .for_each(|(_, month)| sums.add(month));
    }
    points
}
