//! F3: owns all state on one thread, is told the time, does no input or output.

mod config;
mod view;

pub use config::EngineConfig;
pub use view::{Dimension, View};
