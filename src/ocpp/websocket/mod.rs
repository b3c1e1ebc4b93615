//! WebSocket frames (RFC 6455) and compressed messages (RFC 7692, which OCPP 2.0.1 part 4 section 3.4 asks of a central system).
//!
//! Our own because no kept library has both compression and bytes that can be passed on untouched: the tap reads the same frames without
//! ever writing one.

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
    /// Text that is not UTF-8.
    pub const INVALID: u16 = 1007;
    /// Against the rules: another connection has taken this one's place.
    pub const POLICY: u16 = 1008;
    /// The server is stopping (IANA's registry, 2011).
    pub const RESTART: u16 = 1012;
}
