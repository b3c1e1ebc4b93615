//! Charging nouns: connector states, meter samples, sessions. Names are OCPP's.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EnergyUser, IdTokenHash, TransactionId};
use crate::units::UtcMs;

/// State of a connector, OCPP 1.6 `ChargePointStatus`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum ConnectorStatus {
    /// Not reported yet, or a word outside the standard.
    #[default]
    Unknown = 0,
    /// No vehicle is plugged in.
    Available = 1,
    /// Plugged or authorised, not yet charging.
    Preparing = 2,
    /// Energy flows to the vehicle.
    Charging = 3,
    /// The vehicle takes nothing.
    SuspendedEV = 4,
    /// The charge point gives nothing (load management).
    SuspendedEVSE = 5,
    /// Ended, still plugged.
    Finishing = 6,
    /// Reserved for a driver.
    Reserved = 7,
    /// Out of order by command or schedule.
    Unavailable = 8,
    /// The charge point reports an error that prevents charging.
    Faulted = 9,
    /// In use, more is not known (OCPP 1.5; OCPP 2.x until its transaction reports more).
    Occupied = 10,
}

impl ConnectorStatus {
    /// The OCPP word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Available => "Available",
            Self::Preparing => "Preparing",
            Self::Charging => "Charging",
            Self::SuspendedEV => "SuspendedEV",
            Self::SuspendedEVSE => "SuspendedEVSE",
            Self::Finishing => "Finishing",
            Self::Reserved => "Reserved",
            Self::Unavailable => "Unavailable",
            Self::Faulted => "Faulted",
            Self::Occupied => "Occupied",
        }
    }

    /// The state of an OCPP word; anything else is `Unknown`.
    pub fn from_name(name: &str) -> Self {
        [
            Self::Available,
            Self::Preparing,
            Self::Charging,
            Self::SuspendedEV,
            Self::SuspendedEVSE,
            Self::Finishing,
            Self::Reserved,
            Self::Unavailable,
            Self::Faulted,
            Self::Occupied,
        ]
        .into_iter()
        .find(|status| status.name() == name)
        .unwrap_or_default()
    }

    /// The number written as `status_code`: stable, because dashboards map it.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// A vehicle is plugged in (OCPP 1.6 section 4.9).
    pub fn is_occupied(self) -> bool {
        matches!(
            self,
            Self::Preparing
                | Self::Charging
                | Self::SuspendedEV
                | Self::SuspendedEVSE
                | Self::Finishing
                | Self::Occupied
        )
    }
}

/// Why a meter sample was taken (OCPP 1.6 `ReadingContext`, as far as it matters).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ReadingContext {
    /// `Sample.Periodic`, the default when none is given, and every unknown word.
    #[default]
    Periodic,
    /// `Sample.Clock`: taken at a fixed time of the clock.
    Clock,
    /// `Transaction.Begin`: taken at the start of a transaction.
    Begin,
    /// `Transaction.End`: taken at the end of a transaction.
    End,
}

/// One `MeterValue`, normalised: phases summed, units converted, only what the ledgers use.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MeterSample {
    /// `timestamp`; `None` if missing or unreadable.
    pub at: Option<UtcMs>,
    /// The context of the sample.
    pub context: ReadingContext,
    /// `Energy.Active.Import.Register` in tenths of Wh.
    #[serde(rename = "register_dwh")]
    pub register_tenth_wh: Option<i64>,
    /// `Energy.Active.Export.Register` in tenths of Wh.
    #[serde(rename = "export_register_dwh")]
    pub export_register_tenth_wh: Option<i64>,
    /// `Power.Active.Import` in mW.
    #[serde(rename = "power_mw")]
    pub power_milliwatts: Option<i64>,
    /// `Current.Import`, the largest phase, in mA.
    pub current_ma: Option<i64>,
    /// `Voltage`, mean of the phases, in mV.
    pub voltage_mv: Option<i64>,
    /// `SoC` in thousandths of a per cent.
    #[serde(rename = "soc_mpct")]
    pub soc_millipercent: Option<i64>,
    /// `Temperature` in thousandths of a degree Celsius.
    pub temperature_mc: Option<i64>,
    /// Signed meter data (OCMF and others), by size and digest.
    pub signed: Option<Box<SignedData>>,
}

