//! The one table of measurements.
