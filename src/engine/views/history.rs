//! `/api/v1/history` and `/api/v1/utilisation`: plain functions of what was read, because they are answered on another thread.

use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::super::view::{Field, Step};
use super::{rfc3339, wh};
use crate::ledger::history::{Cell, HeatMap};
use crate::model::register::Register;
use crate::model::{RollupSums, SLOT_MS, Series, Slots, slot_start};
use crate::units::{Day, UtcMs};

/// Whose figures they are.
#[derive(Debug, Serialize)]
struct Whose {
    site: Option<Arc<str>>,
    site_name: Option<String>,
    charge_point: Option<Arc<str>>,
    /// What the site's supply bears, as registered.
    capacity_kw: Option<f64>,
}

impl Whose {
    fn of(series: &Series, register: &Register) -> Self {
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
#[derive(Debug, Serialize)]
pub struct HistoryView {
    as_of: String,
    from: String,
    to: String,
    step: &'static str,
    #[serde(flatten)]
    whose: Whose,
    /// What stands in a row, its start first.
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

/// The start, and the values: one flat list.
#[derive(Debug)]
struct Row(String, Vec<Option<f64>>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(1 + self.1.len()))?;
        list.serialize_element(&self.0)?;
        self.1.iter().try_for_each(|value| list.serialize_element(value))?;
        list.end()
    }
}

impl HistoryView {
    /// Of slots (step `15m`) or days (`1d`).
    pub fn new(
        (from, to, now): (UtcMs, UtcMs, UtcMs),
        step: Step,
        series: &Series,
        fields: &[Field],
        sums: &Slots,
        register: &Register,
    ) -> Self {
        let row = |(at, sums): (i32, &RollupSums)| match step {
            Step::Quarter => Row(rfc3339(slot_start(at)), values(fields, sums, SLOT_MS)),
            Step::Day => Row(Day(at).to_string(), values(fields, sums, Day(at).end().since(Day(at).start()))),
        };
        Self {
            as_of: rfc3339(now),
            from: rfc3339(from),
            to: rfc3339(to),
            step: if step == Step::Quarter { "15m" } else { "1d" },
            whose: Whose::of(series, register),
            columns: std::iter::once(if step == Step::Quarter { "start" } else { "day" })
                .chain(fields.iter().map(|field| field.name()))
                .collect(),
            rows: sums.iter().filter(|(_, sums)| **sums != RollupSums::default()).map(row).collect(),
        }
    }
}

fn values(fields: &[Field], sums: &RollupSums, length_ms: i64) -> Vec<Option<f64>> {
    let seconds = |ms: i64| Some(ms as f64 / 1000.0);
    let value = |field: &Field| match field {
        Field::Energy => Some(wh(sums.energy_dwh)),
        Field::Power => Some(wh(sums.energy_dwh) * 3_600_000.0 / length_ms as f64),
        Field::PeakPower => sums.peak_w.map(f64::from),
        Field::Occupied => seconds(sums.occupied_ms),
        Field::Charging => seconds(sums.charging_ms),
        Field::Observed => seconds(sums.observed_ms),
        Field::Faulted => seconds(sums.faulted_ms),
        Field::Offline => seconds(sums.offline_ms),
    };
    fields.iter().map(value).collect()
}

/// The answer of `/api/v1/utilisation`: Monday to Sunday by 24 London hours; `null` where nothing was observed.
#[derive(Debug, Serialize)]
pub struct UtilisationView {
    as_of: String,
    from: String,
    to: String,
    #[serde(flatten)]
    whose: Whose,
    weekdays: [&'static str; 7],
    occupied_ratio: Vec<Vec<Option<f64>>>,
    charging_ratio: Vec<Vec<Option<f64>>>,
    observed_connector_h: Vec<Vec<f64>>,
}

impl UtilisationView {
    /// Of the quarters of days `from..=to`.
    pub fn new((from, to, now): (Day, Day, UtcMs), series: &Series, map: &HeatMap, register: &Register) -> Self {
        let matrix = |of: fn(&Cell) -> Option<f64>| map.cells.iter().map(|day| day.iter().map(of).collect()).collect();
        Self {
            as_of: rfc3339(now),
            from: from.to_string(),
            to: to.to_string(),
            whose: Whose::of(series, register),
            weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
            occupied_ratio: matrix(Cell::occupied_ratio),
            charging_ratio: matrix(Cell::charging_ratio),
            observed_connector_h: map
                .cells
                .iter()
                .map(|day| day.iter().map(|cell| cell.observed_ms as f64 / 3_600_000.0).collect())
                .collect(),
        }
    }
}
