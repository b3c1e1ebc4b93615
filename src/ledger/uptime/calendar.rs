//! Which time of a charge point is exempt: opening hours of its site, days out of service, and the configuration's windows.

use std::cell::{OnceCell, RefCell};

use super::class::Class;
use crate::model::register::Register;
use crate::model::{ExemptReason, ExemptWindow};
use crate::units::{Month, UtcMs, WeeklyHours, Zone};

/// Tags of time: counted, maintenance, closed.
pub(super) const TAGS: usize = 3;
/// A stretch longer than this is booked on its last part: a session of years is a wrong clock, not a session.
const LONGEST_MS: i64 = 62 * 86_400_000;

/// Where exempt time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Exempts<'a> {
    /// The windows of `[[exempt]]`.
    pub windows: &'a [ExemptWindow],
    /// Sites, their opening hours, and the days in service of charge points.
    pub register: &'a Register,
}

impl Exempts<'_> {
    /// Why nothing is expected of a charge point now, if so.
    pub fn reason(&self, charge_point: &str, now: UtcMs) -> Option<ExemptReason> {
        Calendar::new(*self, charge_point).at(now).0
    }
}

/// The exempt time of one charge point. Looked up on first use, because most messages change no class.
pub(super) struct Calendar<'a> {
    exempts: Exempts<'a>,
    charge_point: &'a str,
    found: OnceCell<Found<'a>>,
    /// Every stretch that was booked, for the quarter hours.
    booked: RefCell<Vec<(Class, UtcMs, UtcMs)>>,
}

struct Found<'a> {
    hours: Option<&'a WeeklyHours>,
    windows: Vec<&'a ExemptWindow>,
    /// First instant in service, first one out of it.
    service: (UtcMs, UtcMs),
}

impl<'a> Calendar<'a> {
    pub(super) fn new(exempts: Exempts<'a>, charge_point: &'a str) -> Self {
        Self {
            exempts,
            charge_point,
            found: OnceCell::new(),
            booked: RefCell::default(),
        }
    }

    /// The clocks of the register.
    pub(super) fn zone(&self) -> &'static Zone {
        self.exempts.register.zone()
    }

    /// Records a stretch that is booked.
    pub(super) fn record(&self, class: Class, from: UtcMs, to: UtcMs) {
        self.booked.borrow_mut().push((class, from, to));
    }

    /// Hands over what was booked.
    pub(super) fn booked(self) -> Vec<(Class, UtcMs, UtcMs)> {
        self.booked.into_inner()
    }

    fn look_up(&self) -> Found<'a> {
        let Exempts { windows, register } = self.exempts;
        let point = register.charge_point(self.charge_point);
        let site = point.and_then(|point| point.site.as_deref());
        let hours = site
            .and_then(|site| register.site(site))
            .and_then(|site| site.opening_hours.as_ref());
        let applies = |window: &&ExemptWindow| {
            let here = window.site.as_deref().is_none_or(|of| site == Some(of));
            here && window
                .charge_point
                .as_deref()
                .is_none_or(|of| of.eq_ignore_ascii_case(self.charge_point))
        };
        let from = point
            .and_then(|point| point.in_service_from)
            .map_or(UtcMs(i64::MIN), |day| day.start(self.zone()));
        let to = point
            .and_then(|point| point.in_service_to)
            .map_or(UtcMs(i64::MAX), |day| day.start(self.zone()));
        Found {
            hours,
            windows: windows.iter().filter(applies).collect(),
            service: (from, to),
        }
    }

    /// The exemption at an instant, and until when it surely lasts. Closed goes before maintenance, so that no time is exempt twice.
    pub(super) fn at(&self, instant: UtcMs) -> (Option<ExemptReason>, UtcMs) {
        let Found {
            hours,
            windows,
            service: (from, to),
        } = self.found.get_or_init(|| self.look_up());
        if instant < *from || *to <= instant {
            return (
                Some(ExemptReason::Closed),
                if instant < *from {
                    *from
                } else {
                    UtcMs(i64::MAX)
                },
            );
        }
        let mut reason = None;
        let mut until = *to;
        if let Some(hours) = hours {
            let (open, border) = hours.at(instant, self.zone());
            reason = (!open).then_some(ExemptReason::Closed);
            until = until.min(border);
        }
        for window in windows {
            let (open, border) = window.time.at(instant, self.zone());
            reason = reason.max(Some(window.reason).filter(|_| open));
            until = until.min(border);
        }
        (reason, until)
    }

    /// Cuts a stretch of time at the borders of windows and months.
    pub(super) fn cut(
        &self,
        from: UtcMs,
        to: UtcMs,
        mut each: impl FnMut(Month, usize, UtcMs, UtcMs),
    ) {
        let mut at = from;
        while at < to {
            let (reason, until) = self.at(at);
            let month = Month::of(at, self.zone());
            let end = until.min(month.end(self.zone())).min(to);
            each(month, slot(reason), at, end);
            at = end;
        }
    }

    /// Spreads an amount evenly over a stretch of time; the parts add up exactly. What falls into `outages` goes to the slot after the
    /// tags, because that time itself is not observed.
    pub(super) fn spread(
        &self,
        from: UtcMs,
        to: UtcMs,
        amount: i64,
        outages: &[(UtcMs, UtcMs)],
        mut each: impl FnMut(Month, usize, i64),
    ) {
        let from = from.min(to).max(to.plus(-LONGEST_MS));
        let whole = i128::from(to.since(from));
        if amount == 0 {
            return;
        }
        if whole == 0 {
            return each(Month::of(to, self.zone()), slot(self.at(to).0), amount);
        }
        let mut given = 0;
        self.cut(from, to, |month, slot, start, end| {
            let mut at = start;
            while at < end {
                let inside = outages.iter().find(|(from, to)| *from <= at && at < *to);
                let border = inside.map_or_else(
                    || {
                        outages
                            .iter()
                            .map(|(from, _)| *from)
                            .filter(|from| *from > at)
                            .min()
                            .unwrap_or(end)
                    },
                    |(_, to)| *to,
                );
                at = border.min(end);
                // Cumulative, so that rounding never adds up.
                let due = (i128::from(amount) * i128::from(at.since(from)) / whole) as i64;
                each(
                    month,
                    if inside.is_some() { TAGS } else { slot },
                    due - given,
                );
                given = due;
            }
        });
    }
}

