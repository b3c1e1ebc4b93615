//! A topic filter in our persistent session at a broker. It is stored, because the session outlasts restarts of the daemon.

/// One filter of one session.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subscription {
    /// Topic filter as sent in SUBSCRIBE.
    pub filter: String,
    /// The QoS requested when the broker granted it; `None` if the broker may have the subscription or not.
    pub qos: Option<u8>,
}
