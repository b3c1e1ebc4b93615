//! A series as InfluxQL, which InfluxDB 1.8, 2 (through its mapping of buckets to databases) and 3 read.
//!
//! No retention policy is named: a bucket's mapping in InfluxDB 2 has another than 1.x.

use super::table::{Column, Filter, Join, Series, Value, Variable};

/// Days of the books are London days.
const LONDON: &str = " tz('Europe/London')";

/// The query that a panel sends for the series.
pub fn query(series: &Series) -> String {
    let parts = Clauses::new(series);
    match series.value {
        Value::Over {
            field,
            within,
            join: Join::Last | Join::Max,
        } => parts.over_time(field, within),
        Value::Over {
            field,
            within,
            join,
        } => parts.over_time_then_tags(field, within, join),
        Value::Latest {
            field,
            join: Join::Last,
            equal: None,
        } => parts.once(&format!("last(\"{field}\")")),
        Value::Latest { field, join, equal } => parts.latest_of_each(field, join, equal),
        Value::Booked { field, join, .. } => parts.booked(field, join),
        Value::Total { field, .. } => parts.once(&format!("sum(\"{field}\")")),
        Value::Less {
            field,
            less,
            by_interval,
        } => parts.difference(field, less, by_interval),
        Value::Demand { field } => parts.maximum_demand(field),
        Value::Growth { field } => parts.growth_by_interval(field),
        Value::Grown { field } => parts.growth_over_range(field),
        Value::Share {
            part,
            whole,
            complement,
            by_interval,
        } => {
            let ratio = format!("({}) / ({})", sum_of(part), sum_of(whole));
            let ratio = if complement {
                format!("1 - {ratio}")
            } else {
                ratio
            };
            parts.ratio_of_growth(&ratio, by_interval)
        }
        Value::Rows {
            columns,
            every: true,
        } => parts.newest_rows(columns),
        Value::Rows {
            columns,
            every: false,
        } => parts.last_row_of_each(columns),
    }
}

/// The clauses that the queries of a series have in common.
struct Clauses<'a> {
    series: &'a Series,
    /// `FROM` with the measurement.
    from: String,
    /// `WHERE` with the time range and the filters.
    filter: String,
    /// ` * n`, or empty.
    times: String,
    /// The tags of which each value is a line, quoted.
    by: Vec<String>,
    /// ` GROUP BY` those tags, or empty.
    group: String,
    /// ` GROUP BY` the interval and those tags.
    in_time: String,
}

impl<'a> Clauses<'a> {
    fn new(series: &'a Series) -> Self {
        let by: Vec<String> = series.by.iter().map(|tag| quoted(tag)).collect();
        Self {
            series,
            from: format!("FROM \"{}\"", series.measurement),
            filter: conditions(series),
            times: if series.times == 1 {
                String::new()
            } else {
                format!(" * {}", series.times)
            },
            group: if by.is_empty() {
                String::new()
            } else {
                format!(" GROUP BY {}", by.join(", "))
            },
            in_time: by
                .iter()
                .fold(" GROUP BY time($__interval)".to_owned(), |text, tag| {
                    text + ", " + tag
                }),
            by,
        }
    }

    /// One figure for the whole range.
    fn once(&self, expression: &str) -> String {
        let Self {
            from,
            filter,
            times,
            group,
            ..
        } = self;
        format!("SELECT {expression}{times} {from} {filter}{group}")
    }

    /// One figure per interval, where the highest or newest sample of all series is wanted.
    fn over_time(&self, field: &str, within: Join) -> String {
        let Self {
            from,
            filter,
            times,
            in_time,
            ..
        } = self;
        let fill = if within == Join::Last {
            "previous"
        } else {
            "none"
        };
        format!(
            "SELECT {}(\"{field}\"){times} {from} {filter}{in_time} fill({fill})",
            word(within)
        )
    }

    /// One figure per interval and series first, then one of all series.
    fn over_time_then_tags(&self, field: &str, within: Join, join: Join) -> String {
        let Self {
            from,
            filter,
            times,
            in_time,
            ..
        } = self;
        format!(
            "SELECT {}(\"value\"){times} FROM (SELECT {}(\"{field}\") AS \"value\" {from} {filter} GROUP BY time($__interval), * fill(none)) \
             WHERE $timeFilter{in_time} fill(none)",
            word(join),
            word(within)
        )
    }

    /// The last sample of each series, joined; or how many of them equal a code.
    fn latest_of_each(&self, field: &str, join: Join, equal: Option<i64>) -> String {
        let Self {
            from,
            filter,
            times,
            group,
            ..
        } = self;
        let (how, which) = equal.map_or((word(join), String::new()), |code| {
            ("count", format!(" WHERE \"value\" = {code}"))
        });
        format!(
            "SELECT {how}(\"value\"){times} FROM (SELECT last(\"{field}\") AS \"value\" {from} {filter} GROUP BY *){which}{group}"
        )
    }

    /// Rows of days or half-hours by interval, which begins at midnight in London.
    fn booked(&self, field: &str, join: Join) -> String {
        let Self {
            from,
            filter,
            times,
            in_time,
            ..
        } = self;
        format!(
            "SELECT {}(\"{field}\"){times} {from} {filter}{in_time} fill(none){LONDON}",
            word(join)
        )
    }

    /// One sum less another.
    fn difference(&self, field: &str, less: &str, by_interval: bool) -> String {
        let Self {
            from,
            filter,
            times,
            group,
            in_time,
            ..
        } = self;
        let difference = format!("(sum(\"{field}\") - sum(\"{less}\")){times}");
        let end = if by_interval {
            format!("{in_time} fill(none){LONDON}")
        } else {
            group.clone()
        };
        format!("SELECT {difference} {from} {filter}{end}")
    }

