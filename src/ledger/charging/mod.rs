//! The charging book: connectors, transactions, sessions.
