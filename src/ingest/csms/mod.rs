//! The OCPP central system, for the charge points that [`super::door`] lets in.
//!
//! Answers to StartTransaction, StopTransaction, MeterValues and what else the books keep leave after the commit; BootNotification,
//! Heartbeat and Authorize at once. Requests of its own are those of [`setup`], and only where that is switched on.

mod answer;
mod connection;
mod setup;
mod welcome;

pub use setup::SetupConfig;
pub(super) use welcome::serve;
