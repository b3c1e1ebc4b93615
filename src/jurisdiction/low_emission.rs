//! Definitions of "low emission": the classes of vehicles, and which of them count.

use super::JURISDICTIONS;
use crate::units::Day;

/// Emission class under a profile, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmissionClass {
    /// No tailpipe emissions: battery-electric and hydrogen.
    Zero,
    /// Below the ultra-low limit.
    UltraLow,
    /// Meets the Euro rule.
    Low,
    /// Does not meet the Euro rule.
    Other,
    /// The register has too little.
    Unknown,
}

impl EmissionClass {
    /// The word in files, JSON and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::UltraLow => "ultra_low",
            Self::Low => "low",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// A definition of "low emission".
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// Its name; stands beside every result.
    pub name: &'static str,
    /// How a vehicle's class is found.
    pub rules: Rules,
    /// The worst class that counts towards the share.
    pub counts_down_to: EmissionClass,
    /// Limit of ultra-low in g CO2/km (50; the older reading is 75).
    pub ultra_low_g_per_km: u32,
    /// A vehicle exactly at the limit is ultra-low.
    pub ultra_low_inclusive: bool,
    /// A certified emission retrofit makes a vehicle low.
    pub retrofit_counts: bool,
    /// Mono-fuel gas is low.
    pub gas_is_low: bool,
    /// Where the Euro standard is missing, the first registration stands in for it.
    pub infer_from_first_registration: bool,
}

/// How a vehicle's class is found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rules {
    /// By CO2, Euro standard, or the date of the first registration.
    EuroStandards,
    /// By Directive 2009/33/EC as amended by Directive (EU) 2019/1161.
    CleanVehicles {
        /// From this day of procurement on, only light-duty vehicles with 0 g/km are clean.
        strict_from: Day,
    },
}

impl Profile {
    /// The profile of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        JURISDICTIONS
            .into_iter()
            .flat_map(|jurisdiction| jurisdiction.profiles)
            .find(|profile| profile.name == name)
            .cloned()
    }

    /// This profile with the options of another.
    pub fn with_options_of(&self, options: &Self) -> Self {
        Self {
            name: self.name,
            counts_down_to: self.counts_down_to,
            ..options.clone()
        }
    }

    /// Options that are not as in the profile of that name, as they are written: stands beside the name wherever figures go.
    pub fn options(&self) -> Vec<String> {
        let usual = Self::by_name(self.name).unwrap_or_else(|| self.clone());
        let flags = [
            (
                "ultra_low_inclusive",
                self.ultra_low_inclusive,
                usual.ultra_low_inclusive,
            ),
            (
                "retrofit_counts",
                self.retrofit_counts,
                usual.retrofit_counts,
            ),
            ("gas_is_low", self.gas_is_low, usual.gas_is_low),
            (
                "infer_from_first_registration",
                self.infer_from_first_registration,
                usual.infer_from_first_registration,
            ),
        ];
        let limit = (self.ultra_low_g_per_km != usual.ultra_low_g_per_km)
            .then(|| format!("ultra_low_g_per_km = {}", self.ultra_low_g_per_km));
        let flags = flags
            .into_iter()
            .filter(|(_, own, usual)| own != usual)
            .map(|(name, own, _)| format!("{name} = {own}"));
        limit.into_iter().chain(flags).collect()
    }

    /// Name and options for people.
    pub fn described(&self) -> String {
        let options = self.options();
        if options.is_empty() {
            self.name.to_owned()
        } else {
            format!("{} ({})", self.name, options.join(", "))
        }
    }

    /// The class counts towards the share.
    pub fn counts(&self, class: EmissionClass) -> bool {
        class <= self.counts_down_to
    }
}
