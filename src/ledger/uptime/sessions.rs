//! What closed sessions add to the ledger; a corrected session replaces its earlier contribution, so that nothing counts twice.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, slot};
use super::fnv1a;
use super::sums::{Months, Sums};
use crate::model::{ExemptReason, SessionRecord};
use crate::units::{Month, UtcMs};

/// Sessions per charge point that may still be corrected: a few more than the charging book remembers.
const REMEMBERED: usize = 16;
/// A session in which the vehicle was charged: 0.2 kWh, or three minutes of charging (Last Mile Solutions' transaction success; ours).
const SUCCESS_TENTH_WH: i64 = 2_000;
const SUCCESS_MS: i64 = 180_000;

/// What a session put into the months of its connector.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Booked {
    /// Hash of its id.
    id: u32,
    successful: bool,
    started: UtcMs,
    charged_until: UtcMs,
    charging_ms: i64,
    /// From and to; the same twice is none.
    overstay: (UtcMs, UtcMs),
}

/// The newest sessions of a charge point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sessions(VecDeque<Booked>);

/// Where a session is booked.
pub(super) struct Books<'a, 'b> {
    pub months: &'a mut Months,
    pub calendar: &'a Calendar<'b>,
    /// When we were away.
    pub outages: &'a [(UtcMs, UtcMs)],
}

impl Sessions {
    /// Books a closed session, or what is new about it.
    pub(super) fn record(
        &mut self,
        record: &SessionRecord,
        corrected: bool,
        grace_ms: i64,
        books: &mut Books<'_, '_>,
    ) {
        let Some(new) = Booked::from_record(record, grace_ms) else {
            return;
        };
        match self.0.iter_mut().find(|known| known.id == new.id) {
            Some(known) if *known == new => {}
            Some(known) => {
                known.book(-1, books);
                new.book(1, books);
                *known = new;
            }
            // Too old to be known: what it had put in stays as it is.
            None if corrected => {}
            None => {
                new.book(1, books);
                if self.0.len() >= REMEMBERED {
                    self.0.pop_front();
                }
                self.0.push_back(new);
            }
        }
    }
}

impl Booked {
    fn from_record(record: &SessionRecord, grace_ms: i64) -> Option<Self> {
        let ended = record.ended_at?;
        let charged_until = record
            .charging_ended_at
            .unwrap_or(ended)
            .max(record.started_at);
        Some(Self {
            // Sixteen ids do not collide.
            id: fnv1a(record.id.bytes()),
            started: record.started_at,
            charged_until,
            charging_ms: record.charging_ms,
            overstay: record.overstay(grace_ms, None).unwrap_or_default(),
            successful: record
                .energy_tenth_wh
                .is_some_and(|tenth_wh| tenth_wh >= SUCCESS_TENTH_WH)
                || record.charging_ms >= SUCCESS_MS,
        })
    }

    fn book(&self, sign: i64, books: &mut Books<'_, '_>) {
        let Books {
            months,
            calendar,
            outages,
        } = books;
        months.edit(Month::of(self.started, calendar.zone()), |sums| {
            sums.sessions += sign;
            sums.sessions_successful += sign * i64::from(self.successful);
        });
        // Spread over the stretch in which it can have been.
        calendar.spread(
            self.started,
            self.charged_until,
            self.charging_ms,
            outages,
            |month, slot, part| {
                months.edit(month, |sums: &mut Sums| sums.charging[slot] += sign * part);
            },
        );
        // In closed hours no other vehicle could have used it.
        let (from, to) = self.overstay;
        calendar.cut(from, to, |month, tag, from, to| {
            if tag != slot(Some(ExemptReason::Closed)) {
                months.edit(month, |sums| sums.overstay_ms += sign * to.since(from));
            }
        });
    }
}

/// Adds what an open session has charged so far; for looking only.
pub(super) fn add_open(
    record: &SessionRecord,
    charging_ms: i64,
    now: UtcMs,
    books: &mut Books<'_, '_>,
) {
    let Books {
        months,
        calendar,
        outages,
    } = books;
    calendar.spread(
        record.started_at,
        now.max(record.started_at),
        charging_ms,
        outages,
        |month, slot, part| {
            months.edit(month, |sums: &mut Sums| sums.charging[slot] += part);
        },
    );
}
