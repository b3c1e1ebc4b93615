//! F4: where rows go. To add one: its file, its line in `app::wiring`.

pub mod influx;
