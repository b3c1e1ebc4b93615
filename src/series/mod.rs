//! Facts as rows of line protocol. [`table`] lists every measurement with its tags, fields and units.

mod line_protocol;
mod sample;
pub mod table;
mod tag_value;

pub use sample::FieldSample;

use line_protocol::Line;

use crate::model::Fact;

/// Appends the row of a fact; false if the fact has nothing to write.
pub fn encode(fact: &Fact, out: &mut Vec<u8>) -> bool {
    let (line, at) = table::visit(fact, |measurement| Line::new(out, measurement));
    line.finish(at)
}
