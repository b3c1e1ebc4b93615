//! `[ocpp]`, `[tap]` and `[setup]`: how charge points connect, and where they lead.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::source::Node;
use super::{ConfigError, provisioning};
use crate::app::config::keys::Section;
use crate::ocpp::server::{OcppConfig, Unknown};
use crate::ocpp::tap::TapConfig;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

pub(super) fn read(tree: &mut BTreeMap<String, Node>, errors: &mut Vec<ConfigError>) -> OcppConfig {
    let tap = tap(Section::take(tree, "tap", errors));
    let provisioning = Arc::new(provisioning::read(Section::take(tree, "setup", errors)));
    let mut section = Section::take(tree, "ocpp", errors);
    let mut config = OcppConfig {
        tap,
        provisioning,
        ..OcppConfig::default()
    };
    listeners(&mut section, &mut config);
    deviations(&mut section, &mut config);
    limits(&mut section, &mut config);
    if config.unknown == Unknown::Tap && config.tap.upstream.is_none() {
        let hint = "write [tap] with upstream = \"wss://operator.example/ocpp\"";
        section.refuse("unknown", None, "tap", "has nowhere to lead to", hint);
    }
    section.finish();
    config
}

/// Addresses and the files that TLS needs.
fn listeners(section: &mut Section<'_>, config: &mut OcppConfig) {
    section.flag("enabled", &mut config.enabled);
    section.address("listen", &mut config.listen);
    section.optional_address("tls_listen", &mut config.tls_listen);
    section.optional_address("mutual_tls_listen", &mut config.mutual_tls_listen);
    section.optional_path("certificate_file", &mut config.certificate_file);
    section.optional_path("key_file", &mut config.key_file);
    section.optional_path("client_ca_file", &mut config.client_ca_file);
    let tls = [
        ("tls_listen", config.tls_listen.is_some()),
        ("mutual_tls_listen", config.mutual_tls_listen.is_some()),
    ];
    let keys = config.certificate_file.is_some() && config.key_file.is_some();
    if let Some((key, _)) = tls.into_iter().find(|(_, wanted)| *wanted && !keys) {
        let reason = "needs `certificate_file` and `key_file`";
        let hint = "our certificate with its chain, and its private key, in PEM";
        section.refuse_key(key, reason, hint);
    }
    if config.mutual_tls_listen.is_some() && config.client_ca_file.is_none() {
        let hint = "the authority that signs the charge points' certificates, in PEM";
        let key = "mutual_tls_listen";
        section.refuse_key(key, "needs `client_ca_file`", hint);
    }
}

/// What is accepted from charge points that deviate from the standard.
fn deviations(section: &mut Section<'_>, config: &mut OcppConfig) {
    let unknown = [
        ("refuse", Unknown::Refuse),
        ("quarantine", Unknown::Quarantine),
        ("accept", Unknown::Accept),
        ("tap", Unknown::Tap),
    ];
    section.word("unknown", &mut config.unknown, &unknown);
    section.versions("versions", &mut config.versions);
    section.flag("require_subprotocol", &mut config.require_subprotocol);
    section.flag("strict_upgrade", &mut config.strict_upgrade);
    section.flag("accept_hex_passwords", &mut config.accept_hex_passwords);
    section.flag("deflate", &mut config.deflate);
    section.flag("repair_metering", &mut config.repair_metering);
}

fn limits(section: &mut Section<'_>, config: &mut OcppConfig) {
    const MILLION: i64 = 1_000_000;
    let (heartbeat, handshake) = (
        &mut config.heartbeat_interval,
        &mut config.handshake_timeout,
    );
    section.duration("heartbeat_interval", heartbeat, 10 * SECOND, DAY);
    section.duration("handshake_timeout", handshake, SECOND, 600 * SECOND);
    let ping = &mut config.ping_interval;
    section.duration("ping_interval", ping, Duration::ZERO, DAY);
    section.whole("max_handshakes", &mut config.max_handshakes, 1, MILLION);
    let failed = &mut config.max_failed_handshakes;
    section.whole("max_failed_handshakes", failed, 1, MILLION);
    section.whole("max_connections", &mut config.max_connections, 1, MILLION);
    section.size("max_head", &mut config.max_head_bytes, KIB, 64 * KIB);
    let message = &mut config.max_message_bytes;
    section.size("max_message", message, 4 * KIB, 64 * MIB);
    section.whole("max_json_depth", &mut config.max_json_depth, 8, 1_000);
}

fn tap(mut section: Section<'_>) -> TapConfig {
    let mut config = TapConfig::default();
    section.optional_text("upstream", &mut config.upstream);
    section.optional_path("ca_file", &mut config.ca_file);
    section.optional_path(
        "client_certificate_file",
        &mut config.client_certificate_file,
    );
    section.optional_path("client_key_file", &mut config.client_key_file);
    section.duration(
        "connect_timeout",
        &mut config.connect_timeout,
        SECOND,
        300 * SECOND,
    );
    section.whole("max_queued", &mut config.max_queued, 1, 100_000);
    if let Some(url) = config
        .upstream
        .as_ref()
        .filter(|url| !url.starts_with("ws://") && !url.starts_with("wss://"))
    {
        section.refuse(
            "upstream",
            None,
            url.clone(),
            "is not a WebSocket's address",
            "write wss://operator.example/ocpp",
        );
    }
    if config.client_certificate_file.is_some() != config.client_key_file.is_some() {
        section.refuse_section(
            "has a client certificate without its key, or a key without certificate",
            "name both files",
        );
    }
    section.finish();
    config
}
