//! Microsoft Teams Workflows: an Adaptive Card 1.4 in a message.

use serde_json::json;

use super::{Delivery, NotifierKind};
use crate::model::Notice;
use crate::notify::NotifierConfig;
use crate::notify::message::{lines, title};
use crate::units::UtcMs;

pub(super) struct Teams;

impl NotifierKind for Teams {
    fn name(&self) -> &'static str {
        "teams"
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, _: UtcMs) -> Delivery {
        let mut body = vec![
            json!({ "type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "text": title(notice) }),
        ];
        let lines = lines(notice).into_iter();
        body.extend(lines.map(|line| json!({ "type": "TextBlock", "wrap": true, "text": line })));
        let mut facts = vec![
            json!({ "title": "Rule", "value": notice.rule }),
            json!({ "title": "Severity", "value": notice.severity.name() }),
        ];
        let labels = notice.group.iter();
        facts.extend(labels.map(|(name, value)| json!({ "title": name, "value": value })));
        body.push(json!({ "type": "FactSet", "facts": facts }));
        Delivery::post(json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": body,
                    "actions": [{ "type": "Action.OpenUrl", "title": "Open", "url": config.link }],
                },
            }],
        }))
    }
}
