//! What a country decides about a fleet's figures, as data: clocks and fiscal year first of all.
//!
//! A [`Jurisdiction`] is a plain value that the configuration selects and everything else receives as an argument, so two can
//! be used side by side. [`UK`] is the default.

mod uk;

pub use uk::UK;

use crate::units::{Calendar, Zone};

/// A country's rules.
#[derive(PartialEq, Debug)]
pub struct Jurisdiction {
    /// Its word in the configuration, `engine.jurisdiction`.
    pub name: &'static str,
    /// Time zone and fiscal year.
    pub calendar: Calendar,
}

/// Every jurisdiction, the default first.
pub static JURISDICTIONS: [&Jurisdiction; 1] = [&UK];

impl Jurisdiction {
    /// The jurisdiction of a name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        JURISDICTIONS
            .into_iter()
            .find(|jurisdiction| jurisdiction.name == name)
    }

    /// Its time zone.
    pub fn zone(&self) -> &Zone {
        &self.calendar.zone
    }
}

/// The zone of an IANA name, if its rules are compiled in: those of all jurisdictions, and UTC.
pub fn compiled_in_zone(name: &str) -> Option<Zone> {
    if matches!(name, "UTC" | "Etc/UTC") {
        return Some(Zone::UTC);
    }
    JURISDICTIONS
        .into_iter()
        .map(Jurisdiction::zone)
        .find(|zone| zone.name() == Some(name))
        .cloned()
}

impl Default for &'static Jurisdiction {
    fn default() -> Self {
        &UK
    }
}
