//! fleetgauge: what charge points and vehicles say becomes durable facts, time series and a share against a target.
//!
//! # Layout, lowest rank first; imports only fall (`tests/pure/source/imports.rs` checks it)
//!
//! | rooms | what they do |
//! |---|---|
//! | [`units`], [`json`] | quantities with units, civil time; one pass over JSON text |
//! | [`jurisdiction`] | what a country decides: clocks, financial year, classes, fuel words, norms, factors |
//! | [`model`] | ids, register, observations, facts, vocabulary |
//! | [`telemetry`], [`ocpp::codec`], [`imports`], [`ledger`], [`series`] | bytes to observations; the books; facts to rows. Pure, and independent of each other |
//! | [`engine`] | owns all state, is told the time, does no input or output |
//! | [`ingest`], [`store`], [`tls`], [`http`], [`api::requests`] | frames and receipts; SQLite; certificates; a small HTTP client; requests to the engine |
//! | [`ocpp`], [`mqtt`], [`outputs`], [`notify`], [`intensity`], [`api`], [`web`], [`simulate`] | everything with a socket |
//! | [`report`], [`dashboards`] | files for people |
//! | [`app`] | configuration, wiring, clock, shutdown, commands |

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
