//! The United Kingdom: London's clocks, accounts from April to March, the DVLA's words, the Government's conversion factors.

use super::{EmissionClass, Jurisdiction, Norm, Profile, Rules};
use crate::units::{Calendar, Zone};

/// The United Kingdom.
pub static UK: Jurisdiction = Jurisdiction {
    name: "uk",
    calendar: Calendar {
        zone: Zone::compiled_in(jiff::tz::get!("Europe/London")),
        year_starts: 4,
    },
    year_words: "April-March year",
    fuel_words: FUELS,
    fuel_aliases: &[],
    fuels_named: "the DVLA's words",
    euro_hint: "write it as the DVLA does, such as `EURO 6 AG` or `Euro VI`",
    profiles: PROFILES,
    uptime_norms: NORMS,
    // Public Charge Point Regulations 2023, regulation 7; workplaces and points for certain users are out of scope (regulation 3).
    reliability_from_kw: Some(50.0),
    factor_files: &[
        "air_exhaust.csv",
        "air_nonexhaust.csv",
        "ev_energy.csv",
        "ghg_distance.csv",
        "ghg_electricity.csv",
        "ghg_fuel.csv",
    ],
    factor_family: "desnz",
};

/// Words for a fuel seen in the answers of the DVLA's Vehicle Enquiry Service, which has a free string and no list (`fuelType`), so
/// another word may be right.
pub(super) const FUELS: &[&str] = &[
    "PETROL",
    "DIESEL",
    "HEAVY OIL",
    "ELECTRICITY",
    "FUEL CELLS",
    "HYBRID ELECTRIC",
    "ELECTRIC DIESEL",
    "GAS",
    "GAS BI-FUEL",
    "GAS/PETROL",
    "PETROL/GAS",
    "GAS DIESEL",
    "STEAM",
    "OTHER",
];

/// As the NHS Sustainable Development Unit wrote it for the 90 % target.
const NHS_SDU: Profile = Profile {
    name: "nhs_sdu",
    rules: Rules::EuroStandards,
    counts_down_to: EmissionClass::Low,
    ultra_low_g_per_km: 50,
    ultra_low_inclusive: false,
    retrofit_counts: true,
    gas_is_low: true,
    infer_from_first_registration: true,
};

const PROFILES: &[Profile] = &[
    NHS_SDU,
    Profile {
        name: "ulev_or_better",
        counts_down_to: EmissionClass::UltraLow,
        ..NHS_SDU
    },
    Profile {
        name: "zev_only",
        counts_down_to: EmissionClass::Zero,
        ..NHS_SDU
    },
];

const NORMS: &[Norm] = &[
    Norm {
        name: "pcpr_reliable_by_wording_ratio",
        source: "Public Charge Point Regulations 2023 (UK SI 2023/1168), regulation 7",
        reading: "reliable is working (OCPI 2.2.1 AVAILABLE, CHARGING, RESERVED) or ineligible for measurement (UNKNOWN: a lost link); \
                  maintenance counts as reliable, hours in which the site is closed are left out, so only accessible hours count. \
                  Goal 0.99 on average over public points of 50 kW or more in a calendar year. The guidance must be checked before a \
                  compliance claim",
    },
    Norm {
        name: "pcpr_reliable_as_implemented_ratio",
        source: "the same, as implemented by Monta: (M - D - X) / (M - X)",
        reading: "M all observed time, D time not working, X exempt time (maintenance and closed), which leaves both sides: the stricter \
                  of the two readings",
    },
    Norm {
        name: "nevi_uptime_ratio",
        source: "US 23 CFR 680.116(b) (NEVI, 2023), per charging port over the previous twelve months",
        reading: "(T - (outage - excluded)) / T with T all observed time of twelve London months; outage is not working or without a \
                  link, excluded is exempt time. Goal above 0.97",
    },
    Norm {
        name: "utilisation",
        source: "no norm exists; three ratios side by side, ours",
        reading: "accessible is observed and not exempt; time is charging / accessible, occupancy is plugged in / accessible, energy is \
                  kWh / (rated kW x accessible hours), availability-adjusted is charging / (accessible - not working - without a link)",
    },
];
