//! The inventory: activity data times dated factors, by scope, with method and tier beside every figure (GHG Protocol).
//!
//! Per vehicle and day the best source counts, never a sum of two; which one, is chosen by the calendar month (`months`). Staff and public
//! charging is sold on and is not the fleet's. Energy that nobody can be named for is the fleet's and stays visible. What cannot be
//! computed is counted, not zero; what is estimated says so. Location- and market-based scope 2 are two views that have no sum.

mod amounts;
mod base_year;
mod class;
mod figures;
mod fill;
mod months;
mod reconcile;
mod restate;
mod rows;
mod uncertainty;
mod vehicle;

pub use super::factors::{Dated, FactorError, FactorSetId, FactorSets};
pub use base_year::{
    Declared, VersionRow, YearEffect, YearRestatement, restate_year, year_changed, year_version,
};
pub use class::{FACTOR_CLASSES, factor_class};
pub use figures::{Figures, GasSums, Scope, ScopeThree};
pub use months::{MonthSums, Months};
pub use reconcile::{FuelMismatch, reconcile};
pub use restate::{
    RESTATEMENT_THRESHOLD, Restatement, RestatementEffect, RestatementReason, corrected_sets,
    restate,
};
pub use rows::{avoided_rows, day_rows, site_rows};
pub use uncertainty::{Uncertain, relative_sd};
pub use vehicle::Replaced;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use amounts::Computed;
use vehicle::{ENERGY, GREY_FLEET};

use crate::model::register::Register;
use crate::model::{Activity, ActivityKey, EnergyUser, Subject};
use crate::units::{Day, Month};

/// Raised when a formula changes, so that a stored figure can be told from a new one. 2: tiers by month, all scopes. 3: a fuel card's
/// product where the register knows no fuel.
pub const METHOD_VERSION: u32 = 3;

/// A share of estimates beyond which a vehicle's stretch is of low quality (reference emissions.md 5.4, an assumption of it).
pub const MAX_ESTIMATED: f64 = 0.2;

/// Energy had no contract, and no residual factor is configured: the location factor stands in for it.
pub const RESIDUAL_FACTOR_MISSING: &str = "residual_factor_missing";
/// Lines of scope 3.3 are missing, because the factor sets lack their factors.
pub const CHAIN_FACTOR_MISSING: &str = "scope3_factor_missing";

/// What an inventory is computed with.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Who is who.
    pub register: &'a Register,
    /// Factors.
    pub factors: &'a FactorSets,
    /// Months around the days asked for: the days' own months whole, and those of a year before and after as far as there are any.
    pub months: &'a Months,
    /// Further activity of the days' own months that `months` may not hold yet.
    pub running: Option<&'a Months>,
    /// Factor of electricity without a contract, for the market-based view.
    pub residual_kgco2e_per_kwh: Option<f64>,
    /// Keys carry the vehicle.
    pub per_vehicle: bool,
    /// Days on which silence is filled; whole months that are over, or parts of them.
    pub fill: Option<(Day, Day)>,
}

impl<'a> Setting<'a> {
    /// Without residual factor, vehicles and filling.
    pub fn new(register: &'a Register, factors: &'a FactorSets, months: &'a Months) -> Self {
        Self {
            register,
            factors,
            months,
            running: None,
            residual_kgco2e_per_kwh: None,
            per_vehicle: false,
            fill: None,
        }
    }

    /// What is known of a vehicle's month. Where both sources hold the same day it counts twice: good for telling what there is.
    fn month(&self, vehicle: &str, month: Month) -> MonthSums {
        let mut sums = self.months.get(vehicle, month).copied().unwrap_or_default();
        if let Some(more) = self.running.and_then(|running| running.get(vehicle, month)) {
            sums.add(more);
        }
        sums
    }
}

