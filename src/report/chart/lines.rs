//! Lines over months; a month without a figure is a gap.

use std::fmt::Write as _;

use super::{colour, legend, open, places, text};
use crate::report::document::Chart;
use crate::report::words::number;

/// Dash patterns of the series, so that colour is not the only sign.
const DASHES: [&str; 4] = ["none", "7 4", "2 4", "10 3 2 3"];
/// The rectangle that lines are drawn in.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 880.0;
const UP: f64 = 34.0;
const DOWN: f64 = 270.0;

pub(super) fn lines(out: &mut String, chart: &Chart, top: f64) {
    open(out, chart, 310.0);
    legend(out, chart, 16.0);
    value_axis(out, chart, top);
    let count = chart.labels.len().max(1);
    let x = |place: usize| LEFT + (RIGHT - LEFT) * (place as f64 + 0.5) / count as f64;
    let y = |value: f64| DOWN - (DOWN - UP) * (value / top).max(0.0);
    // At most twelve labels, or they overlap.
    let every = count.div_ceil(12);
    for (place, label) in chart.labels.iter().enumerate().step_by(every) {
        text(out, (x(place), DOWN + 20.0), "middle", label);
    }
    for (index, (_, values)) in chart.series.iter().enumerate() {
        let points: Vec<Option<(f64, f64)>> = values
            .iter()
            .enumerate()
            .map(|(place, value)| value.map(|value| (x(place), y(value))))
            .collect();
        line(out, index, &points);
    }
    out.push_str("</svg>\n");
}

/// The unit, and four levels with their values.
fn value_axis(out: &mut String, chart: &Chart, top: f64) {
    text(out, (LEFT - 8.0, 16.0), "end", chart.unit);
    for step in 0..=4 {
        let y = DOWN - (DOWN - UP) * f64::from(step) / 4.0;
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" stroke=\"#d0d0d0\"/>"
        );
        text(
            out,
            (LEFT - 8.0, y + 4.0),
            "end",
            &number(top * f64::from(step) / 4.0, places(top).max(1)),
        );
    }
}

/// A series: a mark for each point, joined by a line that a missing point interrupts.
fn line(out: &mut String, series: usize, points: &[Option<(f64, f64)>]) {
    let mut path = String::new();
    let mut joined = false;
    for point in points {
        let Some((x, y)) = point else {
            joined = false;
            continue;
        };
        let _ = write!(path, "{}{x:.1} {y:.1}", if joined { "L" } else { "M" });
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{}\"/>",
            colour(series)
        );
        joined = true;
    }
    if !path.is_empty() {
        let dash = DASHES[series % DASHES.len()];
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            colour(series)
        );
    }
}
