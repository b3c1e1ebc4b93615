//! The one table of what is read and written on a charge point, by both protocols' names, and how values are compared. What is not in it
//! cannot be written.

use std::sync::Arc;
use std::time::Duration;

use super::ProvisioningConfig;
use crate::model::OcppVersion;
use crate::ocpp::codec::call_results::unquote;

/// Something that is set, or that tells how to set it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    Measurands,
    SampleInterval,
    AlignedMeasurands,
    AlignedInterval,
    StartMeasurands,
    StopMeasurands,
    Heartbeat,
    WebSocketPing,
    // These are only read.
    MostKeys,
    MostMeasurands,
    MostAligned,
    MostStop,
    Profiles,
    Connectors,
    Supported,
}

/// How it is written and compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A list; more than wished for is as good.
    List,
    /// Exactly so many seconds.
    Seconds,
    /// So many seconds or fewer, but not 0 (which is never).
    AtMost,
    /// Not written.
    ReadOnly,
}

/// A row of the table.
pub(super) struct Row {
    pub key: Key,
    pub kind: Kind,
    /// Names in OCPP 1.6, the standard's first; then vendors' own (evcc's charger/ocpp keeps such a list).
    v16: &'static [&'static str],
    /// `Component.Variable` in OCPP 2.x.
    v2: Option<&'static str>,
}

/// Longest list first: what matters most is written first, lest a charge point that reboots on the way has only the lesser half.
const ROWS: &[Row] = &[
    Row {
        key: Key::Measurands,
        kind: Kind::List,
        v16: &["MeterValuesSampledData"],
        v2: Some("SampledDataCtrlr.TxUpdatedMeasurands"),
    },
    Row {
        key: Key::SampleInterval,
        kind: Kind::Seconds,
        v16: &["MeterValueSampleInterval"],
        v2: Some("SampledDataCtrlr.TxUpdatedInterval"),
    },
    Row {
        key: Key::AlignedMeasurands,
        kind: Kind::List,
        v16: &["MeterValuesAlignedData"],
        v2: Some("AlignedDataCtrlr.Measurands"),
    },
    Row {
        key: Key::AlignedInterval,
        kind: Kind::Seconds,
        v16: &["ClockAlignedDataInterval"],
        v2: Some("AlignedDataCtrlr.Interval"),
    },
    Row {
        key: Key::StartMeasurands,
        kind: Kind::List,
        v16: &[],
        v2: Some("SampledDataCtrlr.TxStartedMeasurands"),
    },
    Row {
        key: Key::StopMeasurands,
        kind: Kind::List,
        v16: &["StopTxnSampledData"],
        v2: Some("SampledDataCtrlr.TxEndedMeasurands"),
    },
    Row {
        key: Key::Heartbeat,
        kind: Kind::Seconds,
        // OCPP 1.6 section 9.1.4; the second is of OCPP 1.5 and lives on.
        v16: &["HeartbeatInterval", "HeartBeatInterval"],
        v2: Some("OCPPCommCtrlr.HeartbeatInterval"),
    },
    Row {
        key: Key::WebSocketPing,
        kind: Kind::AtMost,
        v16: &["WebSocketPingInterval"],
        v2: Some("OCPPCommCtrlr.WebSocketPingInterval"),
    },
    Row {
        key: Key::MostKeys,
        kind: Kind::ReadOnly,
        v16: &["GetConfigurationMaxKeys"],
        v2: None,
    },
    Row {
        key: Key::MostMeasurands,
        kind: Kind::ReadOnly,
        v16: &["MeterValuesSampledDataMaxLength"],
        v2: None,
    },
    Row {
        key: Key::MostAligned,
        kind: Kind::ReadOnly,
        v16: &["MeterValuesAlignedDataMaxLength"],
        v2: None,
    },
    Row {
        key: Key::MostStop,
        kind: Kind::ReadOnly,
        v16: &["StopTxnSampledDataMaxLength"],
        v2: None,
    },
    Row {
        key: Key::Profiles,
        kind: Kind::ReadOnly,
        v16: &["SupportedFeatureProfiles"],
        v2: None,
    },
    Row {
        key: Key::Connectors,
        kind: Kind::ReadOnly,
        v16: &["NumberOfConnectors"],
        v2: None,
    },
    // Vendors that list what can be sampled: EVBox.
    Row {
        key: Key::Supported,
        kind: Kind::ReadOnly,
        v16: &["evb_SupportedMeasurands", "SupportedMeasurands"],
        v2: None,
    },
];

