//! Charts as inline SVG: horizontal bars side by side, or lines over months. Nothing is stacked, and a gap is a gap.

mod bars;
mod lines;

use std::fmt::Write as _;

use super::document::{Chart, ChartKind};
use super::html::escape;

/// Distinct in print and for colour-blind readers (Okabe and Ito, Color Universal Design, 2008; without its yellow, which white paper swallows).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#8c4f7c"];
const WIDTH: f64 = 900.0;

pub(super) fn write(out: &mut String, chart: &Chart) {
    let values = chart
        .series
        .iter()
        .flat_map(|(_, values)| values.iter().flatten());
    let top = nice(values.fold(0.0, |largest: f64, value| largest.max(*value)));
    match chart.kind {
        ChartKind::Bars => bars::bars(out, chart, top),
        ChartKind::Lines => lines::lines(out, chart, top),
    }
}

/// The next end of an axis that makes its quarters short numbers.
fn nice(largest: f64) -> f64 {
    if largest <= 0.0 || !largest.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(largest.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= largest * 0.999_999)
        .unwrap_or(largest)
}

fn places(top: f64) -> usize {
    match top {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    }
}

fn open(out: &mut String, chart: &Chart, height: f64) {
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{}; the table below has the figures\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#1a1a1a\">",
        escape(&chart.title)
    );
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escape(text)
    );
}

fn legend(out: &mut String, chart: &Chart, y: f64) {
    let mut x = 180.0;
    for (index, (name, _)) in chart.series.iter().enumerate() {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
            y - 10.0,
            colour(index)
        );
        text(out, (x + 17.0, y), "start", name);
        x += 34.0 + 7.0 * name.chars().count() as f64;
    }
}

fn colour(series: usize) -> &'static str {
    COLOURS[series % COLOURS.len()]
}
