//! F2: bytes to observations. Pure: no clock, no socket, no state but what a decoder is handed. Lenient in, strict out.

mod json;
pub mod mqtt;
pub mod ocpp;
pub mod tables;
