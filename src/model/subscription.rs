//! A topic filter that a broker may hold for our session: what is known of it outlasts our restarts, as the session does.

/// One filter of one session.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subscription {
    /// The topic filter.
    pub filter: String,
    /// The QoS it was asked for with when the broker granted it; `None` = the broker may hold it or not.
    pub qos: Option<u8>,
}
