//! One factor file, row by row: which kind it is by its header, what stands in which column, what cannot be.
//!
//! Refused: unknown units and components, a component in the wrong scope, a gas split that is not the sum, a zero where something burns,
//! dates that are none or contradict the id, and rows without source or confidence.

use std::sync::Arc;

use csv::StringRecord;

use super::table::{
    Exhaust, FactorKey, FactorKind, FactorMistake, FactorRow, FactorValue, Gases, Wear,
};
use crate::jurisdiction::JURISDICTIONS;
use crate::units::Day;

/// Rounding of the published gas split, per unit (reference emissions.md, CSV notes). Tonnes are printed to 0.01 kg and need it relative.
const SPLIT_TOLERANCE: f64 = 5e-5;
/// The speed mix that the single value of a file is at: 30, 60, 100 km/h (emissions.md section 2).
pub(super) const PRINTED_MIX: [f64; 3] = [0.4, 0.4, 0.2];

/// The column that only files of a kind have, and the kind. Target files may lie in the same folder and are none of ours.
const SIGNATURES: [(&str, Option<FactorKind>); 5] = [
    ("kgco2e", Some(FactorKind::Ghg)),
    ("kwh_per_km", Some(FactorKind::EvEnergy)),
    ("g_nox", Some(FactorKind::AirExhaust)),
    ("bev_multiplier_default", Some(FactorKind::AirNonExhaust)),
    ("target_id", None),
];

/// Unit, component and scope that go together in the UK Government's sets.
const GHG: [(&str, &str, &str); 18] = [
    ("kWh", "generation", "2"),
    ("kWh", "td_losses", "3"),
    ("kWh", "wtt_generation", "3"),
    ("kWh", "wtt_td", "3"),
    ("litre", "ttw", "1"),
    ("litre", "wtt", "3"),
    ("litre", "biogenic_co2", "outside"),
    ("tonne", "ttw", "1"),
    ("tonne", "wtt", "3"),
    ("tonne", "biogenic_co2", "outside"),
    ("kWh_net_cv", "ttw", "1"),
    ("kWh_net_cv", "wtt", "3"),
    ("kWh_net_cv", "biogenic_co2", "outside"),
    ("km", "ttw", "1"),
    ("km", "wtt", "3"),
    ("km", "elec_generation", "2"),
    ("km", "elec_td", "3"),
    ("km", "grey_fleet_total", "3"),
];

/// Reads a file; good rows go to `take`, ids without a value to `missing`, everything wrong to `mistakes`.
pub(super) fn file(
    name: &str,
    text: &str,
    missing: &mut Vec<String>,
    mistakes: &mut Vec<FactorMistake>,
    mut take: impl FnMut(FactorRow, &mut Vec<FactorMistake>),
) {
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
        Err(error) => return mistakes.push(whole(1, error.to_string())),
    };
    let Some(kind) = SIGNATURES
        .iter()
        .find(|(column, _)| header.iter().any(|found| found == *column))
        .map(|(_, kind)| *kind)
    else {
        let columns: Vec<&str> = SIGNATURES
            .iter()
            .filter(|(_, kind)| kind.is_some())
            .map(|(column, _)| *column)
            .collect();
        return mistakes.push(whole(
            1,
            format!(
                "is no factor file: its header has none of the columns {}",
                columns.join(", ")
            ),
        ));
    };
    let Some(kind) = kind else { return };
    let file: Arc<str> = Arc::from(name);
    // Sources repeat in every row: one text for all of them.
    let mut texts: Vec<Arc<str>> = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(whole(
                    error.position().map_or(0, csv::Position::line),
                    error.to_string(),
                ));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let before = mistakes.len();
        let mut cells = Cells {
            header: &header,
            record: &record,
            file: &file,
            line,
            mistakes,
        };
        let row = cells.row(kind, &mut texts, missing);
        if let Some(row) = row.filter(|_| mistakes.len() == before) {
            take(row, mistakes);
        }
    }
}

struct Cells<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
    file: &'a Arc<str>,
    line: u64,
    mistakes: &'a mut Vec<FactorMistake>,
}

