//! `/api/v1/history` and `/api/v1/utilisation`: quarter hours, days and a week's heat map of sites and charge points. Answered on a thread of its own.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::{rfc3339, wh};
use crate::engine::query::{Field, RollupQuery, Rollups, Step};
use crate::ledger::rollups::{Cell, HeatMap};
use crate::model::register::Register;
use crate::model::{RollupSums, SLOT_MS, Series, Slots, slot_of, slot_start};
use crate::units::{Day, UtcMs, Zone};

const DAY_MS: i64 = 86_400_000;

/// Quarter hours that overlap `[from, to)`, or the London days that hold them.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryQuery {
    /// Start; default seven days before `to`, 365 with days.
    pub from: Option<UtcMs>,
    /// End; default now, or as far from `from` as is allowed.
    pub to: Option<UtcMs>,
    /// Quarter hours or days.
    pub step: Step,
    /// Site, charge point or all.
    pub series: Series,
    /// Columns, in this order.
    pub fields: Vec<Field>,
}

impl HistoryQuery {
    fn range(&self, now: UtcMs) -> (UtcMs, UtcMs) {
        let furthest = self.from.map_or(now, |from| {
            from.plus(i64::from(self.step.max_days()) * DAY_MS)
        });
        let to = self.to.unwrap_or(now.min(furthest));
        let days = if self.step == Step::Quarter { 7 } else { 365 };
        (self.from.unwrap_or(to.plus(-days * DAY_MS)), to)
    }
}

impl RollupQuery for HistoryQuery {
    type Response = HistoryView;

    fn series(&self) -> &Series {
        &self.series
    }

    fn answer(
        self,
        now: UtcMs,
        register: &Register,
        rollups: &dyn Rollups,
    ) -> Result<HistoryView, String> {
        let (from, to) = self.range(now);
        let zone = register.zone();
        let sums = match self.step {
            // The last slot is the one that holds the last instant of the range.
            Step::Quarter => rollups.quarters(slot_of(from), slot_of(to.plus(SLOT_MS - 1)))?,
            Step::Day => rollups.days(Day::of(from, zone), Day::of(to.plus(-1), zone))?,
        };
        let Self {
            step,
            series,
            fields,
            ..
        } = self;
        Ok(HistoryView::new(
            (from, to, now),
            step,
            &series,
            fields,
            sums,
            register,
        ))
    }
}

/// The days `from..=to` by weekday and hour.
#[derive(Clone, PartialEq, Debug)]
pub struct UtilisationQuery {
    /// First day; default 27 days before `to`.
    pub from: Option<Day>,
    /// Last day; default today, or as far from `from` as is allowed.
    pub to: Option<Day>,
    /// Site, charge point or all.
    pub series: Series,
}

impl RollupQuery for UtilisationQuery {
    type Response = UtilisationView;

    fn series(&self) -> &Series {
        &self.series
    }

    fn answer(
        self,
        now: UtcMs,
        register: &Register,
        rollups: &dyn Rollups,
    ) -> Result<UtilisationView, String> {
        let zone = register.zone();
        let (today, max_days) = (Day::of(now, zone), Step::Quarter.max_days());
        let furthest = self.from.map_or(today, |from| {
            today.min(Day(from.0.saturating_add(max_days - 1)))
        });
        let to = self.to.unwrap_or(furthest);
        let from = self.from.unwrap_or(Day(to.0.saturating_sub(27)));
        let mut map = HeatMap::default();
        let sums = rollups.quarters(slot_of(from.start(zone)), slot_of(to.end(zone)))?;
        sums.iter()
            .for_each(|(slot, sums)| map.add(slot, sums, zone));
        Ok(UtilisationView::new(
            (from, to, now),
            &self.series,
            &map,
            register,
        ))
    }
}

/// The site or charge point that the figures belong to; all `null` for the whole totals.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeriesScope {
    /// Id of the site.
    pub site: Option<Arc<str>>,
    /// Name of the site in the register.
    pub site_name: Option<String>,
    /// Id of the charge point.
    pub charge_point: Option<Arc<str>>,
    /// What the site's supply bears, as registered.
    pub capacity_kw: Option<f64>,
}

impl SeriesScope {
    fn from_series(series: &Series, register: &Register) -> Self {
        let (site, charge_point) = match series {
            Series::Fleet => (None, None),
            Series::Site(id) => (Some(id.clone()), None),
            Series::ChargePoint(id) => (None, Some(id.clone())),
        };
        let known = site.as_ref().and_then(|id| register.site(id));
        Self {
            site_name: known.map(|site| site.name.clone()),
            capacity_kw: known.and_then(|site| site.capacity_kw),
            site,
            charge_point,
        }
    }
}

/// The answer of `/api/v1/history`. A row for every quarter or day of which something is known; others are left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryView {
    /// Time of the answer.
    pub as_of: String,
    /// Start of the range.
    pub from: String,
    /// End of the range, excluded.
    pub to: String,
    /// `15m` or `1d`.
    pub step: &'static str,
    /// What the figures belong to.
    #[serde(flatten)]
    pub scope: SeriesScope,
    /// Names of the columns of a row; the first is `start` or `day`.
    pub columns: Vec<&'static str>,
    /// One list per row: its start, then the figures of `columns`; `null` where a figure is not known.
    #[schemars(with = "Vec<Vec<serde_json::Value>>")]
    pub rows: HistoryRows,
}

