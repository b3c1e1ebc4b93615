//! `/api/v1/charge-points`: every registered charge point, and every other that has sent a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::overview::ChargePointTotals;
use super::provisioning::ProvisioningRow;
use super::{ViewContext, rfc3339, wh};
use crate::engine::query::{Query, Stored};
use crate::ledger::charging::{ChargePointState, Conformance, Connector, RegisterKind};
use crate::model::{ConnectorStatus, LinkMode, OcppVersion};

/// All charge points, with sums by vendor and site.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChargePointsView {
    /// Time of the answer.
    pub as_of: String,
    /// Every charge point, in the order of ids.
    pub charge_points: Vec<ChargePointRow>,
    /// OCPP conformance by vendor and model.
    pub vendors: Vec<VendorRow>,
    /// Power by site.
    pub sites: Vec<SitePower>,
}

/// Power drawn now at a site, beside what its supply bears.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct SitePower {
    /// Id of the site in the register.
    pub site: Arc<str>,
    /// Name of the site in the register.
    pub name: Option<String>,
    /// What the site's supply bears.
    pub capacity_kw: Option<f64>,
    /// Sum over charge points that are online; `null` where none of them reports a power.
    pub power_w: Option<f64>,
}

/// How well the charge points of one vendor and model keep to the OCPP standard.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VendorRow {
    /// `chargePointVendor` (OCPP 1.6) or `vendorName` (2.x) of BootNotification.
    pub vendor: String,
    /// `chargePointModel` or `model` of BootNotification; empty where none was sent.
    pub model: String,
    /// Charge points of this vendor and model.
    pub charge_points: u32,
    /// Sums over them.
    #[serde(flatten)]
    pub conformance: ConformanceRow,
}

/// Requests shown to the strict OCPP reader, and the share of them that it accepted.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct ConformanceRow {
    /// Requests checked; metering requests are sampled.
    pub requests_checked: u64,
    /// Requests that keep to the standard's schema.
    pub requests_conformant: u64,
    /// `requests_conformant / requests_checked`; `null` before the first check.
    pub conformant_ratio: Option<f64>,
}

