//! A series as PromQL, for VictoriaMetrics (which takes our line protocol) and what speaks its language.
//!
//! A metric is `<measurement>_<field>`. A row written anew stands beside the old one at the same time, and which of them is "the last" is
//! chance; so nothing here sums raw samples: the highest of each day or half-hour counts, for its sums grow until it is over. A sum that
//! was corrected downwards stays too high there. Text fields are not kept.

use super::table::{Filter, Join, Series, Value, Variable};

/// How long a state that is written only when it changes is taken to hold.
const STATE_HOLDS: &str = "1d";

/// The query of a series with one value.
pub fn query(series: &Series) -> String {
    let selector = |field: &str| selector(series, field);
    let expression = match series.value {
        Value::Over {
            field,
            within: Join::Last,
            join,
        } => joined(
            series,
            join,
            &format!("last_over_time({}[{STATE_HOLDS}])", selector(field)),
        ),
        Value::Over {
            field,
            within,
            join,
        } => joined(
            series,
            join,
            &format!(
                "{}_over_time({}[$__interval])",
                word(within),
                selector(field)
            ),
        ),
        Value::Latest { field, join, equal } => {
            let last = format!("last_over_time({}[$__range])", selector(field));
            match equal {
                Some(code) => format!("count{} ({last} == {code})", by(series)),
                None => joined(series, join, &last),
            }
        }
        Value::Booked {
            field,
            join: Join::Sum,
            step,
        } => joined(
            series,
            Join::Sum,
            &format!(
                "sum_over_time(max_over_time({}[{step}])[$__interval:{step}])",
                selector(field)
            ),
        ),
        Value::Booked { field, join, .. } => joined(
            series,
            join,
            &format!("last_over_time({}[$__interval])", selector(field)),
        ),
        Value::Total { field, step } => joined(
            series,
            Join::Sum,
            &format!(
                "sum_over_time(max_over_time({}[{step}])[$__range:{step}])",
                selector(field)
            ),
        ),
        // Each of the two grows within its day, while their difference rises and falls: the highest of it would be too much.
        Value::Less {
            field,
            less,
            by_interval,
        } => {
            let window = if by_interval {
                "$__interval"
            } else {
                "$__range"
            };
            let [more, less] = [field, less].map(|field| {
                let days = format!(
                    "sum_over_time(max_over_time({}[1d])[{window}:1d])",
                    selector(field)
                );
                joined(series, Join::Sum, &days)
            });
            format!("{more} - {less}")
        }
        Value::Demand { field } => {
            let sum = joined(
                series,
                Join::Sum,
                &format!("avg_over_time({}[30m])", selector(field)),
            );
            format!("max_over_time(({sum})[$__range:30m])")
        }
        Value::Growth { field } => joined(
            series,
            Join::Sum,
            &format!("increase({}[$__interval])", selector(field)),
        ),
        Value::Grown { field } => joined(
            series,
            Join::Sum,
            &format!("increase({}[$__range])", selector(field)),
        ),
        Value::Share {
            part,
            whole,
            complement,
            by_interval,
        } => {
            let window = if by_interval {
                "$__interval"
            } else {
                "$__range"
            };
            let sum = |names: &[&str]| -> String {
                let term = |(at, name): (usize, &&str)| {
                    let bare = name.trim_start_matches('-');
                    let sign = if bare.len() < name.len() {
                        " - "
                    } else if at == 0 {
                        ""
                    } else {
                        " + "
                    };
                    format!(
                        "{sign}{}",
                        joined(
                            series,
                            Join::Sum,
                            &format!("increase({}[{window}])", selector(bare))
                        )
                    )
                };
                names.iter().enumerate().map(term).collect()
            };
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
