//! Reliability, uptime and utilisation as weighted sums of the ledger. A jurisdiction lists which norms apply, with their sources.
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

/// Time in which the state is known.
pub fn observed_ms(sums: &Sums) -> i64 {
    sums.ms(&OBSERVED, &ALL_TAGS)
}

/// Observed and not exempt.
pub fn accessible_ms(sums: &Sums) -> i64 {
    sums.ms(&OBSERVED, &[COUNTED])
}

/// Reliability by the wording of the Public Charge Point Regulations 2023, regulation 7.
pub fn reliable_by_wording(sums: &Sums) -> Option<f64> {
    let open = sums.ms(&OBSERVED, &[COUNTED, MAINTENANCE]);
    ratio(open - sums.ms(&NOT_WORKING, &[COUNTED]), open)
}

/// Reliability with exempt time taken out of both sides.
pub fn reliable_as_implemented(sums: &Sums) -> Option<f64> {
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
pub fn accessible_tenth_wh(sums: &Sums) -> i64 {
    sums.energy[COUNTED]
}

/// Energy that rated power would allow in the accessible time, tenths of Wh.
pub fn possible_tenth_wh(sums: &Sums, rated_kw: f64) -> f64 {
    rated_kw * accessible_ms(sums) as f64 / 360.0
}

/// Share of sessions in which the vehicle was charged.
pub fn success(sums: &Sums) -> Option<f64> {
    ratio(sums.sessions_successful, sums.sessions)
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
