//! `/api/v1/charge-points`: every registered charge point, and every other that was heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::overview::Estate;
use super::{ViewContext, rfc3339, wh};
use crate::engine::views::provisioning::SetupRow;
use crate::ledger::charging::{ChargePointState, Conformance, Connector, RegisterKind};
use crate::model::{ConnectorStatus, LinkMode, OcppVersion};

/// The answer.
#[derive(Debug, Serialize)]
pub struct ChargePointsView {
    as_of: String,
    charge_points: Vec<ChargePointRow>,
    vendors: Vec<VendorRow>,
    sites: Vec<SiteRow>,
}

/// Power drawn now against what the site's supply bears.
#[derive(Debug, Default, Serialize)]
struct SiteRow {
    site: Arc<str>,
    name: Option<String>,
    capacity_kw: Option<f64>,
    /// `null` where nobody who is online says it.
    power_w: Option<f64>,
}

/// How well the charge points of one vendor and model keep to the standard.
#[derive(Debug, Serialize)]
struct VendorRow {
    vendor: String,
    model: String,
    charge_points: u32,
    #[serde(flatten)]
    conformance: ConformanceRow,
}

/// Requests shown to the strict reader, and the share of them that it took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct ConformanceRow {
    requests_checked: u64,
    requests_conformant: u64,
    conformant_ratio: Option<f64>,
}

impl ConformanceRow {
    fn of(conformance: Conformance) -> Self {
        let Conformance {
            checked,
            conformant,
        } = conformance;
        let ratio = (checked > 0).then(|| conformant as f64 / checked as f64);
        Self {
            requests_checked: checked,
            requests_conformant: conformant,
            conformant_ratio: ratio,
        }
    }
}

#[derive(Debug, Serialize)]
struct ChargePointRow {
    charge_point_id: Arc<str>,
    site: Option<Arc<str>>,
    organisation: Option<Arc<str>>,
    registered: bool,
    online: bool,
    last_seen_at: Option<String>,
    ocpp_version: Option<&'static str>,
    mode: Option<LinkMode>,
    operator_online: Option<bool>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    max_power_kw: Option<f64>,
    #[serde(flatten)]
    conformance: ConformanceRow,
    repaired_frames: u64,
    clock_skew_s: Option<i64>,
    clock_zone_error_s: Option<i64>,
    register_kind: &'static str,
    setup: Option<SetupRow>,
    connectors: Vec<ConnectorRow>,
}

