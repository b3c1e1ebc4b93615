//! Authenticates charge points: the register states whether a password or a client certificate is needed.

use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::handshake::{BAD_REQUEST, BUSY, FORBIDDEN, Refusal, Request, UNAUTHORISED, UNKNOWN};
use super::{Shared, Unknown};
use crate::model::RejectReason;
use crate::model::password;
use crate::model::register::{ChargePoint, ChargePointMode, Register};

/// How a charge point authenticated, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum AuthMethod {
    /// It did not (OCPP security profile 0).
    None,
    /// A password (profiles 1 and 2).
    Password,
    /// A client certificate (profile 3).
    Certificate,
}

/// The protection of the connection, as far as it matters for authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TransportSecurity {
    /// No TLS: OCPP security profile 0 or 1.
    Plain,
    /// TLS without a client certificate: OCPP security profile 2.
    Tls,
    /// TLS with a client certificate for these names: profile 3.
    Mutual(Vec<String>),
}

impl TransportSecurity {
    /// The highest OCPP security profile that the connection can fulfil.
    fn profile(&self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Tls => 2,
            Self::Mutual(_) => 3,
        }
    }
}

/// The destination of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    /// Our own central system.
    Csms,
    /// Our own central system, which answers but records no facts.
    Quarantine,
    /// The operator's central system at this URL, tapped.
    Tap(String),
}

/// The result of a successful authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Authentication {
    /// The id as the register spells it; as in the path if it is not registered.
    pub charge_point: Arc<str>,
    /// How the charge point authenticated.
    pub method: AuthMethod,
    /// Where the connection goes.
    pub route: Route,
}

/// Authenticates a request, or returns the response that refuses it.
pub(super) async fn authenticate(
    request: &Request,
    security: &TransportSecurity,
    address: IpAddr,
    shared: &Shared,
    register: &Register,
) -> Result<Authentication, Refusal> {
    if !request.has_connection_upgrade && shared.config.strict_upgrade {
        tracing::warn!(charge_point = %request.identity, "charge point refused: its handshake has no `Connection: Upgrade`; see `ocpp.strict_upgrade`");
        return Err(BAD_REQUEST);
    }
    let by_certificate = check_certificate(request, security)?;
    let Some(known) = register.charge_point(&request.identity) else {
        return authenticate_unknown(request, address, by_certificate, shared);
    };
    let charge_point = known.id.clone();
    if known
        .security_profile
        .is_some_and(|least| security.profile() < least)
    {
        tracing::warn!(%charge_point, "charge point refused: its `security_profile` in the register is higher than this port's; connect to the TLS port");
        return Err(FORBIDDEN);
    }
    let route = match (known.mode, &known.upstream) {
        (ChargePointMode::Tap, Some(upstream)) => Route::Tap(upstream.clone()),
        _ => Route::Csms,
    };
    let method = match (by_certificate, &known.auth) {
        (AuthMethod::Certificate, _) => AuthMethod::Certificate,
        (_, Some(hash)) => {
            check_password(request, known, hash, shared).await?;
            AuthMethod::Password
        }
        (_, None) => AuthMethod::None,
    };
    Ok(Authentication {
        charge_point,
        method,
        route,
    })
}

/// With mutual TLS, the certificate must name the identity of the path (OCPP 2.0.1 part 2, A00.FR.404).
fn check_certificate(
    request: &Request,
    security: &TransportSecurity,
) -> Result<AuthMethod, Refusal> {
    match security {
        TransportSecurity::Mutual(names)
            if names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&request.identity)) =>
        {
            Ok(AuthMethod::Certificate)
        }
        TransportSecurity::Mutual(names) => {
            tracing::warn!(charge_point = %request.identity, ?names, "charge point refused: its certificate has another name; sign one for its identity");
            Err(FORBIDDEN)
        }
        TransportSecurity::Plain | TransportSecurity::Tls => Ok(AuthMethod::None),
    }
}

/// `ocpp.unknown` decides on a charge point that is not in the register.
fn authenticate_unknown(
    request: &Request,
    address: IpAddr,
    method: AuthMethod,
    shared: &Shared,
) -> Result<Authentication, Refusal> {
    let charge_point: Arc<str> = Arc::from(request.identity.as_str());
    let reject = |detail: &str| {
        shared.stats.reject(
            (shared.clock)(),
            "ocpp",
            &charge_point,
            RejectReason::NotRegistered,
            detail,
            b"",
        );
    };
    let route = match shared.config.unknown {
        Unknown::Accept => Route::Csms,
        Unknown::Tap => Route::Tap(shared.config.tap.upstream.clone().unwrap_or_default()),
        Unknown::Quarantine => {
            reject("not in the register: answered, but none of its messages is recorded");
            Route::Quarantine
        }
        Unknown::Refuse => {
            tracing::warn!(%charge_point, %address, "charge point refused: not in the register; add it to charge_points.csv, or see `ocpp.unknown`");
            reject(&format!(
                "unknown charge point from {address}, refused: not in the register (charge_points.csv)"
            ));
            return Err(UNKNOWN);
        }
    };
    Ok(Authentication {
        charge_point,
        method,
        route,
    })
}

async fn check_password(
    request: &Request,
    known: &ChargePoint,
    hash: &str,
    shared: &Shared,
) -> Result<(), Refusal> {
    let charge_point = &known.id;
    let Some((user, password)) = &request.login else {
        tracing::warn!(%charge_point, "charge point refused: it sends no password, and the register has one");
        return Err(UNAUTHORISED);
    };
    if !user.eq_ignore_ascii_case(charge_point) {
        tracing::warn!(%charge_point, "charge point refused: its user name is not its id");
        return Err(UNAUTHORISED);
    }
    // OCPP 1.6 security whitepaper, profile 1: AuthorizationKey is set as 32 to 40 hex digits and sent as the 16 to 20 bytes that they
    // encode. Some charge points send the digits.
    let is_hex = shared.config.accept_hex_passwords && (32..=40).contains(&password.len());
    let decoded = is_hex
        .then(|| HEXLOWER_PERMISSIVE.decode(password).ok())
        .flatten();
    for candidate in std::iter::once(password).chain(&decoded) {
        if shared.logins.contains(hash, candidate) {
            return Ok(());
        }
        let (stored, given) = (hash.to_owned(), candidate.clone());
        // PBKDF2 is slow by design and must not block the connections of this thread.
        match tokio::task::spawn_blocking(move || password::verify(&stored, &given)).await {
            Ok(true) => {
                shared.logins.record(hash, candidate);
                return Ok(());
            }
            Ok(false) => {}
            Err(_) => return Err(BUSY),
        }
    }
    tracing::warn!(%charge_point, "charge point refused: wrong password");
    Err(UNAUTHORISED)
}
