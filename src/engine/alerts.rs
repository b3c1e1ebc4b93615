//! The alerts' rules in the engine: each minute every subject is looked at, and what follows becomes rows and notices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use super::uptime::rules;
use crate::ledger::alerts::{AckError, Matcher, Reading, Sample, TargetSample};
use crate::ledger::charging::{ChargePointState, Connector};
use crate::ledger::targets::{Kind, TargetRecord, TargetStatus};
use crate::ledger::uptime::{Sums, norms};
use crate::model::register::Access;
use crate::model::{BrokerLink, ConnectorStatus, Fact, Fingerprint, Labels, Observation, OwnState};
use crate::units::{Day, Month, UtcMs};

/// An entry of the audit log raises its alert for so long.
const EVENT_MS: i64 = 86_400_000;
/// Uptime says nothing before a connector was observed for a week.
const LEAST_OBSERVED_MS: i64 = 7 * 86_400_000;
/// Months judged at once after a long absence.
const MAX_MONTHS: i32 = 24;

impl Engine {
    /// Takes what was said about alerts, not about the fleet.
    pub(super) fn hear_about_alerts(&mut self, observation: &Observation<'_>, now: UtcMs) {
        match observation {
            Observation::OwnState(state) => self.hear_own_state(*state, now),
            Observation::Brokers(links) => self.hear_brokers(links, now),
            Observation::AlertAcked { fingerprint, by } => self.alerts.ack(*fingerprint, by, now),
            Observation::AlertsSilenced {
                matchers,
                until,
                by,
                comment,
            } => {
                self.alerts
                    .silence(to_matchers(matchers), *until, by, comment, now);
            }
            Observation::SilenceEnded { id } => self.alerts.unsilence(*id),
            Observation::EmissionsOfMonth(sample) => {
                self.monthly
                    .emissions(sample, &self.config.alerts, &mut self.alerts, now)
            }
            _ => return,
        }
        self.settle_alerts(now);
    }

    /// Can an alert be acknowledged?
    pub fn check_ack(&self, fingerprint: Fingerprint) -> Result<(), AckError> {
        self.alerts.check_ack(fingerprint)
    }

    /// Can alerts be silenced so? The number that the silence gets.
    pub fn check_silence(
        &self,
        matchers: &[(String, String)],
        until: UtcMs,
        now: UtcMs,
    ) -> Result<u64, AckError> {
        self.alerts
            .check_silence(&to_matchers(matchers), until, now)
    }

    /// Can a silence be ended?
    pub fn check_unsilence(&self, id: u64) -> Result<(), AckError> {
        self.alerts.check_unsilence(id)
    }

    pub(super) fn settle_alerts(&mut self, now: UtcMs) {
        let (rows, notices) = self.alerts.settle(&self.config.alerts, now);
        self.output
            .extend(rows.into_iter().map(|row| Fact::Alert(Box::new(row))));
        self.notices.extend(notices);
    }

    fn hear_alert(
        &mut self,
        rule: &str,
        labels: &Labels,
        reading: Reading,
        now: UtcMs,
        summary: impl FnOnce() -> String,
    ) -> bool {
        self.alerts.hear(
            &self.config.alerts,
            &Sample {
                rule,
                labels,
                reading,
                at: now,
            },
            summary,
        )
    }

    fn hear_own_state(&mut self, state: OwnState, now: UtcMs) {
        let labels = Labels::default();
        if let Some(age) = state.output_age_s {
            let text = || {
                format!(
                    "the oldest row that the database has not taken is {:.0} minutes old",
                    age / 60.0
                )
            };
            self.hear_alert("output_behind", &labels, Reading::Value(age), now, text);
        }
        if let Some(free) = state.disk_free_ratio {
            let text = || {
                format!(
                    "{:.1} % of the disk that holds the store is free",
                    free * 100.0
                )
            };
            self.hear_alert("disk_near_full", &labels, Reading::Value(free), now, text);
        }
    }

    fn hear_brokers(&mut self, links: &[BrokerLink], now: UtcMs) {
        self.alerts.keep("broker_down", now, |labels| {
            labels
                .get("broker")
                .is_some_and(|broker| links.iter().any(|link| link.broker == **broker))
        });
        for BrokerLink { broker, down_since } in links {
            let labels = Labels::new(&[("broker", broker)]);
            let since = down_since
                .map(|at| at.in_words(self.register.zone()))
                .unwrap_or_default();
            let text = || format!("no connection to the broker {broker} since {since}");
            self.hear_alert(
                "broker_down",
                &labels,
                Reading::Holds(down_since.is_some()),
                now,
                text,
            );
        }
    }

