//! The values that a charge point should have, and how they compare with those that it has.

use std::sync::Arc;
use std::time::Duration;

use super::ProvisioningConfig;
use super::keys::{Key, Kind};
use crate::ocpp::codec::call_results::unquote;

/// Vendors' names of measurands, with the standard's.
const VENDOR_NAMES: &[(&str, &str)] = &[
    ("W", "Power.Active.Import"),
    ("Power", "Power.Active.Import"),
    ("Wh", "Energy.Active.Import.Register"),
    ("A", "Current.Import"),
    ("Current", "Current.Import"),
    ("V", "Voltage"),
];

const REGISTER: &str = "Energy.Active.Import.Register";
/// From this power on a charge point is a rapid one (Public Charge Point Regulations 2023, regulation 7).
const RAPID_KW: f64 = 50.0;

/// What one charge point should be set to.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct DesiredConfiguration {
    config: Arc<ProvisioningConfig>,
    heartbeat: Duration,
    rapid: bool,
}

impl DesiredConfiguration {
    pub(super) fn new(
        config: Arc<ProvisioningConfig>,
        heartbeat: Duration,
        max_power_kw: Option<f64>,
    ) -> Self {
        Self {
            config,
            heartbeat,
            rapid: max_power_kw.is_some_and(|kw| kw >= RAPID_KW),
        }
    }

    /// The desired value: the elements of a list, or one.
    pub(super) fn value(&self, key: Key) -> Vec<String> {
        let seconds = |duration: Duration| vec![duration.as_secs().to_string()];
        match key {
            Key::Measurands => self.config.measurands.clone(),
            // Registers suffice: the ledger stores only them.
            Key::AlignedMeasurands | Key::StartMeasurands | Key::StopMeasurands => {
                vec![REGISTER.to_owned()]
            }
            Key::SampleInterval if self.rapid => seconds(self.config.sample_interval_rapid),
            Key::SampleInterval => seconds(self.config.sample_interval),
            Key::AlignedInterval => seconds(self.config.clock_aligned_interval),
            Key::Heartbeat => seconds(self.heartbeat),
            Key::WebSocketPing => seconds(self.config.websocket_ping_interval),
            _ => Vec::new(),
        }
    }
}

/// The elements of a list.
pub(super) fn elements(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(unquote)
        .filter(|element| !element.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The measurand that an element names: by the standard's name, and without its phase (Alfen: `Voltage.L1-N`).
fn measurand(element: &str) -> &str {
    let known = VENDOR_NAMES
        .iter()
        .find(|(vendors, _)| vendors.eq_ignore_ascii_case(element));
    if let Some((_, standard)) = known {
        return standard;
    }
    match element.rsplit_once('.') {
        Some((name, phase)) if matches!(phase.as_bytes(), [b'L', b'1'..=b'3', ..] | [b'N']) => name,
        _ => element,
    }
}

/// Whether `list` has every one of `elements`, in any case, phase and order.
pub(super) fn contains_all(list: &[String], elements: &[String]) -> bool {
    elements.iter().all(|element| {
        list.iter().any(|other| {
            other.eq_ignore_ascii_case(element)
                || measurand(other).eq_ignore_ascii_case(measurand(element))
        })
    })
}

/// The part of a desired list that the charge point supports, in its own spelling: phases instead of a sum if it has only those.
pub(super) fn supported_part(desired: &[String], supported: &[String]) -> Vec<String> {
    if supported.is_empty() {
        return desired.to_vec();
    }
    let own_spelling = |element: &String| {
        let exact = supported
            .iter()
            .find(|own| own.eq_ignore_ascii_case(element));
        let others = supported
            .iter()
            .filter(|own| measurand(own).eq_ignore_ascii_case(element));
        exact.map_or_else(|| others.cloned().collect(), |exact| vec![exact.clone()])
    };
    desired.iter().flat_map(own_spelling).collect()
}

/// Whether the current value is as good as the desired one.
pub(super) fn satisfies(kind: Kind, current: &str, desired: &[String]) -> bool {
    let desired_s = || desired.first()?.parse::<u64>().ok();
    let current_s = || unquote(current).split('.').next()?.parse::<u64>().ok();
    match kind {
        Kind::List => contains_all(&elements(current), desired),
        Kind::Seconds => current_s().is_some() && current_s() == desired_s(),
        Kind::NotAbove => current_s()
            .zip(desired_s())
            .is_some_and(|(current, max)| (1..=max).contains(&current)),
        Kind::ReadOnly => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::desired_configuration::*;

    fn list(text: &str) -> Vec<String> {
        elements(text)
    }

    #[test]
    fn values_are_compared_by_meaning() {
        for (kind, current, desired, want) in [
            (Kind::Seconds, "60", "60", true),
            (Kind::Seconds, " '60' ", "60", true),
            (Kind::Seconds, "60.0", "60", true),
            (Kind::Seconds, "0", "60", false),
            (Kind::Seconds, "", "60", false),
            (Kind::NotAbove, "30", "60", true),
            (Kind::NotAbove, "0", "60", false),
            (Kind::NotAbove, "90", "60", false),
            (Kind::List, "voltage, SoC", "SoC,Voltage", true),
            (Kind::List, "Voltage", "SoC,Voltage", false),
            (
                Kind::List,
                "Voltage.L1-N,Voltage.L2-N,Voltage.L3-N,Current.Import.L1",
                "Voltage,Current.Import",
                true,
            ),
        ] {
            assert_eq!(
                satisfies(kind, current, &list(desired)),
                want,
                "{current} for {desired}"
            );
        }
    }

    #[test]
    fn a_vendors_list_keeps_its_own_spelling() {
        let desired = list("Energy.Active.Import.Register,Power.Active.Import,Voltage,SoC");
        assert_eq!(supported_part(&desired, &[]), desired);
        let supported =
            list("Energy.Active.Import.Register,W,Voltage.L1-N,Voltage.L2-N,Temperature");
        assert_eq!(
            supported_part(&desired, &supported),
            list("Energy.Active.Import.Register,W,Voltage.L1-N,Voltage.L2-N")
        );
    }
}