/// Signed meter data: kilobytes that only a verifier can read. Only what identifies them is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedData {
    /// Length of the text.
    pub bytes: u32,
    /// First 8 bytes of its SHA-256.
    pub sha256: u64,
}

impl SignedData {
    /// Of the text as sent.
    pub fn of(text: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest.as_ref()[..8]);
        Self {
            bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
            sha256: u64::from_be_bytes(first),
        }
    }
}

/// How a session's energy was found (best first).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMethod {
    /// `meterStop - meterStart`.
    Meter,
    /// Highest minus lowest register sample.
    Samples,
    /// The last register sample of a meter that counts from the session's start.
    SessionRegister,
    /// Power integrated over time: an estimate.
    PowerIntegral,
    /// Nothing to go by; the energy is unknown, not zero.
    None,
}

impl SessionMethod {
    /// The word in rows and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Samples => "samples",
            Self::SessionRegister => "session_register",
            Self::PowerIntegral => "power_integral",
            Self::None => "none",
        }
    }
}

/// What is odd about a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionQuality {
    /// No StartTransaction was seen.
    StartMissing,
    /// No StopTransaction was seen; closed by the connector becoming Available.
    Orphaned,
    /// Closed because another transaction started on the connector.
    Superseded,
    /// `meterStop` below `meterStart`, or missing.
    MeterStopInvalid,
    /// More energy than rated power and time allow.
    Implausible,
    /// The charge point's clock could not be used.
    ClockUntrusted,
    /// The register fell during the session.
    RegisterReset,
    /// `meterStart` cannot be right; the last reading before it was taken instead.
    MeterStartInvalid,
    /// Register and power disagree by a factor of about a thousand: kWh called Wh, or the other way round. Nothing was rescaled.
    UnitSuspect,
    /// The charge point's times were moved by whole quarter hours: it names a wrong zone, or none.
    ClockZone,
    /// OCPP 2.x: some events of the transaction are missing (`seqNo`).
    SeqGap,
    /// A second stop reported other values; the first one is used.
    StopConflict,
    /// The register moved on after the stop; that is in the energy.
    LateRegister,
    /// Some metering came in broken JSON and was mended.
    Repaired,
    /// The tag is unknown but resembles a registered one (bytes reversed, last byte or leading zeros lost): see `suggested_user`.
    TagResembles,
}

impl SessionQuality {
    /// The word in rows and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartMissing => "start_missing",
            Self::Orphaned => "orphaned",
            Self::Superseded => "superseded",
            Self::MeterStopInvalid => "meter_stop_invalid",
            Self::Implausible => "implausible",
            Self::ClockUntrusted => "clock_untrusted",
            Self::RegisterReset => "register_reset",
            Self::MeterStartInvalid => "meter_start_invalid",
            Self::UnitSuspect => "unit_suspect",
            Self::ClockZone => "clock_zone",
            Self::SeqGap => "seq_gap",
            Self::StopConflict => "stop_conflict",
            Self::LateRegister => "late_register",
            Self::Repaired => "repaired",
            Self::TagResembles => "tag_resembles",
        }
    }
}

/// Energy of one half-hour (UTC), the step of British electricity data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HalfHour {
    /// When the half-hour begins.
    pub start: UtcMs,
    /// Tenths of Wh.
    #[serde(rename = "dwh")]
    pub tenth_wh: i64,
}

