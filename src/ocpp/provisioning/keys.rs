//! The one table of what is read and written on a charge point, with the names of both protocols. A key that is not in it cannot be
//! written.

use std::collections::VecDeque;

use crate::model::OcppVersion;

/// A configuration key of OCPP 1.6 or a variable of OCPP 2.x that is written, or read because the writing of others depends on it.
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
    MaxKeys,
    MaxMeasurands,
    MaxAligned,
    MaxStop,
    Profiles,
    Connectors,
    Supported,
}

/// How a value is written and compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A list; more elements than desired are as good.
    List,
    /// Exactly this number of seconds.
    Seconds,
    /// At most this number of seconds, but not 0, which means never.
    NotAbove,
    /// Read, never written.
    ReadOnly,
}

/// A row of the table.
pub(super) struct Row {
    pub key: Key,
    pub kind: Kind,
    /// Names in OCPP 1.6: the standard's first, then vendors' own.
    v16: &'static [&'static str],
    /// `Component.Variable` in OCPP 2.x; `None` if that has no such variable.
    v2: Option<&'static str>,
}

/// In the order of writing: the most important first, in case the charge point reboots on the way.
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
        // OCPP 1.6 section 9.1.4. The second is from OCPP 1.5 and still in use.
        v16: &["HeartbeatInterval", "HeartBeatInterval"],
        v2: Some("OCPPCommCtrlr.HeartbeatInterval"),
    },
    Row {
        key: Key::WebSocketPing,
        kind: Kind::NotAbove,
        v16: &["WebSocketPingInterval"],
        v2: Some("OCPPCommCtrlr.WebSocketPingInterval"),
    },
    Row {
        key: Key::MaxKeys,
        kind: Kind::ReadOnly,
        v16: &["GetConfigurationMaxKeys"],
        v2: None,
    },
    Row {
        key: Key::MaxMeasurands,
        kind: Kind::ReadOnly,
        v16: &["MeterValuesSampledDataMaxLength"],
        v2: None,
    },
    Row {
        key: Key::MaxAligned,
        kind: Kind::ReadOnly,
        v16: &["MeterValuesAlignedDataMaxLength"],
        v2: None,
    },
    Row {
        key: Key::MaxStop,
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
    // Vendors' lists of what can be sampled; the first is EVBox.
    Row {
        key: Key::Supported,
        kind: Kind::ReadOnly,
        v16: &["evb_SupportedMeasurands", "SupportedMeasurands"],
        v2: None,
    },
];

/// The rows that a version has.
pub(super) fn rows(version: OcppVersion) -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
        .filter(move |row| row.names(version).next().is_some())
}

/// The row with this name in any case.
pub(super) fn row_of(version: OcppVersion, name: &str) -> Option<&'static Row> {
    rows(version).find(|row| {
        row.names(version)
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}

impl Row {
    fn names(&self, version: OcppVersion) -> impl Iterator<Item = &'static str> {
        let (v16, v2) = if version == OcppVersion::V16 {
            (self.v16, None)
        } else {
            (&[][..], self.v2)
        };
        v16.iter().copied().chain(v2)
    }

    /// The name of the key in the standard of this version.
    pub(super) fn name(&self, version: OcppVersion) -> &'static str {
        self.names(version).next().unwrap_or_default()
    }

    /// The key with the maximum length of this list.
    pub(super) fn max_length_key(&self) -> Option<Key> {
        match self.key {
            Key::Measurands => Some(Key::MaxMeasurands),
            Key::AlignedMeasurands => Some(Key::MaxAligned),
            Key::StopMeasurands => Some(Key::MaxStop),
            _ => None,
        }
    }
}

/// Keys in groups that are read at once.
pub(super) fn chunks(keys: impl IntoIterator<Item = Key>, size: usize) -> VecDeque<Vec<Key>> {
    let keys: Vec<Key> = keys.into_iter().collect();
    keys.chunks(size.max(1)).map(<[Key]>::to_vec).collect()
}
