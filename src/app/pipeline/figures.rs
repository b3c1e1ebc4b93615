//! Figures that only the store has go to the engine: the history once a day, imported indicators every minute.

use super::Pipeline;
use crate::app::aggregates::History;
use crate::ledger::targets::{Figures, IndicatorFigure};
use crate::model::Observation;
use crate::units::UtcMs;

impl Pipeline {
    pub(super) fn look_at_history(&mut self, now: UtcMs) {
        // Rows on their way are not kept yet: what is read now could not be compared with them.
        let may_read = self.past_rows.is_settled();
        match self
            .history
            .poll(now, may_read, &self.config.directory, &self.engine)
        {
            Some(Ok(history)) => self.take_history(history, now),
            // It is tried again; until then kilometres go by their class.
            Some(Err(reason)) => {
                tracing::warn!(
                    "the history before today cannot be read: {reason}; it is tried again in a minute"
                );
                self.engine.go_without_months();
            }
            None => {}
        }
        self.past_rows.move_to(&mut self.batch);
    }

    fn take_history(&mut self, history: History, now: UtcMs) {
        self.engine.set_months(history.months);
        let indicators = self.figures.indicators.clone();
        self.compare_with(Figures {
            jurisdiction: self.engine.register().jurisdiction,
            yearly: history.years.yearly,
            air: history.years.air,
            indicators,
        });
        // Not for the engine: the rows are of days that are over, and come from the store.
        self.past_rows.replace(history.rows);
        for sample in history.ended {
            self.observe(Observation::EmissionsOfMonth(sample), now);
        }
    }

    /// Another process may have imported some, and some are published.
    pub(super) fn look_at_indicators(&mut self) {
        match self.reader.indicators() {
            Ok(stored) => {
                let indicators = self
                    .engine
                    .indicators(stored)
                    .into_iter()
                    .map(IndicatorFigure::from)
                    .collect();
                self.compare_with(Figures {
                    indicators,
                    ..self.figures.clone()
                });
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
