//! Alerts: samples become states of (rule, labels), and states become notices that people can bear: hysteresis, `for`, grouping,
//! inhibition, silences, quiet hours, an hourly cap. Pure and told the time; a state is never concluded from missing data.
//!
//! Conventions: Alertmanager's (labels identify, annotations do not), `output-and-operations` section 5, `emissions` section 6.6.

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
