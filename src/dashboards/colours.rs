//! Colours that people with any colour vision can tell apart (Okabe and Ito, 2008), and the words and colours of status codes.

use super::table::State;

pub(super) const BLUE: &str = "#0072B2";
pub(super) const ORANGE: &str = "#E69F00";
pub(super) const SKY: &str = "#56B4E9";
pub(super) const GREEN: &str = "#009E73";
pub(super) const YELLOW: &str = "#F0E442";
pub(super) const VERMILION: &str = "#D55E00";
pub(super) const PURPLE: &str = "#CC79A7";
/// Grey, for what is not known.
pub(super) const GREY: &str = "#999999";

/// In the order in which the series of a panel take them.
pub const PALETTE: [&str; 8] = [BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW, GREY];

const fn state(code: i64, word: &'static str, colour: &'static str) -> State {
    State { code, word, colour }
}

/// Values of the field `charge_point_status.status_code`.
pub(super) const STATUS: &[State] = &[
    state(0, "Unknown", GREY),
    state(1, "Available", GREEN),
    state(2, "Preparing", SKY),
    state(3, "Charging", BLUE),
    state(4, "SuspendedEV", PURPLE),
    state(5, "SuspendedEVSE", PURPLE),
    state(6, "Finishing", YELLOW),
    state(7, "Reserved", YELLOW),
    state(8, "Unavailable", ORANGE),
    state(9, "Faulted", VERMILION),
    state(10, "Occupied", BLUE),
];

/// Values of the field `connector_time.class_code`.
pub(super) const CLASS: &[State] = &[
    state(0, "available", GREEN),
    state(1, "occupied", BLUE),
    state(2, "reserved", YELLOW),
    state(3, "inoperative", ORANGE),
    state(4, "faulted", VERMILION),
    state(5, "offline", PURPLE),
    state(6, "not observed", GREY),
];

/// Values of the field `target_progress.state_code`.
pub(super) const TARGET: &[State] = &[
    state(0, "on path", GREEN),
    state(1, "drift", ORANGE),
    state(2, "off path", VERMILION),
];

/// Values of the field `alerts.state_code`.
pub(super) const ALERT: &[State] = &[
    state(0, "ok", GREEN),
    state(1, "pending", YELLOW),
    state(2, "firing", VERMILION),
    state(3, "resolved", SKY),
    state(4, "silenced", GREY),
];

/// Values of the field `charging_intensity.basis_code`.
pub(super) const BASIS: &[State] = &[
    state(0, "actual", GREEN),
    state(1, "forecast", SKY),
    state(2, "national", BLUE),
    state(3, "last week", ORANGE),
    state(4, "annual factor", GREY),
];

/// Values of the field `vehicle_info.emission_class_code`.
pub(super) const EMISSION_CLASS: &[State] = &[
    state(0, "zero", GREEN),
    state(1, "ultra-low", SKY),
    state(2, "low", BLUE),
    state(3, "other", VERMILION),
    state(4, "unknown", GREY),
];

/// Booleans: InfluxQL answers `true` and `false`, PromQL 1 and 0.
pub(super) const LINK: &[State] = &[state(0, "off line", VERMILION), state(1, "on line", GREEN)];

/// The same for `yes` and `no`.
pub(super) const YES: &[State] = &[state(0, "no", GREY), state(1, "yes", BLUE)];

#[cfg(test)]
mod tests {
    use crate::dashboards::colours::*;
    use crate::model::{ALERT_STATES, ConnectorStatus};

    #[test]
    fn words_are_those_of_the_vocabulary() {
        for state in STATUS {
            assert_eq!(
                ConnectorStatus::from_name(state.word).code(),
                state.code,
                "{}",
                state.word
            );
        }
        assert_eq!(
            ALERT.iter().map(|state| state.word).collect::<Vec<_>>(),
            ALERT_STATES
        );
    }
}
