//! OCPP-J text to requests, in one lenient pass: unknown fields, missing fields, wrong types and odd spellings are lived with,
//! because charge points repeat what is refused. What we send is strict; that is the central system's business.

mod field;
pub mod frame;
pub mod v16;
