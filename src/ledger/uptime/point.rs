//! One charge point's time: its link, and the lines of its connectors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::class::Class;
use super::faults::Faults;
use super::sessions::Sessions;
use super::sums::Months;
use super::timeline::{HOLD_MS, Timeline};
use crate::ledger::charging::{ChargePointState, Connector};
use crate::model::{ChargePointEvent, ChargePointMessage};
use crate::units::{Month, UtcMs, Zone};

/// A link without a word for longer than the grace and this was alive by its pings, or the central system would have given it up.
const SILENCE_MARGIN_MS: i64 = 120_000;
/// Energy in two samples in a row is energy in between, if they are not further apart than usual; two minutes fit the usual interval of a
/// minute, half an hour a clock-aligned quarter.
const SHORTEST_PROOF_MS: i64 = 120_000;
const LONGEST_PROOF_MS: i64 = 1_920_000;

/// The link, as far as time depends on it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum Link {
    Up,
    /// Lost; offline since `from` if it is not back before `due`.
    Lost {
        from: UtcMs,
        due: UtcMs,
    },
    /// The daemon started at `from` and has not seen the link yet; offline since then if it is not there before `due`.
    Awaited {
        from: UtcMs,
        due: UtcMs,
    },
    /// The link is lost for longer than the grace.
    Gone,
}

impl Link {
    /// Since when it is offline and when that became certain, if the grace has passed by now.
    fn offline(self, now: UtcMs) -> Option<(UtcMs, UtcMs)> {
        match self {
            Self::Lost { from, due } | Self::Awaited { from, due } if due <= now => {
                Some((from, due))
            }
            _ => None,
        }
    }
}

/// One connector's time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct ConnectorTime {
    pub first: UtcMs,
    pub line: Timeline,
    pub months: Months,
    /// Connector 0 reported its state after this one did.
    zero_is_newer: bool,
    /// The class in its last row.
    pub row: Option<Class>,
}

impl ConnectorTime {
    pub(super) fn new(class: Class, at: UtcMs, zone: &Zone) -> Self {
        Self {
            first: at,
            line: Timeline::new(class, at),
            months: Months::new(Month::of(at, zone)),
            zero_is_newer: false,
            row: None,
        }
    }

    fn turn(&mut self, class: Class, at: UtcMs, calendar: &Calendar<'_>) {
        self.line
            .turn(class, at, &mut into(&mut self.months, calendar));
    }

    /// `own` is the class by its own reports. Energy is better evidence than a state: while it flows the connector is in use.
    fn observe(
        &mut self,
        own: Option<Class>,
        connector: &Connector,
        at: UtcMs,
        calendar: &Calendar<'_>,
    ) {
        let Some(own) = own else { return };
        let Self { line, months, .. } = self;
        let mut book = into(months, calendar);
        let proof = connector.energy_seen().filter(|_| own != Class::Occupied);
        let Some((seen, gap)) = proof else {
            return line.observe(own, at, HOLD_MS, &mut book);
        };
        let holds_for = (2 * gap).clamp(SHORTEST_PROOF_MS, LONGEST_PROOF_MS);
        if seen == at {
            line.turn(Class::Occupied, at, &mut book);
        }
        // Until the next sample is overdue the state has not held; then it counts from the last one on.
        let holds_for = if at.since(seen) < holds_for {
            holds_for
        } else {
            HOLD_MS
        };
        line.observe(own, at, holds_for, &mut book);
    }
}

/// Books stretches of a class, cut at the borders of months and exempt windows.
pub(super) fn into<'a>(
    months: &'a mut Months,
    calendar: &'a Calendar<'_>,
) -> impl FnMut(Class, UtcMs, UtcMs) + 'a {
    |class, from, to| {
        calendar.record(class, from, to);
        calendar.cut(from, to, |month, tag, from, to| {
            months.edit(month, |sums| {
                sums.time[class as usize][tag] += to.since(from)
            });
        });
    }
}

/// One charge point's time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct PointTime {
    last_frame: UtcMs,
    link: Link,
    /// Boxed, because a map's node has room for eleven.
    pub connectors: BTreeMap<u32, Box<ConnectorTime>>,
    pub sessions: Sessions,
    pub faults: Faults,
    /// Requests checked at the last row about its conformance.
    pub conformance_row: u64,
}

impl PointTime {
    pub(super) fn new(at: UtcMs) -> Self {
        Self {
            last_frame: at,
            link: Link::Up,
            connectors: BTreeMap::new(),
            sessions: Sessions::default(),
            faults: Faults::default(),
            conformance_row: 0,
        }
    }

