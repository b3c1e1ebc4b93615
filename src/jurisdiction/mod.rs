//! What a country decides about a fleet's figures, as data: clocks, fiscal year, fuel words, definitions, norms, factors.
//!
//! A [`Jurisdiction`] is a plain value that the configuration selects and everything else receives as an argument, so two can
//! be used side by side. [`UK`] is the default.

mod ireland;
mod low_emission;
mod uk;

pub use ireland::IRELAND;
pub use low_emission::{EmissionClass, Profile, Rules};
pub use uk::UK;

use crate::units::{Calendar, Zone};

/// The rules of a country: clocks, fiscal year, register words, definitions, norms and factors.
#[derive(PartialEq, Debug)]
pub struct Jurisdiction {
    /// Its word in the configuration, `engine.jurisdiction`.
    pub name: &'static str,
    /// Time zone and fiscal year.
    pub calendar: Calendar,
    /// The fiscal year in messages, such as `calendar year`.
    pub year_words: &'static str,
    /// Words of the register for fuels of which something is known.
    pub fuel_words: &'static [&'static str],
    /// Other words for them: as written in the register, as meant.
    pub fuel_aliases: &'static [(&'static str, &'static str)],
    /// How those words are called in messages.
    pub fuels_named: &'static str,
    /// How to write an emission standard in the register.
    pub euro_hint: &'static str,
    /// Definitions of "low emission", the default first.
    pub profiles: &'static [Profile],
    /// The norms that figures of reliability and uptime follow.
    pub uptime_norms: &'static [Norm],
    /// Rated power from which public points fall under the country's rule for reliability, kW; `None` without such a rule.
    pub reliability_from_kw: Option<f64>,
    /// The files of `config/factors/` that hold here.
    pub factor_files: &'static [&'static str],
    /// What a set of factors is called, before its year.
    pub factor_family: &'static str,
}

/// Where a figure of reliability or uptime comes from.
#[derive(PartialEq, Debug)]
pub struct Norm {
    /// The figure's name in the API.
    pub name: &'static str,
    /// The source of the figure's definition: document, section, year.
    pub source: &'static str,
    /// How it is computed here.
    pub reading: &'static str,
}

/// Every jurisdiction, the default first.
pub static JURISDICTIONS: [&Jurisdiction; 2] = [&UK, &IRELAND];

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

    /// The definition of "low emission" that holds without a choice.
    pub fn default_profile(&self) -> &'static str {
        self.profiles.first().map_or("", |profile| profile.name)
    }

    /// A register's word for a fuel as it is meant, upper case.
    pub fn fuel(&self, written: &str) -> String {
        let word = written.to_uppercase();
        let alias = self.fuel_aliases.iter().find(|(alias, _)| *alias == word);
        alias.map_or(word, |(_, meant)| (*meant).to_owned())
    }
}

impl Default for &'static Jurisdiction {
    fn default() -> Self {
        &UK
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
