//! The configuration: a TOML file, checked whole, all mistakes at once.
