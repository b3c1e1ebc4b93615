//! The inventory: activity data times dated factors, by scope, with method and tier beside every figure (GHG Protocol).
//!
//! Per vehicle and day the best source counts, never a sum of two: litres by the vehicle's own total beat kilometres, the vehicle's own
//! grid register beats what charge points say they gave it. Staff and public charging is sold on and is not the fleet's. Energy that
//! nobody can be named for is the fleet's and stays visible. What cannot be computed is counted, not zero.

mod class;

pub use super::factors::{Dated, FactorError, FactorSetId, FactorSets};
pub use class::desnz_class;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::register::{Register, Vehicle};
use crate::model::{Activity, ActivityKey, EnergyUser, Powertrain, Subject};
use crate::units::{Day, Km, Litres};

/// Scope of the GHG Protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// Fuel burnt in the fleet's vehicles.
    One,
    /// Electricity, location-based.
    TwoLocation,
}

impl Scope {
    /// The tag and JSON value.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::TwoLocation => "2",
        }
    }
}

/// What a figure is booked under.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InventoryKey {
    /// Scope.
    pub scope: Scope,
    /// Organisation of the register, or `unknown`.
    pub organisation: Arc<str>,
    /// Site of the register, or `unknown`.
    pub site: Arc<str>,
    /// DESNZ class, or `unknown`.
    pub vehicle_class: &'static str,
    /// 1 fuel or energy by a meter, 2 fuel by the vehicle's own total, 4 kilometres by class factor.
    pub tier: u8,
    /// `energy`, `fuel`, `distance`.
    pub method: &'static str,
    /// Factors used.
    pub factor_set: FactorSetId,
}

/// Sums of a key.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct InventorySums {
    /// kgCO2e, unrounded.
    pub kgco2e: f64,
    /// m.
    pub distance_m: i64,
    /// Tenths of Wh.
    pub energy_dwh: i64,
    /// ml.
    pub fuel_ml: i64,
}

impl InventorySums {
    /// Adds another's sums.
    pub fn add(&mut self, other: &Self) {
        self.kgco2e += other.kgco2e;
        self.distance_m += other.distance_m;
        self.energy_dwh += other.energy_dwh;
        self.fuel_ml += other.fuel_ml;
    }
}

/// The emissions of a stretch of days.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// Figures.
    pub lines: BTreeMap<InventoryKey, InventorySums>,
    /// Vehicles with activity that no figure could be computed from (no fuel, class, or energy known).
    pub not_computed: BTreeSet<Arc<str>>,
    /// Delivered to staff and the public, tenths of Wh: not in any line.
    pub staff_public_dwh: i64,
    /// Delivered to nobody known, tenths of Wh: in scope 2.
    pub unallocated_dwh: i64,
    /// Delivered by charge points altogether, tenths of Wh.
    pub delivered_dwh: i64,
}

/// Computes the inventory of activity sums. Each day stands for itself, so that the sum of days is the sum of the stretch.
///
/// A battery-electric vehicle that drove and took no metered energy in the whole stretch has no line: its emissions are not zero.
pub fn inventory(activity: &BTreeMap<ActivityKey, Activity>, register: &Register, factors: &FactorSets) -> Inventory {
    let mut inventory = Inventory::default();
    let with_energy = with_energy(activity);
    for (key, sums) in activity {
        let book = Book { inventory: &mut inventory, factors, day: key.day };
        match &key.subject {
            Subject::Vehicle(id) => match register.vehicle(id) {
                Some(vehicle) => book_vehicle(book, vehicle, sums, with_energy.contains(id)),
                None if sums.distance_m != 0 || sums.fuel_ml != 0 || sums.vehicle_grid_dwh != 0 => {
                    inventory.not_computed.insert(id.clone());
                }
                None => {}
            },
            // Nothing books it before there is an import.
            Subject::GreyFleet { .. } => {}
            Subject::Charging { charge_point, user } => {
                book.inventory.delivered_dwh += sums.charged_dwh;
                let own = user
                    .vehicle()
                    .and_then(|id| activity.get(&ActivityKey { day: key.day, subject: Subject::Vehicle(id.clone()) }));
                if own.is_none_or(|own| own.metered & Activity::GRID_METERED == 0) {
                    book_charging(book, charge_point, user, sums.charged_dwh, register);
                }
            }
        }
    }
    inventory
}

/// Vehicles that any meter saw taking energy.
fn with_energy(activity: &BTreeMap<ActivityKey, Activity>) -> BTreeSet<Arc<str>> {
    let taking = activity.iter().filter(|(_, sums)| sums.charged_dwh != 0 || sums.vehicle_grid_dwh != 0);
    taking
        .filter_map(|(key, _)| match &key.subject {
            Subject::Vehicle(id) => Some(id.clone()),
            Subject::Charging { user, .. } => user.vehicle().cloned(),
            Subject::GreyFleet { .. } => None,
        })
        .collect()
}

