//! `/api/v1/charge-points`: every registered charge point, and every other that was heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339, wh};
use crate::ledger::charging::{ChargePointState, Connector};

/// The answer.
#[derive(Debug, Serialize)]
pub struct ChargePointsView {
    as_of: String,
    charge_points: Vec<ChargePointRow>,
}

#[derive(Debug, Serialize)]
struct ChargePointRow {
    charge_point_id: Arc<str>,
    site: Option<Arc<str>>,
    organisation: Option<Arc<str>>,
    registered: bool,
    online: bool,
    last_seen_at: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    max_power_kw: Option<f64>,
    connectors: Vec<ConnectorRow>,
}

#[derive(Debug, Serialize)]
struct ConnectorRow {
    connector_id: u32,
    status: &'static str,
    since: Option<String>,
    error_code: Option<String>,
    power_w: Option<f64>,
    energy_import_wh: Option<f64>,
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
        let mut rows: BTreeMap<String, ChargePointRow> = BTreeMap::new();
        for registered in &self.register.charge_points {
            let row = ChargePointRow {
                charge_point_id: registered.id.clone(),
                site: registered.site.clone(),
                organisation: registered.organisation.clone(),
                registered: true,
                online: false,
                last_seen_at: None,
                vendor: None,
                model: None,
                firmware: None,
                max_power_kw: registered.max_power_kw,
                // Silent ones are shown with the connectors they should have.
                connectors: (1..=registered.connectors).map(|id| connector_row(id, &Connector::default())).collect(),
            };
            rows.insert(registered.id.to_lowercase(), row);
        }
        for (id, state) in self.charging.charge_points() {
            let row = rows.entry(id.to_lowercase()).or_insert_with(|| ChargePointRow {
                charge_point_id: id.clone(),
                site: None,
                organisation: None,
                registered: false,
                online: false,
                last_seen_at: None,
                vendor: None,
                model: None,
                firmware: None,
                max_power_kw: None,
                connectors: Vec::new(),
            });
            row.take(state);
        }
        ChargePointsView { as_of: rfc3339(context.now), charge_points: rows.into_values().collect() }
    }
}

impl ChargePointRow {
    fn take(&mut self, state: &ChargePointState) {
        self.online = state.online;
        self.last_seen_at = state.last_seen.map(rfc3339);
        self.vendor.clone_from(&state.vendor);
        self.model.clone_from(&state.model);
        self.firmware.clone_from(&state.firmware);
        for (id, connector) in &state.connectors {
            let row = connector_row(*id, connector);
            match self.connectors.binary_search_by_key(id, |row| row.connector_id) {
                Ok(index) => self.connectors[index] = row,
                // Connector 0 is the charge point itself; it is shown when it has something to say.
                Err(_) if *id == 0 && connector.since.is_none() && connector.register_dwh.is_none() => {}
                Err(index) => self.connectors.insert(index, row),
            }
        }
    }
}

fn connector_row(connector_id: u32, connector: &Connector) -> ConnectorRow {
    ConnectorRow {
        connector_id,
        status: connector.status.name(),
        since: connector.since.map(rfc3339),
        error_code: connector.error_code.clone(),
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
