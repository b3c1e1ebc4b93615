//! What two others say to each other: joins requests with their answers, because the transaction id of OCPP 1.6 stands only in the
//! central system's answer. For the tap and for recorded traffic; it says nothing itself.

use std::collections::VecDeque;

use super::frame::{self, Frame, Reading};
use super::repeats::Repeats;
use super::{Action, Checks, Request, field, v16};
use crate::json::Json;
use crate::model::{ChargePointMessage, Issue, Manner, OcppVersion, RejectReason};
use crate::units::UtcMs;

/// Requests of the central system whose answer is awaited.
const MAX_ASKED: usize = 16;

/// Who said it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaker {
    /// The charge point.
    ChargePoint,
    /// Its central system.
    Csms,
}

/// Something for the books.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// When it was said.
    pub received_at: UtcMs,
    /// How.
    pub manner: Manner,
    /// What.
    pub message: ChargePointMessage,
}

/// A frame that could not be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unheard {
    /// Why.
    pub reason: RejectReason,
    /// What exactly.
    pub detail: String,
}

/// One link, listened to.
#[derive(Debug)]
pub struct Observer {
    version: OcppVersion,
    /// A StartTransaction whose answer is awaited: message id, and what it says.
    start: Option<(String, Heard)>,
    /// ChangeAvailability of the central system: message id, connector, operative.
    asked: VecDeque<(String, u32, bool)>,
    repeats: Repeats<()>,
    checks: Checks,
}

impl Observer {
    /// A link that speaks `version`.
    pub fn new(version: OcppVersion) -> Self {
        Self {
            version,
            start: None,
            asked: VecDeque::new(),
            repeats: Repeats::default(),
            checks: Checks::default(),
        }
    }

    /// The version spoken.
    pub fn version(&self) -> OcppVersion {
        self.version
    }

    /// Takes a frame.
    pub fn hear(
        &mut self,
        speaker: Speaker,
        text: &str,
        reading: &Reading<'_>,
        received_at: UtcMs,
        out: &mut Vec<Heard>,
    ) -> Result<(), Unheard> {
        let reading = Reading {
            version: self.version,
            ..*reading
        };
        match (speaker, frame::read(text, &reading)) {
            (
                Speaker::ChargePoint,
                Frame::Call {
                    id,
                    action,
                    request,
                    zoneless,
                    repaired,
                    ..
                },
            ) => {
                let conformant = self.checks.check(self.version, action, text);
                let manner = Manner {
                    zoneless,
                    repaired,
                    conformant,
                };
                self.call(id, action, request, text, manner, received_at, out);
                Ok(())
            }
            (Speaker::ChargePoint, Frame::Unknown { action, .. }) => {
                self.give_up_start(out);
                let detail = format!("action `{}`", action.chars().take(64).collect::<String>());
                Err(Unheard {
                    reason: RejectReason::UnknownAction,
                    detail,
                })
            }
            (Speaker::ChargePoint, Frame::Result { id, payload }) => {
                self.charge_point_answered(id, payload, received_at, out);
                Ok(())
            }
            (Speaker::Csms, Frame::Result { id, payload }) => {
                self.csms_answered(id, payload, out);
                Ok(())
            }
            (
                Speaker::Csms,
                Frame::Error {
                    id,
                    answers_result: false,
                    ..
                },
            ) => {
                // Refused: the charge point repeats it, or lives without.
                self.start.take_if(|(asked, _)| asked == id);
                Ok(())
            }
            (
                Speaker::Csms,
                Frame::Unknown {
                    id,
                    action,
                    payload,
                    ..
                },
            ) => {
                self.csms_asked(id, &action, payload, received_at, out);
                Ok(())
            }
            (_, Frame::Malformed { reason, detail, .. }) => Err(Unheard { reason, detail }),
            _ => Ok(()),
        }
    }

    /// The link is down: nothing more will be answered.
    pub fn ended(&mut self, out: &mut Vec<Heard>) {
        self.give_up_start(out);
        self.asked.clear();
    }

    #[expect(clippy::too_many_arguments, reason = "a frame's parts, used once")]
    fn call(
        &mut self,
        id: &str,
        action: Action,
        request: Request,
        text: &str,
        manner: Manner,
        received_at: UtcMs,
        out: &mut Vec<Heard>,
    ) {
        if self.repeats.find(text).is_some() {
            return;
        }
        // A charge point asks one thing at a time: the answer to the last one will not come any more.
        self.give_up_start(out);
        if is_for_the_books(action) {
            self.repeats.note(text, ());
        }
        let heard = |message| Heard {
            received_at,
            manner,
            message,
        };
        match request {
            Request::Authorize(_) => {}
            Request::Event(message @ ChargePointMessage::StartTransaction { .. }) => {
                self.start = Some((id.to_owned(), heard(message)));
            }
            Request::Event(message) => out.push(heard(message)),
            Request::Events(messages) => out.extend(messages.into_iter().map(heard)),
        }
    }

    fn give_up_start(&mut self, out: &mut Vec<Heard>) {
        if let Some((_, heard)) = self.start.take() {
            out.push(issued(heard, None));
        }
    }

    fn csms_answered(&mut self, id: &str, payload: &str, out: &mut Vec<Heard>) {
        let Some((_, heard)) = self.start.take_if(|(asked, _)| asked == id) else {
            return;
        };
        let mut transaction_id = None;
        Json::new(payload, 32).object(|json, name| {
            if name == "transactionId" {
                transaction_id = field::integer(json);
            }
        });
        // 0 is no id (a refused tag, with many central systems).
        out.push(issued(heard, transaction_id.filter(|id| *id != 0)));
    }

