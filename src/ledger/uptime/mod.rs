//! The uptime book: every connector's time in seven classes that always add up to wall time, and what happened in it.
//!
//! State follows the order of arrival and the time of receipt. A state counts once it has lasted five seconds. Downtime comes from states
//! alone, never from an error code. A link that is lost counts as offline from its last frame once a grace has passed. While the daemon did not run,
//! nothing was observed, and that is not downtime. Norms are weighted sums of the classes: see [`norms`].

mod calendar;
mod class;
mod faults;
pub mod norms;
mod point;
mod sessions;
mod sums;
mod timeline;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use calendar::Exempts;
pub use class::Class;
pub use faults::Fault;
pub use sums::{MONTHS_KEPT, Sums};

use self::calendar::Calendar;
use self::point::{ConnectorTime, PointTime};
use self::sessions::Books;
use crate::ledger::charging::{ChargePointState, ChargingBook, ChargingOutcome};
use crate::model::{ChargePointEvent, SessionRecord};
use crate::units::{Month, UtcMs};

/// Outages of the daemon that are remembered: energy of sessions in that time is kept apart.
const OUTAGES_KEPT: usize = 16;

/// Limits and exempt time, passed with every call.
#[derive(Clone, Copy, Debug)]
pub struct UptimeRules<'a> {
    /// How long a link may be gone before it counts as offline, ms.
    pub offline_grace_ms: i64,
    /// How long a vehicle may stay after charging, ms.
    pub overstay_grace_ms: i64,
    /// What is exempt.
    pub exempts: Exempts<'a>,
}

/// One connector's time, as far as known at some instant.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectorUptime {
    /// Its charge point.
    pub charge_point: Arc<str>,
    /// The number of the connector, from 1.
    pub connector_id: u32,
    /// When its first message arrived.
    pub first_observed: UtcMs,
    /// The class in force.
    pub class: Class,
    /// Month by month, rising.
    pub months: Vec<(Month, Sums)>,
    /// Since first observed, months no longer kept apart included.
    pub total: Sums,
}

/// All charge points.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct UptimeBook {
    points: BTreeMap<Arc<str>, PointTime>,
    outages: VecDeque<(UtcMs, UtcMs)>,
    /// Booked since the last [`UptimeBook::take_booked`]; the engine drains it after every call.
    #[serde(skip)]
    booked: Vec<BookedTime>,
}

/// A stretch of a connector's time, certain: no later message changes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookedTime {
    /// Its charge point.
    pub charge_point: Arc<str>,
    /// The class in that time.
    pub class: Class,
    /// Begin of the stretch.
    pub from: UtcMs,
    /// End of the stretch.
    pub to: UtcMs,
}

fn named(id: &Arc<str>, calendar: Calendar<'_>) -> impl Iterator<Item = BookedTime> {
    calendar
        .booked()
        .into_iter()
        .map(move |(class, from, to)| BookedTime {
            charge_point: id.clone(),
            class,
            from,
            to,
        })
}

impl UptimeBook {
    /// Applies a message of a charge point, after the charging book has turned it into `state`.
    pub fn apply(
        &mut self,
        event: &ChargePointEvent,
        state: &ChargePointState,
        rules: &UptimeRules<'_>,
    ) {
        if !event.message.comes_from_charge_point() {
            return;
        }
        let calendar = Calendar::new(rules.exempts, &event.charge_point);
        if !self.points.contains_key(&event.charge_point) {
            self.points.insert(
                event.charge_point.clone(),
                PointTime::new(event.received_at),
            );
        }
        if let Some(point) = self.points.get_mut(&event.charge_point) {
            point.apply(event, state, rules.offline_grace_ms, &calendar);
            self.booked.extend(named(&event.charge_point, calendar));
        }
    }

    /// Drains the time booked since the last call.
    pub fn take_booked(&mut self) -> Vec<BookedTime> {
        std::mem::take(&mut self.booked)
    }

    /// Time of a charge point's connectors that is not booked yet, as it looks now.
    pub fn open_time(
        &self,
        charge_point: &Arc<str>,
        now: UtcMs,
        rules: &UptimeRules<'_>,
    ) -> Vec<BookedTime> {
        let Some(point) = self.points.get(charge_point) else {
            return Vec::new();
        };
        let calendar = Calendar::new(rules.exempts, charge_point);
        point.as_of(now, &calendar);
        named(charge_point, calendar).collect()
    }

    /// Books what the charging book reports.
    pub fn apply_outcome(
        &mut self,
        outcome: &ChargingOutcome,
        now: UtcMs,
        rules: &UptimeRules<'_>,
    ) {
        match outcome {
            ChargingOutcome::Fact(_) | ChargingOutcome::Flowed { .. } => {}
            ChargingOutcome::Energy {
                charge_point,
                connector_id,
                from,
                to,
                tenth_wh,
                ..
            } => {
                self.book(charge_point, *connector_id, now, rules, |_, books| {
                    let Books {
                        months,
                        calendar,
                        outages,
                    } = books;
                    calendar.spread(*from, *to, *tenth_wh, outages, |month, slot, part| {
                        months.edit(month, |sums| sums.energy[slot] += part);
                    });
                });
            }
            ChargingOutcome::Closed(record) => self.session(record, false, now, rules),
            ChargingOutcome::Corrected(record) => self.session(record, true, now, rules),
        }
    }

