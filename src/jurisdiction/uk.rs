//! The United Kingdom.

use super::Jurisdiction;
use crate::units::{Calendar, Zone};

/// The United Kingdom: London's clocks, accounts from April to March.
pub static UK: Jurisdiction = Jurisdiction {
    name: "uk",
    calendar: Calendar {
        zone: Zone::compiled_in(jiff::tz::get!("Europe/London")),
        year_starts: 4,
    },
};