/// Measurands under vendors' names.
const SPELLINGS: &[(&str, &str)] = &[
    ("W", "Power.Active.Import"),
    ("Power", "Power.Active.Import"),
    ("Wh", "Energy.Active.Import.Register"),
    ("A", "Current.Import"),
    ("Current", "Current.Import"),
    ("V", "Voltage"),
];

const REGISTER: &str = "Energy.Active.Import.Register";
/// From here on a charge point is a rapid one (Public Charge Point Regulations 2023, regulation 7).
const RAPID_KW: f64 = 50.0;

/// The rows that a version has.
pub(super) fn rows(version: OcppVersion) -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
        .filter(move |row| row.names(version).next().is_some())
}

/// The row of a name, in whatever case.
pub(super) fn row_of(version: OcppVersion, name: &str) -> Option<&'static Row> {
    rows(version).find(|row| {
        row.names(version)
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}

impl Row {
    fn names(&self, version: OcppVersion) -> impl Iterator<Item = &'static str> {
        let (old, new) = if version == OcppVersion::V16 {
            (self.v16, None)
        } else {
            (&[][..], self.v2)
        };
        old.iter().copied().chain(new)
    }

    /// The standard's name.
    pub fn name(&self, version: OcppVersion) -> &'static str {
        self.names(version).next().unwrap_or_default()
    }

    /// The key that tells how long its list may be.
    pub fn most(&self) -> Option<Key> {
        match self.key {
            Key::Measurands => Some(Key::MostMeasurands),
            Key::AlignedMeasurands => Some(Key::MostAligned),
            Key::StopMeasurands => Some(Key::MostStop),
            _ => None,
        }
    }
}

/// What this charge point should be set to.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Wishes {
    config: Arc<ProvisioningConfig>,
    heartbeat: Duration,
    rapid: bool,
}

