//! Chat webhooks that accept `{"text": ...}`: Slack, Mattermost, Rocket.Chat.

use serde_json::json;

use super::{Delivery, NotifierKind};
use crate::model::Notice;
use crate::notify::NotifierConfig;
use crate::notify::message::{lines, title};
use crate::units::UtcMs;

pub(super) struct Text;

impl NotifierKind for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, _: UtcMs) -> Delivery {
        let title = escaped(&title(notice));
        let body = escaped(&lines(notice).join("\n"));
        Delivery::post(json!({ "text": format!("*{title}*\n{body}\n<{}|open>", config.link) }))
    }
}

/// Escapes the three control characters of Slack's mrkdwn, which marks links with angle brackets.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
