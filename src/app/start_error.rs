//! Why the daemon cannot start. Every message has a hint.

use super::inbox;
use super::register::LoadError;
use crate::engine::RestoreError;
use crate::store::OpenError;
use crate::telemetry::mapping::MappingErrors;

/// The daemon cannot start. Every message has a hint.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or may not be bound.
    #[error(
        "`{key}`: cannot listen on {address}: {error}\n  hint: another program (or another fleetgauge) may have it; `{key}` in the configuration changes it"
    )]
    Listen {
        /// The configuration key.
        key: &'static str,
        /// The address, `host:port`.
        address: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The checkpoint in it.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The inbox in it.
    #[error(transparent)]
    Inbox(#[from] inbox::InboxError),
    /// The register cannot be loaded.
    #[error(transparent)]
    Register(#[from] LoadError),
    /// The emission factors.
    #[error("{0}")]
    Factors(String),
    /// The mapping files.
    #[error(transparent)]
    Mapping(#[from] MappingErrors),
    /// A password file or another file a room needs.
    #[error("{0}")]
    Room(String),
}
