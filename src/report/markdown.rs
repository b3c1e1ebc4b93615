//! The document as Markdown: pipe tables, of charts the table behind them. Text from outside cannot break a table or become markup.

use std::fmt::Write as _;

use super::document::{Block, Table};
use super::{Report, tables};

/// The report as Markdown with pipe tables.
pub fn markdown(report: &Report) -> String {
    let document = tables::document(report);
    let mut out = format!(
        "# {}\n\n{}\n",
        escape(&document.title),
        escape(&document.subtitle)
    );
    for section in &document.sections {
        let _ = write!(out, "\n## {}\n", section.title);
        for block in &section.blocks {
            match block {
                Block::Text(text) => {
                    let _ = write!(out, "\n{}\n", escape(text));
                }
                Block::List(items) => {
                    out.push('\n');
                    items.iter().for_each(|item| {
                        let _ = writeln!(out, "- {}", escape(item));
                    });
                }
                Block::Table(table) | Block::Chart(_, table) => write_table(&mut out, table),
            }
        }
    }
    out
}

fn write_table(out: &mut String, table: &Table) {
    let _ = write!(out, "\n**{}**\n\n", escape(&table.caption));
    let line = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    out.push_str(&line(
        &mut table.headers.iter().map(|header| escape(header)),
    ));
    let rule = |column| {
        if column < table.text_columns {
            "---".to_owned()
        } else {
            "---:".to_owned()
        }
    };
    out.push_str(&line(&mut (0..table.headers.len()).map(rule)));
    for row in &table.rows {
        out.push_str(&line(&mut row.iter().map(|cell| escape(cell))));
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '<' | '\\' | '#' => out.extend(['\\', c]),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
