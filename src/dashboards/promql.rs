//! A series as PromQL, for VictoriaMetrics (which takes our line protocol) and what speaks its language.
//!
//! A metric is `<measurement>_<field>`. A row written anew stands beside the old one at the same time, and which of them is "the last" is
//! chance; so nothing here sums raw samples: the highest of each day or half-hour counts, for its sums grow until it is over. A sum that
//! was corrected downwards stays too high there. Text fields are not kept.

use super::table::{Filter, Join, Series, Value, Variable};

/// How long a state holds that is written only when it changes.
const STATE_HOLDS: &str = "1d";

/// The query of a series with one value.
pub fn query(series: &Series) -> String {
    let expression = match series.value {
        Value::Over {
            field,
            within,
            join,
        } => over(series, field, within, join),
        Value::Latest { field, join, equal } => latest(series, field, join, equal),
        Value::Booked {
            field,
            join: Join::Sum,
            step,
        } => sum_of_rows(series, field, step, INTERVAL),
        Value::Booked { field, join, .. } => {
            let last = format!("last_over_time({}[{INTERVAL}])", selector(series, field));
            joined(series, join, &last)
        }
        Value::Total { field, step } => sum_of_rows(series, field, step, RANGE),
        // Each of the two grows within its day, while their difference rises and falls: the highest of it would be too much.
        Value::Less {
            field,
            less,
            by_interval,
        } => {
            let [more, less] =
                [field, less].map(|field| sum_of_rows(series, field, "1d", window(by_interval)));
            format!("{more} - {less}")
        }
        Value::Demand { field } => maximum_demand(series, field),
        Value::Growth { field } => growth(series, field, INTERVAL),
        Value::Grown { field } => growth(series, field, RANGE),
        Value::Share {
            part,
            whole,
            complement,
            by_interval,
        } => {
            let sum = |names| sum_of_growth(series, names, window(by_interval));
            let ratio = format!("({}) / ({})", sum(part), sum(whole));
            if complement {
                format!("1 - {ratio}")
            } else {
                ratio
            }
        }
        Value::Rows { columns, .. } => columns
            .first()
            .map(|column| cell(series, column.field))
            .unwrap_or_default(),
    };
    if series.times == 1 {
        expression
    } else {
        format!("({expression}) * {}", series.times)
    }
}

/// Grafana's variables for one step of the graph and for the whole time range.
const INTERVAL: &str = "$__interval";
const RANGE: &str = "$__range";

fn window(by_interval: bool) -> &'static str {
    if by_interval { INTERVAL } else { RANGE }
}

/// Samples joined within each interval, then over tags. A state holds until the next one is written.
fn over(series: &Series, field: &str, within: Join, join: Join) -> String {
    let selector = selector(series, field);
    let in_time = match within {
        Join::Last => format!("last_over_time({selector}[{STATE_HOLDS}])"),
        _ => format!("{}_over_time({selector}[{INTERVAL}])", word(within)),
    };
    joined(series, join, &in_time)
}

/// The last sample of each series, joined; or how many of them equal a code.
fn latest(series: &Series, field: &str, join: Join, equal: Option<i64>) -> String {
    let last = format!("last_over_time({}[{RANGE}])", selector(series, field));
    match equal {
        Some(code) => format!("count{} ({last} == {code})", by(series)),
        None => joined(series, join, &last),
    }
}

/// Sum of rows that grow until their `step` (a day or half-hour) is over: the highest of each step counts.
fn sum_of_rows(series: &Series, field: &str, step: &str, window: &str) -> String {
    let rows = format!(
        "sum_over_time(max_over_time({}[{step}])[{window}:{step}])",
        selector(series, field)
    );
    joined(series, Join::Sum, &rows)
}

/// The highest half-hour's mean of the sum over series.
fn maximum_demand(series: &Series, field: &str) -> String {
    let mean = format!("avg_over_time({}[30m])", selector(series, field));
    let sum = joined(series, Join::Sum, &mean);
    format!("max_over_time(({sum})[{RANGE}:30m])")
}

fn growth(series: &Series, field: &str, window: &str) -> String {
    let increase = format!("increase({}[{window}])", selector(series, field));
    joined(series, Join::Sum, &increase)
}

/// Growth of several counters added up; a leading `-` subtracts.
fn sum_of_growth(series: &Series, names: &[&str], window: &str) -> String {
    let term = |(at, name): (usize, &&str)| {
        let sign = match (name.starts_with('-'), at) {
            (true, _) => " - ",
            (false, 0) => "",
            (false, _) => " + ",
        };
        let field = name.trim_start_matches('-');
        format!("{sign}{}", growth(series, field, window))
    };
    names.iter().enumerate().map(term).collect()
}

/// The query of one column of a table: the last value of each series, for samples have no common row.
pub fn cell(series: &Series, field: &str) -> String {
    joined(
        series,
        Join::Last,
        &format!("last_over_time({}[$__range])", selector(series, field)),
    )
}

/// Values of a variable.
pub fn values(variable: &Variable) -> String {
    let within = variable.within.map_or(String::new(), |tag| {
        format!("{{{}}}", condition(&Filter::Selected(tag)))
    });
    format!(
        "label_values({}_{}{within}, {})",
        variable.measurement, variable.field, variable.tag
    )
}

/// The series' name.
pub fn legend(series: &Series) -> String {
    series
        .by
        .iter()
        .fold(series.legend.to_owned(), |text, tag| {
            text.replace(&format!("{{{tag}}}"), &format!("{{{{{tag}}}}}"))
        })
}

fn selector(series: &Series, field: &str) -> String {
    let filters: Vec<String> = series.filters.iter().map(condition).collect();
    let filters = if filters.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", filters.join(","))
    };
    format!("{}_{field}{filters}", series.measurement)
}

fn condition(filter: &Filter) -> String {
    match filter {
        // Without `:regex`: Grafana's Prometheus source escapes for a string within a query, where a single backslash is an error.
        Filter::Selected(tag) => format!("{tag}=~\"${tag}\""),
        Filter::One(tag) => format!("{tag}=~\"$one_{tag}\""),
        Filter::Is(tag, value) => format!("{tag}=\"{value}\""),
        Filter::Not(tag, value) => format!("{tag}!=\"{value}\""),
    }
}

fn joined(series: &Series, join: Join, expression: &str) -> String {
    let how = match join {
        Join::Last => "max",
        other => word(other),
    };
    format!("{how}{} ({expression})", by(series))
}

fn by(series: &Series) -> String {
    if series.by.is_empty() {
        String::new()
    } else {
        format!(" by ({})", series.by.join(", "))
    }
}

fn word(join: Join) -> &'static str {
    match join {
        Join::Sum => "sum",
        Join::Mean => "avg",
        Join::Max => "max",
        Join::Last => "last",
    }
}
