//! F4: where results go. To add one: its file, its line in `app::run`.

pub mod influx;
pub mod mqtt;
