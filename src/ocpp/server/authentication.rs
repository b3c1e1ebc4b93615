//! Who may come in: the register decides, a password or a certificate proves it.

use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::links::AuthMethod;
use super::{Shared, Unknown};
use crate::model::RejectReason;
use crate::model::password;
use crate::model::register::{ChargePoint, ChargePointMode, Register};
use crate::ocpp::server::handshake::{
    BAD_REQUEST, BUSY, FORBIDDEN, Refusal, Request, UNAUTHORISED, UNKNOWN,
};

/// The port somebody came in by, as far as it says who that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TransportSecurity {
    /// No TLS: OCPP security profile 0 or 1.
    Plain,
    /// TLS: profile 2.
    Tls,
    /// TLS with a client certificate that was made out to these: profile 3.
    Mutual(Vec<String>),
}

impl TransportSecurity {
    /// The profile it can give, with a password where one is needed.
    fn profile(&self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Tls => 2,
            Self::Mutual(_) => 3,
        }
    }
}

/// Where it leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    /// To us.
    Csms,
    /// To us, but nothing is booked.
    Quarantine,
    /// Through us to its operator's address.
    Tap(String),
}

/// May come in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Authentication {
    /// As in the register, else as in the path.
    pub charge_point: Arc<str>,
    pub method: AuthMethod,
    pub route: Route,
}

/// Lets in, or says why not.
pub(super) async fn authenticate(
    request: &Request,
    security: &TransportSecurity,
    address: IpAddr,
    shared: &Shared,
    register: &Register,
) -> Result<Authentication, Refusal> {
    if !request.has_connection_upgrade && shared.config.strict_upgrade {
        tracing::warn!(charge_point = %request.identity, "refused: its handshake has no `Connection: Upgrade` (`ocpp.strict_upgrade`)");
        return Err(BAD_REQUEST);
    }
    let certified = check_certificate(request, security)?;
    let Some(known) = register.charge_point(&request.identity) else {
        return authenticate_unknown(request, address, certified, shared);
    };
    let charge_point = known.id.clone();
    if known
        .security_profile
        .is_some_and(|least| security.profile() < least)
    {
        tracing::warn!(%charge_point, "refused: the register wants a higher `security_profile` than this port gives");
        return Err(FORBIDDEN);
    }
    let route = match (known.mode, &known.upstream) {
        (ChargePointMode::Tap, Some(upstream)) => Route::Tap(upstream.clone()),
        _ => Route::Csms,
    };
    let method = match (certified, &known.auth) {
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

/// On the port for certificates, the certificate must be made out to whom the path names.
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
            tracing::warn!(charge_point = %request.identity, ?names, "refused: its certificate is made out to somebody else");
            Err(FORBIDDEN)
        }
        TransportSecurity::Plain | TransportSecurity::Tls => Ok(AuthMethod::None),
    }
}

fn authenticate_unknown(
    request: &Request,
    address: IpAddr,
    method: AuthMethod,
    shared: &Shared,
) -> Result<Authentication, Refusal> {
    let charge_point: Arc<str> = Arc::from(request.identity.as_str());
    let route = match shared.config.unknown {
        Unknown::Accept => Route::Csms,
        Unknown::Tap => Route::Tap(shared.config.tap.upstream.clone().unwrap_or_default()),
        Unknown::Quarantine => {
            let detail = "not in the register: answered, but nothing it says is booked";
            shared.stats.reject(
                (shared.clock)(),
                "ocpp",
                &charge_point,
                RejectReason::NotRegistered,
                detail,
                b"",
            );
            Route::Quarantine
        }
        Unknown::Refuse => {
            tracing::warn!(%charge_point, %address, "refused: not in the register (charge_points.csv); see `ocpp.unknown`");
            let detail = format!(
                "unknown charge point from {address}, refused: not in the register (charge_points.csv)"
            );
            shared.stats.reject(
                (shared.clock)(),
                "ocpp",
                &charge_point,
                RejectReason::NotRegistered,
                &detail,
                b"",
            );
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
    let Some((user, password)) = &request.login else {
        tracing::warn!(charge_point = %known.id, "refused: it sends no password, the register has one");
        return Err(UNAUTHORISED);
    };
    if !user.eq_ignore_ascii_case(&known.id) {
        tracing::warn!(charge_point = %known.id, "refused: its user name is not its id");
        return Err(UNAUTHORISED);
    }
    // OCPP 1.6 security: AuthorizationKey is set as 32 to 40 hex digits and sent as the 16 to 20 bytes they stand for. Some send the digits.
    let digits = shared.config.accept_hex_passwords && (32..=40).contains(&password.len());
    let meant = if digits {
        HEXLOWER_PERMISSIVE.decode(password).ok()
    } else {
        None
    };
    for password in std::iter::once(password).chain(&meant) {
        if shared.logins.knows(hash, password) {
            return Ok(());
        }
        let (stored, given) = (hash.to_owned(), password.clone());
        // Slow on purpose: not on the thread that serves the others.
        match tokio::task::spawn_blocking(move || password::verify(&stored, &given)).await {
            Ok(true) => {
                shared.logins.note(hash, password);
                return Ok(());
            }
            Ok(false) => {}
            Err(_) => return Err(BUSY),
        }
    }
    tracing::warn!(charge_point = %known.id, "refused: wrong password");
    Err(UNAUTHORISED)
}
