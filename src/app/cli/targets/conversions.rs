//! The words of `--convert` and `--tonnes`.

use crate::ledger::emissions::FACTOR_CLASSES;
use crate::ledger::targets::whatif::{Conversion, Selector};
use crate::model::nearest;
use crate::model::register::{EmissionClass, Role};

const CLASSES: [(&str, EmissionClass); 4] = [
    ("zero", EmissionClass::Zero),
    ("ultra_low", EmissionClass::UltraLow),
    ("low", EmissionClass::Low),
    ("other", EmissionClass::Other),
];
const CATEGORIES: [&str; 5] = ["car", "van", "heavy", "motorcycle", "minibus"];

/// The categories of the register and the classes of the factors.
fn vehicle_classes() -> impl Iterator<Item = &'static str> {
    CATEGORIES.into_iter().chain(FACTOR_CLASSES.iter().copied())
}

/// The emission class of a name.
pub(super) fn emission_class(text: &str) -> Option<EmissionClass> {
    CLASSES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, class)| *class)
}

/// `van=5/month`, `emergency=2.5/month:ultra_low`, `zero=5/month`.
pub(super) fn parse_conversion(text: &str) -> Result<Conversion, String> {
    let wrong =
        || format!("`{text}` is not CLASS=N/month; write van=5/month, or van=5/month:ultra_low");
    let (which, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (rate, successor) = rest
        .split_once(':')
        .map_or((rest, None), |(rate, class)| (rate, Some(class)));
    let per_month: f64 = rate
        .strip_suffix("/month")
        .and_then(|rate| rate.parse().ok())
        .ok_or_else(wrong)?;
    if !(per_month > 0.0 && per_month <= 1e6) {
        return Err(format!("`{rate}` is not a number of vehicles above 0"));
    }
    let successor = match successor {
        None => None,
        Some(name) => Some(
            emission_class(name)
                .ok_or_else(|| format!("`{name}` is not a class: zero, ultra_low, low, other"))?,
        ),
    };
    let (which, successor) = match emission_class(which) {
        // `zero=5/month`: a class of emissions is what vehicles become.
        Some(into) if successor.is_none() => (Selector::All, into),
        _ => (selector(which)?, successor.unwrap_or(EmissionClass::Zero)),
    };
    Ok(Conversion {
        which,
        per_month,
        successor,
    })
}

/// The vehicles that a word of `--convert` selects.
fn selector(word: &str) -> Result<Selector, String> {
    Ok(match word {
        "all" => Selector::All,
        "emergency" => Selector::Role(Role::Emergency),
        "non_emergency" => Selector::Role(Role::NonEmergency),
        "support" => Selector::Role(Role::Support),
        kind if vehicle_classes().any(|known| known == kind) => Selector::Class(kind.to_owned()),
        kind => {
            let known: Vec<&str> = ["all", "emergency", "non_emergency", "support"]
                .into_iter()
                .chain(vehicle_classes())
                .collect();
            return Err(format!(
                "`{kind}` is not a class of vehicles; {}",
                nearest(kind, &known)
            ));
        }
    })
}

/// Parses `van_n1_iii=7.1`: a vehicle class and the t CO2e that converting one vehicle of it saves in a year, below a million.
pub(super) fn parse_tonnes(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` is not CLASS=T; write van_n1_iii=7.1");
    let (kind, tonnes) = text.split_once('=').ok_or_else(wrong)?;
    let tonnes: f64 = tonnes
        .parse()
        .ok()
        .filter(|tonnes: &f64| tonnes.is_finite() && tonnes.abs() < 1e6)
        .ok_or_else(wrong)?;
    let known: Vec<&str> = vehicle_classes().collect();
    if !known.contains(&kind) {
        return Err(format!(
            "`{kind}` is not a class of vehicles; {}",
            nearest(kind, &known)
        ));
    }
    Ok((kind.to_owned(), tonnes))
}
