//! ntfy's JSON publishing (ntfy documentation, "Publish as JSON", 2024).

use serde_json::json;

use super::{Delivery, NotifierKind, RequiredKey};
use crate::model::{Notice, NoticeKind, Severity};
use crate::notify::NotifierConfig;
use crate::notify::message::{lines, title};
use crate::units::UtcMs;

const TOPIC: RequiredKey = RequiredKey {
    name: "topic",
    hint: "write topic = \"emas-fleet\"; `url` is the server's, without the topic",
};

pub(super) struct Ntfy;

impl NotifierKind for Ntfy {
    fn name(&self) -> &'static str {
        "ntfy"
    }

    fn required_keys(&self) -> &'static [RequiredKey] {
        &[TOPIC]
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, _: UtcMs) -> Delivery {
        // Priorities go from 1 to 5, and 3 is the default. ntfy shows these tags as emojis.
        let (priority, tag) = match (notice.kind, notice.severity) {
            (NoticeKind::Resolved, _) => (3, "white_check_mark"),
            (_, Severity::Info) => (3, "information_source"),
            (_, Severity::Warning) => (4, "warning"),
            (_, Severity::Critical) => (5, "rotating_light"),
        };
        Delivery::post(json!({
            "topic": config.settings.get(TOPIC.name),
            "title": title(notice),
            "message": lines(notice).join("\n"),
            "priority": priority,
            "tags": [tag],
            "click": config.link,
        }))
    }
}
