//! WebSocket frames (RFC 6455) and compressed messages (RFC 7692, which OCPP 2.0.1 part 4 section 3.4 requires of a central system).
//!
//! Our own implementation because no maintained library has both compression and access to the bytes as they were sent: the tap reads the
//! same frames without writing any.

pub mod deflate;
pub mod frame;
mod messages;
mod socket;

pub use messages::{Assembler, Part};
pub use socket::{Incoming, Socket};

/// Close codes, RFC 6455 section 7.4.1.
pub mod close {
    /// A protocol error, or no version in common.
    pub const PROTOCOL: u16 = 1002;
    /// A text message that is not UTF-8.
    pub const INVALID: u16 = 1007;
    /// A violation of policy: another connection replaces this one.
    pub const POLICY: u16 = 1008;
    /// The server is stopping (IANA's registry, 2011).
    pub const RESTART: u16 = 1012;
}
