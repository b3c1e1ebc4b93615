//! The report of a month, quarter or year: gathered from the store and the register (`gather`), as data (`data`), then in a format.

mod about;
mod build;
mod charging;
mod chart;
mod csv_rows;
pub mod data;
mod document;
mod emissions;
mod html;
mod league;
mod markdown;
mod period;
mod quality;
mod returns;
mod tables;
mod words;

pub use build::{Input, Uptime, build_report};
pub use csv_rows::csv_rows;
pub use data::Report;
pub use html::html;
pub use markdown::markdown;
pub use period::{ParsePeriodError, Period};
pub use returns::{ReturnRow, returns, returns_csv};
