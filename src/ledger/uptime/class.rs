//! What a connector's time can be: seven classes, and how states become one.

use serde::{Deserialize, Serialize};

use crate::ledger::charging::Connector;
use crate::model::ConnectorStatus;

/// What a connector was for a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum Class {
    /// Free and working.
    Available = 0,
    /// A vehicle is plugged in, or energy flows.
    Occupied = 1,
    /// Reserved for a driver.
    Reserved = 2,
    /// Out of service by command (ChangeAvailability).
    Inoperative = 3,
    /// Broken: Faulted, or Unavailable without a command.
    Faulted = 4,
    /// Its charge point is not linked.
    Offline = 5,
    /// The daemon did not run, or no state was ever reported: not downtime.
    NotObserved = 6,
}

impl Class {
    /// All, by number.
    pub const ALL: [Self; 7] = [
        Self::Available,
        Self::Occupied,
        Self::Reserved,
        Self::Inoperative,
        Self::Faulted,
        Self::Offline,
        Self::NotObserved,
    ];

    /// The word in rows and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Occupied => "occupied",
            Self::Reserved => "reserved",
            Self::Inoperative => "inoperative",
            Self::Faulted => "faulted",
            Self::Offline => "offline",
            Self::NotObserved => "not_observed",
        }
    }

    /// The class by a connector's own state and session; `None` if they leave it open.
    fn from_connector(connector: &Connector, commanded: bool) -> Option<Self> {
        match connector.status {
            ConnectorStatus::Available => Some(Self::Available),
            ConnectorStatus::Reserved => Some(Self::Reserved),
            ConnectorStatus::Faulted => Some(Self::Faulted),
            // OCPI 2.2.1: INOPERATIVE by command, OUTOFORDER by itself.
            ConnectorStatus::Unavailable if commanded => Some(Self::Inoperative),
            ConnectorStatus::Unavailable => Some(Self::Faulted),
            ConnectorStatus::Unknown if connector.session().is_some() => Some(Self::Occupied),
            // Never a state, only metering or transactions: in between nothing is known.
            ConnectorStatus::Unknown if connector.since.is_none() => Some(Self::NotObserved),
            ConnectorStatus::Unknown => None,
            // OCPP 1.6 section 4.9, and `Occupied` of 1.5 and 2.x.
            _ => Some(Self::Occupied),
        }
    }

    /// What a connector is, beside its charge point's own state (connector 0).
    ///
    /// The newest status wins: a charge point that reports Faulted or Unavailable sets its connectors to that until they report again.
    /// But not one that is in use, for connector 0 is Faulted on some (Alfen) while connector 1 charges. An error code alone changes nothing.
    pub(super) fn beside(
        connector: &Connector,
        zero: Option<&Connector>,
        zero_is_newer: bool,
    ) -> Option<Self> {
        let commanded = connector.commanded_out || zero.is_some_and(|zero| zero.commanded_out);
        let own = Self::from_connector(connector, commanded);
        let of_all = zero
            .filter(|_| zero_is_newer && own != Some(Self::Occupied))
            .and_then(|zero| Self::from_connector(zero, commanded));
        match of_all {
            Some(Self::Faulted | Self::Inoperative) => of_all,
            _ => own,
        }
    }
}
