//! The lines of an inventory under their keys, and what is counted beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::calculation::Computed;
use super::figures::{Figures, Scope};
use super::method::is_estimated;
use super::replaced::Replaced;
use super::{CHAIN_FACTOR_MISSING, FactorSetId, RESIDUAL_FACTOR_MISSING};
use crate::units::TenthWattHours;

/// The key of a line.
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
    /// The vehicle, if the context requests lines by vehicle.
    pub vehicle: Option<Arc<str>>,
    /// Tier of the method, 1 is best.
    pub tier: u8,
    /// Name of the method.
    pub method: &'static str,
    /// Factors used for scopes 1 and 2.
    pub factor_set: FactorSetId,
    /// Factors used for scope 3.
    pub chain_set: Option<FactorSetId>,
}

impl InventoryKey {
    /// Returns true if the activity itself was estimated and not measured.
    pub fn estimated(&self) -> bool {
        is_estimated(self.tier)
    }

    /// The set behind the figure of a scope.
    pub fn set_of(&self, scope: Scope) -> FactorSetId {
        if scope == Scope::Scope3 {
            self.chain_set.unwrap_or(self.factor_set)
        } else {
            self.factor_set
        }
    }
}

/// The emissions of a period.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// Figures by key.
    pub lines: BTreeMap<InventoryKey, Figures>,
    /// Vehicles with activity but without a figure: fuel, class or factor is not known.
    pub not_computed: BTreeSet<Arc<str>>,
    /// Vehicles in service without any data, and without others of their class to estimate from.
    pub no_data: BTreeSet<Arc<str>>,
    /// Remarks on the figures as a whole.
    pub flags: BTreeSet<&'static str>,
    /// Vehicles that replaced another one.
    pub replaced: BTreeMap<Arc<str>, Replaced>,
    /// Delivered to staff and the public: sold on, so in no line (it would be category 13 of scope 3).
    pub staff_public: TenthWattHours,
    /// Delivered to unknown users: in scope 2.
    pub unallocated: TenthWattHours,
    /// Delivered by charge points altogether.
    pub delivered: TenthWattHours,
}

impl Inventory {
    /// All lines together; the scopes stay apart.
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
            sum.distance += replaced.distance;
            sum.kgco2e += replaced.kgco2e;
        }
        self.staff_public += other.staff_public;
        self.unallocated += other.unallocated;
        self.delivered += other.delivered;
    }

    pub(super) fn add_line(&mut self, key: InventoryKey, computed: &Computed) {
        if computed.residual_missing {
            self.flags.insert(RESIDUAL_FACTOR_MISSING);
        }
        if computed.chain_set.is_none() {
            self.flags.insert(CHAIN_FACTOR_MISSING);
        }
        self.lines.entry(key).or_default().add(&computed.figures);
    }
}
