//! What was written of a day, by the tags of rows. A row that is not written over stays in the database for ever, and is counted beside what
//! came in its place: so what a day no longer has is written once more, as nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::emissions::{ROW_METHODS, Scope};
use crate::model::register::{Category, Role};
use crate::model::{
    AirFact, AvoidedFact, EmissionsFact, Fact, FleetGroupFact, SiteEmissionsFact, TransitionFact,
};
use crate::units::{Day, UtcMs};

/// The running day, and those that nobody has looked at again yet (`app/past_days` leaves the two newest alone), with one to spare.
const DAYS_KEPT: usize = 4;
/// Combinations of tags remembered of a day; beyond it, one that vanishes is written as nothing once and then forgotten.
const MAX_TAGS: usize = 20_000;

/// Measurements of a day that are written as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum DayTable {
    /// `fleet_emissions`: fleet, class, scope, method.
    Emissions,
    /// `site_emissions`: fleet, site, scope.
    Sites,
    /// `avoided_emissions`: fleet, site.
    Avoided,
    /// `fleet_air`: fleet, class.
    Air,
    /// `fleet_transition`: fleet, class.
    Transition,
    /// `fleet_groups`: fleet, class, role.
    Groups,
}

impl DayTable {
    /// Rests on activity, which may come late; the others rest on the day's register alone.
    pub fn of_activity(self) -> bool {
        !matches!(self, Self::Transition | Self::Groups)
    }
}

/// Which row of a day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RowTags {
    /// Of which measurement.
    pub table: DayTable,
    tags: Vec<Arc<str>>,
}

impl RowTags {
    /// The tags of a row; `None` for measurements that are not of a day.
    pub fn of(fact: &Fact) -> Option<Self> {
        let word = |word: &'static str| Arc::from(word);
        let (table, tags) = match fact {
            Fact::Emissions(row) => {
                let tags = vec![
                    row.fleet.clone(),
                    row.vehicle_class.clone(),
                    word(row.scope),
                    word(row.method),
                ];
                (DayTable::Emissions, tags)
            }
            Fact::SiteEmissions(row) => (
                DayTable::Sites,
                vec![row.fleet.clone(), row.site.clone(), word(row.scope)],
            ),
            Fact::Avoided(row) => (DayTable::Avoided, vec![row.fleet.clone(), row.site.clone()]),
            Fact::Air(row) => (
                DayTable::Air,
                vec![row.fleet.clone(), row.vehicle_class.clone()],
            ),
            Fact::Transition(row) => (
                DayTable::Transition,
                vec![row.fleet.clone(), row.vehicle_class.clone()],
            ),
            Fact::FleetGroup(row) => (
                DayTable::Groups,
                vec![row.fleet.clone(), word(row.vehicle_class), word(row.role)],
            ),
            _ => return None,
        };
        Some(Self { table, tags })
    }

    /// A row with these tags that says nothing was there. `None` for words of another version of the program.
    pub fn nothing(&self, at: UtcMs) -> Option<Fact> {
        let tag = |index: usize| self.tags.get(index);
        let scope = |index: usize| {
            let name = tag(index)?;
            Scope::ALL
                .into_iter()
                .map(Scope::name)
                .find(|scope| *scope == &**name)
        };
        let (fleet, second) = (tag(0)?.clone(), tag(1)?.clone());
        Some(match self.table {
            DayTable::Emissions => {
                let (method, tier) = *ROW_METHODS
                    .iter()
                    .find(|(method, _)| tag(3).is_some_and(|tag| **tag == **method))?;
                Fact::Emissions(EmissionsFact {
                    fleet,
                    vehicle_class: second,
                    scope: scope(2)?,
                    method,
                    at,
                    kgco2e: 0.0,
                    sd_kgco2e: 0.0,
                    tier,
                    distance_m: 0,
                    energy_dwh: 0,
                    fuel_ml: 0,
                    factor_set: "none".to_owned(),
                })
            }
            DayTable::Sites => Fact::SiteEmissions(SiteEmissionsFact {
                fleet,
                site: second,
                scope: scope(2)?,
                at,
                kgco2e: 0.0,
            }),
            DayTable::Avoided => Fact::Avoided(AvoidedFact {
                fleet,
                site: second,
                at,
                baseline_kgco2e: 0.0,
                own_kgco2e: 0.0,
                distance_m: 0,
                vehicles: 0,
            }),
            DayTable::Air => Fact::Air(AirFact {
                fleet,
                vehicle_class: second,
                at,
                distance_m: 0,
                grams: [0.0; 3],
                pm_exhaust_g: 0.0,
            }),
            DayTable::Transition => Fact::Transition(TransitionFact {
                fleet,
                vehicle_class: second,
                at,
                total: 0,
                low_emission: 0,
                ultra_low: 0,
                zero: 0,
                unknown: 0,
            }),
            DayTable::Groups => {
                const CATEGORIES: [Category; 5] = [
                    Category::Car,
                    Category::Van,
                    Category::Heavy,
                    Category::Motorcycle,
                    Category::Minibus,
                ];
                const ROLES: [Role; 3] = [Role::Emergency, Role::NonEmergency, Role::Support];
                let known = |words: &[&'static str], word: &str| {
                    words
                        .iter()
                        .chain(&["unknown"])
                        .find(|known| **known == word)
                        .copied()
                };
                Fact::FleetGroup(FleetGroupFact {
                    fleet,
                    vehicle_class: known(&CATEGORIES.map(Category::name), &second)?,
                    role: known(&ROLES.map(Role::name), tag(2)?)?,
                    at,
                    total: 0,
                    low_emission: 0,
                    needed: 0,
                })
            }
        })
    }
}

/// Tags of the rows of the last days.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WrittenRows(BTreeMap<Day, BTreeSet<RowTags>>);

impl WrittenRows {
    /// Adds rows of nothing to the rows of one table of a day that starts at `at`: for what was written of it before and is not among them.
    pub fn settle(
        &mut self,
        (day, at): (Day, UtcMs),
        table: DayTable,
        mut rows: Vec<Fact>,
    ) -> Vec<Fact> {
        let there: BTreeSet<RowTags> = rows.iter().filter_map(RowTags::of).collect();
        if there.is_empty() && !self.0.contains_key(&day) {
            return rows;
        }
        let known = self.0.entry(day).or_default();
        let full = known.len() + there.len() > MAX_TAGS;
        let gone = |tags: &RowTags| tags.table == table && !there.contains(tags);
        rows.extend(
            known
                .iter()
                .filter(|tags| gone(tags))
                .filter_map(|tags| tags.nothing(at)),
        );
        if full {
            known.retain(|tags| !gone(tags));
        }
        known.extend(there);
        while self.0.len() > DAYS_KEPT {
            self.0.pop_first();
        }
        rows
    }

    /// What was written of a day; of one that is older than what is kept, or was never written: nothing.
    pub fn of_day(&self, day: Day) -> impl Iterator<Item = &RowTags> {
        self.0.get(&day).into_iter().flatten()
    }
}
