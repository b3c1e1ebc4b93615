//! Everything that speaks OCPP: the pure codec, the server that charge points connect to, their sessions, provisioning, and the tap.

pub mod codec;
pub mod provisioning;
pub mod server;
mod session;
pub mod tap;
pub mod websocket;
