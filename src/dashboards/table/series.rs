//! Queries of panels, without a query language.

use super::Column;

/// What several series of the same tags become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The highest.
    Max,
    /// There is but one, or the newest.
    Last,
}

/// How a value comes about.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the variants say what their fields are")]
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

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub enum Filter {
    /// As the variable of several values says.
    Selected(&'static str),
    /// As the variable of one value says.
    One(&'static str),
    /// This tag value.
    Is(&'static str, &'static str),
    /// Not this tag value.
    Not(&'static str, &'static str),
}

/// One query.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Its name; `{tag}` stands for the tag's value.
    pub legend: &'static str,
    /// The measurement.
    pub measurement: &'static str,
    /// What of it.
    pub value: Value,
    /// Which rows.
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

    /// Which rows.
    pub const fn only(mut self, filters: &'static [Filter]) -> Self {
        self.filters = filters;
        self
    }

    /// A level to compare with.
    pub const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Multiplies.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}