/// The slot of a tag.
pub(super) fn slot(reason: Option<ExemptReason>) -> usize {
    match reason {
        None => 0,
        Some(ExemptReason::Maintenance) => 1,
        Some(ExemptReason::Closed) => 2,
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::uptime::calendar::*;
    use crate::model::ExemptTime;

    fn at(text: &str) -> UtcMs {
        text.parse().expect("a time")
    }

    /// Closed every night for all charge points, and one maintenance over the end of October for `cp`.
    fn windows() -> [ExemptWindow; 2] {
        let closed = ExemptTime::Weekly("Mon-Sun 22:00-06:00".parse().expect("hours"));
        let once = ExemptTime::Once {
            from: at("2026-10-31T20:00:00Z"),
            to: at("2026-11-01T07:00:00Z"),
        };
        let window = |reason, time, charge_point: Option<&str>| ExemptWindow {
            site: None,
            charge_point: charge_point.map(Into::into),
            reason,
            time,
        };
        [
            window(ExemptReason::Closed, closed, None),
            window(ExemptReason::Maintenance, once, Some("cp")),
        ]
    }

    fn calendar<'a>(
        windows: &'a [ExemptWindow],
        register: &'a Register,
        charge_point: &'a str,
    ) -> Calendar<'a> {
        Calendar::new(Exempts { windows, register }, charge_point)
    }

    #[test]
    fn stretches_are_cut_at_windows_and_months() {
        let (windows, register) = (windows(), Register::default());
        let mut cut = Vec::new();
        calendar(&windows, &register, "CP").cut(
            at("2026-10-31T19:00:00Z"),
            at("2026-11-01T08:00:00Z"),
            |month, slot, from, to| {
                cut.push((month.to_string(), slot, to.since(from) / 3_600_000));
            },
        );
        let part = |month: &str, slot, hours| (month.to_owned(), slot, hours);
        assert_eq!(
            cut,
            [
                part("2026-10", 0, 1),
                part("2026-10", 1, 2),
                part("2026-10", 2, 2),
                part("2026-11", 2, 6),
                part("2026-11", 1, 1),
                part("2026-11", 0, 1)
            ]
        );
    }

    #[test]
    fn spread_amounts_are_divided_at_windows_and_outages() {
        let (windows, register) = (windows(), Register::default());
        let outages = [(at("2026-10-31T21:30:00Z"), at("2026-10-31T22:30:00Z"))];
        let mut parts = Vec::new();
        calendar(&windows, &register, "CP").spread(
            at("2026-10-31T21:00:00Z"),
            at("2026-10-31T23:00:00Z"),
            401,
            &outages,
            |_, slot, part| {
                parts.push((slot, part));
            },
        );
        assert_eq!(parts, [(1, 100), (TAGS, 100), (TAGS, 100), (2, 101)]);
    }

    #[test]
    fn a_window_of_one_charge_point_leaves_others_alone() {
        let (windows, register) = (windows(), Register::default());
        let other = calendar(&windows, &register, "other");
        assert_eq!(other.at(at("2026-11-01T06:30:00Z")).0, None);
    }
}