    fn csms_asked(
        &mut self,
        id: &str,
        action: &str,
        payload: &str,
        received_at: UtcMs,
        out: &mut Vec<Heard>,
    ) {
        match action {
            "ChangeAvailability" => {
                let (mut connector, mut operative) = (0, None);
                Json::new(payload, 32).object(|json, name| match name {
                    "connectorId" => connector = field::number(json),
                    "evse" => {
                        json.object(|json, name| {
                            if name == "id" {
                                connector = field::number(json);
                            }
                        });
                    }
                    "type" | "operationalStatus" => {
                        operative = field::trimmed(json).map(|word| word == "Operative")
                    }
                    _ => {}
                });
                if let Some(operative) = operative {
                    if self.asked.len() >= MAX_ASKED {
                        self.asked.pop_front();
                    }
                    self.asked.push_back((id.to_owned(), connector, operative));
                }
            }
            // The charge point is told to talk to somebody else: soon nothing will come through here.
            "SetNetworkProfile" => {
                let message = ChargePointMessage::Notice {
                    action: action.to_string(),
                    status: None,
                };
                out.push(Heard {
                    received_at,
                    manner: Manner::default(),
                    message,
                });
            }
            _ => {}
        }
    }

    fn charge_point_answered(
        &mut self,
        id: &str,
        payload: &str,
        received_at: UtcMs,
        out: &mut Vec<Heard>,
    ) {
        let Some(index) = self.asked.iter().position(|(asked, _, _)| asked == id) else {
            return;
        };
        let Some((_, connector_id, operative)) = self.asked.remove(index) else {
            return;
        };
        let mut accepted = false;
        Json::new(payload, 32).object(|json, name| {
            if name == "status" {
                accepted = field::trimmed(json)
                    .is_some_and(|word| word == "Accepted" || word == "Scheduled");
            }
        });
        if accepted {
            let message = ChargePointMessage::AvailabilityChanged {
                connector_id,
                operative,
            };
            out.push(Heard {
                received_at,
                manner: Manner::default(),
                message,
            });
        }
    }
}

/// Whether a repetition of the request would count twice; signs of life may come as often as they like.
pub fn is_for_the_books(action: Action) -> bool {
    use super::v2;
    !matches!(
        action,
        Action::V16(
            v16::Action::Heartbeat | v16::Action::BootNotification | v16::Action::Authorize
        ) | Action::V2(
            v2::Action::Heartbeat | v2::Action::BootNotification | v2::Action::Authorize
        )
    )
}

fn issued(mut heard: Heard, transaction_id: Option<i64>) -> Heard {
    if let ChargePointMessage::StartTransaction { issue, .. } = &mut heard.message {
        *issue = Issue::Theirs(transaction_id);
    }
    heard
}

#[cfg(test)]
mod tests {
    use crate::model::TokenHasher;
    use crate::ocpp::codec::observer::*;

    #[test]
    fn ids_come_from_the_answer() {
        let hasher = TokenHasher::new(&[0; 32]);
        let reading = Reading {
            version: OcppVersion::V16,
            hasher: &hasher,
            max_depth: 32,
            repair_metering: true,
        };
        let mut observer = Observer::new(OcppVersion::V16);
        let mut out = Vec::new();
        let mut say = |speaker, text: &str, out: &mut Vec<Heard>| {
            observer.hear(speaker, text, &reading, UtcMs(0), out)
        };
        let start = r#"[2,"7","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-08-21T09:15:02Z"}]"#;
        say(Speaker::ChargePoint, start, &mut out).unwrap();
        assert!(out.is_empty(), "not before the answer");
        say(
            Speaker::Csms,
            r#"[2,"c1","ChangeAvailability",{"connectorId":1,"type":"Inoperative"}]"#,
            &mut out,
        )
        .unwrap();
        say(
            Speaker::Csms,
            r#"[3,"7",{"transactionId":4711,"idTagInfo":{"status":"Accepted"}}]"#,
            &mut out,
        )
        .unwrap();
        say(Speaker::ChargePoint, start, &mut out).unwrap();
        assert_eq!(out.len(), 1, "once");
        assert!(matches!(
            out[0].message,
            ChargePointMessage::StartTransaction {
                issue: Issue::Theirs(Some(4711)),
                ..
            }
        ));
        say(
            Speaker::ChargePoint,
            r#"[3,"c1",{"status":"Scheduled"}]"#,
            &mut out,
        )
        .unwrap();
        assert!(matches!(
            out[1].message,
            ChargePointMessage::AvailabilityChanged {
                connector_id: 1,
                operative: false
            }
        ));
        // The answer is lost: the next request says so.
        say(
            Speaker::ChargePoint,
            &start.replace("\"7\"", "\"8\""),
            &mut out,
        )
        .unwrap();
        say(Speaker::ChargePoint, r#"[2,"9","Heartbeat",{}]"#, &mut out).unwrap();
        assert!(matches!(
            out[2].message,
            ChargePointMessage::StartTransaction {
                issue: Issue::Theirs(None),
                ..
            }
        ));
        assert!(say(Speaker::ChargePoint, "[2", &mut out).is_err());
        assert!(say(Speaker::ChargePoint, r#"[2,"1","Coffee",{}]"#, &mut out).is_err());
    }
}
