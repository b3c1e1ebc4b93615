//! Panels: how they look, and how dashboards write them.

use super::{Series, State};

/// How a panel looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Large numbers, one for each series.
    Stat,
    /// A ratio on a scale.
    Gauge,
    /// Lines over time.
    Lines,
    /// Stacked bars over time.
    Bars,
    /// Bars of the whole range, beside each other.
    BarGauge,
    /// States in time.
    States,
    /// A table of rows.
    Table,
}

/// One panel of a dashboard.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Title above the panel.
    pub title: &'static str,
    /// What it shows, and what not to read into it.
    pub description: &'static str,
    /// How it looks.
    pub look: Look,
    /// Grafana's id of the unit.
    pub unit: &'static str,
    /// Width in columns of a grid of 24.
    pub width: u8,
    /// Height in rows of the grid.
    pub height: u8,
    /// The queries that it shows.
    pub series: &'static [Series],
    /// Words for its numbers.
    pub states: &'static [State],
    /// Looks so far ahead (`+4y`) instead of back; only InfluxDB keeps rows of the future.
    pub ahead: Option<&'static str>,
    /// Names of two series with the space between them filled: the upper and the lower.
    pub band: Option<(&'static str, &'static str)>,
}

const fn panel(
    look: Look,
    (width, height): (u8, u8),
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    series: &'static [Series],
) -> Panel {
    Panel {
        title,
        description,
        look,
        unit,
        width,
        height,
        series,
        states: &[],
        ahead: None,
        band: None,
    }
}

impl Panel {
    /// Sets the size, in columns and rows of the grid.
    pub const fn size(mut self, width: u8, height: u8) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Words for its numbers.
    pub const fn states(mut self, states: &'static [State]) -> Self {
        self.states = states;
        self
    }

    /// Shows the time to come, so far ahead, instead of the past.
    pub const fn ahead(mut self, how_far: &'static str) -> Self {
        self.ahead = Some(how_far);
        self
    }

    /// Fills the space between two series.
    pub const fn band(mut self, upper: &'static str, lower: &'static str) -> Self {
        self.band = Some((upper, lower));
        self
    }
}

macro_rules! looks {
    ($($name:ident, $look:ident, $size:expr, $doc:literal;)*) => {$(
        #[doc = $doc]
        pub const fn $name(title: &'static str, description: &'static str, unit: &'static str, series: &'static [Series]) -> Panel {
            panel(Look::$look, $size, title, description, unit, series)
        }
    )*};
}

looks! {
    stat, Stat, (6, 4), "Numbers.";
    gauge, Gauge, (6, 6), "A ratio on a scale.";
    lines, Lines, (12, 8), "Lines.";
    bars, Bars, (12, 8), "Stacked bars.";
    bar_gauge, BarGauge, (12, 8), "Bars of the whole range.";
    states, States, (24, 9), "States in time.";
    listing, Table, (24, 9), "A table.";
}
