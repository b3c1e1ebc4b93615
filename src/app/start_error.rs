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
        /// The configuration key of the address, such as `web.listen`.
        key: &'static str,
        /// The address, `host:port`.
        address: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The engine cannot be restored from the store's checkpoint.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The observations since the checkpoint cannot be replayed.
    #[error(transparent)]
    Inbox(#[from] inbox::InboxError),
    /// The register cannot be loaded.
    #[error(transparent)]
    Register(#[from] LoadError),
    /// A file of emission factors is missing or invalid.
    #[error("{0}")]
    Factors(String),
    /// A mapping file is missing or invalid.
    #[error(transparent)]
    Mapping(#[from] MappingErrors),
    /// A password file, certificate or other file of the configuration is missing or invalid.
    #[error("{0}")]
    Room(String),
}