    /// A message arrived, and this is what the charging book made of it.
    pub(super) fn apply(
        &mut self,
        event: &ChargePointEvent,
        state: &ChargePointState,
        grace_ms: i64,
        calendar: &Calendar<'_>,
    ) {
        let at = event.received_at;
        self.resolve(at, calendar);
        if event.message == ChargePointMessage::Disconnected {
            return self.lose(at, grace_ms);
        }
        let back = matches!(self.link, Link::Awaited { .. } | Link::Gone);
        self.link = Link::Up;
        self.last_frame = self.last_frame.max(at);
        match &event.message {
            ChargePointMessage::Heartbeat
            | ChargePointMessage::Notice { .. }
            | ChargePointMessage::Boot { .. }
                if !back =>
            {
                return;
            }
            ChargePointMessage::Status {
                connector_id: 0, ..
            } => {
                self.connectors
                    .values_mut()
                    .for_each(|connector| connector.zero_is_newer = true);
            }
            ChargePointMessage::Status { connector_id, .. } => {
                if let Some(connector) = self.connectors.get_mut(connector_id) {
                    connector.zero_is_newer = false;
                }
            }
            _ => {}
        }
        let zero = state.connectors.get(&0);
        for (id, connector) in state.connectors.iter().filter(|(id, _)| **id > 0) {
            match self.connectors.get_mut(id) {
                None => {
                    let class = Class::beside(connector, zero, false).unwrap_or(Class::NotObserved);
                    self.connectors.insert(
                        *id,
                        Box::new(ConnectorTime::new(class, at, calendar.zone())),
                    );
                }
                Some(time) => {
                    let own = Class::beside(connector, zero, time.zero_is_newer);
                    if back {
                        // Its last report counts until the next one.
                        time.turn(own.unwrap_or(Class::NotObserved), at, calendar);
                    }
                    time.observe(own, connector, at, calendar);
                }
            }
        }
        self.count_faults(&event.message, state, at, calendar.zone());
    }

    fn count_faults(
        &mut self,
        message: &ChargePointMessage,
        state: &ChargePointState,
        at: UtcMs,
        zone: &Zone,
    ) {
        let (ChargePointMessage::Status {
            connector_id: id, ..
        }
        | ChargePointMessage::Problem {
            connector_id: id, ..
        }) = message
        else {
            return;
        };
        let Some(connector) = state.connectors.get(id) else {
            return;
        };
        if self.faults.observe(*id, connector, at, zone)
            && let Some(time) = self.connectors.get_mut(id)
        {
            time.months
                .edit(Month::of(at, zone), |sums| sums.faults += 1);
        }
    }

    fn lose(&mut self, at: UtcMs, grace_ms: i64) {
        if self.link == Link::Up {
            let from = self.alive_until(at, grace_ms);
            self.link = Link::Lost {
                from,
                due: from.plus(grace_ms),
            };
        }
    }

    /// Until when a link that is up is known to live.
    fn alive_until(&self, now: UtcMs, grace_ms: i64) -> UtcMs {
        let silent = now.since(self.last_frame);
        if silent <= grace_ms.saturating_add(SILENCE_MARGIN_MS) {
            self.last_frame
        } else {
            now
        }
    }

    /// We were away from `alive` until `now`.
    pub(super) fn restarted(
        &mut self,
        alive: UtcMs,
        now: UtcMs,
        grace_ms: i64,
        calendar: &Calendar<'_>,
    ) {
        self.resolve(alive, calendar);
        for connector in self.connectors.values_mut() {
            connector.turn(Class::NotObserved, alive, calendar);
        }
        self.link = Link::Awaited {
            from: now,
            due: now.plus(grace_ms),
        };
    }

    /// Draws the conclusion if a grace has passed.
    pub(super) fn resolve(&mut self, now: UtcMs, calendar: &Calendar<'_>) {
        if let Some((from, due)) = self.link.offline(now) {
            for connector in self.connectors.values_mut() {
                // The last reported class has held until the link was given up.
                connector
                    .line
                    .advance(due, &mut into(&mut connector.months, calendar));
                connector.turn(Class::Offline, from, calendar);
            }
            self.link = Link::Gone;
        }
    }

    /// Draws all conclusions that time alone allows.
    pub(super) fn advance(&mut self, now: UtcMs, calendar: &Calendar<'_>) {
        self.resolve(now, calendar);
        for connector in self.connectors.values_mut() {
            connector
                .line
                .advance(now, &mut into(&mut connector.months, calendar));
        }
    }

    /// Books what no later message can change.
    pub(super) fn settle(&mut self, now: UtcMs, grace_ms: i64, calendar: &Calendar<'_>) {
        self.advance(now, calendar);
        let limit = match self.link {
            Link::Up => self.alive_until(now, grace_ms),
            Link::Lost { from, .. } | Link::Awaited { from, .. } => from,
            Link::Gone => now,
        };
        for connector in self.connectors.values_mut() {
            connector
                .line
                .settle(limit, &mut into(&mut connector.months, calendar));
        }
    }

    /// As it stands now, uncertain time included: the sums are wall time to the ms.
    pub(super) fn as_of(&self, now: UtcMs, calendar: &Calendar<'_>) -> Self {
        let mut copy = self.clone();
        copy.resolve(now, calendar);
        for connector in copy.connectors.values_mut() {
            connector
                .line
                .settle_all(now, &mut into(&mut connector.months, calendar));
        }
        copy
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::uptime::point::*;

    #[test]
    fn a_connector_is_small() {
        // With a year of packed months, about 60 bytes each, a connector stays near a kilobyte.
        assert!(
            size_of::<ConnectorTime>() <= 400,
            "{}",
            size_of::<ConnectorTime>()
        );
        assert!(size_of::<PointTime>() <= 200, "{}", size_of::<PointTime>());
    }
}
