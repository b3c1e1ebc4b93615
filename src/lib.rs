//! fleetgauge: what charge points and vehicles say becomes durable facts, time series and a share against a target.
//!
//! # Layout, in floor order; imports point down only (`tests/layers.rs` checks it)
//!
//! | floor | rooms |
//! |---|---|
//! | F0 | [`units`]: quantities with units, civil time |
//! | F1 | [`model`]: ids, register, observations, facts, vocabulary |
//! | F2 | [`decode`]: bytes to observations; [`ledger`]: the books; [`points`]: facts to rows. They do not know each other |
//! | F3 | [`engine`]: owns all state, is told the time, does no input or output |
//! | F4 | [`ingest`]: sockets; [`store`]: SQLite; [`outputs`]: InfluxDB; [`notify`]: alerts to people and machines; [`intensity`]: carbon intensity API; [`http`]: their HTTP client; [`web`]: page, API, metrics; [`simulate`]: a fleet over real sockets |
//! | F5 | [`app`]: configuration, wiring, clock, shutdown, commands |

pub mod json;
pub mod units;

pub mod jurisdiction;

pub mod model;

pub mod imports;
pub mod ledger;
pub mod series;
pub mod telemetry;

pub mod engine;

pub mod api;
pub mod http;
pub mod ingest;
pub mod intensity;
pub mod mqtt;
pub mod notify;
pub mod ocpp;
pub mod outputs;
pub mod simulate;
pub mod store;
pub mod tls;
pub mod web;

pub mod dashboards;
pub mod report;

pub mod app;
