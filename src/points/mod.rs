//! F2: facts to rows of line protocol. `schema` is the one table of measurements, tags, fields, units.

pub mod schema;
