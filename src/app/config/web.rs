//! `[web]`: where the page is, and who may come in.

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
    for (key, value, reason, hint) in disagreements(&config) {
        let position = positions
            .iter()
            .find(|(known, _)| *known == key)
            .and_then(|(_, position)| position.clone());
        section.refuse(key, position, value, reason, hint);
    }
    section.finish();
    config
}

/// What must hold between the keys.
fn disagreements(config: &WebConfig) -> Vec<(&'static str, String, &'static str, String)> {
    const USERS: &str = "name a `users_file` with lines `name:role:hash` (`fleetgauge hash-password --user` prints the hash), or a `tokens_file`";
    let accounts = config.users_file.is_some() || config.tokens_file.is_some();
    let beyond = !is_loopback(&config.listen);
    let mut found = Vec::new();
    if beyond && !accounts {
        let hint = format!(
            "{USERS}; or listen on 127.0.0.1 and put a reverse proxy with a login in front"
        );
        found.push((
            "listen",
            config.listen.clone(),
            "is open to the network, and nobody needs a login",
            hint,
        ));
    } else if beyond && !config.behind_proxy && !config.allow_plain_http {
        let hint = "listen on 127.0.0.1 and set `tls_listen` for the network; or write `behind_proxy = true` if a reverse proxy does TLS, \
                    or `allow_plain_http = true` if everybody on that network may read passwords";
        found.push((
            "listen",
            config.listen.clone(),
            "would send passwords over the network unencrypted",
            hint.to_owned(),
        ));
    }
    if config.tls_listen.is_some() && !accounts {
        found.push((
            "tls_listen",
            String::new(),
            "never goes without a login, and nobody could log in",
            USERS.to_owned(),
        ));
    }
    if config.tls_listen.is_some()
        && (config.certificate_file.is_none() || config.key_file.is_none())
    {
        let hint = "our certificate with its chain, and its private key, in PEM";
        found.push((
            "tls_listen",
            String::new(),
            "needs `certificate_file` and `key_file`",
            hint.to_owned(),
        ));
    }
    if config.require_login && !accounts {
        found.push((
            "require_login",
            String::new(),
            "is true, but nobody could log in",
            USERS.to_owned(),
        ));
    }
    if config.session_max < config.session_idle {
        found.push((
            "session_max",
            String::new(),
            "is shorter than `session_idle`",
            "make it as long, or longer".to_owned(),
        ));
    }
    found
}