    /// Every minute.
    pub(super) fn evaluate_alerts(&mut self, now: UtcMs) {
        if self.config.alerts.enabled {
            self.evaluate_charge_points(now);
            self.evaluate_vehicles(now);
            self.evaluate_events(now);
            if now >= self.next_uptime_rows {
                self.evaluate_uptime(now);
            }
        }
        self.settle_alerts(now);
    }

    /// In service by the register, or connected although the register does not know it.
    fn is_supervised(&self, id: &str, now: UtcMs) -> bool {
        let day = Day::of(now, self.register.zone());
        match self.register.charge_point(id) {
            Some(point) => {
                point.in_service_from.is_none_or(|from| from <= day)
                    && point.in_service_to.is_none_or(|to| day < to)
            }
            None => self
                .charging
                .charge_point(id)
                .is_some_and(|state| state.online),
        }
    }

    fn evaluate_charge_points(&mut self, now: UtcMs) {
        let ids: Vec<Arc<str>> = self
            .charging
            .charge_points()
            .map(|(id, _)| id.clone())
            .collect();
        let ids: Vec<Arc<str>> = ids
            .into_iter()
            .filter(|id| self.is_supervised(id, now))
            .collect();
        let supervised: BTreeSet<&str> = ids.iter().map(AsRef::as_ref).collect();
        for rule in [
            "charger_faulted",
            "charger_offline",
            "charger_overstay",
            "uptime_low",
        ] {
            self.alerts.keep(rule, now, |labels| {
                labels
                    .get("charge_point_id")
                    .is_some_and(|id| supervised.contains(&**id))
            });
        }
        // Points heard, and points without a link, by site.
        let mut sites: BTreeMap<Arc<str>, (u32, u32)> = BTreeMap::new();
        for id in &ids {
            let Some(state) = self.charging.charge_point(id) else {
                continue;
            };
            let (online, last_seen) = (state.online, state.last_seen);
            let connectors: Vec<u32> = state.connectors.keys().copied().collect();
            let excused = self.is_exempt(id, now);
            if last_seen.is_some() && !excused {
                let (heard, offline) = sites.entry(self.site_of(id)).or_default();
                *heard += 1;
                *offline += u32::from(!online);
            }
            if last_seen.is_some() && (!online || self.alerts.watches("charger_offline")) {
                let site = self.site_of(id);
                let labels = Labels::new(&[("charge_point_id", id), ("site", &site)]);
                let reading = if excused {
                    Reading::Excused
                } else {
                    Reading::Holds(!online)
                };
                let since = last_seen
                    .map(|at| at.in_words(self.register.zone()))
                    .unwrap_or_default();
                self.hear_alert("charger_offline", &labels, reading, now, || {
                    format!("{id} ({site}) was last heard on {since}")
                });
            }
            for connector in connectors {
                self.hear_fault(id, connector, now);
                self.hear_overstay(id, connector, excused, now);
            }
        }
        self.evaluate_sites(&sites, now);
    }

    fn evaluate_sites(&mut self, sites: &BTreeMap<Arc<str>, (u32, u32)>, now: UtcMs) {
        for (site, (heard, offline)) in sites.iter().filter(|(site, _)| ***site != *"unknown") {
            // A site of one charge point is that charge point.
            let labels = Labels::new(&[("site", site)]);
            let reading = Reading::Holds(*heard >= 2 && heard == offline);
            self.hear_alert("site_offline", &labels, reading, now, || {
                format!("all {heard} charge points of {site} have no link")
            });
        }
        self.alerts.keep("site_offline", now, |labels| {
            labels
                .get("site")
                .is_some_and(|site| self.register.site(site).is_some() || sites.contains_key(site))
        });
    }

    fn is_exempt(&self, charge_point: &str, now: UtcMs) -> bool {
        rules(&self.config, &self.register)
            .exempts
            .reason(charge_point, now)
            .is_some()
    }

    fn connector(
        &self,
        charge_point: &str,
        connector: u32,
    ) -> Option<(&ChargePointState, &Connector)> {
        let state = self.charging.charge_point(charge_point)?;
        state
            .connectors
            .get(&connector)
            .map(|connector| (state, connector))
    }

