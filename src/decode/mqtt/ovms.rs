//! OVMS v3 metrics.

use super::{Decoder, Message, Refused, Sink};

/// The format's line in the table.
pub const DECODER: Decoder = Decoder { name: "ovms", filters: &[], claims, decode };

fn claims(_topic: &str) -> bool {
    false
}

fn decode(_message: &Message<'_>, _sink: &mut dyn Sink) -> Result<(), Refused> {
    Ok(())
}
