//! What a dashboard is made of, without a query language: measurement, field, how it is put together in time and over tags.

mod make;

pub use make::{
    column, daily, daily_less, date, demand, grown, growth, half_hourly, latest, one_minus, over,
    peak, rows, share, share_in_time, standing, state, table, total, total_less, word,
};

/// A dashboard: one question.
#[derive(Clone, Copy, Debug)]
pub struct Dashboard {
    /// File name and end of the uid.
    pub name: &'static str,
    /// Title.
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
    /// The tag.
    pub tag: &'static str,
    /// Its label.
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

/// How a panel looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Numbers.
    Stat,
    /// A ratio on a scale.
    Gauge,
    /// Lines.
    Lines,
    /// Stacked bars.
    Bars,
    /// Bars of the whole range, beside each other.
    BarGauge,
    /// States in time.
    States,
    /// A table.
    Table,
}

/// A number that stands for a word.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The number.
    pub code: i64,
    /// The word.
    pub word: &'static str,
    /// Its colour.
    pub colour: &'static str,
}

/// A panel.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Title.
    pub title: &'static str,
    /// What it shows, and what not to read into it.
    pub description: &'static str,
    /// How it looks.
    pub look: Look,
    /// Grafana's id of the unit.
    pub unit: &'static str,
    /// Of 24.
    pub width: u8,
    /// Rows.
    pub height: u8,
    /// What it asks.
    pub series: &'static [Series],
    /// Words for its numbers.
    pub states: &'static [State],
    /// Looks so far ahead (`+4y`) instead of back; only InfluxDB keeps rows of the future.
    pub ahead: Option<&'static str>,
    /// Names of two series with the space between them filled: the upper and the lower.
    pub band: Option<(&'static str, &'static str)>,
}

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

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The field.
    pub field: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Grafana's id of its unit.
    pub unit: &'static str,
    /// Multiplied by this: Grafana's dates are ms.
    pub times: u32,
    /// Words for its numbers.
    pub states: &'static [State],
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
    Chosen(&'static str),
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
    /// Every field it asks for.
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

    /// Every tag it asks for.
    pub fn tags(&self) -> Vec<&'static str> {
        let of = |filter: &Filter| match *filter {
            Filter::Chosen(tag) | Filter::One(tag) | Filter::Is(tag, _) | Filter::Not(tag, _) => {
                tag
            }
        };
        self.by
            .iter()
            .copied()
            .chain(self.filters.iter().map(of))
            .collect()
    }

    /// Tells of the end of the range only.
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
    /// Another size.
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

    /// Looks ahead.
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
    ($($name:ident, $look:ident, $size:expr, $says:literal;)*) => {$(
        #[doc = $says]
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