impl Cells<'_> {
    fn text(&self, column: &str) -> &str {
        self.header
            .iter()
            .position(|name| name == column)
            .and_then(|index| self.record.get(index))
            .unwrap_or_default()
    }

    fn refuse(&mut self, column: &'static str, reason: impl Into<String>) {
        self.mistakes.push(FactorMistake {
            file: self.file.to_string(),
            line: self.line,
            column,
            reason: reason.into(),
        });
    }

    /// A number that is not negative; `None` if the cell is empty or wrong.
    fn number(&mut self, column: &'static str) -> Option<f64> {
        let text = self.text(column).to_owned();
        match text.parse::<f64>() {
            _ if text.is_empty() => None,
            Ok(value) if value.is_finite() && value >= 0.0 => Some(value),
            _ => {
                self.refuse(column, format!("`{text}` is not a number from 0 up"));
                None
            }
        }
    }

    fn needed(&mut self, column: &'static str) -> f64 {
        let before = self.mistakes.len();
        self.number(column).unwrap_or_else(|| {
            if self.mistakes.len() == before {
                self.refuse(
                    column,
                    "is empty: leave the row out where nothing was published",
                );
            }
            f64::NAN
        })
    }

    fn row(
        &mut self,
        kind: FactorKind,
        texts: &mut Vec<Arc<str>>,
        missing: &mut Vec<String>,
    ) -> Option<FactorRow> {
        let id = self.text("factor_id").to_owned();
        if id.is_empty() {
            self.refuse("factor_id", "is empty: every factor needs its id");
        }
        let year = self.year(&id);
        let value = self.value(kind);
        if value.is_none() && kind == FactorKind::EvEnergy {
            missing.push(id);
            return None;
        }
        let version = match self.text("version") {
            "" => 1,
            text => text
                .parse::<u8>()
                .ok()
                .filter(|version| *version > 0)
                .unwrap_or(0),
        };
        if version == 0 {
            self.refuse("version", "is not a whole number from 1 to 255");
        }
        let [source, confidence] = ["source", "confidence"].map(|column| {
            if self.text(column).is_empty() {
                self.refuse(
                    column,
                    "is empty: an auditor will ask where the figure is from and how sure it is",
                );
            }
            shared(texts, self.text(column))
        });
        let column = |ours, wear| {
            if kind == FactorKind::AirNonExhaust {
                wear
            } else {
                ours
            }
        };
        let key = FactorKey {
            kind,
            vehicle_class: self
                .text(column("vehicle_class", "vehicle_group"))
                .to_owned(),
            fuel: self.text("fuel").to_owned(),
            euro: self.text("euro").to_owned(),
            unit: self.text("unit").to_owned(),
            component: self
                .text(column("component", "source_component"))
                .to_owned(),
        };
        let place = (self.file.clone(), self.line);
        let provisional = &*confidence == "found-secondary";
        Some(FactorRow {
            id,
            key,
            year,
            value: value?,
            version,
            provisional,
            source,
            confidence,
            place,
            replaced: None,
        })
    }

    /// The calendar year printed on the set, which is that of `valid_from`.
    fn year(&mut self, id: &str) -> i32 {
        let from: Result<Day, _> = self.text("valid_from").parse();
        let Ok(from) = from else {
            self.refuse("valid_from", "is not a date such as 2025-01-01");
            return 0;
        };
        let year = from.ymd().0;
        let to = self.text("valid_to").to_owned();
        if !to.is_empty()
            && !to
                .parse::<Day>()
                .is_ok_and(|to| to >= from && to.ymd().0 == year)
        {
            self.refuse(
                "valid_to",
                format!("`{to}` is not a date from valid_from to the end of its year, {year}"),
            );
        }
        let named = JURISDICTIONS
            .into_iter()
            .find_map(|country| id.strip_prefix(country.factor_family))
            .and_then(|rest| rest.get(..4))
            .and_then(|year| year.parse::<i32>().ok());
        if named.is_some_and(|named| named != year) {
            self.refuse(
                "factor_id",
                format!("`{id}` names another year than valid_from, {year}"),
            );
        }
        year
    }

    fn value(&mut self, kind: FactorKind) -> Option<FactorValue> {
        let unit = self.text("unit").to_owned();
        let wanted = match kind {
            FactorKind::Ghg => return self.gases(&unit).map(FactorValue::Gases),
            FactorKind::EvEnergy => "kWh/km",
            FactorKind::AirExhaust | FactorKind::AirNonExhaust => "g/km",
        };
        if unit != wanted {
            self.refuse("unit", format!("`{unit}` is not {wanted}"));
        }
        match kind {
            // The sheet of 2020 prints 0 kWh for some: a value that was not published, not one of nothing.
            FactorKind::EvEnergy => self
                .number("kwh_per_km")
                .filter(|kwh| *kwh > 0.0)
                .map(FactorValue::KwhPerKm),
            FactorKind::AirExhaust => Some(FactorValue::Exhaust(Exhaust {
                nox: self.at_speeds(["g_nox", "g_nox_urban", "g_nox_rural", "g_nox_motorway"]),
                pm25: self.at_speeds(["g_pm25", "g_pm25_urban", "g_pm25_rural", "g_pm25_motorway"]),
            })),
            _ => Some(FactorValue::Wear(Wear {
                pm10: self.needed("g_pm10"),
                pm25: self.needed("g_pm25"),
                bev: ["bev_multiplier_default", "bev_multiplier_regen_profile"]
                    .map(|column| self.needed(column)),
            })),
        }
    }

    fn at_speeds(&mut self, columns: [&'static str; 4]) -> [f64; 4] {
        let values = columns.map(|column| self.needed(column));
        let mix: f64 = values[1..]
            .iter()
            .zip(PRINTED_MIX)
            .map(|(value, share)| value * share)
            .sum();
        if (mix - values[0]).abs() > SPLIT_TOLERANCE {
            self.refuse(
                columns[0],
                format!(
                    "is not 40 % urban, 40 % rural, 20 % motorway of the row, which is {mix:.5}"
                ),
            );
        }
        if values.contains(&0.0) && self.text("fuel") != "bev" {
            self.refuse(
                columns[0],
                "is 0, but something burns: leave the row out where nothing was published",
            );
        }
        values
    }

    fn gases(&mut self, unit: &str) -> Option<Gases> {
        let (component, scope) = (
            self.text("component").to_owned(),
            self.text("scope").to_owned(),
        );
        // Miles are kilometres x 1.609344 in the sets; they are checked like them and not used.
        let per = if unit == "mile" { "km" } else { unit };
        match GHG
            .iter()
            .find(|(known, part, _)| *known == per && *part == component)
        {
            Some((_, _, wanted)) if *wanted != scope => {
                self.refuse(
                    "scope",
                    format!("`{scope}` cannot be: `{component}` is scope {wanted}"),
                );
            }
            Some(_) => {}
            None if !GHG.iter().any(|(known, _, _)| *known == per) => {
                self.refuse(
                    "unit",
                    format!("`{unit}` is not kWh, litre, tonne, kWh_net_cv, km or mile"),
                );
            }
            None => self.refuse(
                "component",
                format!("`{component}` is not published per {unit}"),
            ),
        }
        let kgco2e = self.needed("kgco2e");
        if kgco2e == 0.0 && !(self.text("fuel") == "bev" && component == "ttw") {
            self.refuse("kgco2e", "is 0, but only a battery-electric tailpipe is: leave the row out where nothing was published");
        }
        let parts = ["kgco2", "kgco2e_ch4", "kgco2e_n2o"].map(|column| self.number(column));
        let split = match parts {
            [Some(co2), Some(ch4), Some(n2o)] => Some([co2, ch4, n2o]),
            // Biogenic CO2 is that and nothing else.
            [Some(co2), None, None] if component == "biogenic_co2" => Some([co2, 0.0, 0.0]),
            [None, None, None] => None,
            _ => {
                self.refuse(
                    "kgco2",
                    "the gas split is not whole: give all three gases, or none",
                );
                None
            }
        };
        let tolerance = SPLIT_TOLERANCE * if unit == "tonne" { kgco2e } else { 1.0 };
        let sum = split.map(|split| split.iter().sum::<f64>());
        if sum.is_some_and(|sum| (sum - kgco2e).abs() > tolerance + 1e-12) {
            self.refuse(
                "kgco2e",
                format!(
                    "is {kgco2e}, but the gases add up to {:.5}",
                    sum.unwrap_or_default()
                ),
            );
        }
        Some(Gases { kgco2e, split })
    }
}

fn shared(texts: &mut Vec<Arc<str>>, text: &str) -> Arc<str> {
    match texts.iter().find(|known| &***known == text) {
        Some(known) => known.clone(),
        None => {
            texts.push(Arc::from(text));
            Arc::from(text)
        }
    }
}
