//! `[definition]` of the targets' file: the options of "low emission", for every profile alike.

use std::collections::BTreeMap;

use super::super::ConfigError;
use super::super::source::Node;
use crate::app::config::keys::Section;
use crate::ledger::transition::Profile;

/// The options, in a profile; its name and classes are not used.
pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    base: Profile,
    errors: &mut Vec<ConfigError>,
) -> Profile {
    let mut options = base;
    let mut section = Section::take(tree, "definition", errors);
    // OLEV's older limit was 75, and none was ever higher.
    section.whole("ultra_low_g_per_km", &mut options.ultra_low_g_per_km, 1, 75);
    section.flag("ultra_low_inclusive", &mut options.ultra_low_inclusive);
    section.flag("retrofit_counts", &mut options.retrofit_counts);
    section.flag("gas_is_low", &mut options.gas_is_low);
    section.flag(
        "infer_from_first_registration",
        &mut options.infer_from_first_registration,
    );
    section.finish();
    options
}