/// What a figure is booked under.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InventoryKey {
    /// Organisation of the register, or `unknown`.
    pub organisation: Arc<str>,
    /// Site of the register, or `unknown`.
    pub site: Arc<str>,
    /// DESNZ class, or `unknown`.
    pub vehicle_class: &'static str,
    /// Role of the register, or `unknown`.
    pub role: &'static str,
    /// Only if asked for.
    pub vehicle: Option<Arc<str>>,
    /// 1 fuel or energy by a meter or card, 2 fuel by the vehicle's own total, 3 kilometres by its own consumption, 4 kilometres by class
    /// factor, 5 the class's mean kilometres.
    pub tier: u8,
    /// `fuel_card`, `energy`, `fuel`, `ratio`, `distance`, `grey_fleet`, `mean`.
    pub method: &'static str,
    /// Factors used for scopes 1 and 2.
    pub factor_set: FactorSetId,
    /// Factors used for scope 3.
    pub chain_set: Option<FactorSetId>,
}

impl InventoryKey {
    /// The activity itself was filled in, not measured.
    pub fn estimated(&self) -> bool {
        matches!(self.tier, 3 | 5)
    }

    /// The set behind a scope's figure.
    pub fn set_of(&self, scope: Scope) -> FactorSetId {
        if scope == Scope::Three {
            self.chain_set.unwrap_or(self.factor_set)
        } else {
            self.factor_set
        }
    }
}

/// The emissions of a stretch of days.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// Figures.
    pub lines: BTreeMap<InventoryKey, Figures>,
    /// Vehicles with activity that no figure could be computed from (no fuel, class, or factor known).
    pub not_computed: BTreeSet<Arc<str>>,
    /// Vehicles in service without any data, and without others of their class to go by.
    pub no_data: BTreeSet<Arc<str>>,
    /// What is to be known beside the figures.
    pub flags: BTreeSet<&'static str>,
    /// Vehicles that replaced another one.
    pub replaced: BTreeMap<Arc<str>, Replaced>,
    /// Delivered to staff and the public, tenths of Wh: not in any line (sold on, 3.13).
    pub staff_public_dwh: i64,
    /// Delivered to nobody known, tenths of Wh: in scope 2.
    pub unallocated_dwh: i64,
    /// Delivered by charge points altogether, tenths of Wh.
    pub delivered_dwh: i64,
}

impl Inventory {
    /// All lines together; its scopes still stand apart.
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        self.lines.values().for_each(|figures| total.add(figures));
        total
    }

    /// Adds the inventory of other days.
    pub fn join(&mut self, other: Self) {
        for (key, figures) in other.lines {
            self.lines.entry(key).or_default().add(&figures);
        }
        self.not_computed.extend(other.not_computed);
        self.no_data.extend(other.no_data);
        self.flags.extend(other.flags);
        for (id, replaced) in other.replaced {
            let sum = self.replaced.entry(id).or_default();
            sum.distance_m += replaced.distance_m;
            sum.kgco2e += replaced.kgco2e;
        }
        self.staff_public_dwh += other.staff_public_dwh;
        self.unallocated_dwh += other.unallocated_dwh;
        self.delivered_dwh += other.delivered_dwh;
    }

    fn book(&mut self, key: InventoryKey, computed: &Computed) {
        if computed.residual_missing {
            self.flags.insert(RESIDUAL_FACTOR_MISSING);
        }
        if computed.chain_set.is_none() {
            self.flags.insert(CHAIN_FACTOR_MISSING);
        }
        self.lines.entry(key).or_default().add(&computed.figures);
    }
}

/// Where vehicles took energy, tenths of Wh by day.
type ChargedAt = HashMap<(Day, Arc<str>), Vec<(Option<Arc<str>>, i64)>>;

/// Where figures go.
struct Book<'a, 'b> {
    inventory: &'a mut Inventory,
    setting: &'b Setting<'b>,
    charged_at: ChargedAt,
    /// Own consumption by vehicle and month.
    ratios: HashMap<(usize, Month), Option<f64>>,
}

fn unknown() -> Arc<str> {
    Arc::from("unknown")
}