    /// Looks at one connector; true if its alert stands elsewhere now. What was said before the link was lost says nothing about now.
    pub(super) fn hear_fault(&mut self, id: &str, connector_id: u32, now: UtcMs) -> bool {
        let Some((state, connector)) = self.connector(id, connector_id) else {
            return false;
        };
        let faulted = connector.status == ConnectorStatus::Faulted;
        if !self.is_supervised(id, now) || !(faulted || self.alerts.watches("charger_faulted")) {
            return false;
        }
        let known = state.online && !connector.stale;
        let code = connector
            .error_code
            .clone()
            .or_else(|| connector.vendor_error_code.clone());
        let reading = match (known, faulted) {
            (false, _) => Reading::Unknown,
            (true, true) if self.is_exempt(id, now) => Reading::Excused,
            (true, faulted) => Reading::Holds(faulted),
        };
        let site = self.site_of(id);
        let number = connector_id.to_string();
        let labels = Labels::new(&[
            ("charge_point_id", id),
            ("connector_id", &number),
            ("site", &site),
        ]);
        let text = || {
            format!(
                "{id} connector {number} ({site}): {}",
                code.unwrap_or_else(|| "no error code".into())
            )
        };
        self.hear_alert("charger_faulted", &labels, reading, now, text)
    }

