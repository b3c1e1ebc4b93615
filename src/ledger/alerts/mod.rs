//! Alerts: samples become states of (rule, labels), and states become few notices: hysteresis, `for`, grouping,
//! inhibition, silences, quiet hours, an hourly cap. Pure, with the time as an argument; missing data never change a state.
//!
//! Conventions are those of Prometheus Alertmanager: labels identify an alert, annotations do not.

mod book;
mod config;
mod cusum;
mod release;
mod rules;
mod series;
mod silence;
mod targets;

pub use book::{AckError, AlertBook, Reading, Sample};
pub use config::{AlertsConfig, OwnRule};
pub use cusum::Cusum;
pub use release::Standing;
pub use rules::{Builtin, RULES, Rule};
pub use series::{Alert, Stage};
pub use silence::{Matcher, Silence};
pub use targets::{MonthlyBook, TargetSample};
