//! Activity data times dated emission factors, by scope and tier.
