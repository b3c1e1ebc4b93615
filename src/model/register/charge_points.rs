//! Columns of `charge_points.csv`.

use std::collections::HashSet;
use std::sync::Arc;

use super::parse::Row;
use super::rows::{day, reference};
use super::vehicles::in_order;
use super::{Access, ChargePoint, ChargePointMode};
use crate::model::OcppVersion;

pub(super) const COLUMNS: &[&str] = &[
    "charge_point_id",
    "organisation",
    "site",
    "mode",
    "connectors",
    "max_power_kw",
    "access",
    "in_service_from",
    "in_service_to",
    "time_zone",
    "auth",
    "upstream",
    "ocpp_versions",
    "security_profile",
    "feed_ids",
];

const MODES: &[(&str, ChargePointMode)] = &[
    ("csms", ChargePointMode::Csms),
    ("tap", ChargePointMode::Tap),
];
const ACCESSES: &[(&str, Access)] = &[
    ("fleet", Access::Fleet),
    ("staff", Access::Staff),
    ("public", Access::Public),
];

pub(super) fn charge_point(
    row: &mut Row<'_>,
    id: Arc<str>,
    organisations: Option<&HashSet<Arc<str>>>,
    sites: Option<&HashSet<Arc<str>>>,
) -> ChargePoint {
    let charge_point = ChargePoint {
        organisation: reference(row, "organisation", organisations, "organisations.csv"),
        site: reference(row, "site", sites, "sites.csv"),
        mode: row.word("mode", MODES).unwrap_or(ChargePointMode::Csms),
        connectors: row.whole("connectors", 1, 64).unwrap_or(1),
        max_power_kw: row.number("max_power_kw", 0.1, 5000.0),
        access: row.word("access", ACCESSES).unwrap_or(Access::Fleet),
        in_service_from: day(row, "in_service_from"),
        in_service_to: day(row, "in_service_to"),
        time_zone: row.text("time_zone"),
        auth: row.text("auth"),
        upstream: row.text("upstream"),
        ocpp_versions: ocpp_versions(row),
        // OCPP 2.0.1 part 2, A00: 1 password, 2 password over TLS, 3 certificate.
        security_profile: row
            .whole("security_profile", 1, 3)
            .map(|profile| profile as u8),
        feed_ids: row.list("feed_ids").into_iter().map(Arc::from).collect(),
        id,
    };
    in_order(
        row,
        charge_point.in_service_from,
        charge_point.in_service_to,
    );
    check_authentication(row, &charge_point);
    let url = charge_point.upstream.as_deref().unwrap_or_default();
    if charge_point.mode == ChargePointMode::Tap
        && !(url.starts_with("ws://") || url.starts_with("wss://"))
    {
        row.refuse(
            "upstream",
            "a charge point of mode `tap` needs its operator's address",
            "write wss://operator.example/ocpp; the charge point's own path is appended to it",
        );
    }
    charge_point
}

/// The password must be a hash, and security profiles 1 and 2 need one.
fn check_authentication(row: &mut Row<'_>, charge_point: &ChargePoint) {
    if charge_point
        .auth
        .as_deref()
        .is_some_and(|auth| !auth.starts_with("pbkdf2-sha256$"))
    {
        row.refuse(
            "auth",
            "is not a hash",
            "never the password itself: `echo -n secret | fleetgauge hash-password` prints its hash",
        );
    }
    if matches!(charge_point.security_profile, Some(1 | 2)) && charge_point.auth.is_none() {
        row.refuse(
            "security_profile",
            "1 and 2 need a password",
            "fill `auth`: `echo -n secret | fleetgauge hash-password` prints its hash",
        );
    }
}

fn ocpp_versions(row: &mut Row<'_>) -> Option<Vec<OcppVersion>> {
    let mut versions = Vec::new();
    for name in row.list("ocpp_versions") {
        match OcppVersion::from_name(&name) {
            Some(version) => versions.push(version),
            None => row.refuse(
                "ocpp_versions",
                "is not an OCPP version",
                "write 1.6;2.0.1;2.1, or leave it empty",
            ),
        }
    }
    (!versions.is_empty()).then_some(versions)
}
