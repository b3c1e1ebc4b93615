//! Computes an inventory: each day's activity becomes lines under their keys.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::calculation::Computed;
use super::class::factor_class;
use super::method::Method;
use super::{Inventory, InventoryContext, InventoryKey, unknown};
use crate::model::register::Vehicle;
use crate::model::{ActivityData, ActivityKey, EnergyUser, Subject};
use crate::units::{Day, LitresPerKm, Metres, Month, TenthWattHours};

type ActivityByKey = BTreeMap<ActivityKey, ActivityData>;

/// Energy of vehicles by day, with the site of each charge.
type ChargedAt = HashMap<(Day, Arc<str>), Vec<(Option<Arc<str>>, TenthWattHours)>>;

/// An inventory while it is computed.
pub(super) struct InventoryBuilder<'a, 'b> {
    pub inventory: &'a mut Inventory,
    pub context: &'b InventoryContext<'b>,
    pub charged_at: ChargedAt,
    /// Own consumption by the address of the vehicle in the register, and month.
    pub ratios: HashMap<(usize, Month), Option<LitresPerKm>>,
}

/// Computes the inventory of activity data. Each day is computed by itself, so the sum of days is the sum of the period.
pub fn inventory(activity: &ActivityByKey, context: &InventoryContext<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    let mut builder = InventoryBuilder {
        inventory: &mut inventory,
        context,
        charged_at: charged_at(activity, context),
        ratios: HashMap::new(),
    };
    for (key, sums) in activity {
        builder.add(activity, key, sums);
    }
    if let Some((from, to)) = context.fill {
        builder.fill(from, to);
    }
    inventory
}

fn charged_at(activity: &ActivityByKey, context: &InventoryContext<'_>) -> ChargedAt {
    let mut charged_at = ChargedAt::new();
    for (key, sums) in activity {
        if let Subject::Charging { charge_point, user } = &key.subject
            && let Some(id) = user.vehicle()
        {
            let site = context
                .register
                .charge_point(charge_point)
                .and_then(|point| point.site.clone());
            charged_at
                .entry((key.day, id.clone()))
                .or_default()
                .push((site, sums.charged));
        }
    }
    charged_at
}

impl InventoryBuilder<'_, '_> {
    fn add(&mut self, activity: &ActivityByKey, key: &ActivityKey, sums: &ActivityData) {
        match &key.subject {
            Subject::Vehicle(id) => match self.context.register.vehicle(id) {
                Some(vehicle) => self.add_vehicle_day(vehicle, key.day, sums),
                None if !sums.counts_nothing() => {
                    self.inventory.not_computed.insert(id.clone());
                }
                None => {}
            },
            Subject::GreyFleet {
                organisation,
                vehicle_class,
                fuel,
            } => {
                let distance = sums.claimed + sums.distance;
                self.add_grey_fleet(organisation, (vehicle_class, fuel), key.day, distance);
            }
            Subject::Charging { charge_point, user } => {
                self.inventory.delivered += sums.charged;
                let own = user.vehicle().and_then(|id| {
                    activity.get(&ActivityKey {
                        day: key.day,
                        subject: Subject::Vehicle(id.clone()),
                    })
                });
                // The register of the vehicle itself counts this energy already.
                if own.is_none_or(|own| own.metered & ActivityData::GRID_METERED == 0) {
                    self.add_charging(charge_point, user, key.day, sums.charged);
                }
            }
        }
    }

    fn add_charging(
        &mut self,
        charge_point: &Arc<str>,
        user: &EnergyUser,
        day: Day,
        energy: TenthWattHours,
    ) {
        let register = self.context.register;
        let at = register.charge_point(charge_point);
        let vehicle = match user {
            EnergyUser::Staff | EnergyUser::Public => {
                self.inventory.staff_public += energy;
                return;
            }
            EnergyUser::Unallocated => {
                self.inventory.unallocated += energy;
                None
            }
            EnergyUser::Vehicle(id) => register.vehicle(id),
        };
        let coverage = register.coverage(at.and_then(|at| at.site.as_deref()), day);
        let Some(computed) = self.context.by_energy(day, energy, coverage) else {
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
            vehicle: user.vehicle().filter(|_| self.context.per_vehicle).cloned(),
            tier: Method::ENERGY.tier,
            method: Method::ENERGY.name,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.add_line(key, &computed);
    }

    fn add_grey_fleet(
        &mut self,
        organisation: &Arc<str>,
        (class, fuel): (&str, &str),
        day: Day,
        distance: Metres,
    ) {
        let Some((computed, class)) = self.context.by_private_km(class, fuel, day, distance) else {
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
            tier: Method::GREY_FLEET.tier,
            method: Method::GREY_FLEET.name,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.add_line(key, &computed);
    }

    /// Adds a vehicle's line with its distance, or counts the vehicle as not computed.
    pub(super) fn record(
        &mut self,
        vehicle: &Vehicle,
        method: Method,
        distance: Metres,
        computed: Option<Computed>,
    ) {
        let Some(mut computed) = computed else {
            self.inventory.not_computed.insert(vehicle.id.clone());
            return;
        };
        computed.figures.distance = distance;
        let key = InventoryKey {
            organisation: vehicle.organisation.clone().unwrap_or_else(unknown),
            site: vehicle.site.clone().unwrap_or_else(unknown),
            vehicle_class: factor_class(vehicle).unwrap_or("unknown"),
            role: vehicle.role.map_or("unknown", |role| role.name()),
            vehicle: self.context.per_vehicle.then(|| vehicle.id.clone()),
            tier: method.tier,
            method: method.name,
            factor_set: computed.set,
            chain_set: computed.chain_set,
        };
        self.inventory.add_line(key, &computed);
    }
}
