//! What a dashboard is made of, without a query language: measurement, field, how it is put together in time and over tags.

mod make;
mod panel;
mod series;

pub use make::{
    column, daily, daily_less, date, demand, grown, growth, half_hourly, latest, one_minus, over,
    peak, rows, share, share_in_time, standing, state, table, total, total_less, word,
};

pub use panel::{Look, Panel, bar_gauge, bars, gauge, lines, listing, stat, states};
pub use series::{Filter, Join, Series, Value};

/// A dashboard: panels that together answer one question.
#[derive(Clone, Copy, Debug)]
pub struct Dashboard {
    /// File name and end of the uid.
    pub name: &'static str,
    /// Title in Grafana's list.
    pub title: &'static str,
    /// The question it answers.
    pub description: &'static str,
    /// Start of its time range.
    pub from: &'static str,
    /// What the reader chooses.
    pub variables: &'static [Variable],
    /// In reading order.
    pub panels: &'static [Panel],
}

/// A choice: the values of a tag.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The tag whose values are offered.
    pub tag: &'static str,
    /// Label beside the choice.
    pub label: &'static str,
    /// Where its values are looked up.
    pub measurement: &'static str,
    /// A field of that measurement: Prometheus has no measurement without one.
    pub field: &'static str,
    /// Only values that go with what is chosen there.
    pub within: Option<&'static str>,
    /// Several and all; without it one value, where rows of `all` stand beside their parts.
    pub several: bool,
    /// Chosen at first.
    pub first: &'static str,
}

impl Variable {
    /// Its name. Links carry variables to other dashboards by their names, and one value of rows that have `all` beside their parts must
    /// not meet a choice of several, nor the other way round.
    pub fn name(&self) -> String {
        if self.several {
            self.tag.to_owned()
        } else {
            format!("one_{}", self.tag)
        }
    }
}

/// A number that stands for a word.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The number in the field.
    pub code: i64,
    /// The word that is shown instead of the number.
    pub word: &'static str,
    /// Colour of the word, as `#RRGGBB`.
    pub colour: &'static str,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The field or tag that is shown.
    pub field: &'static str,
    /// Heading of the column.
    pub title: &'static str,
    /// Grafana's id of its unit.
    pub unit: &'static str,
    /// Multiplied by this: Grafana's dates are ms.
    pub times: u32,
    /// Words for its numbers.
    pub states: &'static [State],
}
