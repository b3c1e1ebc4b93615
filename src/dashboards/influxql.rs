//! A series as InfluxQL, which InfluxDB 1.8, 2 (through its mapping of buckets to databases) and 3 read.
//!
//! No retention policy is named: a bucket's mapping in InfluxDB 2 has another than 1.x.

use super::table::{Filter, Join, Series, Value, Variable};

/// Days of the books are London days.
const LONDON: &str = " tz('Europe/London')";

/// The query.
pub fn query(series: &Series) -> String {
    let from = format!("FROM \"{}\"", series.measurement);
    let filter = conditions(series);
    let times = if series.times == 1 {
        String::new()
    } else {
        format!(" * {}", series.times)
    };
    let by: Vec<String> = series.by.iter().map(|tag| quoted(tag)).collect();
    let group = if by.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", by.join(", "))
    };
    let in_time = by
        .iter()
        .fold(" GROUP BY time($__interval)".to_owned(), |text, tag| {
            text + ", " + tag
        });
    match series.value {
        Value::Over {
            field,
            within,
            join: Join::Last | Join::Max,
        } => {
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
        Value::Over {
            field,
            within,
            join,
        } => format!(
            "SELECT {}(\"value\"){times} FROM (SELECT {}(\"{field}\") AS \"value\" {from} {filter} GROUP BY time($__interval), * fill(none)) \
             WHERE $timeFilter{in_time} fill(none)",
            word(join),
            word(within)
        ),
        Value::Latest {
            field,
            join: Join::Last,
            equal: None,
        } => {
            format!("SELECT last(\"{field}\"){times} {from} {filter}{group}")
        }
        Value::Latest { field, join, equal } => {
            let (how, which) = equal.map_or((word(join), String::new()), |code| {
                ("count", format!(" WHERE \"value\" = {code}"))
            });
            format!(
                "SELECT {how}(\"value\"){times} FROM (SELECT last(\"{field}\") AS \"value\" {from} {filter} GROUP BY *){which}{group}"
            )
        }
        Value::Booked { field, join, .. } => {
            format!(
                "SELECT {}(\"{field}\"){times} {from} {filter}{in_time} fill(none){LONDON}",
                word(join)
            )
        }
        Value::Total { field, .. } => {
            format!("SELECT sum(\"{field}\"){times} {from} {filter}{group}")
        }
        Value::Less {
            field,
            less,
            by_interval,
        } => {
            let difference = format!("(sum(\"{field}\") - sum(\"{less}\")){times}");
            let end = if by_interval {
                in_time + " fill(none)" + LONDON
            } else {
                group
            };
            format!("SELECT {difference} {from} {filter}{end}")
        }
        Value::Demand { field } => {
            let tags = by.iter().fold(String::new(), |text, tag| text + ", " + tag);
            let mean = format!(
                "SELECT mean(\"{field}\") AS \"one\" {from} {filter} GROUP BY time(30m), * fill(none)"
            );
            let sum = format!(
                "SELECT sum(\"one\") AS \"all\" FROM ({mean}) WHERE $timeFilter GROUP BY time(30m){tags} fill(none)"
            );
            format!("SELECT max(\"all\"){times} FROM ({sum}) WHERE $timeFilter{group}")
        }
        Value::Growth { field } => format!(
            "SELECT sum(\"value\"){times} FROM (SELECT non_negative_difference(last(\"{field}\")) AS \"value\" {from} {filter} \
             GROUP BY time($__interval), *) WHERE $timeFilter{in_time} fill(none)"
        ),
        // Of a counter, highest less lowest is its growth; intervals would lose what lies before the first of them.
        Value::Grown { field } => format!(
            "SELECT sum(\"value\"){times} FROM (SELECT spread(\"{field}\") AS \"value\" {from} {filter} GROUP BY *) WHERE $timeFilter{group}"
        ),
        Value::Share {
            part,
            whole,
            complement,
            by_interval,
        } => {
            let grown = |name: &str| {
                let how = if by_interval {
                    format!("non_negative_difference(last(\"{name}\"))")
                } else {
                    format!("spread(\"{name}\")")
                };
                format!("{how} AS \"{name}\"")
            };
            let mut names = series.fields();
            names.sort_unstable();
            names.dedup();
            let inner: Vec<String> = names.into_iter().map(grown).collect();
            let (inner_group, outer) = if by_interval {
                ("time($__interval), *", in_time + " fill(none)")
            } else {
                ("*", group)
            };
            let ratio = format!("({}) / ({})", sum_of(part), sum_of(whole));
            let ratio = if complement {
                format!("1 - {ratio}")
            } else {
                ratio
            };
            let inner = inner.join(", ");
            format!(
                "SELECT {ratio} FROM (SELECT {inner} {from} {filter} GROUP BY {inner_group}) WHERE $timeFilter{outer}"
            )
        }
        Value::Rows { columns, every } => {
            let column = |field: &str, times: u32| {
                let value = if every {
                    quoted(field)
                } else {
                    format!("last(\"{field}\")")
                };
                let value = if times == 1 {
                    value
                } else {
                    format!("{value} * {times}")
                };
                format!("{value} AS \"{field}\"")
            };
            let mut wanted: Vec<String> = if every { by.clone() } else { Vec::new() };
            wanted.extend(columns.iter().map(|one| column(one.field, one.times)));
            let end = if every {
                " ORDER BY time DESC LIMIT 200".to_owned()
            } else {
                group
            };
            format!("SELECT {} {from} {filter}{end}", wanted.join(", "))
        }
    }
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
