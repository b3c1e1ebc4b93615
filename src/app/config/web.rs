//! `[web]`: the page's addresses, and the access to it.

use std::time::Duration;

use crate::app::config::keys::Section;
use crate::app::config::sections::is_loopback;
use crate::web::WebConfig;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn read(mut section: Section<'_>) -> WebConfig {
    let mut config = WebConfig::default();
    let positions = ["listen", "tls_listen", "require_login", "session_max"]
        .map(|key| (key, section.position_of(key)));
    section.flag("enabled", &mut config.enabled);
    section.address("listen", &mut config.listen);
    section.optional_address("tls_listen", &mut config.tls_listen);
    section.optional_path("certificate_file", &mut config.certificate_file);
    section.optional_path("key_file", &mut config.key_file);
    section.texts("allowed_hosts", &mut config.allowed_hosts);
    section.optional_path("users_file", &mut config.users_file);
    section.optional_path("tokens_file", &mut config.tokens_file);
    section.flag("require_login", &mut config.require_login);
    section.flag("behind_proxy", &mut config.behind_proxy);
    section.flag("allow_plain_http", &mut config.allow_plain_http);
    section.duration("session_idle", &mut config.session_idle, SECOND, 366 * DAY);
    section.duration("session_max", &mut config.session_max, SECOND, 366 * DAY);
    section.whole("max_connections", &mut config.max_connections, 1, 100_000);
    section.whole("max_sessions", &mut config.max_sessions, 1, 100_000);
    section.whole(
        "max_failed_logins",
        &mut config.max_failed_logins,
        1,
        1_000_000,
    );
    let refusals = check_exposure(&config)
        .into_iter()
        .chain(check_tls(&config))
        .chain(check_sessions(&config));
    for Refusal {
        key,
        value,
        reason,
        hint,
    } in refusals
    {
        let position = positions
            .iter()
            .find(|(known, _)| *known == key)
            .and_then(|(_, position)| position.clone());
        section.refuse(key, position, value, reason, hint);
    }
    section.finish();
    config
}

const USERS: &str = "name a `users_file` with lines `name:role:hash` (`fleetgauge hash-password --user` prints the hash), or a `tokens_file`";

/// A key whose value does not fit those of other keys.
struct Refusal {
    key: &'static str,
    value: String,
    reason: &'static str,
    hint: String,
}

impl Refusal {
    fn new(key: &'static str, reason: &'static str, hint: &str) -> Self {
        Self {
            key,
            value: String::new(),
            reason,
            hint: hint.to_owned(),
        }
    }
}

fn has_accounts(config: &WebConfig) -> bool {
    config.users_file.is_some() || config.tokens_file.is_some()
}

/// Beyond this machine the page needs a login, and passwords need TLS.
fn check_exposure(config: &WebConfig) -> Option<Refusal> {
    if is_loopback(&config.listen) {
        return None;
    }
    let (reason, hint) = if !has_accounts(config) {
        (
            "is open to the network, and nobody needs a login",
            format!(
                "{USERS}; or listen on 127.0.0.1 and put a reverse proxy with a login in front"
            ),
        )
    } else if !config.behind_proxy && !config.allow_plain_http {
        let hint = "listen on 127.0.0.1 and set `tls_listen` for the network; or write `behind_proxy = true` if a reverse proxy does TLS, \
                    or `allow_plain_http = true` if everybody on that network may read passwords";
        (
            "would send passwords over the network unencrypted",
            hint.to_owned(),
        )
    } else {
        return None;
    };
    Some(Refusal {
        value: config.listen.clone(),
        ..Refusal::new("listen", reason, &hint)
    })
}

fn check_tls(config: &WebConfig) -> Vec<Refusal> {
    let mut found = Vec::new();
    if config.tls_listen.is_none() {
        return found;
    }
    if !has_accounts(config) {
        let reason = "never goes without a login, and nobody could log in";
        found.push(Refusal::new("tls_listen", reason, USERS));
    }
    if config.certificate_file.is_none() || config.key_file.is_none() {
        let reason = "needs `certificate_file` and `key_file`";
        let hint = "our certificate with its chain, and its private key, in PEM";
        found.push(Refusal::new("tls_listen", reason, hint));
    }
    found
}

fn check_sessions(config: &WebConfig) -> Vec<Refusal> {
    let mut found = Vec::new();
    if config.require_login && !has_accounts(config) {
        let reason = "is true, but nobody could log in";
        found.push(Refusal::new("require_login", reason, USERS));
    }
    if config.session_max < config.session_idle {
        let reason = "is shorter than `session_idle`";
        let hint = "make it as long, or longer";
        found.push(Refusal::new("session_max", reason, hint));
    }
    found
}
