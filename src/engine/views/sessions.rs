//! `/api/v1/sessions`: closed ones from the store, open ones from the charging book.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::{Engine, View};
use super::{ViewContext, rfc3339, wh};
use crate::model::{ClosedSession, EnergyUser, SessionRecord, TransactionId};
use crate::units::UtcMs;

/// The answer.
#[derive(Debug, Serialize)]
pub struct SessionsView {
    as_of: String,
    sessions: Vec<SessionRow>,
}

#[derive(Debug, Serialize)]
pub(super) struct SessionRow {
    id: String,
    charge_point_id: Arc<str>,
    site: Arc<str>,
    connector_id: u32,
    transaction_id: TransactionId,
    started_at: String,
    start_received_at: String,
    ended_at: Option<String>,
    energy_wh: Option<f64>,
    half_hours: Vec<HalfHourRow>,
    plugged_s: i64,
    charging_s: i64,
    overstay_s: i64,
    user: &'static str,
    vehicle_id: Option<Arc<str>>,
    id_token_hash: Option<String>,
    kgco2e_location: Option<f64>,
    method: &'static str,
    quality: Vec<&'static str>,
    stop_reason: Option<String>,
    suggested_user: Option<&'static str>,
    suggested_vehicle_id: Option<Arc<str>>,
    signed_meter_data: Option<SignedRow>,
}

/// Energy of one half-hour.
#[derive(Debug, Serialize)]
struct HalfHourRow {
    start: String,
    energy_wh: f64,
}

/// Signed meter data, by size and the first half of its SHA-256.
#[derive(Debug, Serialize)]
struct SignedRow {
    bytes: u32,
    sha256_first_8: String,
}

impl Engine {
    /// `/api/v1/sessions`. `closed` is what the store has for the same question; what is closed but not committed yet comes from the book.
    pub fn sessions_view(
        &self,
        context: &ViewContext,
        closed: Vec<ClosedSession>,
        question: &View,
    ) -> SessionsView {
        let mut rows: BTreeMap<(UtcMs, String), SessionRow> = BTreeMap::new();
        let stored = closed
            .into_iter()
            .map(|closed| (closed.record, closed.kgco2e_location, false));
        let booked = self
            .charging
            .book()
            .sessions()
            .filter(|(record, _)| wanted(record, question, context.now));
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
            energy_wh: record.energy_dwh.map(wh),
            half_hours: record
                .half_hours
                .iter()
                .map(|half_hour| HalfHourRow {
                    start: rfc3339(half_hour.start),
                    energy_wh: wh(half_hour.dwh),
                })
                .collect(),
            suggested_user: record.suggested_user.as_ref().map(user_name),
            suggested_vehicle_id: record
                .suggested_user
                .as_ref()
                .and_then(|user| user.vehicle().cloned()),
            signed_meter_data: record.signed.map(|signed| SignedRow {
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

fn wanted(record: &SessionRecord, question: &View, now: UtcMs) -> bool {
    let View::Sessions {
        from,
        to,
        charge_point,
        vehicle,
    } = question
    else {
        return false;
    };
    let ended = record.ended_at.unwrap_or(now);
    from.is_none_or(|from| ended >= from)
        && to.is_none_or(|to| record.started_at < to)
        && charge_point
            .as_ref()
            .is_none_or(|id| *id == record.charge_point)
        && vehicle
            .as_ref()
            .is_none_or(|id| record.user.vehicle() == Some(id))
}

pub(super) fn user_name(user: &EnergyUser) -> &'static str {
    match user {
        EnergyUser::Vehicle(_) => "vehicle",
        EnergyUser::Staff => "staff",
        EnergyUser::Public => "public",
        EnergyUser::Unallocated => "unallocated",
    }
}