impl ChargePointRow {
    fn silent(id: Arc<str>) -> Self {
        Self {
            charge_point_id: id,
            site: None,
            organisation: None,
            registered: false,
            online: false,
            last_seen_at: None,
            ocpp_version: None,
            mode: None,
            operator_online: None,
            vendor: None,
            model: None,
            firmware: None,
            max_power_kw: None,
            conformance: ConformanceRow::default(),
            repaired_frames: 0,
            clock_skew_s: None,
            clock_zone_error_s: None,
            register_kind: RegisterKind::Unknown.name(),
            setup: None,
            connectors: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ConnectorRow {
    connector_id: u32,
    status: &'static str,
    #[serde(skip)]
    state: ConnectorStatus,
    since: Option<String>,
    /// Said before the link was lost, and not again since.
    stale: bool,
    error_code: Option<String>,
    vendor_error_code: Option<String>,
    power_w: Option<f64>,
    energy_import_wh: Option<f64>,
    /// Register steps added up: while a transaction was open, and while none was.
    counted_in_transactions_wh: f64,
    counted_outside_wh: f64,
    session: Option<LiveSession>,
}

#[derive(Debug, Serialize)]
struct LiveSession {
    id: String,
    vehicle_id: Option<Arc<str>>,
    started_at: String,
    energy_wh: Option<f64>,
}

impl Engine {
    /// `/api/v1/charge-points`.
    pub fn charge_points_view(&self, context: &ViewContext) -> ChargePointsView {
        let charge_points: Vec<ChargePointRow> = self.charge_point_rows().collect();
        let sites = self.site_rows(&charge_points);
        ChargePointsView {
            as_of: rfc3339(context.now),
            charge_points,
            vendors: self.vendors(),
            sites,
        }
    }

    /// All charge points with all their connectors, registered or heard.
    fn charge_point_rows(&self) -> impl Iterator<Item = ChargePointRow> {
        let mut rows: BTreeMap<String, ChargePointRow> = BTreeMap::new();
        for registered in &self.reference.register.charge_points {
            let row = ChargePointRow {
                site: registered.site.clone(),
                organisation: registered.organisation.clone(),
                registered: true,
                max_power_kw: registered.max_power_kw,
                // Silent ones are shown with the connectors they should have.
                connectors: (1..=registered.connectors)
                    .map(|id| connector_row(id, &Connector::default()))
                    .collect(),
                ..ChargePointRow::silent(registered.id.clone())
            };
            rows.insert(registered.id.to_lowercase(), row);
        }
        for (id, state) in self.charging.book().charge_points() {
            let row = rows
                .entry(id.to_lowercase())
                .or_insert_with(|| ChargePointRow::silent(id.clone()));
            row.take(state);
        }
        rows.into_values()
    }

    /// The same in numbers. What was said before a link was lost is not how it is now.
    pub(super) fn estate(&self) -> Estate {
        let mut estate = Estate {
            sessions_closed_today: self.activity.sessions_closed_today(),
            ..Estate::default()
        };
        for row in self.charge_point_rows() {
            estate.total += 1;
            estate.online += usize::from(row.online);
            for connector in row
                .connectors
                .iter()
                .filter(|connector| connector.connector_id > 0)
            {
                estate.connectors += 1;
                estate.sessions_open += usize::from(connector.session.is_some());
                if row.online {
                    estate.charging += usize::from(connector.state == ConnectorStatus::Charging);
                    estate.occupied += usize::from(connector.state.is_occupied());
                    estate.faulted += usize::from(connector.state == ConnectorStatus::Faulted);
                    estate.power_w += connector.power_w.unwrap_or(0.0);
                }
            }
        }
        estate
    }

    fn site_rows(&self, charge_points: &[ChargePointRow]) -> Vec<SiteRow> {
        let mut power: BTreeMap<&Arc<str>, Option<f64>> = BTreeMap::new();
        for row in charge_points {
            if let Some(site) = &row.site {
                // What was measured before a link was lost is not the power now.
                let now = row
                    .connectors
                    .iter()
                    .filter(|_| row.online)
                    .filter_map(|connector| connector.power_w);
                let sum = power.entry(site).or_default();
                now.for_each(|watts| *sum = Some(sum.unwrap_or(0.0) + watts));
            }
        }
        let site = |(id, power_w): (&Arc<str>, Option<f64>)| {
            let known = self.reference.register.site(id);
            let (name, capacity_kw) = (
                known.map(|site| site.name.clone()),
                known.and_then(|site| site.capacity_kw),
            );
            SiteRow {
                site: id.clone(),
                name,
                capacity_kw,
                power_w,
            }
        };
        power.into_iter().map(site).collect()
    }

    fn vendors(&self) -> Vec<VendorRow> {
        let mut sums: BTreeMap<(&str, &str), (u32, Conformance)> = BTreeMap::new();
        for (_, state) in self.charging.book().charge_points() {
            let Some(vendor) = state.vendor.as_deref() else {
                continue;
            };
            let (points, sum) = sums
                .entry((vendor, state.model.as_deref().unwrap_or_default()))
                .or_default();
            *points += 1;
            sum.checked += state.conformance.checked;
            sum.conformant += state.conformance.conformant;
        }
        let rows = sums
            .into_iter()
            .map(|((vendor, model), (charge_points, sum))| VendorRow {
                vendor: vendor.to_owned(),
                model: model.to_owned(),
                charge_points,
                conformance: ConformanceRow::of(sum),
            });
        rows.collect()
    }
}

impl ChargePointRow {
    fn take(&mut self, state: &ChargePointState) {
        self.online = state.online;
        self.last_seen_at = state.last_seen.map(rfc3339);
        self.ocpp_version = state.version.map(OcppVersion::name);
        self.mode = state.version.map(|_| state.mode);
        self.operator_online = state.operator_online;
        self.conformance = ConformanceRow::of(state.conformance);
        self.repaired_frames = state.repaired;
        self.clock_skew_s = state.clock_skew_ms().map(|ms| ms / 1000);
        self.clock_zone_error_s = state.zone_error_ms().map(|ms| ms / 1000);
        self.register_kind = state.register_kind().name();
        self.setup = state
            .setup
            .as_deref()
            .map(|memory| SetupRow::of(memory, state.online));
        self.vendor.clone_from(&state.vendor);
        self.model.clone_from(&state.model);
        self.firmware.clone_from(&state.firmware);
        for (id, connector) in &state.connectors {
            let row = connector_row(*id, connector);
            match self
                .connectors
                .binary_search_by_key(id, |row| row.connector_id)
            {
                Ok(index) => self.connectors[index] = row,
                // Connector 0 is the charge point itself; it is shown when it has something to say.
                Err(_)
                    if *id == 0
                        && connector.since.is_none()
                        && connector.register_dwh.is_none() => {}
                Err(index) => self.connectors.insert(index, row),
            }
        }
    }
}

fn connector_row(connector_id: u32, connector: &Connector) -> ConnectorRow {
    ConnectorRow {
        connector_id,
        status: connector.status.name(),
        state: connector.status,
        since: connector.since.map(rfc3339),
        stale: connector.stale,
        error_code: connector.error_code.clone(),
        vendor_error_code: connector.vendor_error_code.clone(),
        counted_in_transactions_wh: wh(connector.counted_dwh.in_transactions),
        counted_outside_wh: wh(connector.counted_dwh.outside),
        power_w: connector.power_mw.map(|mw| mw as f64 / 1000.0),
        energy_import_wh: connector.register_dwh.map(wh),
        session: connector.session().map(|session| LiveSession {
            id: session.id.clone(),
            vehicle_id: session.user.vehicle().cloned(),
            started_at: rfc3339(session.started_at),
            energy_wh: session.energy_dwh.map(wh),
        }),
    }
}
