//! Horizontal bars: a group for each label, a bar for each series, side by side.

use std::fmt::Write as _;

use super::{WIDTH, colour, legend, open, places, text};
use crate::report::document::Chart;
use crate::report::words::{NONE, number};

/// Where bars begin; labels are left of it.
const LEFT: f64 = 180.0;
/// Where the longest bar ends; its value is right of it.
const RIGHT: f64 = 810.0;
/// The height of a bar with the space to the next.
const BAR: f64 = 14.0;
/// Letters of a label; longer ones are cut, the table has them whole.
const LABEL: usize = 24;

pub(super) fn bars(out: &mut String, chart: &Chart, top: f64) {
    let row = BAR * chart.series.len() as f64 + 12.0;
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
            let y = y + BAR * index as f64;
            let Some(value) = values.get(place).copied().flatten() else {
                text(out, (LEFT + 5.0, y + BAR - 3.0), "start", NONE);
                continue;
            };
            let width = ((RIGHT - LEFT) * value / top).max(0.0);
            let _ = writeln!(
                out,
                "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                BAR - 2.0,
                colour(index)
            );
            text(
                out,
                (LEFT + width + 5.0, y + BAR - 3.0),
                "start",
                &number(value, places(top).max(1)),
            );
        }
    }
    out.push_str("</svg>\n");
}
