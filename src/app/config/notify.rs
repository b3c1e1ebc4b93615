//! `[[notify]]`: whom to tell of alerts, and by which way.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ConfigError;
use super::source::Node;
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
    let written = section.has("kind");
    section.text("name", &mut config.name);
    let kinds = notify::KINDS.map(|kind| (kind.name(), kind));
    section.word("kind", &mut config.kind, &kinds);
    if !written {
        section.refuse(
            "",
            None,
            "",
            "has no `kind`",
            format!(
                "one of: {}",
                notify::KINDS.map(NotifierKind::name).join(", ")
            ),
        );
    }
    if config.name.is_empty() {
        section.refuse(
            "",
            None,
            "",
            "has no `name`",
            "any name; it stands in the store and the log",
        );
    }
    let mut severities: Vec<String> = Vec::new();
    section.words(
        "severities",
        &mut severities,
        &Severity::ALL.map(Severity::name),
    );
    if !severities.is_empty() {
        config.severities = Severity::ALL
            .into_iter()
            .filter(|known| severities.iter().any(|name| name == known.name()))
            .collect();
    }
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
            section.refuse("", None, "", format!("has no `{}`", key.name), key.hint);
        }
        config.settings.insert(key.name, value);
    }
    config
}

fn http(section: &mut Section<'_>, config: &mut NotifierConfig) {
    let position = section.position_of("url");
    section.optional_text("url", &mut config.url);
    section.optional_path("url_file", &mut config.url_file);
    section.optional_path("token_file", &mut config.token_file);
    if config.url.is_some() == config.url_file.is_some() {
        section.refuse(
            "",
            None,
            "",
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
    let ways = [
        ("starttls", SmtpTls::StartTls),
        ("implicit", SmtpTls::Implicit),
        ("none", SmtpTls::None),
    ];
    let position = section.position_of("tls");
    section.word("tls", &mut config.tls, &ways);
    // RFC 6409: 587; RFC 8314: 465; a relay on this machine: 25.
    config.port = match config.tls {
        SmtpTls::StartTls => 587,
        SmtpTls::Implicit => 465,
        SmtpTls::None => 25,
    };
    section.whole("port", &mut config.port, 1, 65_535);
    section.optional_text("username", &mut config.username);
    section.optional_path("password_file", &mut config.password_file);
    let (from, to) = (section.position_of("from"), section.position_of("to"));
    section.text("from", &mut config.from);
    section.texts("to", &mut config.to);
    if config.host.is_empty() {
        section.refuse(
            "",
            None,
            "",
            "has no `host`",
            "write host = \"mail.example\"",
        );
    }
    if !is_address(&config.from) {
        section.refuse(
            "from",
            from,
            config.from.clone(),
            "is no mail address",
            "write it alone: fleetgauge@example.org",
        );
    }
    if config.to.is_empty() || !config.to.iter().all(|to| is_address(to)) {
        section.refuse(
            "to",
            to,
            config.to.join(", "),
            "is no list of mail addresses",
            "write to = [\"fleet@example.org\"]",
        );
    }
    if config.username.is_some() != config.password_file.is_some() {
        section.refuse(
            "",
            None,
            "",
            "has a `username` without a `password_file`, or the other way round",
            "the server needs both",
        );
    }
    let here = ["localhost", "127.0.0.1", "::1"].contains(&config.host.as_str());
    if config.tls == SmtpTls::None && config.username.is_some() && !here {
        section.refuse(
            "tls",
            position,
            "none",
            "would send the password readable for everybody",
            "\"starttls\" or \"implicit\"",
        );
    }
    config
}

/// Plain enough to be put between angle brackets: nothing that could end the command or the header.
fn is_address(text: &str) -> bool {
    let good = |c: char| c.is_ascii_graphic() && !"<>(),;:\\\"[]".contains(c);
    text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && text.chars().all(good)
}