    fn session(
        &mut self,
        record: &SessionRecord,
        corrected: bool,
        now: UtcMs,
        rules: &UptimeRules<'_>,
    ) {
        self.book(
            &record.charge_point,
            record.connector_id,
            now,
            rules,
            |sessions, books| {
                sessions.record(record, corrected, rules.overstay_grace_ms, books);
            },
        );
    }

    fn book(
        &mut self,
        charge_point: &Arc<str>,
        connector_id: u32,
        now: UtcMs,
        rules: &UptimeRules<'_>,
        book: impl FnOnce(&mut sessions::Sessions, &mut Books<'_, '_>),
    ) {
        let Some(point) = self.points.get_mut(charge_point) else {
            return;
        };
        let calendar = Calendar::new(rules.exempts, charge_point);
        let connector = point.connectors.entry(connector_id).or_insert_with(|| {
            Box::new(ConnectorTime::new(Class::NotObserved, now, calendar.zone()))
        });
        let outages = self.outages.make_contiguous();
        book(
            &mut point.sessions,
            &mut Books {
                months: &mut connector.months,
                calendar: &calendar,
                outages,
            },
        );
    }

    /// We were away from `alive` until `now`. Every connector is unobserved until its link is back, or the grace has passed.
    pub fn restarted(&mut self, alive: UtcMs, now: UtcMs, rules: &UptimeRules<'_>) {
        for (id, point) in &mut self.points {
            let calendar = Calendar::new(rules.exempts, id);
            point.restarted(alive, now, rules.offline_grace_ms, &calendar);
            self.booked.extend(named(id, calendar));
        }
        if alive < now && !self.points.is_empty() {
            if self.outages.len() >= OUTAGES_KEPT {
                self.outages.pop_front();
            }
            self.outages.push_back((alive, now));
        }
    }

    /// Books what no later message can change: before the exempt time changes.
    pub fn settle(&mut self, now: UtcMs, rules: &UptimeRules<'_>) {
        for (id, point) in &mut self.points {
            let calendar = Calendar::new(rules.exempts, id);
            point.settle(now, rules.offline_grace_ms, &calendar);
            self.booked.extend(named(id, calendar));
        }
    }

    /// Connectors to write a row of: all, or those with another class than in their last row. Their sums are what is certain.
    pub fn due_rows(
        &mut self,
        now: UtcMs,
        all: bool,
        rules: &UptimeRules<'_>,
    ) -> Vec<(Arc<str>, u32, Class, Sums)> {
        let mut due = Vec::new();
        for (id, point) in &mut self.points {
            let calendar = Calendar::new(rules.exempts, id);
            point.advance(now, &calendar);
            if all
                || point
                    .connectors
                    .values()
                    .any(|connector| connector.row != Some(connector.line.class()))
            {
                point.settle(now, rules.offline_grace_ms, &calendar);
            }
            for (connector_id, connector) in &mut point.connectors {
                let class = connector.line.class();
                if all || connector.row != Some(class) {
                    connector.row = Some(class);
                    due.push((id.clone(), *connector_id, class, connector.months.total()));
                }
            }
            self.booked.extend(named(id, calendar));
        }
        due
    }

    /// Whether the requests of a charge point checked by now deserve a row: the first ones at once, later ones when `all` are written.
    pub fn conformance_due(&mut self, charge_point: &str, checked: u64, all: bool) -> bool {
        let Some(point) = self.points.get_mut(charge_point) else {
            return false;
        };
        let due = checked != point.conformance_row && (all || point.conformance_row == 0);
        if due {
            point.conformance_row = checked;
        }
        due
    }

    /// Every connector as it stands now: over each, all classes of all months add up to `now` minus its first word. Charging in open
    /// sessions is in it as far as it is known.
    pub fn connectors(
        &self,
        now: UtcMs,
        rules: &UptimeRules<'_>,
        charging: &ChargingBook,
    ) -> Vec<ConnectorUptime> {
        let mut list = Vec::new();
        let outages: Vec<_> = self.outages.iter().copied().collect();
        for (id, point) in &self.points {
            let calendar = Calendar::new(rules.exempts, id);
            let mut point = point.as_of(now, &calendar);
            let open = charging
                .charge_point(id)
                .into_iter()
                .flat_map(|state| &state.connectors);
            for (connector_id, (record, ms)) in
                open.filter_map(|(id, connector)| Some((id, connector.charging(now)?)))
            {
                let Some(connector) = point.connectors.get_mut(connector_id) else {
                    continue;
                };
                sessions::add_open(
                    record,
                    ms,
                    now,
                    &mut Books {
                        months: &mut connector.months,
                        calendar: &calendar,
                        outages: &outages,
                    },
                );
            }
            list.extend(
                point
                    .connectors
                    .into_iter()
                    .map(|(connector_id, connector)| ConnectorUptime {
                        charge_point: id.clone(),
                        connector_id,
                        first_observed: connector.first,
                        class: connector.line.class(),
                        months: connector.months.list(),
                        total: connector.months.total(),
                    }),
            );
        }
        list
    }

    /// Faults of a charge point.
    pub fn faults(&self, charge_point: &str) -> &[Fault] {
        self.points
            .get(charge_point)
            .map_or(&[], |point| point.faults.list())
    }
}

/// FNV-1a: the same on every machine, for it is in the snapshot.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