impl ConformanceRow {
    fn from_sums(conformance: Conformance) -> Self {
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

/// One charge point.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChargePointRow {
    /// Identity in the OCPP URL, or id in the register.
    pub charge_point_id: Arc<str>,
    /// Site by the register.
    pub site: Option<Arc<str>>,
    /// Organisation by the register.
    pub organisation: Option<Arc<str>>,
    /// Whether the charge point is in the register.
    pub registered: bool,
    /// Whether its WebSocket is open now.
    pub online: bool,
    /// Time of its newest message.
    pub last_seen_at: Option<String>,
    /// OCPP version of its newest connection.
    pub ocpp_version: Option<&'static str>,
    /// Whether this daemon is its central system or a tap in between.
    pub mode: Option<LinkMode>,
    /// Whether the operator's central system is connected; in tap mode only.
    pub operator_online: Option<bool>,
    /// Vendor by BootNotification.
    pub vendor: Option<String>,
    /// Model by BootNotification.
    pub model: Option<String>,
    /// Firmware version by BootNotification.
    pub firmware: Option<String>,
    /// Rated power by the register.
    pub max_power_kw: Option<f64>,
    /// How well it keeps to the standard.
    #[serde(flatten)]
    pub conformance: ConformanceRow,
    /// Frames that were broken and could be repaired.
    pub repaired_frames: u64,
    /// Its clock minus ours, seconds.
    pub clock_skew_s: Option<i64>,
    /// Part of the skew that is a wrong time zone, seconds.
    pub clock_zone_error_s: Option<i64>,
    /// Whether its energy register counts over its life or per session.
    pub register_kind: &'static str,
    /// Its provisioning; `null` where it was never provisioned.
    pub setup: Option<ProvisioningRow>,
    /// Its connectors; connector 0 is the charge point itself.
    pub connectors: Vec<ConnectorRow>,
}

impl ChargePointRow {
    fn never_connected(id: Arc<str>) -> Self {
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

/// One connector of a charge point.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectorRow {
    /// Number of the connector.
    pub connector_id: u32,
    /// OCPP status, lower case.
    pub status: &'static str,
    /// The same, to be compared.
    #[serde(skip)]
    pub(super) state: ConnectorStatus,
    /// Since when the status holds.
    pub since: Option<String>,
    /// Reported before the connection was lost, and not since.
    pub stale: bool,
    /// `errorCode` of the newest StatusNotification, unless it is `NoError`.
    pub error_code: Option<String>,
    /// `vendorErrorCode` of the newest StatusNotification.
    pub vendor_error_code: Option<String>,
    /// Power drawn now.
    pub power_w: Option<f64>,
    /// Value of the energy register.
    pub energy_import_wh: Option<f64>,
    /// Steps of the register added up while a transaction was open.
    pub counted_in_transactions_wh: f64,
    /// Steps of the register added up while no transaction was open.
    pub counted_outside_wh: f64,
    /// The open session.
    pub session: Option<LiveSession>,
}

/// A session that is open now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LiveSession {
    /// Id of the session.
    pub id: String,
    /// Vehicle that charges, where the token or the register names one.
    pub vehicle_id: Option<Arc<str>>,
    /// Start of the session.
    pub started_at: String,
    /// Energy so far; `null` before the first register value.
    pub energy_wh: Option<f64>,
}

/// All charge points.
#[derive(Clone, Copy, Default, Debug)]
pub struct ChargePointsQuery;

impl Query for ChargePointsQuery {
    type Response = ChargePointsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        _stored: &dyn Stored,
    ) -> Result<ChargePointsView, String> {
        Ok(engine.charge_points_view(context))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/charge-points`.
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

    /// All charge points with all their connectors, registered or connected at least once.
    fn charge_point_rows(&self) -> impl Iterator<Item = ChargePointRow> {
        let mut rows: BTreeMap<String, ChargePointRow> = BTreeMap::new();
        for registered in &self.reference.register.charge_points {
            let row = ChargePointRow {
                site: registered.site.clone(),
                organisation: registered.organisation.clone(),
                registered: true,
                max_power_kw: registered.max_power_kw,
                // One that never connected is shown with its registered connectors.
                connectors: (1..=registered.connectors)
                    .map(|id| connector_row(id, &Connector::default()))
                    .collect(),
                ..ChargePointRow::never_connected(registered.id.clone())
            };
            rows.insert(registered.id.to_lowercase(), row);
        }
        for (id, state) in self.charging.book().charge_points() {
            let row = rows
                .entry(id.to_lowercase())
                .or_insert_with(|| ChargePointRow::never_connected(id.clone()));
            row.apply(state);
        }
        rows.into_values()
    }

    /// The same in numbers. The state before a connection was lost does not count.
    pub(super) fn charge_point_totals(&self) -> ChargePointTotals {
        let mut totals = ChargePointTotals {
            sessions_closed_today: self.activity.sessions_closed_today(),
            ..ChargePointTotals::default()
        };
        for row in self.charge_point_rows() {
            totals.total += 1;
            totals.online += usize::from(row.online);
            for connector in row
                .connectors
                .iter()
                .filter(|connector| connector.connector_id > 0)
            {
                totals.connectors += 1;
                totals.sessions_open += usize::from(connector.session.is_some());
                if row.online {
                    totals.charging += usize::from(connector.state == ConnectorStatus::Charging);
                    totals.occupied += usize::from(connector.state.is_occupied());
                    totals.faulted += usize::from(connector.state == ConnectorStatus::Faulted);
                    totals.power_w += connector.power_w.unwrap_or(0.0);
                }
            }
        }
        totals
    }

    fn site_rows(&self, charge_points: &[ChargePointRow]) -> Vec<SitePower> {
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
            SitePower {
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
                conformance: ConformanceRow::from_sums(sum),
            });
        rows.collect()
    }
}

impl ChargePointRow {
    fn apply(&mut self, state: &ChargePointState) {
        self.online = state.online;
        self.last_seen_at = state.last_seen.map(rfc3339);
        self.ocpp_version = state.version.map(OcppVersion::name);
        self.mode = state.version.map(|_| state.mode);
        self.operator_online = state.operator_online;
        self.conformance = ConformanceRow::from_sums(state.conformance);
        self.repaired_frames = state.repaired;
        self.clock_skew_s = state.clock_skew_ms().map(|ms| ms / 1000);
        self.clock_zone_error_s = state.zone_error_ms().map(|ms| ms / 1000);
        self.register_kind = state.register_kind().name();
        self.setup = state
            .setup
            .as_deref()
            .map(|memory| ProvisioningRow::from_memory(memory, state.online));
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
                // Connector 0 is the charge point itself; it is shown once it reported a status or a register value.
                Err(_)
                    if *id == 0
                        && connector.since.is_none()
                        && connector.register_tenth_wh.is_none() => {}
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
        counted_in_transactions_wh: wh(connector.counted_tenth_wh.in_transactions),
        counted_outside_wh: wh(connector.counted_tenth_wh.outside),
        power_w: connector
            .power_milliwatts
            .map(|milliwatts| milliwatts as f64 / 1000.0),
        energy_import_wh: connector.register_tenth_wh.map(wh),
        session: connector.session().map(|session| LiveSession {
            id: session.id.clone(),
            vehicle_id: session.user.vehicle().cloned(),
            started_at: rfc3339(session.started_at),
            energy_wh: session.energy_tenth_wh.map(wh),
        }),
    }
}
