//! Ireland: Dublin's clocks, accounts by the calendar year, clean vehicles by EU law, factors of the Sustainable Energy Authority.
//!
//! The second jurisdiction; it shows that the other rooms depend on no country.

use super::{EmissionClass, Jurisdiction, Norm, Profile, Rules, uk};
use crate::units::{Calendar, Day, Zone};

/// Ireland, by Irish and EU law.
pub static IRELAND: Jurisdiction = Jurisdiction {
    name: "ireland",
    calendar: Calendar {
        zone: Zone::compiled_in(jiff::tz::get!("Europe/Dublin")),
        year_starts: 1,
    },
    year_words: "calendar year",
    fuel_words: uk::FUELS,
    fuel_aliases: &[
        ("ELECTRIC", "ELECTRICITY"),
        ("HYDROGEN", "FUEL CELLS"),
        ("PETROL/ELECTRIC", "HYBRID ELECTRIC"),
        ("DIESEL/ELECTRIC", "ELECTRIC DIESEL"),
    ],
    fuels_named: "the known words",
    euro_hint: "write `EURO 6` or `Euro VI`",
    profiles: PROFILES,
    uptime_norms: NORMS,
    reliability_from_kw: None,
    // Pollutants by the EMEP/EEA guidebook hold in every country of Europe.
    factor_files: &[
        "air_exhaust.csv",
        "air_nonexhaust.csv",
        "ireland/ghg_electricity.csv",
        "ireland/ghg_fuel.csv",
    ],
    factor_family: "seai",
};

/// Directive (EU) 2019/1161, annex, table 2: 50 g/km until 31 December 2025, 0 g/km from 1 January 2026. In Irish law by S.I. No. 381
/// of 2021. National minimum shares in procurement (annex, tables 3 and 4): light-duty vehicles 38.5 % in both periods, trucks 10 %
/// and 15 %, buses 45 % and 65 %.
const CLEAN_VEHICLE: Profile = Profile {
    name: "clean_vehicle",
    rules: Rules::CleanVehicles {
        // 1 January 2026.
        strict_from: Day(20_454),
    },
    counts_down_to: EmissionClass::UltraLow,
    ultra_low_g_per_km: 50,
    ultra_low_inclusive: true,
    retrofit_counts: false,
    gas_is_low: false,
    infer_from_first_registration: false,
};

const PROFILES: &[Profile] = &[
    CLEAN_VEHICLE,
    Profile {
        name: "zero_emission_vehicle",
        counts_down_to: EmissionClass::Zero,
        ..CLEAN_VEHICLE
    },
];

/// No national rule: the two figures that hold anywhere.
const NORMS: &[Norm] = &[
    Norm {
        name: "nevi_uptime_ratio",
        source: "US 23 CFR 680.116(b) (NEVI, 2023), per charging port over the previous twelve months",
        reading: "(T - (outage - excluded)) / T with T all observed time of twelve months; outage is not working or without a \
                  link, excluded is exempt time. Goal above 0.97",
    },
    Norm {
        name: "utilisation",
        source: "no norm exists; three ratios side by side, ours",
        reading: "accessible is observed and not exempt; time is charging / accessible, occupancy is plugged in / accessible, energy is \
                  kWh / (rated kW x accessible hours), availability-adjusted is charging / (accessible - not working - without a link)",
    },
];
