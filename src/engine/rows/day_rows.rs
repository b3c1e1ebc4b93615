//! State of the running day's rows: what they depend on beside the day itself, and which were written.

use crate::ledger::emissions::Months;
use crate::ledger::series_tombstones::WrittenRows;
use crate::model::{DaySeries, Fact};
use crate::units::{Day, UtcMs};

/// What the writing of a day's rows remembers.
#[derive(Debug, Default)]
pub(in crate::engine) struct DayRows {
    /// Activity of the months before, from the store; not in the snapshot, read again after a restart.
    months: Months,
    /// Tags of what was written, to know which of it vanishes. In the snapshot.
    written: WrittenRows,
    /// The months before are being read: until then, figures would be those of class factors, and a day that ends would keep them.
    awaits_months: bool,
    /// Rows by site were due meanwhile.
    sites_due: bool,
}

impl DayRows {
    pub(crate) fn restored(written: WrittenRows) -> Self {
        Self {
            written,
            ..Self::default()
        }
    }

    pub(crate) fn months(&self) -> &Months {
        &self.months
    }

    pub(crate) fn set_months(&mut self, months: Months) {
        self.months = months;
    }

    pub(crate) fn await_months(&mut self) {
        self.awaits_months = true;
    }

    pub(crate) fn awaits_months(&self) -> bool {
        self.awaits_months
    }

    /// Returns true if rows waited for the months.
    pub(crate) fn end_waiting(&mut self) -> bool {
        std::mem::take(&mut self.awaits_months)
    }

    /// Are rows by site to be written now? If they are due and the months are missing, they stay due.
    pub(crate) fn take_sites_due(&mut self, due: bool) -> bool {
        let due = due || self.sites_due;
        self.sites_due = due && self.awaits_months;
        due && !self.awaits_months
    }

    pub(crate) fn written(&self) -> &WrittenRows {
        &self.written
    }

    /// The rows to write of a measurement of a day (with its start): those given, and zeros for those written before that are not among them.
    pub(crate) fn add_zero_rows(
        &mut self,
        day: (Day, UtcMs),
        series: DaySeries,
        rows: Vec<Fact>,
    ) -> Vec<Fact> {
        self.written.add_zero_rows(day, series, rows)
    }
}
