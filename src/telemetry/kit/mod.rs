//! Shared by the formats and the mapping language: JSON, units, times, rules, positions, CAN frames. Depends on no format.
//!
//! Two ways through JSON: [`json_object`] is lenient (`crate::json`, one pass, also used for OCPP) and serves devices whose mistakes have
//! to be accepted; [`strict_json`] accepts RFC 8259 only and serves the native format and the position pairs of mapping files.

pub(super) mod asset_id;
pub(super) mod asset_memory;
pub(super) mod can;
pub(super) mod degrees;
pub(super) mod json_object;
pub(super) mod object_fields;
pub(super) mod ranked_fields;
pub(super) mod reading_entries;
pub(super) mod rule;
pub(super) mod single_value;
pub(super) mod strict_json;
pub(super) mod time;
pub(super) mod unit;
pub(super) mod value_text;
pub(super) mod vss;
