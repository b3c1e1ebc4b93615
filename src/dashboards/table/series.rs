//! Queries of panels, without a query language.

use super::Column;

/// What several series of the same tags become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// The sum of the series.
    Sum,
    /// The mean of the series.
    Mean,
    /// The highest of the series.
    Max,
    /// There is but one, or the newest.
    Last,
}

/// How a value comes about.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the docs of the variants explain their fields")]
pub enum Value {
    /// Within each interval: joined in time, then over tags.
    Over {
        field: &'static str,
        within: Join,
        join: Join,
    },
    /// State at the end: last value of each series; counted if only one value is wanted.
    Latest {
        field: &'static str,
        join: Join,
        equal: Option<i64>,
    },
    /// Rows that are replaced until their day or half-hour (`step`) is over, by interval.
    Booked {
        field: &'static str,
        join: Join,
        step: &'static str,
    },
    /// The same, summed over the range.
    Total {
        field: &'static str,
        step: &'static str,
    },
    /// What a counter grew by, by interval.
    Growth { field: &'static str },
    /// What a counter grew by over the range.
    Grown { field: &'static str },
    /// Growth of counters over growth of counters; a leading `-` subtracts. By interval or over the range.
    Share {
        part: &'static [&'static str],
        whole: &'static [&'static str],
        complement: bool,
        by_interval: bool,
    },
    /// Rows of days of which one sum is taken from another: by interval or over the range.
    Less {
        field: &'static str,
        less: &'static str,
        by_interval: bool,
    },
    /// The highest sum over tags of half-hours' means within the range: a supply's maximum demand.
    Demand { field: &'static str },
    /// A table: last value of each series, or the newest rows.
    Rows {
        columns: &'static [Column],
        every: bool,
    },
}

/// Selects rows by a tag.
#[derive(Clone, Copy, Debug)]
pub enum Filter {
    /// The values that the variable of several values selects.
    Selected(&'static str),
    /// The value that the variable of one value selects.
    One(&'static str),
    /// This tag value.
    Is(&'static str, &'static str),
    /// Not this tag value.
    Not(&'static str, &'static str),
}

/// One query of a panel.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Its name; `{tag}` stands for the tag's value.
    pub legend: &'static str,
    /// Name of the measurement.
    pub measurement: &'static str,
    /// What of it.
    pub value: Value,
    /// Only rows that all of these select.
    pub filters: &'static [Filter],
    /// One line for each value of these tags.
    pub by: &'static [&'static str],
    /// Multiplied by this.
    pub times: u32,
    /// A level to compare with: drawn as dashes, so that colour is not the only sign.
    pub dashed: bool,
}

impl Series {
    /// Every field that the query reads.
    pub fn fields(&self) -> Vec<&'static str> {
        match self.value {
            Value::Over { field, .. }
            | Value::Latest { field, .. }
            | Value::Booked { field, .. }
            | Value::Total { field, .. }
            | Value::Growth { field }
            | Value::Grown { field }
            | Value::Demand { field } => vec![field],
            Value::Less { field, less, .. } => vec![field, less],
            Value::Share { part, whole, .. } => part
                .iter()
                .chain(whole)
                .map(|name| name.trim_start_matches('-'))
                .collect(),
            Value::Rows { columns, .. } => columns.iter().map(|column| column.field).collect(),
        }
    }

    /// Every tag that the query reads.
    pub fn tags(&self) -> Vec<&'static str> {
        let tag = |filter: &Filter| match *filter {
            Filter::Selected(tag) | Filter::One(tag) | Filter::Is(tag, _) | Filter::Not(tag, _) => {
                tag
            }
        };
        self.by
            .iter()
            .copied()
            .chain(self.filters.iter().map(tag))
            .collect()
    }

    /// True if the query is about the end of the range only.
    pub fn is_instant(&self) -> bool {
        matches!(
            self.value,
            Value::Latest { .. }
                | Value::Total { .. }
                | Value::Grown { .. }
                | Value::Rows { .. }
                | Value::Demand { .. }
                | Value::Less {
                    by_interval: false,
                    ..
                }
                | Value::Share {
                    by_interval: false,
                    ..
                }
        )
    }

    /// One line for each value of these tags, which name it.
    pub const fn by(mut self, by: &'static [&'static str], legend: &'static str) -> Self {
        self.by = by;
        self.legend = legend;
        self
    }

    /// Restricts the query to rows that all filters select.
    pub const fn only(mut self, filters: &'static [Filter]) -> Self {
        self.filters = filters;
        self
    }

    /// A level to compare with.
    pub const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Multiplies every value.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}
