//! `/api/v1/sessions`: closed ones from the store, open ones from the charging book.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::{ViewContext, rfc3339, wh};
use crate::engine::query::{Query, Stored};
use crate::model::{ClosedSession, EnergyUser, SessionRecord, TransactionId};
use crate::units::UtcMs;

/// Charging sessions, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionsView {
    /// Time of the answer.
    pub as_of: String,
    /// At most 1,000 closed ones, and those that are open.
    pub sessions: Vec<SessionRow>,
}

/// One charging session.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionRow {
    /// Id of the session, unique over all charge points.
    pub id: String,
    /// Charge point of the session.
    pub charge_point_id: Arc<str>,
    /// Site of the charge point.
    pub site: Arc<str>,
    /// Connector of the session.
    pub connector_id: u32,
    /// Id of the OCPP transaction.
    pub transaction_id: TransactionId,
    /// Start by the charge point's clock, corrected where its error is known.
    pub started_at: String,
    /// Arrival of the message that opened the session.
    pub start_received_at: String,
    /// End of the session; `null` while it is open.
    pub ended_at: Option<String>,
    /// Energy delivered; `null` where no register value is known.
    pub energy_wh: Option<f64>,
    /// The same energy by half-hour.
    pub half_hours: Vec<HalfHourRow>,
    /// Time with the vehicle plugged in.
    pub plugged_s: i64,
    /// Time with energy flowing.
    pub charging_s: i64,
    /// Time plugged in after the last energy, beyond `charging.overstay_grace`.
    pub overstay_s: i64,
    /// Who used the energy: `vehicle`, `staff`, `public` or `unallocated`.
    pub user: &'static str,
    /// Fleet id, where the user is a vehicle.
    pub vehicle_id: Option<Arc<str>>,
    /// Keyed hash of the identification token.
    pub id_token_hash: Option<String>,
    /// Location-based scope 2; `null` where the energy is not the fleet's or not known.
    pub kgco2e_location: Option<f64>,
    /// What the energy was computed from.
    pub method: &'static str,
    /// What is doubtful about the session.
    pub quality: Vec<&'static str>,
    /// Reason of the stop, as reported by the charge point.
    pub stop_reason: Option<String>,
    /// User that matching times suggest, where no token names one.
    pub suggested_user: Option<&'static str>,
    /// Fleet id of the suggested vehicle.
    pub suggested_vehicle_id: Option<Arc<str>>,
    /// Signed meter data of the session, where the meter signs.
    pub signed_meter_data: Option<SignedMeterData>,
}

/// Energy of one half-hour.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HalfHourRow {
    /// Start of the half-hour.
    pub start: String,
    /// Energy delivered in it.
    pub energy_wh: f64,
}

/// Signed meter data, by size and the first eight bytes of its SHA-256.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignedMeterData {
    /// Length of the signed data.
    pub bytes: u32,
    /// First eight bytes of the SHA-256, as 16 hex digits.
    pub sha256_first_8: String,
}

/// Sessions that overlap `[from, to)`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SessionsQuery {
    /// Start of the range; `None` is the beginning.
    pub from: Option<UtcMs>,
    /// End of the range; `None` is now.
    pub to: Option<UtcMs>,
    /// Only sessions of this charge point.
    pub charge_point: Option<Arc<str>>,
    /// Only sessions of this vehicle.
    pub vehicle: Option<Arc<str>>,
}

impl Query for SessionsQuery {
    type Response = SessionsView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<SessionsView, String> {
        let (charge_point, vehicle) = (self.charge_point.as_deref(), self.vehicle.as_deref());
        let closed = stored.sessions(self.from, self.to, charge_point, vehicle)?;
        Ok(engine.sessions_view(context, closed, &self))
    }
}

impl Engine {
    /// `/api/v1/sessions`. `closed` is what the store has for the same query; sessions that are closed but not committed yet come from the book.
    pub fn sessions_view(
        &self,
        context: &ViewContext,
        closed: Vec<ClosedSession>,
        query: &SessionsQuery,
    ) -> SessionsView {
        let mut rows: BTreeMap<(UtcMs, String), SessionRow> = BTreeMap::new();
        let stored = closed
            .into_iter()
            .map(|closed| (closed.record, closed.kgco2e_location, false));
        let booked = self
            .charging
            .book()
            .sessions()
            .filter(|(record, _)| query.matches(record, context.now));
        let booked = booked.map(|(record, plugged)| {
            (
                record.clone(),
                self.reference.session_kgco2e(record),
                plugged,
            )
        });
        for (record, kgco2e, plugged) in stored.chain(booked) {
            let still_plugged_at = plugged.then_some(context.now);
            rows.insert(
                (record.started_at, record.id.clone()),
                self.session_row(record, kgco2e, still_plugged_at),
            );
        }
        SessionsView {
            as_of: rfc3339(context.now),
            sessions: rows.into_values().rev().collect(),
        }
    }

    fn session_row(
        &self,
        record: SessionRecord,
        kgco2e_location: Option<f64>,
        still_plugged_at: Option<UtcMs>,
    ) -> SessionRow {
        let grace =
            i64::try_from(self.reference.config.overstay_grace.as_millis()).unwrap_or(i64::MAX);
        SessionRow {
            plugged_s: record.plugged_for_ms(still_plugged_at) / 1000,
            overstay_s: record.overstay_ms(grace, still_plugged_at) / 1000,
            charge_point_id: record.charge_point,
            site: record.site,
            connector_id: record.connector_id,
            transaction_id: record.transaction_id,
            started_at: rfc3339(record.started_at),
            ended_at: record.ended_at.map(rfc3339),
            start_received_at: rfc3339(record.start_received_at),
            energy_wh: record.energy_tenth_wh.map(wh),
            half_hours: record
                .half_hours
                .iter()
                .map(|half_hour| HalfHourRow {
                    start: rfc3339(half_hour.start),
                    energy_wh: wh(half_hour.tenth_wh),
                })
                .collect(),
            suggested_user: record.suggested_user.as_ref().map(user_name),
            suggested_vehicle_id: record
                .suggested_user
                .as_ref()
                .and_then(|user| user.vehicle().cloned()),
            signed_meter_data: record.signed.map(|signed| SignedMeterData {
                bytes: signed.bytes,
                sha256_first_8: format!("{:016x}", signed.sha256),
            }),
            charging_s: record.charging_ms / 1000,
            user: user_name(&record.user),
            vehicle_id: record.user.vehicle().cloned(),
            id_token_hash: record.id_token.map(|hash| hash.to_string()),
            kgco2e_location,
            method: record.method.name(),
            quality: record
                .quality
                .iter()
                .map(|quality| quality.name())
                .collect(),
            stop_reason: record.stop_reason,
            id: record.id,
        }
    }
}

impl SessionsQuery {
    fn matches(&self, record: &SessionRecord, now: UtcMs) -> bool {
        let ended = record.ended_at.unwrap_or(now);
        self.from.is_none_or(|from| ended >= from)
            && self.to.is_none_or(|to| record.started_at < to)
            && self
                .charge_point
                .as_ref()
                .is_none_or(|id| *id == record.charge_point)
            && self
                .vehicle
                .as_ref()
                .is_none_or(|id| record.user.vehicle() == Some(id))
    }
}

pub(super) fn user_name(user: &EnergyUser) -> &'static str {
    match user {
        EnergyUser::Vehicle(_) => "vehicle",
        EnergyUser::Staff => "staff",
        EnergyUser::Public => "public",
        EnergyUser::Unallocated => "unallocated",
    }
}