impl Wishes {
    pub fn new(
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

    /// The value wished for; a list's elements, or one.
    pub fn of(&self, key: Key) -> Vec<String> {
        let seconds = |duration: Duration| vec![duration.as_secs().to_string()];
        match key {
            Key::Measurands => self.config.measurands.clone(),
            // Registers suffice: they are what is booked.
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

/// A list's elements.
pub(super) fn elements(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(unquote)
        .filter(|element| !element.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The measurand that an element names: without its phase (Alfen: `Voltage.L1-N`), and not in a vendor's spelling.
fn measurand(element: &str) -> &str {
    let known = SPELLINGS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(element));
    if let Some((_, ours)) = known {
        return ours;
    }
    match element.rsplit_once('.') {
        Some((name, phase)) if matches!(phase.as_bytes(), [b'L', b'1'..=b'3', ..] | [b'N']) => name,
        _ => element,
    }
}

/// Every element of `some` is in `all`, whatever the case, the phase and the order.
pub(super) fn is_within(some: &[String], all: &[String]) -> bool {
    some.iter().all(|one| {
        all.iter().any(|other| {
            other.eq_ignore_ascii_case(one) || measurand(other).eq_ignore_ascii_case(measurand(one))
        })
    })
}

/// What is wished for as far as the charge point says that it has it, in its own words: phases instead of a sum, if that is what it has.
pub(super) fn spelt(wished: &[String], supported: &[String]) -> Vec<String> {
    if supported.is_empty() {
        return wished.to_vec();
    }
    let theirs = |wish: &String| {
        let exact = supported
            .iter()
            .find(|element| element.eq_ignore_ascii_case(wish));
        let others = supported
            .iter()
            .filter(|element| measurand(element).eq_ignore_ascii_case(wish));
        exact.map_or_else(|| others.cloned().collect(), |exact| vec![exact.clone()])
    };
    wished.iter().flat_map(theirs).collect()
}

/// The value that is there is as good as what is wished for.
pub(super) fn satisfies(kind: Kind, there: &str, wished: &[String]) -> bool {
    let seconds = || wished.first()?.parse::<u64>().ok();
    let is = || unquote(there).split('.').next()?.parse::<u64>().ok();
    match kind {
        Kind::List => is_within(wished, &elements(there)),
        Kind::Seconds => is().is_some() && is() == seconds(),
        Kind::AtMost => is()
            .zip(seconds())
            .is_some_and(|(is, most)| (1..=most).contains(&is)),
        Kind::ReadOnly => true,
    }
}

/// The next list to try: the longest beginning that was not refused; then, since only one element can have been the culprit, each of
/// those dropped with it once more. `fits` is what the charge point has or took. `None` if nothing is left to try.
pub(super) fn next_list(
    wished: &[String],
    refused: &[Vec<String>],
    fits: &[String],
) -> Option<Vec<String>> {
    let was_refused = |list: &[String]| {
        refused
            .iter()
            .any(|other| is_within(list, other) && is_within(other, list))
    };
    let kept = (1..=wished.len())
        .rev()
        .find(|count| !was_refused(&wished[..*count]))?;
    let mut list = wished[..kept].to_vec();
    if !is_within(&list, fits) {
        return Some(list);
    }
    for element in wished.iter().skip(kept + 1) {
        list.push(element.clone());
        if was_refused(&list) {
            list.pop();
        } else if !is_within(&list, fits) {
            return Some(list);
        }
    }
    Some(list)
}

/// Keys in the portions that they are asked for.
pub(super) fn chunks(keys: Vec<Key>, most: usize) -> std::collections::VecDeque<Vec<Key>> {
    keys.chunks(most.max(1)).map(<[Key]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::desired_configuration::*;

    fn list(text: &str) -> Vec<String> {
        elements(text)
    }

    #[test]
    fn values_are_compared_by_what_they_mean() {
        for (kind, there, wished, want) in [
            (Kind::Seconds, "60", "60", true),
            (Kind::Seconds, " '60' ", "60", true),
            (Kind::Seconds, "60.0", "60", true),
            (Kind::Seconds, "0", "60", false),
            (Kind::Seconds, "", "60", false),
            (Kind::AtMost, "30", "60", true),
            (Kind::AtMost, "0", "60", false),
            (Kind::AtMost, "90", "60", false),
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
                satisfies(kind, there, &list(wished)),
                want,
                "{there} for {wished}"
            );
        }
    }

    #[test]
    fn a_vendors_list_is_spoken_in_its_own_words() {
        let wished = list("Energy.Active.Import.Register,Power.Active.Import,Voltage,SoC");
        assert_eq!(spelt(&wished, &[]), wished);
        let theirs = list("Energy.Active.Import.Register,W,Voltage.L1-N,Voltage.L2-N,Temperature");
        assert_eq!(
            spelt(&wished, &theirs),
            list("Energy.Active.Import.Register,W,Voltage.L1-N,Voltage.L2-N")
        );
    }

    /// The lists written until nothing is left, for a charge point that knows `knows`.
    fn tried(knows: &str, most: usize) -> Vec<String> {
        let wished = list("E,P,I,V,S");
        let (mut fits, mut refused, mut written) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(next) = next_list(&wished, &refused, &fits) {
            if is_within(&next, &fits) {
                break;
            }
            written.push(next.concat());
            if is_within(&next, &list(knows)) && next.len() <= most {
                fits = next;
            } else {
                refused.push(next);
            }
        }
        written
    }

    #[test]
    fn a_list_shrinks_by_one_and_ends_with_all_that_is_known() {
        for (knows, most, want) in [
            ("E,P,I,V,S", 9, "EPIVS"),
            ("E,P,I,V", 9, "EPIVS EPIV"),
            ("E,P,I,S", 9, "EPIVS EPIV EPI EPIS"),
            ("E,I,V,S", 9, "EPIVS EPIV EPI EP E EI EIV EIVS"),
            ("E", 9, "EPIVS EPIV EPI EP E EI EV ES"),
            ("E,P,I,V,S", 2, "EPIVS EPIV EPI EP EPV EPS"),
            ("", 9, "EPIVS EPIV EPI EP E"),
        ] {
            assert_eq!(tried(knows, most).join(" "), want, "{knows}");
        }
    }

    #[test]
    fn what_was_learnt_needs_no_more_writes() {
        let refused = ["E,P,I,V,S", "E,P,I,V", "E,P,I", "E,P"].map(list).to_vec();
        let there = list("E,I,V,S");
        let next = next_list(&list("E,P,I,V,S"), &refused, &there).expect("a list");
        assert!(is_within(&next, &there), "{next:?}");
    }
}
