//! The vehicles that a forecast of a share is computed from.
//!
//! A forecast needs the age of every vehicle that may be replaced and the chance that its successor counts. Where too many are missing
//! there is no forecast, and the error names what to supply.

use super::fleet::{FleetShare, MAX_OPEN, unnamed};
use super::forecast::{Candidate, ReplacementAge};
use super::target::{age, replacement_age};
use crate::ledger::transition::classify;
use crate::model::register::{Register, Vehicle};
use crate::units::Day;

/// An age that no vehicle reaches, for vehicles with no modelled replacement.
const NEVER: ReplacementAge = ReplacementAge {
    mu: 1e6,
    sigma: 1.0,
};

/// The fleet of a day to come, with its ages as of a day. Returns also how many vehicles have no age; the error names what is missing.
pub(super) fn candidates(
    share: FleetShare<'_>,
    register: &Register,
    as_of: Day,
    day: Day,
) -> Result<(Vec<Candidate>, u32), String> {
    // A vehicle that leaves before the day does not count there.
    let mut registered = Registered::default();
    for vehicle in register
        .vehicles
        .iter()
        .filter(|vehicle| share.population.holds(vehicle, day) == Some(true))
    {
        if share.population.holds(vehicle, as_of) == Some(true) {
            registered.add_present(share, vehicle, as_of);
        } else {
            registered.add_arrival(share, vehicle, day);
        }
    }
    registered.check_complete(share)?;
    let Registered {
        mut candidates,
        without_age,
        ..
    } = registered;
    add_unnamed(
        &mut candidates,
        share,
        unnamed(share, register, as_of, day),
        day,
    )?;
    if candidates.is_empty() {
        return Err(format!(
            "vehicles: by the register's dates none of this target is in service on {day}; no forecast"
        ));
    }
    Ok((candidates, without_age))
}

/// The vehicles that the register names, and how many of them lack what a forecast needs.
#[derive(Default)]
struct Registered {
    candidates: Vec<Candidate>,
    without_age: u32,
    without_chance: u32,
}

impl Registered {
    /// A vehicle that comes between today and the day counts as what it is.
    fn add_arrival(&mut self, share: FleetShare<'_>, vehicle: &Vehicle, day: Day) {
        let class = classify(vehicle, share.profile, day).class;
        self.candidates.push(Candidate {
            counts: share.profile.counts(class),
            age: 0.0,
            replacement: NEVER,
            qualifies: 1.0,
        });
    }

    /// A vehicle of today may be replaced by one that counts.
    fn add_present(&mut self, share: FleetShare<'_>, vehicle: &Vehicle, as_of: Day) {
        let class = classify(vehicle, share.profile, as_of).class;
        let counts = share.profile.counts(class);
        let Some(qualifies) = share.successor.of(vehicle) else {
            self.without_chance += 1;
            return;
        };
        // A vehicle that counts and has a successor that counts needs no age.
        let needs_age = !counts || qualifies < 1.0;
        let known = age(vehicle, as_of)
            .zip(replacement_age(vehicle))
            .filter(|_| needs_age);
        self.without_age += u32::from(known.is_none() && needs_age);
        let (age, replacement) = known.unwrap_or((0.0, NEVER));
        self.candidates.push(Candidate {
            counts,
            age,
            replacement,
            qualifies,
        });
    }

    /// Fails where chances or too many ages are missing.
    fn check_complete(&self, share: FleetShare<'_>) -> Result<(), String> {
        let Self {
            candidates,
            without_age,
            without_chance,
        } = self;
        if *without_chance > 0 {
            return Err(format!(
                "successor: the chance that a new vehicle counts under {}, for {without_chance} vehicles",
                share.profile.name
            ));
        }
        if f64::from(*without_age) > MAX_OPEN * candidates.len() as f64 {
            return Err(format!(
                "first_registered and role (or replacement_age_years) of {without_age} vehicles: no forecast without"
            ));
        }
        Ok(())
    }
}

/// Adds the vehicles of a planned size that the register does not name. Fails where the register names more than planned (`count` is
/// negative), or where no one chance holds for all of them.
fn add_unnamed(
    candidates: &mut Vec<Candidate>,
    share: FleetShare<'_>,
    count: i64,
    day: Day,
) -> Result<(), String> {
    if count < 0 {
        return Err(format!(
            "in_service_to of {} vehicles: the register has {} in service on {day}, more than vehicles_at_due; no forecast until it names \
             those that leave",
            -count,
            candidates.len()
        ));
    }
    if count == 0 {
        return Ok(());
    }
    let Some(chance) = share.successor.of_new(share.population) else {
        return Err(format!(
            "successor: one chance for all roles, for {count} vehicles of vehicles_at_due that the register does not name"
        ));
    };
    let new = Candidate {
        counts: false,
        age: 0.0,
        replacement: ReplacementAge::DONE,
        qualifies: chance,
    };
    candidates.resize(candidates.len() + count as usize, new);
    Ok(())
}
