//! Which keys each room has, their ranges, and what must agree between them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::source::Node;
use super::{
    Config, ConfigError, LogConfig, MappingConfig, RegisterConfig, air, brokers, engine, factors,
    intensity, notify, ocpp, outputs, publish, targets, web,
};
use crate::app::config::keys::Section;
use crate::app::preset_names;
use crate::engine::EngineConfig;
use crate::ingest::capture::CaptureConfig;
use crate::model::nearest;
use crate::mqtt::server::ListenerConfig;
use crate::outputs::OutputsConfig;
use crate::store::StoreConfig;

const SECTIONS: &[&str] = &[
    "listener",
    "broker",
    "ocpp",
    "tap",
    "setup",
    "capture",
    "store",
    "history",
    "web",
    "engine",
    "counters",
    "counter",
    "exempt",
    "limits",
    "target",
    "targets",
    "register",
    "factors",
    "air",
    "mapping",
    "publish",
    "home_assistant",
    "alerts",
    "alert",
    "notify",
    "intensity",
];
const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

pub(super) fn read(tree: &mut BTreeMap<String, Node>, errors: &mut Vec<ConfigError>) -> Config {
    let ocpp = ocpp::read(tree, errors);
    let brokers = brokers::read(tree.remove("broker"), errors);
    let mut factors = factors::read(Section::take(tree, "factors", errors));
    let mut engine = engine::read(tree, ocpp.heartbeat_interval, errors);
    factors.jurisdiction = engine.jurisdiction;
    engine.residual_factor = factors.residual_factor;
    engine.air = air::read(Section::take(tree, "air", errors));
    let mut store = store(Section::take(tree, "store", errors));
    history(
        Section::take(tree, "history", errors),
        &mut store,
        &mut engine,
    );
    let web = web::read(Section::take(tree, "web", errors));
    let config = Config {
        notifiers: notify::read(tree.remove("notify"), &web.listen, errors),
        listener: listener(Section::take(tree, "listener", errors)),
        publish: publish::read(tree, &brokers, errors),
        brokers,
        capture: capture(Section::take(tree, "capture", errors)),
        store,
        outputs: outputs::read(tree, errors),
        web,
        engine,
        ocpp,
        mapping: mapping(Section::take(tree, "mapping", errors)),
        register: RegisterConfig {
            directory: directory(Section::take(tree, "register", errors)),
        },
        factors,
        targets: targets::read(Section::take(tree, "targets", errors)),
        intensity: intensity::read(Section::take(tree, "intensity", errors)),
        log: log(Section::take(tree, "log", errors)),
        loaded: super::Loaded::default(),
    };
    let known: Vec<&str> = SECTIONS
        .iter()
        .chain(OutputsConfig::NAMES)
        .copied()
        .chain(["log"])
        .collect();
    for (key, node) in std::mem::take(tree) {
        let hint = nearest(&key, &known);
        errors.push(ConfigError {
            key,
            position: node.position,
            value: String::new(),
            reason: "is not a section".into(),
            hint,
        });
    }
    config
}

pub(super) fn is_loopback(address: &str) -> bool {
    let host = address
        .rsplit_once(':')
        .map_or(address, |(host, _)| host)
        .trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn listener(mut section: Section<'_>) -> ListenerConfig {
    let mut config = ListenerConfig::default();
    let anonymous_written = section.has("allow_anonymous");
    let position = Some(()).filter(|()| section.has("listen"));
    section.flag("enabled", &mut config.enabled);
    section.address("listen", &mut config.listen);
    section.flag("allow_anonymous", &mut config.allow_anonymous);
    section.optional_path("password_file", &mut config.password_file);
    section.size("max_packet", &mut config.max_packet_bytes, KIB, 64 * MIB);
    section.whole("max_connections", &mut config.max_connections, 1, 1_000_000);
    section.whole("max_inflight", &mut config.max_inflight, 1, 65_535);
    section.formats("formats", &mut config.formats);
    section.flag("retain_means_replay", &mut config.retain_means_replay);
    if config.password_file.is_some() && !anonymous_written {
        config.allow_anonymous = false;
    }
    if position.is_some()
        && !is_loopback(&config.listen)
        && config.allow_anonymous
        && !anonymous_written
    {
        let hint = "set `password_file`, or write `allow_anonymous = true` if everybody on that network may publish";
        section.refuse(
            "listen",
            None,
            config.listen.clone(),
            "is open to the network, and devices need no password",
            hint,
        );
    }
    if !config.allow_anonymous && config.password_file.is_none() {
        section.refuse_key(
            "allow_anonymous",
            "is false, but there is no `password_file`: nobody could connect",
            "name a file with lines `username:hash`",
        );
    }
    section.finish();
    config
}

fn mapping(mut section: Section<'_>) -> MappingConfig {
    let mut config = MappingConfig::default();
    let mut files = Vec::new();
    section.texts("files", &mut files);
    config.files = files.into_iter().map(PathBuf::from).collect();
    section.words(
        "presets",
        &mut config.presets,
        &preset_names().collect::<Vec<_>>(),
    );
    section.finish();
    config
}

fn capture(mut section: Section<'_>) -> CaptureConfig {
    let mut config = CaptureConfig::default();
    section.optional_path("directory", &mut config.directory);
    section.size("max_file", &mut config.max_file_bytes, 64 * KIB, 16 * GIB);
    section.whole("max_files", &mut config.max_files, 1, 10_000);
    section.texts("charge_points", &mut config.charge_points);
    section.flag("mqtt", &mut config.mqtt);
    section.finish();
    config
}

fn store(mut section: Section<'_>) -> StoreConfig {
    let mut config = StoreConfig::default();
    section.path("directory", &mut config.directory);
    section.duration(
        "commit_interval",
        &mut config.commit_interval,
        MS,
        10 * SECOND,
    );
    section.whole("commit_batch", &mut config.commit_batch, 1, 100_000);
    section.duration(
        "checkpoint_interval",
        &mut config.checkpoint_interval,
        SECOND,
        DAY,
    );
    section.size(
        "checkpoint_inbox",
        &mut config.checkpoint_inbox_bytes,
        64 * KIB,
        4 * GIB,
    );
    section.size("outbox_max", &mut config.outbox_max_bytes, MIB, 1024 * GIB);
    section.finish();
    config
}

fn history(mut section: Section<'_>, store: &mut StoreConfig, engine: &mut EngineConfig) {
    store.jurisdiction = engine.jurisdiction;
    // A month is put together two days after its end, so fewer days than these could not be kept apart.
    section.duration("keep_15min", &mut store.keep_15min, 35 * DAY, 3_660 * DAY);
    section.duration("keep_daily", &mut store.keep_daily, 366 * DAY, 36_600 * DAY);
    section.whole("max_series", &mut engine.max_history_series, 1, 10_000_000);
    section.finish();
}

fn directory(mut section: Section<'_>) -> Option<PathBuf> {
    let mut directory = None;
    section.optional_path("directory", &mut directory);
    section.finish();
    directory
}

fn log(mut section: Section<'_>) -> LogConfig {
    use tracing::Level;
    let mut config = LogConfig::default();
    let words = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    section.word("level", &mut config.level, &words);
    section.finish();
    config
}
