//! What a half-hour's intensity is taken from, best first, and said with it: actual, forecast, the other area, the same slot a week
//! before, the annual factor (emissions.md section 4.1). Nothing at all is unknown, not zero.

use std::collections::BTreeMap;

use crate::model::{GridArea, IntensitySlot};
use crate::units::UtcMs;

const WEEK_MS: i64 = 7 * 86_400_000;

/// Where an intensity is from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Basis {
    /// Told afterwards.
    Actual,
    /// Told beforehand; all that regions have.
    Forecast,
    /// All of Great Britain's, for a region that has none.
    National,
    /// The same half-hour (UTC) seven days before.
    LastWeek,
    /// The year's conversion factors of generation and losses, since all the others hold losses too.
    Annual,
}

impl Basis {
    /// All, best first.
    pub const ALL: [Self; 5] = [
        Self::Actual,
        Self::Forecast,
        Self::National,
        Self::LastWeek,
        Self::Annual,
    ];

    /// The word in JSON and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Forecast => "forecast",
            Self::National => "national",
            Self::LastWeek => "last_week",
            Self::Annual => "annual",
        }
    }
}

/// An intensity and where it is from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Intensity {
    /// gCO2/kWh.
    pub g_per_kwh: f64,
    /// Where from.
    pub basis: Basis,
}

/// What is known of some half-hours.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series(BTreeMap<(GridArea, UtcMs), IntensitySlot>);

impl Series {
    /// Of slots; of two for one half-hour, the later one counts.
    pub fn of(slots: impl IntoIterator<Item = IntensitySlot>) -> Self {
        Self(
            slots
                .into_iter()
                .map(|slot| ((slot.area, slot.start), slot))
                .collect(),
        )
    }

    /// How far before a stretch of time slots are needed for it.
    pub const LOOK_BACK_MS: i64 = WEEK_MS;

    /// The intensity of the half-hour that begins at `start`, in a region or, without one, all of Great Britain.
    pub fn at(
        &self,
        area: Option<u8>,
        start: UtcMs,
        annual_g_per_kwh: Option<f64>,
    ) -> Option<Intensity> {
        let own = area.map_or(GridArea::NATIONAL, GridArea);
        let told = |area, start| {
            let slot = self.0.get(&(area, start))?;
            let actual = slot.actual.map(|g| (g, Basis::Actual));
            actual.or(slot.forecast.map(|g| (g, Basis::Forecast)))
        };
        let by = |basis| move |(g, _): (f64, Basis)| (g, basis);
        let week = start.plus(-WEEK_MS);
        let (g_per_kwh, basis) = told(own, start)
            .or_else(|| told(GridArea::NATIONAL, start).map(by(Basis::National)))
            .or_else(|| told(own, week).map(by(Basis::LastWeek)))
            .or_else(|| told(GridArea::NATIONAL, week).map(by(Basis::LastWeek)))
            .or(annual_g_per_kwh.map(|g| (g, Basis::Annual)))?;
        Some(Intensity { g_per_kwh, basis })
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::intensity::ladder::*;

    #[test]
    fn every_rung() {
        let start = UtcMs(1_800_000_000_000);
        let slot = |area, start, forecast, actual| IntensitySlot {
            area: GridArea(area),
            start,
            forecast,
            actual,
            vintage: start,
        };
        let week = start.plus(-WEEK_MS);
        // Taken away one after the other, the next one counts.
        let mut slots = vec![
            (slot(9, start, Some(1.0), None), Basis::Forecast),
            (slot(0, start, Some(3.0), Some(2.0)), Basis::National),
            (slot(9, week, Some(4.0), None), Basis::LastWeek),
            (slot(0, week, None, Some(5.0)), Basis::LastWeek),
        ];
        for want in [1.0, 2.0, 4.0, 5.0] {
            let found =
                Series::of(slots.iter().map(|(slot, _)| *slot)).at(Some(9), start, Some(200.0));
            assert_eq!(
                found,
                Some(Intensity {
                    g_per_kwh: want,
                    basis: slots[0].1
                })
            );
            slots.remove(0);
        }
        assert_eq!(
            Series::default()
                .at(Some(9), start, Some(200.0))
                .map(|found| found.basis),
            Some(Basis::Annual)
        );
        assert_eq!(
            Series::default().at(Some(9), start, None),
            None,
            "unknown is unknown"
        );
        let national = Series::of([
            slot(0, start, Some(3.0), Some(2.0)),
            slot(9, start, Some(1.0), None),
        ]);
        assert_eq!(
            national.at(None, start, None),
            Some(Intensity {
                g_per_kwh: 2.0,
                basis: Basis::Actual
            })
        );
        assert_eq!(
            national.at(Some(3), start, None).map(|found| found.basis),
            Some(Basis::National),
            "never another region"
        );
    }
}
