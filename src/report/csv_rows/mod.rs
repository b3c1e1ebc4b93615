//! The report as one long table, one figure a row: section, organisation, site, metric, unit, value, value_last_year, note. An empty cell
//! is a figure that is not known.

mod figures;
mod method;

use std::fmt::Display;

use super::Report;

struct CsvRows {
    writer: csv::Writer<Vec<u8>>,
}

/// Section, organisation and site of a figure.
type Labels<'a> = (&'a str, &'a str, &'a str);

impl CsvRows {
    fn push(
        &mut self,
        labels: Labels<'_>,
        metric: &str,
        unit: &str,
        value: Option<impl Display>,
        earlier: Option<f64>,
        note: &str,
    ) {
        let text = |value: Option<String>| value.unwrap_or_default();
        let cells = [
            labels.0,
            labels.1,
            labels.2,
            metric,
            unit,
            &text(value.map(|value| value.to_string())),
            &text(earlier.map(|value| value.to_string())),
            note,
        ];
        // Writing into memory does not fail.
        let _ = self.writer.write_record(cells);
    }

    /// A figure without one of last year and without a note.
    fn figure(
        &mut self,
        labels: Labels<'_>,
        metric: &str,
        unit: &str,
        value: Option<impl Display>,
    ) {
        self.push(labels, metric, unit, value, None, "");
    }
}

/// Renders the report with unrounded figures.
pub fn csv_rows(report: &Report) -> String {
    let mut out = CsvRows {
        writer: csv::Writer::from_writer(Vec::new()),
    };
    let _ = out.writer.write_record([
        "section",
        "organisation",
        "site",
        "metric",
        "unit",
        "value",
        "value_last_year",
        "note",
    ]);
    let period = &report.period;
    for (metric, value) in [
        ("from", &period.from),
        ("to", &period.to),
        ("figures_to", &period.figures_to),
    ] {
        out.push(
            ("period", "", ""),
            metric,
            "date",
            Some(value),
            None,
            &period.name,
        );
    }
    figures::targets(&mut out, report);
    figures::groups(&mut out, report);
    figures::air(&mut out, report);
    figures::leagues(&mut out, report);
    figures::charging(&mut out, report);
    figures::uptime(&mut out, report);
    method::method(&mut out, report);
    method::restatements(&mut out, report);
    method::data_quality(&mut out, report);
    String::from_utf8(out.writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
