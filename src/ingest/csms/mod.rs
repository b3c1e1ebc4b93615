//! The OCPP central system, for the charge points that [`super::door`] lets in.
//!
//! Answers to StartTransaction, StopTransaction, MeterValues and what else the books keep leave after the commit; BootNotification,
//! Heartbeat and Authorize at once. It never sends a request of its own.

mod answer;
mod connection;
mod welcome;

pub(super) use welcome::serve;
