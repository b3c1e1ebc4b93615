//! How series and columns are written in the table.

use super::{Column, Join, Series, State, Value};

const fn series(legend: &'static str, measurement: &'static str, value: Value) -> Series {
    Series {
        legend,
        measurement,
        value,
        filters: &[],
        by: &[],
        times: 1,
        dashed: false,
    }
}

/// Mean within each interval, joined over tags.
pub const fn over(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    join: Join,
) -> Series {
    series(
        legend,
        measurement,
        Value::Over {
            field,
            within: Join::Mean,
            join,
        },
    )
}

/// Last value within each interval: states and lifetime totals.
pub const fn state(legend: &'static str, measurement: &'static str, field: &'static str) -> Series {
    series(
        legend,
        measurement,
        Value::Over {
            field,
            within: Join::Last,
            join: Join::Last,
        },
    )
}

/// Highest value within each interval.
pub const fn peak(legend: &'static str, measurement: &'static str, field: &'static str) -> Series {
    series(
        legend,
        measurement,
        Value::Over {
            field,
            within: Join::Max,
            join: Join::Max,
        },
    )
}

/// Value at the end of the range.
pub const fn latest(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    join: Join,
) -> Series {
    series(
        legend,
        measurement,
        Value::Latest {
            field,
            join,
            equal: None,
        },
    )
}

/// How many series stand at a value at the end of the range.
pub const fn standing(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    equal: i64,
) -> Series {
    series(
        legend,
        measurement,
        Value::Latest {
            field,
            join: Join::Sum,
            equal: Some(equal),
        },
    )
}

/// Rows of days.
pub const fn daily(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    join: Join,
) -> Series {
    series(
        legend,
        measurement,
        Value::Booked {
            field,
            join,
            step: "1d",
        },
    )
}

/// Rows of half-hours.
pub const fn half_hourly(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    join: Join,
) -> Series {
    series(
        legend,
        measurement,
        Value::Booked {
            field,
            join,
            step: "30m",
        },
    )
}

/// Sum over the range of rows of days.
pub const fn total(legend: &'static str, measurement: &'static str, field: &'static str) -> Series {
    series(legend, measurement, Value::Total { field, step: "1d" })
}

/// One sum of days less another, by interval.
pub const fn daily_less(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    less: &'static str,
) -> Series {
    series(
        legend,
        measurement,
        Value::Less {
            field,
            less,
            by_interval: true,
        },
    )
}

/// One sum of days less another, over the range.
pub const fn total_less(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
    less: &'static str,
) -> Series {
    series(
        legend,
        measurement,
        Value::Less {
            field,
            less,
            by_interval: false,
        },
    )
}

/// The highest half-hour of the range.
pub const fn demand(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
) -> Series {
    series(legend, measurement, Value::Demand { field })
}

/// What a counter grew by over the range.
pub const fn grown(legend: &'static str, measurement: &'static str, field: &'static str) -> Series {
    series(legend, measurement, Value::Grown { field })
}

/// What a counter grew by, by interval.
pub const fn growth(
    legend: &'static str,
    measurement: &'static str,
    field: &'static str,
) -> Series {
    series(legend, measurement, Value::Growth { field })
}

/// A ratio of counters of `connector_time` over the range.
pub const fn share(
    legend: &'static str,
    part: &'static [&'static str],
    whole: &'static [&'static str],
) -> Series {
    series(
        legend,
        "connector_time",
        Value::Share {
            part,
            whole,
            complement: false,
            by_interval: false,
        },
    )
}

/// One minus it.
pub const fn one_minus(
    legend: &'static str,
    part: &'static [&'static str],
    whole: &'static [&'static str],
) -> Series {
    series(
        legend,
        "connector_time",
        Value::Share {
            part,
            whole,
            complement: true,
            by_interval: false,
        },
    )
}

/// The ratio by interval.
pub const fn share_in_time(
    legend: &'static str,
    part: &'static [&'static str],
    whole: &'static [&'static str],
) -> Series {
    series(
        legend,
        "connector_time",
        Value::Share {
            part,
            whole,
            complement: false,
            by_interval: true,
        },
    )
}

/// A table with a row for each value of the tags.
pub const fn table(
    measurement: &'static str,
    by: &'static [&'static str],
    columns: &'static [Column],
) -> Series {
    Series {
        by,
        ..series(
            "",
            measurement,
            Value::Rows {
                columns,
                every: false,
            },
        )
    }
}

/// A table of the newest rows.
pub const fn rows(
    measurement: &'static str,
    by: &'static [&'static str],
    columns: &'static [Column],
) -> Series {
    Series {
        by,
        ..series(
            "",
            measurement,
            Value::Rows {
                columns,
                every: true,
            },
        )
    }
}

/// A column that shows a field as it is, with a heading and Grafana's id of its unit.
pub const fn column(field: &'static str, title: &'static str, unit: &'static str) -> Column {
    Column {
        field,
        title,
        unit,
        times: 1,
        states: &[],
    }
}

/// A column of Unix seconds, shown as a date.
pub const fn date(field: &'static str, title: &'static str) -> Column {
    Column {
        field,
        title,
        unit: "dateTimeAsIso",
        times: 1000,
        states: &[],
    }
}

/// A column of states.
pub const fn word(field: &'static str, title: &'static str, states: &'static [State]) -> Column {
    Column {
        field,
        title,
        unit: "none",
        times: 1,
        states,
    }
}
