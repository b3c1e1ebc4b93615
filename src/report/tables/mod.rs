//! The report's data as the sections of a document, which HTML and Markdown are rendered from. Figures are rounded here and nowhere else.

mod air;
mod charging;
mod emissions;
mod league;
mod targets;

use super::about;
use super::data::Report;
use super::document::{Block, Document, Section, Table};

pub(super) fn document(report: &Report) -> Document {
    let period = &report.period;
    let until = if period.complete {
        String::new()
    } else {
        format!(", figures to {}", period.figures_to)
    };
    Document {
        title: format!("Fleet emissions report {}", period.name),
        subtitle: format!(
            "{} to {}{until}; last year is {} to {}. Made {} by {}.",
            period.from,
            period.to,
            period.last_year_from,
            period.last_year_to,
            report.generated_at,
            report.method.program
        ),
        sections: sections(report),
    }
}

fn sections(report: &Report) -> Vec<Section> {
    let section = |title, blocks| Section { title, blocks };
    let mut sections = vec![
        section("Targets", targets::targets(report)),
        section("Emissions", emissions::emissions(&report.emissions)),
        section("Air pollutants", air::air(&report.air)),
        section("League table", league::league(report)),
        section("Charging", charging::charging(&report.charging)),
        section("Method", about::method(report)),
        section("Restatements", about::restatements(report)),
        section("Data quality", about::quality(report)),
    ];
    if !report.missing.is_empty() {
        sections.push(section(
            "Not in this report",
            vec![Block::List(report.missing.clone())],
        ));
    }
    sections
}

/// A table of the document; the first `text_columns` columns are words, the others figures.
pub(super) fn table(
    caption: impl Into<String>,
    headers: &[&'static str],
    text_columns: usize,
    rows: Vec<Vec<String>>,
) -> Table {
    Table {
        caption: caption.into(),
        headers: headers.to_vec(),
        text_columns,
        rows,
    }
}
