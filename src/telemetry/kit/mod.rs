//! What the formats and the mapping language share: JSON walking, units, times, rules, positions, CAN frames. Knows no format.

pub(super) mod angle;
pub(super) mod asset;
pub(super) mod can;
pub(super) mod collected;
pub(super) mod entries;
pub(super) mod fields;
pub(super) mod json;
pub(super) mod memory;
pub(super) mod object;
pub(super) mod plain;
pub(super) mod rule;
pub(super) mod scalar;
pub(super) mod time;
pub(super) mod unit;
pub(super) mod vss;
