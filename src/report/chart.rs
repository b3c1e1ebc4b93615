//! Charts as inline SVG: horizontal bars side by side, or lines over months. Nothing is stacked, and a gap is a gap.

use std::fmt::Write as _;

use super::document::{Chart, ChartKind};
use super::html::escape;
use super::words::number;

/// Told apart in print and by colour-blind readers (Okabe and Ito 2008, without the yellow that is lost on white).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#8c4f7c"];
/// Lines are told apart by their dashes too.
const DASHES: [&str; 4] = ["none", "7 4", "2 4", "10 3 2 3"];
const WIDTH: f64 = 900.0;
/// Letters of a label; longer ones are cut, the table has them whole.
const LABEL: usize = 24;

pub(super) fn write(out: &mut String, chart: &Chart) {
    let values = chart
        .series
        .iter()
        .flat_map(|(_, values)| values.iter().flatten());
    let top = nice(values.fold(0.0, |largest: f64, value| largest.max(*value)));
    match chart.kind {
        ChartKind::Bars => bars(out, chart, top),
        ChartKind::Lines => lines(out, chart, top),
    }
}

/// The next end of an axis whose quarters are short numbers.
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

fn bars(out: &mut String, chart: &Chart, top: f64) {
    const LEFT: f64 = 180.0;
    const RIGHT: f64 = 810.0;
    let bar = 14.0;
    let row = bar * chart.series.len() as f64 + 12.0;
    let bottom = 34.0 + row * chart.labels.len() as f64;
    open(out, chart, bottom + 34.0);
    legend(out, chart, 16.0);
    for step in 0..=4 {
        let x = LEFT + (RIGHT - LEFT) * f64::from(step) / 4.0;
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"28\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" stroke=\"#d0d0d0\"/>"
        );
        text(
            out,
            (x, bottom + 16.0),
            "middle",
            &number(top * f64::from(step) / 4.0, places(top)),
        );
    }
    text(out, (WIDTH, bottom + 32.0), "end", chart.unit);
    for (place, label) in chart.labels.iter().enumerate() {
        let y = 34.0 + row * place as f64;
        let cut: String = label.chars().take(LABEL).collect();
        text(out, (LEFT - 8.0, y + row / 2.0 - 2.0), "end", &cut);
        for (index, (_, values)) in chart.series.iter().enumerate() {
            let y = y + bar * index as f64;
            match values.get(place).copied().flatten() {
                Some(value) => {
                    let width = ((RIGHT - LEFT) * value / top).max(0.0);
                    let _ = writeln!(
                        out,
                        "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                        bar - 2.0,
                        colour(index)
                    );
                    text(
                        out,
                        (LEFT + width + 5.0, y + bar - 3.0),
                        "start",
                        &number(value, places(top).max(1)),
                    );
                }
                None => text(
                    out,
                    (LEFT + 5.0, y + bar - 3.0),
                    "start",
                    super::words::NONE,
                ),
            }
        }
    }
    out.push_str("</svg>\n");
}

fn lines(out: &mut String, chart: &Chart, top: f64) {
    const LEFT: f64 = 80.0;
    const RIGHT: f64 = 880.0;
    const UP: f64 = 34.0;
    const DOWN: f64 = 270.0;
    open(out, chart, 310.0);
    legend(out, chart, 16.0);
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
    let count = chart.labels.len().max(1);
    let x = |place: usize| LEFT + (RIGHT - LEFT) * (place as f64 + 0.5) / count as f64;
    let every = count.div_ceil(12);
    for (place, label) in chart
        .labels
        .iter()
        .enumerate()
        .filter(|(place, _)| place % every == 0)
    {
        text(out, (x(place), DOWN + 20.0), "middle", label);
    }
    for (index, (_, values)) in chart.series.iter().enumerate() {
        let point =
            |place: usize, value: f64| (x(place), DOWN - (DOWN - UP) * (value / top).max(0.0));
        let mut path = String::new();
        let mut joined = false;
        for (place, value) in values.iter().enumerate() {
            let Some(value) = value else {
                joined = false;
                continue;
            };
            let (x, y) = point(place, *value);
            let _ = write!(path, "{}{x:.1} {y:.1}", if joined { "L" } else { "M" });
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{}\"/>",
                colour(index)
            );
            joined = true;
        }
        if !path.is_empty() {
            let dash = DASHES[index % DASHES.len()];
            let _ = writeln!(
                out,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
                colour(index)
            );
        }
    }
    out.push_str("</svg>\n");
}
