//! `[[notify]]`: the receivers of alerts, and how each is reached.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ConfigError;
use super::source::{Node, SourcePosition};
use crate::app::config::keys::{Section, section_list};
use crate::model::Severity;
use crate::notify::{self, NotifierConfig, NotifierKind, SmtpConfig, SmtpTls, Transport};

const SECOND: Duration = Duration::from_secs(1);
/// The kind that stands in while `kind` is missing or wrong.
const FALLBACK: &str = "webhook";

pub(super) fn read(
    node: Option<Node>,
    web_listen: &str,
    errors: &mut Vec<ConfigError>,
) -> Vec<NotifierConfig> {
    let items = section_list(node, "notify", "", errors);
    let mut notifiers: Vec<NotifierConfig> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("notify[{index}]"), Some(item), errors);
        let config = notifier(&mut section, web_listen);
        if notifiers.iter().any(|other| other.name == config.name) {
            let hint = "names stand in the store and the log, and `alerts test --to` takes them";
            section.refuse(
                "",
                None,
                config.name.clone(),
                "is the name of two notifiers",
                hint,
            );
        }
        section.finish();
        notifiers.push(config);
    }
    notifiers
}

fn notifier(section: &mut Section<'_>, web_listen: &str) -> NotifierConfig {
    let mut config = NotifierConfig {
        name: String::new(),
        kind: notify::kind(FALLBACK).unwrap_or(notify::KINDS[0]),
        settings: BTreeMap::new(),
        smtp: None,
        url: None,
        url_file: None,
        token_file: None,
        ca_file: None,
        severities: Severity::ALL.to_vec(),
        group_wait: 10 * SECOND,
        timeout: 20 * SECOND,
        link: format!("http://{web_listen}/"),
    };
    name_and_kind(section, &mut config);
    severities(section, &mut config.severities);
    section.duration(
        "group_wait",
        &mut config.group_wait,
        Duration::ZERO,
        3_600 * SECOND,
    );
    section.duration("timeout", &mut config.timeout, SECOND, 600 * SECOND);
    section.optional_path("ca_file", &mut config.ca_file);
    section.text("link", &mut config.link);
    match config.kind.transport() {
        Transport::Smtp => config.smtp = Some(smtp(section)),
        Transport::Http => http(section, &mut config),
    }
    for key in config.kind.required_keys() {
        let mut value = String::new();
        section.text(key.name, &mut value);
        if value.is_empty() {
            section.refuse_section(format!("has no `{}`", key.name), key.hint);
        }
        config.settings.insert(key.name, value);
    }
    config
}

fn name_and_kind(section: &mut Section<'_>, config: &mut NotifierConfig) {
    let written = section.has("kind");
    section.text("name", &mut config.name);
    let kinds = notify::KINDS.map(|kind| (kind.name(), kind));
    section.word("kind", &mut config.kind, &kinds);
    if !written {
        let known = notify::KINDS.map(NotifierKind::name).join(", ");
        section.refuse_section("has no `kind`", format!("one of: {known}"));
    }
    if config.name.is_empty() {
        let hint = "any name; it stands in the store and the log";
        section.refuse_section("has no `name`", hint);
    }
}

fn severities(section: &mut Section<'_>, into: &mut Vec<Severity>) {
    let mut names: Vec<String> = Vec::new();
    section.words("severities", &mut names, &Severity::ALL.map(Severity::name));
    if !names.is_empty() {
        into.retain(|known| names.iter().any(|name| name == known.name()));
    }
}

fn http(section: &mut Section<'_>, config: &mut NotifierConfig) {
    let position = section.position_of("url");
    section.optional_text("url", &mut config.url);
    section.optional_path("url_file", &mut config.url_file);
    section.optional_path("token_file", &mut config.token_file);
    if config.url.is_some() == config.url_file.is_some() {
        section.refuse_section(
            "needs either `url` or `url_file`",
            "chat webhooks' addresses are secrets: keep them in a file",
        );
    }
    if config
        .url
        .as_ref()
        .is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://"))
    {
        section.refuse(
            "url",
            position,
            config.url.clone().unwrap_or_default(),
            "is not a URL",
            "write https://host/path",
        );
    }
}

fn smtp(section: &mut Section<'_>) -> SmtpConfig {
    let mut config = SmtpConfig {
        host: String::new(),
        port: 0,
        tls: SmtpTls::StartTls,
        username: None,
        password_file: None,
        from: String::new(),
        to: Vec::new(),
    };
    section.text("host", &mut config.host);
    let encryptions = [
        ("starttls", SmtpTls::StartTls),
        ("implicit", SmtpTls::Implicit),
        ("none", SmtpTls::None),
    ];
    let tls_position = section.position_of("tls");
    section.word("tls", &mut config.tls, &encryptions);
    // RFC 6409: 587; RFC 8314: 465; a relay on this machine: 25.
    config.port = match config.tls {
        SmtpTls::StartTls => 587,
        SmtpTls::Implicit => 465,
        SmtpTls::None => 25,
    };
    section.whole("port", &mut config.port, 1, 65_535);
    section.optional_text("username", &mut config.username);
    section.optional_path("password_file", &mut config.password_file);
    if config.host.is_empty() {
        section.refuse_section("has no `host`", "write host = \"mail.example\"");
    }
    mail_addresses(section, &mut config);
    check_smtp_login(section, &config, tls_position);
    config
}

fn mail_addresses(section: &mut Section<'_>, config: &mut SmtpConfig) {
    let (from, to) = (section.position_of("from"), section.position_of("to"));
    section.text("from", &mut config.from);
    section.texts("to", &mut config.to);
    if !is_address(&config.from) {
        let hint = "write it alone: fleetgauge@example.org";
        section.refuse("from", from, &*config.from, "is no mail address", hint);
    }
    if config.to.is_empty() || !config.to.iter().all(|to| is_address(to)) {
        let reason = "is no list of mail addresses";
        let hint = "write to = [\"fleet@example.org\"]";
        section.refuse("to", to, config.to.join(", "), reason, hint);
    }
}

/// A login has both halves, and its password does not cross a network unencrypted.
fn check_smtp_login(
    section: &mut Section<'_>,
    config: &SmtpConfig,
    tls_position: Option<SourcePosition>,
) {
    if config.username.is_some() != config.password_file.is_some() {
        section.refuse_section(
            "has a `username` without a `password_file`, or the other way round",
            "the server needs both",
        );
    }
    let here = ["localhost", "127.0.0.1", "::1"].contains(&config.host.as_str());
    if config.tls == SmtpTls::None && config.username.is_some() && !here {
        let reason = "would send the password readable for everybody";
        let hint = "\"starttls\" or \"implicit\"";
        section.refuse("tls", tls_position, "none", reason, hint);
    }
}

/// Plain enough to be put between angle brackets: no character that could end the command or the header.
fn is_address(text: &str) -> bool {
    let good = |c: char| c.is_ascii_graphic() && !"<>(),;:\\\"[]".contains(c);
    text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && text.chars().all(good)
}