/// Computes the inventory of activity sums. Each day stands for itself, so that the sum of days is the sum of the stretch.
pub fn inventory(activity: &BTreeMap<ActivityKey, Activity>, setting: &Setting<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    let mut charged_at = ChargedAt::new();
    for (key, sums) in activity {
        if let Subject::Charging { charge_point, user } = &key.subject
            && let Some(id) = user.vehicle()
        {
            let site = setting
                .register
                .charge_point(charge_point)
                .and_then(|point| point.site.clone());
            charged_at
                .entry((key.day, id.clone()))
                .or_default()
                .push((site, sums.charged_dwh));
        }
    }
    let mut book = Book {
        inventory: &mut inventory,
        setting,
        charged_at,
        ratios: HashMap::new(),
    };
    for (key, sums) in activity {
        match &key.subject {
            Subject::Vehicle(id) => match setting.register.vehicle(id) {
                Some(vehicle) => book.vehicle_day(vehicle, key.day, sums),
                None if !sums.is_empty()
                    && *sums
                        != (Activity {
                            metered: sums.metered,
                            ..Activity::default()
                        }) =>
                {
                    book.inventory.not_computed.insert(id.clone());
                }
                None => {}
            },
            Subject::GreyFleet {
                organisation,
                vehicle_class,
                fuel,
            } => {
                book.grey_fleet(
                    organisation,
                    vehicle_class,
                    fuel,
                    key.day,
                    sums.claimed_m + sums.distance_m,
                );
            }
            Subject::Charging { charge_point, user } => {
                book.inventory.delivered_dwh += sums.charged_dwh;
                let own = user.vehicle().and_then(|id| {
                    activity.get(&ActivityKey {
                        day: key.day,
                        subject: Subject::Vehicle(id.clone()),
                    })
                });
                if own.is_none_or(|own| own.metered & Activity::GRID_METERED == 0) {
                    book.charging(charge_point, user, key.day, sums.charged_dwh);
                }
            }
        }
    }
    if let Some((from, to)) = setting.fill {
        book.fill(from, to);
    }
    inventory
}

impl Book<'_, '_> {
    fn charging(&mut self, charge_point: &Arc<str>, user: &EnergyUser, day: Day, dwh: i64) {
        let register = self.setting.register;
        let at = register.charge_point(charge_point);
        let vehicle = match user {
            EnergyUser::Staff | EnergyUser::Public => {
                self.inventory.staff_public_dwh += dwh;
                return;
            }
            EnergyUser::Unallocated => {
                self.inventory.unallocated_dwh += dwh;
                None
            }
            EnergyUser::Vehicle(id) => register.vehicle(id),
        };
        let coverage = register.coverage(at.and_then(|at| at.site.as_deref()), day);
        let Some(computed) = self.setting.energy(day, dwh, coverage) else {
            self.inventory
                .not_computed
                .insert(user.vehicle().unwrap_or(charge_point).clone());
            return;
        };
        let organisation = vehicle
            .and_then(|vehicle| vehicle.organisation.clone())
            .or_else(|| at.and_then(|at| at.organisation.clone()));
        let site = vehicle
            .and_then(|vehicle| vehicle.site.clone())
            .or_else(|| at.and_then(|at| at.site.clone()));
        let key = InventoryKey {
            organisation: organisation.unwrap_or_else(unknown),
            site: site.unwrap_or_else(unknown),
            vehicle_class: vehicle.and_then(factor_class).unwrap_or("unknown"),
            role: vehicle
                .and_then(|vehicle| vehicle.role)
                .map_or("unknown", |role| role.name()),
            vehicle: user.vehicle().filter(|_| self.setting.per_vehicle).cloned(),
            tier: ENERGY.0,
            method: ENERGY.1,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.book(key, &computed);
    }

    fn grey_fleet(
        &mut self,
        organisation: &Arc<str>,
        class: &str,
        fuel: &str,
        day: Day,
        metres: i64,
    ) {
        let Some((computed, class)) = self.setting.grey_km(class, fuel, day, metres) else {
            self.inventory
                .not_computed
                .insert(Arc::from(format!("grey fleet of {organisation}")));
            return;
        };
        let key = InventoryKey {
            organisation: organisation.clone(),
            site: unknown(),
            vehicle_class: class,
            role: "grey_fleet",
            vehicle: None,
            tier: GREY_FLEET.0,
            method: GREY_FLEET.1,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.book(key, &computed);
    }
}
