//! Faults of one charge point by error code and vendor code, month by month: what breaks most. Reports, not downtime.

use serde::{Deserialize, Serialize};

use super::fnv1a;
use super::sums::MONTHS_KEPT;
use crate::ledger::charging::Connector;
use crate::model::ConnectorStatus;
use crate::units::{Month, UtcMs, Zone};

/// Different faults remembered per charge point; the one reported longest ago is dropped.
const MAX_FAULTS: usize = 64;
/// OCPP 1.6 `vendorErrorCode` has at most 50 characters.
const LONGEST_CODE: usize = 50;

/// One kind of fault on one connector in one month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// Where; 0 is the charge point itself.
    pub connector_id: u32,
    /// The month of the reports.
    pub month: Month,
    /// `errorCode`; `None` is a Faulted without one.
    pub error_code: Option<Box<str>>,
    /// `vendorErrorCode`; `None` if the report has none.
    pub vendor_error_code: Option<Box<str>>,
    /// How often it was reported anew; repetitions of the same state are one.
    pub count: u32,
    /// How often with the state Faulted; the rest are warnings.
    pub faulted: u32,
    /// The last time.
    pub last_at: UtcMs,
}

/// All of them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Faults {
    /// By connector, a hash of the fault in force, to recognise repetitions.
    standing: Vec<(u32, u32)>,
    list: Vec<Fault>,
}

impl Faults {
    /// Observes a connector after a message; returns true if it reported a new fault.
    pub(super) fn observe(
        &mut self,
        connector_id: u32,
        connector: &Connector,
        at: UtcMs,
        zone: &Zone,
    ) -> bool {
        let faulted = connector.status == ConnectorStatus::Faulted;
        let (error, vendor) = (
            connector.error_code.as_deref(),
            connector.vendor_error_code.as_deref(),
        );
        let there = faulted || error.is_some();
        let hash = if there {
            hash(faulted, error, vendor)
        } else {
            0
        };
        match self.standing.iter().position(|(id, _)| *id == connector_id) {
            Some(index) if self.standing[index].1 == hash => return false,
            Some(index) => self.standing[index].1 = hash,
            None if there => self.standing.push((connector_id, hash)),
            None => {}
        }
        if there {
            self.count(
                connector_id,
                error.map(cut),
                vendor.map(cut),
                faulted,
                (at, Month::of(at, zone)),
            );
        }
        there
    }

    fn count(
        &mut self,
        connector_id: u32,
        error: Option<&str>,
        vendor: Option<&str>,
        faulted: bool,
        (at, month): (UtcMs, Month),
    ) {
        let same = |fault: &&mut Fault| {
            fault.connector_id == connector_id
                && fault.month == month
                && fault.error_code.as_deref() == error
                && fault.vendor_error_code.as_deref() == vendor
        };
        if let Some(fault) = self.list.iter_mut().find(same) {
            fault.count = fault.count.saturating_add(1);
            fault.faulted = fault.faulted.saturating_add(u32::from(faulted));
            fault.last_at = at;
            return;
        }
        self.list
            .retain(|fault| fault.month > month.plus(-MONTHS_KEPT));
        if self.list.len() >= MAX_FAULTS {
            let oldest = (0..self.list.len())
                .min_by_key(|index| self.list[*index].last_at)
                .unwrap_or(0);
            self.list.swap_remove(oldest);
        }
        self.list.push(Fault {
            connector_id,
            month,
            error_code: error.map(Into::into),
            vendor_error_code: vendor.map(Into::into),
            count: 1,
            faulted: u32::from(faulted),
            last_at: at,
        });
    }

    /// All faults remembered, in no particular order.
    pub(super) fn list(&self) -> &[Fault] {
        &self.list
    }
}

fn cut(code: &str) -> &str {
    code.char_indices()
        .nth(LONGEST_CODE)
        .map_or(code, |(end, _)| &code[..end])
}

/// Never 0; a collision costs one count.
fn hash(faulted: bool, error: Option<&str>, vendor: Option<&str>) -> u32 {
    let parts = [
        if faulted { "f" } else { "" },
        error.unwrap_or("\u{1}"),
        "\0",
        vendor.unwrap_or("\u{1}"),
    ];
    fnv1a(parts.iter().flat_map(|part| part.bytes())).max(1)
}