/// Where one day's figures of one subject go.
struct Book<'a> {
    inventory: &'a mut Inventory,
    factors: &'a FactorSets,
    day: Day,
}

fn unknown() -> Arc<str> {
    Arc::from("unknown")
}

fn book_vehicle(book: Book<'_>, vehicle: &Vehicle, sums: &Activity, has_energy: bool) {
    let Book { inventory, factors, day } = book;
    let class = desnz_class(vehicle);
    let key = |scope, tier, method, factor_set| InventoryKey {
        scope,
        organisation: vehicle.organisation.clone().unwrap_or_else(unknown),
        site: vehicle.site.clone().unwrap_or_else(unknown),
        vehicle_class: class.unwrap_or("unknown"),
        tier,
        method,
        factor_set,
    };
    let powertrain = vehicle.powertrain();
    // Kilometres stand with the fuel where there is an engine, else with the electricity: never in both.
    let has_engine = !matches!(powertrain, Powertrain::Bev | Powertrain::H2);
    let moved_on_electricity = !has_engine && sums.distance_m != 0;
    if moved_on_electricity && !has_energy && powertrain == Powertrain::Bev {
        inventory.not_computed.insert(vehicle.id.clone());
    } else if sums.vehicle_grid_dwh != 0 || moved_on_electricity {
        match factors.electricity(day).zip(factors.electricity_kgco2e(day, sums.vehicle_grid_dwh)) {
            Some((factor, kgco2e)) => {
                let distance_m = if has_engine { 0 } else { sums.distance_m };
                let line = inventory.lines.entry(key(Scope::TwoLocation, 1, "energy", factor.set)).or_default();
                line.add(&InventorySums { kgco2e, distance_m, energy_dwh: sums.vehicle_grid_dwh, fuel_ml: 0 });
            }
            None => {
                inventory.not_computed.insert(vehicle.id.clone());
            }
        }
    }
    if !has_engine || (sums.fuel_ml == 0 && sums.distance_m == 0) {
        return;
    }
    let amounts = |kgco2e| InventorySums { kgco2e, distance_m: sums.distance_m, energy_dwh: 0, fuel_ml: sums.fuel_ml };
    if sums.metered & Activity::FUEL_METERED != 0
        && let Some(factor) = class::tank_fuel(vehicle).and_then(|fuel| factors.litre(fuel, day))
    {
        let kgco2e = (Litres::from_thousandths(sums.fuel_ml) * factor.value).get();
        return inventory.lines.entry(key(Scope::One, 2, "fuel", factor.set)).or_default().add(&amounts(kgco2e));
    }
    let by_distance =
        class.and_then(|class| class::distance_fuels(vehicle).iter().find_map(|fuel| factors.kilometre(class, fuel, day)));
    match by_distance {
        Some(factor) => {
            let kgco2e = (Km::from_thousandths(sums.distance_m) * factor.value).get();
            inventory.lines.entry(key(Scope::One, 4, "distance", factor.set)).or_default().add(&amounts(kgco2e));
        }
        None => {
            inventory.not_computed.insert(vehicle.id.clone());
        }
    }
}

fn book_charging(book: Book<'_>, charge_point: &Arc<str>, user: &EnergyUser, dwh: i64, register: &Register) {
    let Book { inventory, factors, day } = book;
    let at = register.charge_point(charge_point);
    let vehicle = match user {
        EnergyUser::Staff | EnergyUser::Public => {
            inventory.staff_public_dwh += dwh;
            return;
        }
        EnergyUser::Unallocated => {
            inventory.unallocated_dwh += dwh;
            None
        }
        EnergyUser::Vehicle(id) => register.vehicle(id),
    };
    let Some((factor, kgco2e)) = factors.electricity(day).zip(factors.electricity_kgco2e(day, dwh)) else {
        inventory.not_computed.insert(user.vehicle().unwrap_or(charge_point).clone());
        return;
    };
    let organisation =
        vehicle.and_then(|vehicle| vehicle.organisation.clone()).or_else(|| at.and_then(|at| at.organisation.clone()));
    let site = vehicle.and_then(|vehicle| vehicle.site.clone()).or_else(|| at.and_then(|at| at.site.clone()));
    let key = InventoryKey {
        scope: Scope::TwoLocation,
        organisation: organisation.unwrap_or_else(unknown),
        site: site.unwrap_or_else(unknown),
        vehicle_class: vehicle.and_then(desnz_class).unwrap_or("unknown"),
        tier: 1,
        method: "energy",
        factor_set: factor.set,
    };
    inventory.lines.entry(key).or_default().add(&InventorySums { kgco2e, energy_dwh: dwh, ..InventorySums::default() });
}
