//! What only the store knows goes to the engine: the history once a day, imported indicators every minute.

use super::Pipeline;
use crate::app::history::History;
use crate::ledger::targets::{Figures, IndicatorFigure};
use crate::model::{Fact, Observation};
use crate::points;
use crate::units::UtcMs;

impl Pipeline {
    pub(super) fn take_history(&mut self, history: History, now: UtcMs) {
        self.engine.set_months(history.months);
        let indicators = self.figures.indicators.clone();
        self.compare_with(Figures { yearly: history.years.yearly, air: history.years.air, indicators });
        // Not told to the engine: they say of days that are over what the store says.
        for row in history.rows {
            self.batch.points += u64::from(points::encode(&Fact::Emissions(row), &mut self.batch.lines));
        }
        for sample in history.ended {
            self.tell(Observation::EmissionsOfMonth(sample), now);
        }
    }

    /// Another process may have imported some, and some are published.
    pub(super) fn look_at_indicators(&mut self) {
        match self.reader.indicators() {
            Ok(stored) => {
                let indicators = self.engine.indicators(stored).into_iter().map(IndicatorFigure::from).collect();
                self.compare_with(Figures { indicators, ..self.figures.clone() });
            }
            Err(error) => tracing::warn!(%error, "imported indicators cannot be read this time"),
        }
    }

    fn compare_with(&mut self, figures: Figures) {
        if self.figures != figures {
            self.figures = figures.clone();
            self.engine.set_figures(figures);
        }
    }
}
