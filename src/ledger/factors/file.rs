//! One factor file: its header decides the kind, then each row is parsed by itself.

use std::sync::Arc;

use super::cells::Cells;
use super::row::{FactorKind, FactorRow};
use super::table::FactorMistake;

/// The column that only files of a kind have, and the kind. Target files may lie in the same folder and hold no factors.
const SIGNATURES: [(&str, Option<FactorKind>); 5] = [
    ("kgco2e", Some(FactorKind::Ghg)),
    ("kwh_per_km", Some(FactorKind::EvEnergy)),
    ("g_nox", Some(FactorKind::AirExhaust)),
    ("bev_multiplier_default", Some(FactorKind::AirNonExhaust)),
    ("target_id", None),
];

/// The content of a file.
#[derive(Default)]
pub(super) struct FactorFile {
    /// Rows without a mistake, in the order of the file.
    pub rows: Vec<FactorRow>,
    /// Ids of rows without a published value.
    pub missing: Vec<String>,
    /// Every mistake in the file.
    pub mistakes: Vec<FactorMistake>,
}

/// Parses a file.
pub(super) fn parse(name: &str, text: &str) -> FactorFile {
    let mut file = FactorFile::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let whole = |line, reason: String| FactorMistake {
        file: name.to_owned(),
        line,
        column: "",
        reason,
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            file.mistakes.push(whole(1, error.to_string()));
            return file;
        }
    };
    let signature = SIGNATURES
        .iter()
        .find(|(column, _)| header.iter().any(|found| found == *column));
    let kind = match signature {
        Some((_, Some(kind))) => *kind,
        Some((_, None)) => return file,
        None => {
            file.mistakes.push(whole(1, no_signature()));
            return file;
        }
    };
    let name: Arc<str> = Arc::from(name);
    // Sources repeat in every row: one text for all of them.
    let mut texts: Vec<Arc<str>> = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                file.mistakes.push(whole(line, error.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let before = file.mistakes.len();
        let mut cells = Cells::new(&header, &record, (&name, line), &mut file.mistakes);
        let row = cells.row(kind, &mut texts, &mut file.missing);
        file.rows
            .extend(row.filter(|_| file.mistakes.len() == before));
    }
    file
}

fn no_signature() -> String {
    let columns: Vec<&str> = SIGNATURES
        .iter()
        .filter(|(_, kind)| kind.is_some())
        .map(|(column, _)| *column)
        .collect();
    format!(
        "is no factor file: its header has none of the columns {}",
        columns.join(", ")
    )
}