impl HistoryView {
    /// From slots (step `15m`) or days (`1d`).
    pub fn new(
        (from, to, now): (UtcMs, UtcMs, UtcMs),
        step: Step,
        series: &Series,
        fields: Vec<Field>,
        sums: Slots,
        register: &Register,
    ) -> Self {
        let start = match step {
            Step::Quarter => "start",
            Step::Day => "day",
        };
        Self {
            as_of: rfc3339(now),
            from: rfc3339(from),
            to: rfc3339(to),
            step: step.name(),
            scope: SeriesScope::from_series(series, register),
            columns: std::iter::once(start)
                .chain(fields.iter().map(|field| field.name()))
                .collect(),
            rows: HistoryRows {
                sums,
                step,
                fields,
                zone: register.zone(),
            },
        }
    }
}

/// Rows of a history. A year has 35,000 of them, so each is made while it is serialised.
#[derive(Debug)]
pub struct HistoryRows {
    zone: &'static Zone,
    sums: Slots,
    step: Step,
    fields: Vec<Field>,
}

impl Serialize for HistoryRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self
            .sums
            .iter()
            .filter(|(_, sums)| **sums != RollupSums::default());
        serializer.collect_seq(known.map(|(at, sums)| Row {
            zone: self.zone,
            at,
            sums,
            step: self.step,
            fields: &self.fields,
        }))
    }
}

/// The start, and the values: one flat list.
struct Row<'a> {
    zone: &'static Zone,
    at: i32,
    sums: &'a RollupSums,
    step: Step,
    fields: &'a [Field],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(1 + self.fields.len()))?;
        let length_ms = match self.step {
            Step::Quarter => {
                list.serialize_element(&rfc3339(slot_start(self.at)))?;
                SLOT_MS
            }
            Step::Day => {
                let day = Day(self.at);
                list.serialize_element(&day.to_string())?;
                day.end(self.zone).since(day.start(self.zone))
            }
        };
        self.fields
            .iter()
            .try_for_each(|field| list.serialize_element(&value(*field, self.sums, length_ms)))?;
        list.end()
    }
}

fn value(field: Field, sums: &RollupSums, length_ms: i64) -> Option<f64> {
    let seconds = |ms: i64| Some(ms as f64 / 1000.0);
    match field {
        Field::Energy => Some(wh(sums.energy_tenth_wh)),
        Field::Power => {
            Some((wh(sums.energy_tenth_wh) * 3_600_000.0 / length_ms as f64 * 10.0).round() / 10.0)
        }
        Field::PeakPower => sums.peak_w.map(f64::from),
        Field::Occupied => seconds(sums.occupied_ms),
        Field::Charging => seconds(sums.charging_ms),
        Field::Observed => seconds(sums.observed_ms),
        Field::Faulted => seconds(sums.faulted_ms),
        Field::Offline => seconds(sums.offline_ms),
    }
}

/// The answer of `/api/v1/utilisation`: Monday to Sunday by 24 London hours; `null` where nothing was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UtilisationView {
    /// Time of the answer.
    pub as_of: String,
    /// First day of the range, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// What the figures belong to.
    #[serde(flatten)]
    pub scope: SeriesScope,
    /// Names of the rows of the matrices.
    pub weekdays: [&'static str; 7],
    /// Share of observed connector time with a vehicle plugged in, by weekday and hour.
    pub occupied_ratio: Vec<Vec<Option<f64>>>,
    /// Share of observed connector time with energy flowing.
    pub charging_ratio: Vec<Vec<Option<f64>>>,
    /// Observed connector hours behind the ratios.
    pub observed_connector_h: Vec<Vec<f64>>,
}

impl UtilisationView {
    /// Of the quarters of days `from..=to`.
    pub fn new(
        (from, to, now): (Day, Day, UtcMs),
        series: &Series,
        map: &HeatMap,
        register: &Register,
    ) -> Self {
        let matrix = |of: fn(&Cell) -> Option<f64>| {
            map.cells
                .iter()
                .map(|day| day.iter().map(of).collect())
                .collect()
        };
        Self {
            as_of: rfc3339(now),
            from: from.to_string(),
            to: to.to_string(),
            scope: SeriesScope::from_series(series, register),
            weekdays: [
                "Monday",
                "Tuesday",
                "Wednesday",
                "Thursday",
                "Friday",
                "Saturday",
                "Sunday",
            ],
            occupied_ratio: matrix(Cell::occupied_ratio),
            charging_ratio: matrix(Cell::charging_ratio),
            observed_connector_h: map
                .cells
                .iter()
                .map(|day| {
                    day.iter()
                        .map(|cell| cell.observed_ms as f64 / 3_600_000.0)
                        .collect()
                })
                .collect(),
        }
    }
}