    /// The highest half-hour's mean of the sum over series.
    fn maximum_demand(&self, field: &str) -> String {
        let Self {
            from,
            filter,
            times,
            by,
            group,
            ..
        } = self;
        let tags = by.iter().fold(String::new(), |text, tag| text + ", " + tag);
        let mean = format!(
            "SELECT mean(\"{field}\") AS \"one\" {from} {filter} GROUP BY time(30m), * fill(none)"
        );
        let sum = format!(
            "SELECT sum(\"one\") AS \"all\" FROM ({mean}) WHERE $timeFilter GROUP BY time(30m){tags} fill(none)"
        );
        format!("SELECT max(\"all\"){times} FROM ({sum}) WHERE $timeFilter{group}")
    }

    fn growth_by_interval(&self, field: &str) -> String {
        let Self {
            from,
            filter,
            times,
            in_time,
            ..
        } = self;
        format!(
            "SELECT sum(\"value\"){times} FROM (SELECT non_negative_difference(last(\"{field}\")) AS \"value\" {from} {filter} \
             GROUP BY time($__interval), *) WHERE $timeFilter{in_time} fill(none)"
        )
    }

    /// Of a counter, highest less lowest is its growth; intervals would lose what lies before the first of them.
    fn growth_over_range(&self, field: &str) -> String {
        let Self {
            from,
            filter,
            times,
            group,
            ..
        } = self;
        format!(
            "SELECT sum(\"value\"){times} FROM (SELECT spread(\"{field}\") AS \"value\" {from} {filter} GROUP BY *) WHERE $timeFilter{group}"
        )
    }

    /// A ratio of sums, over what each of the series' counters grew by.
    fn ratio_of_growth(&self, ratio: &str, by_interval: bool) -> String {
        let Self {
            from,
            filter,
            group,
            in_time,
            ..
        } = self;
        let grown = |name: &str| {
            let how = if by_interval {
                format!("non_negative_difference(last(\"{name}\"))")
            } else {
                format!("spread(\"{name}\")")
            };
            format!("{how} AS \"{name}\"")
        };
        let mut names = self.series.fields();
        names.sort_unstable();
        names.dedup();
        let inner: Vec<String> = names.into_iter().map(grown).collect();
        let inner = inner.join(", ");
        let (inner_group, outer) = if by_interval {
            ("time($__interval), *", format!("{in_time} fill(none)"))
        } else {
            ("*", group.clone())
        };
        format!(
            "SELECT {ratio} FROM (SELECT {inner} {from} {filter} GROUP BY {inner_group}) WHERE $timeFilter{outer}"
        )
    }

    /// A table of the newest 200 rows with their tags.
    fn newest_rows(&self, columns: &[Column]) -> String {
        let Self { from, filter, .. } = self;
        let mut wanted = self.by.clone();
        wanted.extend(
            columns
                .iter()
                .map(|column| column_of(column, quoted(column.field))),
        );
        let wanted = wanted.join(", ");
        format!("SELECT {wanted} {from} {filter} ORDER BY time DESC LIMIT 200")
    }

    /// A table of the last value of each series.
    fn last_row_of_each(&self, columns: &[Column]) -> String {
        let Self {
            from,
            filter,
            group,
            ..
        } = self;
        let wanted: Vec<String> = columns
            .iter()
            .map(|column| column_of(column, format!("last(\"{}\")", column.field)))
            .collect();
        format!("SELECT {} {from} {filter}{group}", wanted.join(", "))
    }
}

/// A column of a table, by the name of its field.
fn column_of(column: &Column, value: String) -> String {
    let value = if column.times == 1 {
        value
    } else {
        format!("{value} * {}", column.times)
    };
    format!("{value} AS \"{}\"", column.field)
}

/// Values of a variable.
pub fn values(variable: &Variable) -> String {
    let within = variable.within.map_or(String::new(), |tag| {
        format!(" WHERE {}", condition(&Filter::Selected(tag)))
    });
    format!(
        "SHOW TAG VALUES FROM \"{}\" WITH KEY = \"{}\"{within}",
        variable.measurement, variable.tag
    )
}

/// The series' name.
pub fn alias(series: &Series) -> String {
    series
        .by
        .iter()
        .fold(series.legend.to_owned(), |text, tag| {
            text.replace(&format!("{{{tag}}}"), &format!("$tag_{tag}"))
        })
}

fn conditions(series: &Series) -> String {
    series
        .filters
        .iter()
        .fold("WHERE $timeFilter".to_owned(), |text, filter| {
            text + " AND " + &condition(filter)
        })
}

fn condition(filter: &Filter) -> String {
    match filter {
        // `:regex` is what all versions of Grafana escape in the same way; without it, 10.2 and later break on `.` and several values.
        Filter::Selected(tag) => format!("\"{tag}\" =~ /^${{{tag}:regex}}$/"),
        Filter::One(tag) => format!("\"{tag}\" =~ /^${{one_{tag}:regex}}$/"),
        Filter::Is(tag, value) => format!("\"{tag}\" = '{value}'"),
        Filter::Not(tag, value) => format!("\"{tag}\" != '{value}'"),
    }
}

fn sum_of(names: &[&str]) -> String {
    let term = |(at, name): (usize, &&str)| match name.strip_prefix('-') {
        Some(name) => format!(" - sum(\"{name}\")"),
        None if at == 0 => format!("sum(\"{name}\")"),
        None => format!(" + sum(\"{name}\")"),
    };
    names.iter().enumerate().map(term).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn word(join: Join) -> &'static str {
    match join {
        Join::Sum => "sum",
        Join::Mean => "mean",
        Join::Max => "max",
        Join::Last => "last",
    }
}
