//! The document as one HTML file: no script, no link to anything, dark on white, made to be printed. All text is escaped.

use std::fmt::Write as _;

use super::document::{Block, Table};
use super::{Report, chart, tables};

/// Printed, a section with a chart begins on a page of its own only if it must; tables repeat their header and rows stay whole.
const STYLE: &str = "\
@page{size:A4;margin:16mm 14mm}\
*{box-sizing:border-box}\
body{font:14px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;color:#1a1a1a;background:#fff;max-width:1040px;margin:0 auto;padding:24px}\
h1{font-size:26px;margin:0 0 4px}\
h2{font-size:19px;margin:32px 0 8px;padding-bottom:4px;border-bottom:2px solid #1f4e79;break-after:avoid}\
p{margin:8px 0;max-width:80ch}\
ul{margin:8px 0;padding-left:20px}\
.subtitle{color:#444}\
.wide{overflow-x:auto}\
table{border-collapse:collapse;width:100%;margin:14px 0;font-size:12.5px}\
caption{text-align:left;font-weight:600;padding:4px 0;break-after:avoid}\
th,td{border-bottom:1px solid #d0d0d0;padding:4px 7px;text-align:left;vertical-align:top}\
th{background:#eef2f6;border-bottom:2px solid #9aa7b4}\
.n{text-align:right;font-variant-numeric:tabular-nums}\
thead{display:table-header-group}\
tr,figure{break-inside:avoid}\
figure{margin:14px 0}\
figcaption{font-weight:600}\
svg{width:100%;height:auto;max-width:900px}\
@media print{body{max-width:none;padding:0;font-size:10.5pt}table{font-size:8.5pt}th{background:#fff}.wide{overflow:visible}}";

/// The report as one HTML page without references to other files.
pub fn html(report: &Report) -> String {
    let document = tables::document(report);
    let title = escape(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p class=\"subtitle\">{}</p>\n</header>\n<main>\n",
        escape(&document.subtitle)
    );
    for section in &document.sections {
        let _ = write!(out, "<section>\n<h2>{}</h2>\n", escape(section.title));
        for block in &section.blocks {
            match block {
                Block::Text(text) => {
                    let _ = writeln!(out, "<p>{}</p>", escape(text));
                }
                Block::List(items) => {
                    out.push_str("<ul>\n");
                    items.iter().for_each(|item| {
                        let _ = writeln!(out, "<li>{}</li>", escape(item));
                    });
                    out.push_str("</ul>\n");
                }
                Block::Table(table) => write_table(&mut out, table),
                Block::Chart(chart, table) => {
                    let _ = write!(
                        out,
                        "<figure>\n<figcaption>{}</figcaption>\n",
                        escape(&chart.title)
                    );
                    chart::write(&mut out, chart);
                    out.push_str("</figure>\n");
                    write_table(&mut out, table);
                }
            }
        }
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn write_table(out: &mut String, table: &Table) {
    let class = |column| {
        if column < table.text_columns {
            ""
        } else {
            " class=\"n\""
        }
    };
    let _ = write!(
        out,
        "<div class=\"wide\">\n<table>\n<caption>{}</caption>\n<thead><tr>",
        escape(&table.caption)
    );
    for (column, header) in table.headers.iter().enumerate() {
        let _ = write!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            class(column),
            escape(header)
        );
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(out, "<td{}>{}</td>", class(column), escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

/// Text for element content and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
