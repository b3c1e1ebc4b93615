//! One charge point's session with our central system, once [`crate::ocpp::server`] has accepted its connection.
//!
//! Responses to messages that the ledger stores are sent after the commit; all others (BootNotification, Heartbeat, Authorize)
//! immediately. Requests of our own come from [`crate::ocpp::provisioning`], and only where that is switched on.

mod accept;
mod connection;
mod responses;

pub(super) use accept::serve;
