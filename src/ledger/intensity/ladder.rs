//! The intensity of a half-hour from the best source there is, with the name of that source: actual, forecast, all of Great Britain, the
//! same half-hour a week before, the annual factor. Without any of them the intensity is unknown and not zero.

use std::collections::BTreeMap;

use crate::model::{GridArea, IntensitySlot};
use crate::units::{GramsCo2PerKwh, UtcMs};

const WEEK_MS: i64 = 7 * 86_400_000;

/// The source of an intensity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Basis {
    /// The outturn, published about half an hour afterwards.
    Actual,
    /// The forecast; for regions no outturn is published.
    Forecast,
    /// The value of all of Great Britain, for a region without one.
    National,
    /// The same half-hour (UTC) seven days before.
    LastWeek,
    /// The conversion factors of the year for generation and losses: all other sources contain losses too.
    Annual,
}

impl Basis {
    /// Every source, best first.
    pub const ALL: [Self; 5] = [
        Self::Actual,
        Self::Forecast,
        Self::National,
        Self::LastWeek,
        Self::Annual,
    ];

    /// The value in JSON and of the tag `basis`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Forecast => "forecast",
            Self::National => "national",
            Self::LastWeek => "last_week",
            Self::Annual => "annual",
        }
    }

    /// The position in [`Basis::ALL`]; rows carry it as a number.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// An intensity with its source.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Intensity {
    /// Emissions per energy.
    pub value: GramsCo2PerKwh,
    /// The source of the value.
    pub basis: Basis,
}

/// The known half-hours of all areas.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct IntensitySeries(BTreeMap<(GridArea, UtcMs), IntensitySlot>);

impl IntensitySeries {
    /// From slots; of two for one half-hour, the later one counts.
    pub fn from_slots(slots: impl IntoIterator<Item = IntensitySlot>) -> Self {
        Self(
            slots
                .into_iter()
                .map(|slot| ((slot.area, slot.start), slot))
                .collect(),
        )
    }

    /// How long before a period slots are needed for it.
    pub const LOOK_BACK_MS: i64 = WEEK_MS;

    /// The intensity of the half-hour that begins at `start`, in a region or, without one, all of Great Britain.
    pub fn at(
        &self,
        area: Option<u8>,
        start: UtcMs,
        annual: Option<GramsCo2PerKwh>,
    ) -> Option<Intensity> {
        let own = area.map_or(GridArea::NATIONAL, GridArea);
        let published = |area, start| {
            let slot = self.0.get(&(area, start))?;
            let actual = slot.actual.map(|value| (value, Basis::Actual));
            actual.or(slot.forecast.map(|value| (value, Basis::Forecast)))
        };
        let by = |basis| move |(value, _): (GramsCo2PerKwh, Basis)| (value, basis);
        let week = start.plus(-WEEK_MS);
        let (value, basis) = published(own, start)
            .or_else(|| published(GridArea::NATIONAL, start).map(by(Basis::National)))
            .or_else(|| published(own, week).map(by(Basis::LastWeek)))
            .or_else(|| published(GridArea::NATIONAL, week).map(by(Basis::LastWeek)))
            .or(annual.map(|value| (value, Basis::Annual)))?;
        Some(Intensity { value, basis })
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::intensity::ladder::*;

    const START: UtcMs = UtcMs(1_800_000_000_000);

    fn slot(area: u8, start: UtcMs, forecast: Option<f64>, actual: Option<f64>) -> IntensitySlot {
        IntensitySlot {
            area: GridArea(area),
            start,
            forecast: forecast.map(GramsCo2PerKwh::constant),
            actual: actual.map(GramsCo2PerKwh::constant),
            vintage: start,
        }
    }

    fn intensity(value: f64, basis: Basis) -> Option<Intensity> {
        let value = GramsCo2PerKwh::constant(value);
        Some(Intensity { value, basis })
    }

    #[test]
    fn each_source_is_used_when_the_better_ones_are_missing() {
        let annual = Some(GramsCo2PerKwh::constant(200.0));
        let week = START.plus(-WEEK_MS);
        let mut slots = vec![
            slot(9, START, Some(1.0), None),
            slot(0, START, Some(3.0), Some(2.0)),
            slot(9, week, Some(4.0), None),
            slot(0, week, None, Some(5.0)),
        ];
        for want in [
            intensity(1.0, Basis::Forecast),
            intensity(2.0, Basis::National),
            intensity(4.0, Basis::LastWeek),
            intensity(5.0, Basis::LastWeek),
        ] {
            let series = IntensitySeries::from_slots(slots.iter().copied());
            assert_eq!(series.at(Some(9), START, annual), want);
            slots.remove(0);
        }
        let none = IntensitySeries::default();
        assert_eq!(
            none.at(Some(9), START, annual),
            intensity(200.0, Basis::Annual)
        );
        assert_eq!(none.at(Some(9), START, None), None, "unknown is not zero");
    }

    #[test]
    fn a_region_is_never_represented_by_another_region() {
        let series = IntensitySeries::from_slots([
            slot(0, START, Some(3.0), Some(2.0)),
            slot(9, START, Some(1.0), None),
        ]);
        assert_eq!(series.at(None, START, None), intensity(2.0, Basis::Actual));
        assert_eq!(
            series.at(Some(3), START, None),
            intensity(2.0, Basis::National)
        );
    }
}
