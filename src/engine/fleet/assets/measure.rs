//! What is booked of an asset, and which of its registers measure it, the best first.

use crate::model::{ActivityData, AssetKind, Quantity};
use crate::units::{Metres, Millilitres, TenthWattHours};

/// Something booked once, however many registers and feeds know of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Measure {
    /// Distance driven, in metres.
    Distance,
    /// Fuel used, in millilitres.
    Fuel,
    /// Energy a vehicle took from the grid.
    Grid,
    /// Energy a charger delivered.
    Delivered,
}

impl Measure {
    /// What a register of an asset measures, and its rank: the vehicle's own odometer before SPN 245's coarse one, and both before
    /// a tracker's sum of GPS legs, which also grows while parked; a lifetime register before a session's.
    pub(crate) fn of(quantity: Quantity, kind: AssetKind) -> Option<(Self, u8)> {
        Some(match (kind, quantity) {
            (AssetKind::Vehicle, Quantity::Odometer) => (Self::Distance, 0),
            (AssetKind::Vehicle, Quantity::OdometerCoarse) => (Self::Distance, 1),
            (AssetKind::Vehicle, Quantity::DistanceGpsTotal) => (Self::Distance, 2),
            (AssetKind::Vehicle, Quantity::FuelUsedTotal) => (Self::Fuel, 0),
            (AssetKind::Vehicle, Quantity::ChargeGridEnergyTotal) => (Self::Grid, 0),
            (AssetKind::Charger, Quantity::EnergyImportTotal) => (Self::Delivered, 0),
            (AssetKind::Charger, Quantity::SessionEnergy) => (Self::Delivered, 1),
            _ => return None,
        })
    }

    /// A gain in thousandths of the quantity's unit as activity.
    pub(crate) fn activity(self, gained: i64) -> ActivityData {
        match self {
            Self::Distance => ActivityData {
                distance: Metres(gained),
                ..ActivityData::default()
            },
            Self::Fuel => ActivityData {
                fuel: Millilitres(gained),
                ..ActivityData::default()
            },
            Self::Grid => ActivityData {
                vehicle_grid: TenthWattHours(gained.saturating_mul(10)),
                ..ActivityData::default()
            },
            Self::Delivered => ActivityData {
                charged: TenthWattHours(gained.saturating_mul(10)),
                ..ActivityData::default()
            },
        }
    }

    /// The flag that the vehicle's own register sent a value.
    pub(crate) fn metered(self) -> u8 {
        match self {
            Self::Fuel => ActivityData::FUEL_METERED,
            Self::Grid => ActivityData::GRID_METERED,
            Self::Distance | Self::Delivered => 0,
        }
    }
}