/// A charging session, open (`ended_at` is `None`) or closed. One per transaction, for ever.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// `<charge point>:<transaction id>@<start, Unix s>`; unique and stable. An id alone may come again: after a charge point was
    /// replaced, or from another central system.
    pub id: String,
    /// The charge point.
    pub charge_point: Arc<str>,
    /// Its site, as registered when the session started; `unknown` without one.
    pub site: Arc<str>,
    /// The connector, from 1.
    pub connector_id: u32,
    /// The id we answered, the operator answered, or the charge point made up.
    pub transaction_id: TransactionId,
    /// StartTransaction (or first evidence).
    pub started_at: UtcMs,
    /// StopTransaction (or what closed it).
    pub ended_at: Option<UtcMs>,
    /// When its start arrived here; differs from `started_at` after an outage, or with a wrong clock.
    #[serde(default)]
    pub start_received_at: UtcMs,
    /// Energy in tenths of Wh; `None` is unknown.
    #[serde(rename = "energy_dwh")]
    pub energy_tenth_wh: Option<i64>,
    /// The same by half-hour, split linearly between register readings. Adds up to `energy_tenth_wh`.
    #[serde(default)]
    pub half_hours: Vec<HalfHour>,
    /// From plugging in to unplugging, as far as known, in ms.
    pub plugged_ms: i64,
    /// When the vehicle was unplugged; `None` while it is plugged in, or if it was not reported.
    pub unplugged_at: Option<UtcMs>,
    /// When energy last stopped flowing.
    pub charging_ended_at: Option<UtcMs>,
    /// Time with energy flowing, in ms.
    pub charging_ms: i64,
    /// Highest power seen in mW.
    #[serde(rename = "peak_power_mw")]
    pub peak_power_milliwatts: Option<i64>,
    /// The user that the energy is booked to.
    pub user: EnergyUser,
    /// A possible user: the tag resembles a registered one. A suggestion to confirm in `tags.csv`; nothing is booked to it.
    #[serde(default)]
    pub suggested_user: Option<EnergyUser>,
    /// Keyed hash of the token.
    pub id_token: Option<IdTokenHash>,
    /// How the energy was found.
    pub method: SessionMethod,
    /// What is odd.
    pub quality: Vec<SessionQuality>,
    /// `reason` of the StopTransaction.
    pub stop_reason: Option<String>,
    /// The last signed meter reading.
    #[serde(default)]
    pub signed: Option<SignedData>,
}

impl SessionRecord {
    /// Time plugged in after the last energy flowed and the transaction ended, beyond a grace, in ms: occupying a connector that others
    /// could use. `still_plugged_at` is now, for a vehicle that has not left yet.
    pub fn overstay_ms(&self, grace_ms: i64, still_plugged_at: Option<UtcMs>) -> i64 {
        self.overstay(grace_ms, still_plugged_at)
            .map_or(0, |(from, to)| to.since(from))
    }

    /// Time plugged in, up to `still_plugged_at` for a vehicle that has not left yet: the stored one ends with the transaction until the
    /// vehicle leaves.
    pub fn plugged_for_ms(&self, still_plugged_at: Option<UtcMs>) -> i64 {
        let more = still_plugged_at
            .filter(|_| self.unplugged_at.is_none())
            .zip(self.ended_at);
        self.plugged_ms + more.map_or(0, |(now, ended)| now.since(ended).max(0))
    }

    /// The overstay as from when to when; `None` is none.
    pub fn overstay(
        &self,
        grace_ms: i64,
        still_plugged_at: Option<UtcMs>,
    ) -> Option<(UtcMs, UtcMs)> {
        let (left, ended) = (self.unplugged_at.or(still_plugged_at)?, self.ended_at?);
        let done = self.charging_ended_at.map_or(ended, |at| at.max(ended));
        let from = done.plus(grace_ms);
        (from < left).then_some((from, left))
    }
}

/// A session as the store keeps it.
#[derive(Clone, PartialEq, Debug)]
pub struct ClosedSession {
    /// The session as it was closed.
    pub record: SessionRecord,
    /// Location-based scope 2, kgCO2e, where it is the fleet's and its energy is known.
    pub kgco2e_location: Option<f64>,
}
