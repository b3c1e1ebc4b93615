//! Lifetime and session counters by the telescoping rules.
