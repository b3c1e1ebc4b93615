//! A metric's name to the rule of a quantity: a name of our own vocabulary, or a COVESA VSS path. All other names are ignored.

use crate::model::{AssetKind, Quantity};
use crate::telemetry::kit::rule::Rule;
use crate::telemetry::kit::{unit, vss};

/// The rule of a name in its default unit, and whether the name is a VSS path.
pub(super) fn named(name: &str) -> Option<(Rule, bool)> {
    if let Some(quantity) = Quantity::from_name(name) {
        return Rule::canonical(quantity).map(|rule| (rule, false));
    }
    vss::rule(name).map(|rule| (rule, true))
}

/// The rule of a quantity under our name, or under its VSS path.
pub(super) fn rule(quantity: Quantity, path: bool) -> Option<Rule> {
    if path {
        vss::rule_for_quantity(quantity)
    } else {
        Rule::canonical(quantity)
    }
}

/// The rule in the unit that the source gives; `None` if the quantity has no such unit. Angles, states and ids have one form only.
pub(super) fn in_unit(rule: Rule, unit: &str) -> Option<Rule> {
    match rule {
        Rule::Number(quantity, _) => {
            unit::spelling(quantity, unit).map(|unit| Rule::Number(quantity, unit))
        }
        other => Some(other),
    }
}

/// The kind of an asset, by its quantities. A meter is the fallback, because its register is not counted as charging.
pub(super) fn kind_of(quantities: impl Iterator<Item = Quantity> + Clone) -> AssetKind {
    use Quantity::{
        ChargePower, Charging, EnergyExportTotal, EnergyImportTotal, IdTag, Latitude, Longitude,
        Online, PluggedIn, SessionEnergy, Soc, VehicleRef,
    };
    let any = |is: fn(Quantity) -> bool| quantities.clone().any(is);
    let register = any(|quantity| {
        matches!(
            quantity,
            EnergyImportTotal | EnergyExportTotal | SessionEnergy
        )
    });
    let charging = any(|quantity| {
        matches!(
            quantity,
            ChargePower | Charging | PluggedIn | SessionEnergy | VehicleRef | IdTag
        )
    });
    // All other quantities are a vehicle's. A charger may have the vehicle's SoC (ISO 15118), and has a position too.
    let vehicle = any(|quantity| {
        !matches!(
            quantity,
            EnergyImportTotal
                | EnergyExportTotal
                | SessionEnergy
                | ChargePower
                | Charging
                | PluggedIn
        ) && !matches!(
            quantity,
            VehicleRef | IdTag | Soc | Online | Latitude | Longitude
        )
    });
    if vehicle || (!register && any(|quantity| quantity == Soc)) {
        AssetKind::Vehicle
    } else if charging {
        AssetKind::Charger
    } else {
        AssetKind::Meter
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::sparkplug::metric_names::*;

    #[test]
    fn own_names_and_paths() {
        assert_eq!(
            named("energy_import_total"),
            Some((Rule::Number(Quantity::EnergyImportTotal, "kWh"), false))
        );
        assert_eq!(
            named("Vehicle.Powertrain.Range"),
            Some((Rule::Number(Quantity::Range, "m"), true))
        );
        for name in [
            "position",
            "Node Control/Rebirth",
            "bdSeq",
            "Energy_Import_Total",
            "Vehicle",
            "",
        ] {
            assert_eq!(named(name), None, "{name}");
        }
        assert_eq!(
            in_unit(Rule::Number(Quantity::Odometer, "km"), "Miles"),
            None,
            "an `M` could mean mega"
        );
        assert_eq!(
            in_unit(Rule::Number(Quantity::Odometer, "km"), "mi"),
            Some(Rule::Number(Quantity::Odometer, "mi"))
        );
        assert_eq!(
            in_unit(Rule::Angle(Quantity::Latitude), "°"),
            Some(Rule::Angle(Quantity::Latitude))
        );
    }

    #[test]
    fn the_kind_follows_from_the_quantities() {
        use Quantity as Q;
        for (quantities, want) in [
            (
                &[Q::EnergyImportTotal, Q::ChargePower, Q::Soc][..],
                AssetKind::Charger,
            ),
            (&[Q::EnergyImportTotal], AssetKind::Meter),
            (&[Q::Soc, Q::Charging], AssetKind::Vehicle),
            (&[Q::Soc, Q::Odometer], AssetKind::Vehicle),
            (&[Q::PluggedIn], AssetKind::Charger),
            (&[], AssetKind::Meter),
        ] {
            assert_eq!(kind_of(quantities.iter().copied()), want, "{quantities:?}");
        }
    }
}
