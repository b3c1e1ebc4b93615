//! Reliability, uptime and utilisation as weighted sums of the ledger: the one place, with their sources.
//!
//! Time not observed is in no numerator and no denominator. The names contain the denominators.

use super::{Class, Sums};

const COUNTED: usize = 0;
const MAINTENANCE: usize = 1;
const CLOSED: usize = 2;
const ALL_TAGS: [usize; 3] = [COUNTED, MAINTENANCE, CLOSED];
/// Working in the sense of OCPI 2.2.1: AVAILABLE, CHARGING, RESERVED.
const WORKING: [Class; 3] = [Class::Available, Class::Occupied, Class::Reserved];
/// INOPERATIVE and OUTOFORDER.
const NOT_WORKING: [Class; 2] = [Class::Inoperative, Class::Faulted];
const OBSERVED: [Class; 6] = [
    Class::Available,
    Class::Occupied,
    Class::Reserved,
    Class::Inoperative,
    Class::Faulted,
    Class::Offline,
];

/// Where a figure comes from, for whoever reads it.
pub struct Norm {
    /// The norm's figure, 0 to 1.
    pub name: &'static str,
    /// Document, section, year.
    pub source: &'static str,
    /// How it is read here.
    pub reading: &'static str,
}

/// All of them.
pub const NORMS: [Norm; 4] = [
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

/// Rated power from which a public point is a rapid one, and in scope of regulation 7, kW. Workplaces and points for certain users are
/// not (regulation 3).
pub const PCPR_FROM_KW: f64 = 50.0;

/// Time we know of.
pub fn observed_ms(sums: &Sums) -> i64 {
    sums.ms(&OBSERVED, &ALL_TAGS)
}

/// Observed and not exempt.
pub fn accessible_ms(sums: &Sums) -> i64 {
    sums.ms(&OBSERVED, &[COUNTED])
}

/// Reliability by the wording of regulation 7.
pub fn pcpr_by_wording(sums: &Sums) -> Option<f64> {
    let open = sums.ms(&OBSERVED, &[COUNTED, MAINTENANCE]);
    ratio(open - sums.ms(&NOT_WORKING, &[COUNTED]), open)
}

/// Reliability with exempt time taken out of both sides.
pub fn pcpr_as_implemented(sums: &Sums) -> Option<f64> {
    let all = observed_ms(sums);
    let exempt = sums.ms(&OBSERVED, &[MAINTENANCE, CLOSED]);
    ratio(
        all - sums.ms(&NOT_WORKING, &[COUNTED]) - exempt,
        all - exempt,
    )
}

/// NEVI uptime of the time given.
pub fn nevi(sums: &Sums) -> Option<f64> {
    const OUT: [Class; 3] = [Class::Inoperative, Class::Faulted, Class::Offline];
    let outage = sums.ms(&OUT, &ALL_TAGS);
    let excluded = sums.ms(&OUT, &[MAINTENANCE, CLOSED]);
    let all = observed_ms(sums);
    ratio(all - (outage - excluded), all)
}

/// Charging in accessible time per accessible time.
pub fn charging_per_accessible(sums: &Sums) -> Option<f64> {
    ratio(sums.charging[COUNTED], accessible_ms(sums))
}

/// Plugged in per accessible time.
pub fn plugged_per_accessible(sums: &Sums) -> Option<f64> {
    ratio(sums.ms(&[Class::Occupied], &[COUNTED]), accessible_ms(sums))
}

/// Charging per time in which it was possible.
pub fn charging_per_available(sums: &Sums) -> Option<f64> {
    ratio(sums.charging[COUNTED], sums.ms(&WORKING, &[COUNTED]))
}

/// Energy delivered in accessible time, tenths of Wh.
pub fn accessible_dwh(sums: &Sums) -> i64 {
    sums.energy[COUNTED]
}

/// Energy that rated power would allow in the accessible time, tenths of Wh.
pub fn possible_dwh(sums: &Sums, rated_kw: f64) -> f64 {
    rated_kw * accessible_ms(sums) as f64 / 360.0
}

/// Share of sessions in which the vehicle got something.
pub fn success(sums: &Sums) -> Option<f64> {
    ratio(sums.sessions_successful, sums.sessions)
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