    /// Staff and public points only: fleet vehicles stand at theirs overnight, and nobody waits for the place.
    fn hear_overstay(&mut self, id: &str, connector_id: u32, excused: bool, now: UtcMs) {
        let access = self.register.charge_point(id).map(|point| point.access);
        let Some((state, connector)) = self.connector(id, connector_id) else {
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
        if !(over || self.alerts.watches("charger_overstay")) {
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
        let site = self.site_of(id);
        let number = connector_id.to_string();
        let labels = Labels::new(&[
            ("charge_point_id", id),
            ("connector_id", &number),
            ("site", &site),
        ]);
        let text = || {
            format!(
                "{id} connector {number} ({site}) is blocked since charging ended {minutes:.0} minutes ago"
            )
        };
        self.hear_alert("charger_overstay", &labels, reading, now, text);
    }

    fn evaluate_uptime(&mut self, now: UtcMs) {
        if self.config.alerts.rule("uptime_low").is_none() {
            return;
        }
        let from = Month::of(now, self.register.zone()).plus(-11);
        let mut points: BTreeMap<Arc<str>, Sums> = BTreeMap::new();
        for connector in
            self.uptime
                .connectors(now, &rules(&self.config, &self.register), &self.charging)
        {
            let sums = points.entry(connector.charge_point.clone()).or_default();
            connector
                .months
                .iter()
                .filter(|(month, _)| *month >= from)
                .for_each(|(_, month)| sums.add(month));
        }
        for (id, sums) in points {
            let observed = norms::observed_ms(&sums);
            let Some(uptime) = norms::nevi(&sums)
                .filter(|_| observed >= LEAST_OBSERVED_MS && self.is_supervised(&id, now))
            else {
                continue;
            };
            let site = self.site_of(&id);
            let labels = Labels::new(&[("charge_point_id", &id), ("site", &site)]);
            let text = || {
                format!(
                    "{id} ({site}): uptime {:.1} % over twelve months",
                    uptime * 100.0
                )
            };
            self.hear_alert("uptime_low", &labels, Reading::Value(uptime), now, text);
        }
    }

    fn evaluate_vehicles(&mut self, now: UtcMs) {
        let day = Day::of(now, self.register.zone());
        let register = self.register.clone();
        let (heard, _) = self.heard(now);
        for (vehicle, heard) in register.vehicles.iter().zip(heard) {
            // One that was never heard is not silent; it shows in the completeness.
            let Some(last) = heard.last.filter(|_| vehicle.in_service_on(day)) else {
                continue;
            };
            if heard.fresh && !self.alerts.watches("vehicle_silent") {
                continue;
            }
            let unknown = || Arc::from("unknown");
            let fleet: Arc<str> = vehicle.organisation.clone().unwrap_or_else(unknown);
            let site: Arc<str> = vehicle.site.clone().unwrap_or_else(unknown);
            let labels = Labels::new(&[
                ("vehicle_id", &vehicle.id),
                ("fleet", &fleet),
                ("site", &site),
            ]);
            let text = || {
                format!(
                    "{} ({fleet}) was last heard on {}",
                    vehicle.id,
                    last.in_words(register.zone())
                )
            };
            self.hear_alert(
                "vehicle_silent",
                &labels,
                Reading::Holds(!heard.fresh),
                now,
                text,
            );
        }
        self.alerts.keep("vehicle_silent", now, |labels| {
            labels
                .get("vehicle_id")
                .and_then(|id| register.vehicle(id))
                .is_some_and(|vehicle| vehicle.in_service_on(day))
        });
        let (fleets, _) = self.quality(now);
        for (fleet, sums) in &fleets {
            // A fleet without any telemetry has no completeness to lose.
            if sums.vehicles > 0 && sums.ever_heard {
                let ratio = sums.heard_24h as f64 / sums.vehicles as f64;
                let text = || {
                    format!(
                        "{} of {} vehicles of {fleet} were heard within 24 hours",
                        sums.heard_24h, sums.vehicles
                    )
                };
                self.hear_alert(
                    "data_completeness",
                    &Labels::new(&[("fleet", fleet)]),
                    Reading::Value(ratio),
                    now,
                    text,
                );
            }
        }
        self.alerts.keep("data_completeness", now, |labels| {
            labels
                .get("fleet")
                .is_some_and(|fleet| fleets.contains_key(fleet))
        });
    }

    fn evaluate_events(&mut self, now: UtcMs) {
        let fresh = self
            .audit
            .entries()
            .rev()
            .take_while(|entry| now.since(entry.occurrence.at) <= EVENT_MS);
        let mut events = BTreeMap::new();
        for entry in fresh.filter(|entry| entry.undone_at.is_none()) {
            let occurrence = &entry.occurrence;
            let asset = self
                .assets
                .find(occurrence.format, &occurrence.asset)
                .and_then(|at| self.assets.get(at));
            let (asset, site) = asset.map_or((&occurrence.asset, Arc::from("unknown")), |asset| {
                (&asset.tags().vehicle, asset.tags().site.clone())
            });
            let (quantity, event) = (occurrence.quantity.name(), occurrence.kind.name());
            let labels = Labels::new(&[
                ("asset", asset),
                ("quantity", quantity),
                ("event", event),
                ("site", &site),
            ]);
            let text = format!(
                "{asset}: {event} of {quantity}; `fleetgauge counters undo {}` takes it back",
                entry.id
            );
            events.entry(labels).or_insert(text);
        }
        self.alerts
            .keep("counter_event", now, |labels| events.contains_key(labels));
        for (labels, text) in events {
            self.hear_alert("counter_event", &labels, Reading::Holds(true), now, || text);
        }
    }

    /// Shares at the end of each month that has passed since `last`, by the register as it is now.
    pub(super) fn judge_months(&mut self, last: Day, now: UtcMs) {
        let (mut month, running) = (
            Month::of(last.start(self.register.zone()), self.register.zone()),
            Month::of(now, self.register.zone()),
        );
        month = month.max(running.plus(-MAX_MONTHS));
        while month < running {
            let before = self.target_records(month.plus(-1).last_day()).into_owned();
            let records = self.target_records(month.last_day()).into_owned();
            let lost = self.lost_at(month.end(self.register.zone()), now);
            for record in records.iter().filter(|record| record.kind == Kind::Share) {
                // One target under two names raises one alert.
                if !records
                    .iter()
                    .any(|other| other.alias_of.as_ref() == Some(&record.id))
                {
                    let earlier = before.iter().find(|earlier| earlier.id == record.id);
                    let unknown = self.poor_share(&record.id, month.last_day(), &lost);
                    let sample = TargetSample {
                        unknown: unknown.unwrap_or(0.0),
                        ..sample(record, earlier, month)
                    };
                    self.judge_target(&sample, now);
                }
            }
            month = month.plus(1);
        }
    }

    /// Takes a target's figures of a month that has ended.
    pub fn judge_target(&mut self, sample: &TargetSample, now: UtcMs) {
        self.monthly
            .target(sample, &self.config.alerts, &mut self.alerts, now);
    }
}

/// What the rules want to know of a share at the end of a month.
fn sample(record: &TargetRecord, before: Option<&TargetRecord>, month: Month) -> TargetSample {
    let change = |of: fn(&TargetRecord) -> Option<f64>| Some(of(record)? - of(before?)?);
    let missing = record.gap.is_some_and(|gap| !gap.is_zero());
    // At a rate that leads away from it, it is never reached.
    let never = missing
        && record.projected_date.is_none()
        && record.recent_per_month.is_some_and(|rate| rate <= 0.0);
    // Where only planned disposals are awaited, no rate is needed, and nothing is late by one.
    let planned = record.gap.is_some() && !missing;
    let late = record
        .months_late
        .map(f64::from)
        .or(never.then_some(f64::INFINITY))
        .or(planned.then_some(0.0));
    TargetSample {
        target: record.id.clone(),
        month,
        drift_pp: record.drift.map(|drift| drift * 100.0),
        p_hit: record.p_hit,
        projected_months_late: late.filter(|_| record.status != TargetStatus::Met),
        conversions: change(|record| record.value),
        plan: change(|record| record.plan_value),
        sigma: record.cusum.map(|cusum| cusum.sigma),
        unknown: 0.0,
    }
}

fn to_matchers(pairs: &[(String, String)]) -> Vec<Matcher> {
    pairs
        .iter()
        .map(|(name, value)| Matcher {
            name: Arc::from(name.as_str()),
            value: Arc::from(value.as_str()),
        })
        .collect()
}
