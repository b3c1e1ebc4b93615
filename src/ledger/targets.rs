//! Targets: goal, path, drift.
