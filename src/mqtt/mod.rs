//! Everything that speaks MQTT: the server that devices connect to, the client of brokers, and the publisher of results.

pub mod client;
pub mod publisher;
pub mod server;
