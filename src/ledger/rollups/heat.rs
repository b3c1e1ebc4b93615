//! A heat map of the week: by local hour and weekday, what share of connectors was occupied and charging.

use crate::model::{RollupSums, slot_start};
use crate::units::{UtcMs, Zone};

const HOUR_MS: i64 = 3_600_000;

/// One hour of one weekday, over all weeks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// Connector-ms in which the state was known.
    pub observed_ms: i64,
    /// Of them with a vehicle plugged in.
    pub occupied_ms: i64,
    /// Of them with energy flowing.
    pub charging_ms: i64,
}

impl Cell {
    /// Share of connectors with a vehicle; `None` where nothing was observed.
    pub fn occupied_ratio(&self) -> Option<f64> {
        self.ratio(self.occupied_ms)
    }

    /// Share of connectors that charge. Charge points report it by their own clocks, so that it may be a hair above the time observed.
    pub fn charging_ratio(&self) -> Option<f64> {
        self.ratio(self.charging_ms)
    }

    fn ratio(&self, ms: i64) -> Option<f64> {
        (self.observed_ms > 0).then(|| (ms as f64 / self.observed_ms as f64).clamp(0.0, 1.0))
    }
}

/// Monday to Sunday by 24 hours.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeatMap {
    /// By weekday and hour.
    pub cells: [[Cell; 24]; 7],
    /// The newest UTC hour, its weekday and its hour in London: the slots of an hour share them.
    at: Option<(i64, usize, usize)>,
}

impl HeatMap {
    /// Adds a quarter hour.
    pub fn add(&mut self, slot: i32, sums: &RollupSums, zone: &Zone) {
        let hour = slot_start(slot).0.div_euclid(HOUR_MS);
        let (_, weekday, hour) = match self.at {
            Some(at) if at.0 == hour => at,
            // Zones so far are whole hours from UTC, so a UTC hour lies in one local hour.
            _ => *self.at.insert(place(hour, zone)),
        };
        let cell = &mut self.cells[weekday][hour];
        cell.observed_ms += sums.observed_ms;
        cell.occupied_ms += sums.occupied_ms;
        cell.charging_ms += sums.charging_ms;
    }
}

/// Monday is 0.
fn place(utc_hour: i64, zone: &Zone) -> (i64, usize, usize) {
    let hour = utc_hour + zone.offset_ms(UtcMs(utc_hour.saturating_mul(HOUR_MS))) / HOUR_MS;
    // The first of January 1970 was a Thursday.
    (
        utc_hour,
        (hour.div_euclid(24) + 3).rem_euclid(7) as usize,
        hour.rem_euclid(24) as usize,
    )
}

#[cfg(test)]
mod tests {
    use crate::jurisdiction::UK;
    use crate::ledger::rollups::heat::*;
    use crate::model::slot_of;

    #[test]
    fn hours_are_londons_on_every_day_of_the_year() {
        let mut map = HeatMap::default();
        let quarter = RollupSums {
            observed_ms: 900_000,
            occupied_ms: 450_000,
            charging_ms: 950_000,
            ..RollupSums::default()
        };
        let at = |text: &str| slot_of(text.parse().expect("a time"));
        // Summer, winter, and the hour that comes twice.
        for (text, weekday, hour) in [
            ("2026-07-01T07:45:00Z", 2, 8),
            ("2026-12-02T07:45:00Z", 2, 7),
            ("2026-07-05T23:15:00Z", 0, 0),
            ("2026-10-25T00:30:00Z", 6, 1),
            ("2026-10-25T01:30:00Z", 6, 1),
            ("2026-03-29T01:00:00Z", 6, 2),
        ] {
            let before = map.cells[weekday][hour].observed_ms;
            map.add(at(text), &quarter, UK.zone());
            assert_eq!(
                map.cells[weekday][hour].observed_ms,
                before + 900_000,
                "{text}"
            );
        }
        assert_eq!(map.cells[6][1].observed_ms, 1_800_000);
        assert_eq!(
            (
                map.cells[2][8].occupied_ratio(),
                map.cells[2][8].charging_ratio()
            ),
            (Some(0.5), Some(1.0))
        );
        assert_eq!(
            map.cells[3][8].occupied_ratio(),
            None,
            "nothing observed is not nothing occupied"
        );
    }
}
