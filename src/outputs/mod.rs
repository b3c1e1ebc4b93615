//! Where rows go: one file per output.

pub mod influx;
