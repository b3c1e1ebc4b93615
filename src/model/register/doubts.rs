//! What a register says that is allowed and yet looks like a mistake: said to people, refused by nobody.

use std::collections::BTreeMap;

use super::Register;
use crate::model::nearest;

/// Words for a fuel seen in the DVLA's answers. Its Vehicle Enquiry Service has a free string and no list (`fuelType`), so another
/// word may be right.
const FUELS: &[&str] = &[
    "PETROL",
    "DIESEL",
    "HEAVY OIL",
    "ELECTRICITY",
    "FUEL CELLS",
    "HYBRID ELECTRIC",
    "ELECTRIC DIESEL",
    "GAS",
    "GAS BI-FUEL",
    "GAS/PETROL",
    "PETROL/GAS",
    "GAS DIESEL",
    "STEAM",
    "OTHER",
];
/// Vehicles that are named for one word.
const MAX_NAMED: usize = 5;

impl Register {
    /// Fuels in words that nothing is known of: such vehicles have an unknown class, and no emissions but by a fuel card.
    pub fn doubts(&self) -> Vec<String> {
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for vehicle in &self.vehicles {
            if let Some(fuel) = vehicle.fuel.as_deref().filter(|fuel| !FUELS.contains(fuel)) {
                unknown.entry(fuel).or_default().push(&vehicle.id);
            }
        }
        let said = unknown.into_iter().map(|(fuel, vehicles)| {
            let more = if vehicles.len() > MAX_NAMED { ", ..." } else { "" };
            let named = vehicles[..vehicles.len().min(MAX_NAMED)].join(", ");
            format!(
                "vehicles.csv, column `fuel`: `{fuel}` of {} ({named}{more}) is none of the DVLA's words, so class and emissions are unknown\n  hint: {}; OTHER says that there is no word",
                if vehicles.len() == 1 { "1 vehicle".to_owned() } else { format!("{} vehicles", vehicles.len()) },
                nearest(fuel, FUELS)
            )
        });
        said.collect()
    }
}
