//! The events of rumqttc's two event loops as one type, and the requests to the broker: SUBSCRIBE and UNSUBSCRIBE, one packet each.

use std::collections::VecDeque;

use bytes::Bytes;
use rumqttc::v5;
use rumqttc::v5::mqttbytes::v5::{Filter, RetainForwardRule};

use crate::ingest::MqttMessage;

/// A packet from the broker.
pub enum BrokerEvent {
    /// CONNACK with a code of success.
    Connected {
        /// The broker kept our session.
        session_present: bool,
    },
    /// SUBACK: for each filter, the QoS granted or why it was refused.
    Subscribed(Vec<Result<u8, String>>),
    /// UNSUBACK: for each filter, why it stays (MQTT 5; 3.1.1 reports no reason).
    Unsubscribed(Vec<Option<String>>),
    /// PUBLISH, with the packet to acknowledge.
    Message {
        /// Topic, payload and properties.
        message: MqttMessage,
        /// `None` for QoS 0, which needs no acknowledgement.
        ack: Option<Ack>,
    },
    /// PUBACK, PINGRESP and all outgoing packets.
    Other,
}

/// The packet id of a QoS 1 message.
#[derive(Clone, Copy, Debug)]
pub struct Ack(pub(super) u16);

enum Loop {
    V4(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// The reading half of a connection: it yields the broker's packets.
pub struct Events {
    inner: Loop,
    /// Messages that arrived just before the connection ended, followed by its error.
    left: VecDeque<Result<BrokerEvent, String>>,
}

impl Events {
    pub(super) fn from_v4(events: rumqttc::EventLoop) -> Self {
        Self {
            inner: Loop::V4(Box::new(events)),
            left: VecDeque::new(),
        }
    }

    pub(super) fn from_v5(events: v5::EventLoop) -> Self {
        Self {
            inner: Loop::V5(Box::new(events)),
            left: VecDeque::new(),
        }
    }

    /// The next packet; an error means no connection, and the next call tries again.
    pub async fn next(&mut self) -> Result<BrokerEvent, String> {
        if let Some(left) = self.left.pop_front() {
            return left;
        }
        let error = match &mut self.inner {
            Loop::V4(events) => match events.poll().await {
                Ok(event) => return Ok(event_from_v4(event)),
                Err(error) => {
                    // Requests of this connection are not sent on the next one, which gets its own.
                    events.pending.clear();
                    self.left.extend(
                        std::mem::take(&mut events.state.events)
                            .into_iter()
                            .filter_map(|event| last(event_from_v4(event))),
                    );
                    error.to_string()
                }
            },
            Loop::V5(events) => match events.poll().await {
                Ok(event) => return Ok(event_from_v5(event)),
                Err(error) => {
                    events.pending.clear();
                    self.left.extend(
                        std::mem::take(&mut events.state.events)
                            .into_iter()
                            .filter_map(|event| last(event_from_v5(event))),
                    );
                    error.to_string()
                }
            },
        };
        self.left.push_back(Err(error));
        self.left.pop_front().expect("the error was added above")
    }

    /// Sends UNSUBSCRIBE with all filters, before everything that waits to be sent.
    pub fn unsubscribe(&mut self, filters: Vec<String>) {
        if filters.is_empty() {
            return;
        }
        match &mut self.inner {
            Loop::V4(events) => {
                let packet = rumqttc::Unsubscribe {
                    pkid: 0,
                    topics: filters,
                };
                events
                    .pending
                    .push_back(rumqttc::Request::Unsubscribe(packet));
            }
            Loop::V5(events) => {
                let packet = v5::mqttbytes::v5::Unsubscribe {
                    filters,
                    ..Default::default()
                };
                events.pending.push_back(v5::Request::Unsubscribe(packet));
            }
        }
    }

    /// Sends SUBSCRIBE with all filters. With MQTT 5, retained messages come only for new ones (retain handling 1), and the retain flag
    /// marks a stored copy (retain as published 0), as it always does with 3.1.1.
    pub fn subscribe(&mut self, filters: &[String], qos: u8) {
        if filters.is_empty() {
            return;
        }
        match &mut self.inner {
            Loop::V4(events) => {
                let qos = if qos == 0 {
                    rumqttc::QoS::AtMostOnce
                } else {
                    rumqttc::QoS::AtLeastOnce
                };
                let filters = filters
                    .iter()
                    .map(|filter| rumqttc::SubscribeFilter::new(filter.clone(), qos));
                events.pending.push_back(rumqttc::Request::Subscribe(
                    rumqttc::Subscribe::new_many(filters),
                ));
            }
            Loop::V5(events) => {
                let qos = if qos == 0 {
                    v5::mqttbytes::QoS::AtMostOnce
                } else {
                    v5::mqttbytes::QoS::AtLeastOnce
                };
                let filters = filters.iter().map(|filter| Filter {
                    retain_forward_rule: RetainForwardRule::OnNewSubscribe,
                    ..Filter::new(filter.clone(), qos)
                });
                let packet = v5::mqttbytes::v5::Subscribe::new_many(filters, None);
                events.pending.push_back(v5::Request::Subscribe(packet));
            }
        }
    }
}

/// A message that arrived just before the connection ended; it cannot be acknowledged any more.
fn last(event: BrokerEvent) -> Option<Result<BrokerEvent, String>> {
    match event {
        BrokerEvent::Message { message, .. } => {
            Some(Ok(BrokerEvent::Message { message, ack: None }))
        }
        _ => None,
    }
}

/// Translates an event of MQTT 3.1.1.
fn event_from_v4(event: rumqttc::Event) -> BrokerEvent {
    use rumqttc::{Event, Packet, QoS, SubscribeReasonCode};
    match event {
        Event::Incoming(Packet::ConnAck(ack)) => BrokerEvent::Connected {
            session_present: ack.session_present,
        },
        Event::Incoming(Packet::SubAck(ack)) => {
            let granted = |code: &SubscribeReasonCode| match code {
                SubscribeReasonCode::Success(qos) => Ok(*qos as u8),
                SubscribeReasonCode::Failure => Err("refused".to_owned()),
            };
            BrokerEvent::Subscribed(ack.return_codes.iter().map(granted).collect())
        }
        Event::Incoming(Packet::UnsubAck(_)) => BrokerEvent::Unsubscribed(Vec::new()),
        Event::Incoming(Packet::Publish(publish)) => BrokerEvent::Message {
            ack: (publish.qos == QoS::AtLeastOnce).then_some(Ack(publish.pkid)),
            message: MqttMessage {
                topic: Bytes::from(publish.topic),
                payload: publish.payload,
                retained: publish.retain,
                properties: Vec::new(),
            },
        },
        _ => BrokerEvent::Other,
    }
}

/// Translates an event of MQTT 5.
fn event_from_v5(event: v5::Event) -> BrokerEvent {
    use v5::Event;
    use v5::mqttbytes::QoS;
    use v5::mqttbytes::v5::{Packet, SubscribeReasonCode, UnsubAckReason};
    match event {
        Event::Incoming(Packet::ConnAck(ack)) => BrokerEvent::Connected {
            session_present: ack.session_present,
        },
        Event::Incoming(Packet::SubAck(ack)) => {
            let granted = |code: &SubscribeReasonCode| match code {
                SubscribeReasonCode::Success(qos) => Ok(*qos as u8),
                refused => Err(format!("{refused:?}")),
            };
            BrokerEvent::Subscribed(ack.return_codes.iter().map(granted).collect())
        }
        Event::Incoming(Packet::UnsubAck(ack)) => {
            let stays = |code: &UnsubAckReason| {
                (!matches!(
                    code,
                    UnsubAckReason::Success | UnsubAckReason::NoSubscriptionExisted
                ))
                .then(|| format!("{code:?}"))
            };
            BrokerEvent::Unsubscribed(ack.reasons.iter().map(stays).collect())
        }
        Event::Incoming(Packet::Publish(publish)) => BrokerEvent::Message {
            ack: (publish.qos == QoS::AtLeastOnce).then_some(Ack(publish.pkid)),
            message: MqttMessage {
                topic: publish.topic,
                payload: publish.payload,
                retained: publish.retain,
                properties: publish
                    .properties
                    .map(|properties| properties.user_properties)
                    .unwrap_or_default(),
            },
        },
        _ => BrokerEvent::Other,
    }
}
