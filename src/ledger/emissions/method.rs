//! The methods of calculation, best data first. Per vehicle and month the best one counts, never a sum of two.

/// A method with its tier: 1 a meter or card, 2 a counter of the vehicle, 3 kilometres by its own consumption, 4 kilometres by a class
/// factor, 5 the mean kilometres of its class. ISO 14083 calls such data primary, modelled and default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// 1 is best.
    pub tier: u8,
    /// The value of the tag `method`.
    pub name: &'static str,
}

const fn method(tier: u8, name: &'static str) -> Method {
    Method { tier, name }
}

impl Method {
    pub(super) const FUEL_CARD: Self = method(1, "fuel_card");
    pub(super) const ENERGY: Self = method(1, "energy");
    pub(super) const FUEL: Self = method(2, "fuel");
    pub(super) const RATIO: Self = method(3, "ratio");
    pub(super) const DISTANCE: Self = method(4, "distance");
    pub(super) const GREY_FLEET: Self = method(4, "grey_fleet");
    pub(super) const MEAN: Self = method(5, "mean");
}

/// Returns true if the activity behind a tier is estimated and not measured.
pub fn is_estimated(tier: u8) -> bool {
    matches!(tier, 3 | 5)
}
