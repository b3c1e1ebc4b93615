//! Entries of a register that are allowed and yet look like mistakes: a warning, no refusal.

use std::collections::BTreeMap;

use super::Register;
use crate::model::nearest;

/// At most so many vehicles are named for one word.
const MAX_NAMED: usize = 5;

impl Register {
    /// Fuels in words that nothing is known of: such vehicles have an unknown class, and no emissions but by a fuel card.
    pub fn doubts(&self) -> Vec<String> {
        let known = self.jurisdiction.fuel_words;
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for vehicle in &self.vehicles {
            if let Some(fuel) = vehicle.fuel.as_deref().filter(|fuel| !known.contains(fuel)) {
                unknown.entry(fuel).or_default().push(&vehicle.id);
            }
        }
        let said = unknown.into_iter().map(|(fuel, vehicles)| {
            let more = if vehicles.len() > MAX_NAMED { ", ..." } else { "" };
            let named = vehicles[..vehicles.len().min(MAX_NAMED)].join(", ");
            format!(
                "vehicles.csv, column `fuel`: `{fuel}` of {} ({named}{more}) is none of {}, so class and emissions are unknown\n  hint: {}; OTHER says that there is no word",
                if vehicles.len() == 1 { "1 vehicle".to_owned() } else { format!("{} vehicles", vehicles.len()) },
                self.jurisdiction.fuels_named,
                nearest(fuel, known)
            )
        });
        said.collect()
    }
}
