//! `[factors]`: the compiled-in emission factors, a folder's on top of them, and which year's set holds when.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::app::config::keys::Section;
use crate::jurisdiction::Jurisdiction;
use crate::ledger::factors::{FactorSets, FactorTable, YearPolicy};
use crate::units::KgCo2ePerKwh;

/// The files of config/factors/, compressed by build.rs.
static COMPILED_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/factors.gz"));

/// `[factors]`: where emission factors come from, and which set applies to a year.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FactorsConfig {
    /// `engine.jurisdiction`: the country whose factors are compiled in and whose fiscal years choose a set.
    pub jurisdiction: &'static Jurisdiction,
    /// `directory` with factor files on top of those compiled in.
    pub directory: Option<PathBuf>,
    /// `year_policy`: the factor set of an April-March year whose two calendar years have sets of their own.
    pub year_policy: YearPolicy,
    /// `residual_kgco2e_per_kwh`: market-based factor of energy without a contract.
    pub residual_factor: Option<KgCo2ePerKwh>,
}

pub(super) fn read(mut section: Section<'_>) -> FactorsConfig {
    let mut config = FactorsConfig::default();
    section.optional_path("directory", &mut config.directory);
    let policies = [
        ("majority", YearPolicy::Majority),
        ("blended", YearPolicy::Blended),
        ("calendar", YearPolicy::Calendar),
    ];
    section.word("year_policy", &mut config.year_policy, &policies);
    let mut residual = None;
    section.number("residual_kgco2e_per_kwh", &mut residual, 0.0, 5.0);
    config.residual_factor = residual.and_then(KgCo2ePerKwh::new);
    section.finish();
    config
}

/// The factors in force, by year.
pub fn load_factors(config: &FactorsConfig) -> Result<FactorSets, String> {
    let of = |table: &FactorTable| {
        FactorSets::from_table(table)
            .with_jurisdiction(config.jurisdiction)
            .with_policy(config.year_policy)
    };
    let sets = of(&load_table(config)?);
    if config.directory.is_none() {
        return Ok(sets);
    }
    let published = load_table(&FactorsConfig {
        directory: None,
        ..config.clone()
    })?;
    Ok(sets.with_published(of(&published)))
}

/// The factors in force, row by row with their sources.
pub fn load_table(config: &FactorsConfig) -> Result<FactorTable, String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(COMPILED_IN)
        .read_to_string(&mut text)
        .map_err(|error| format!("compiled-in factors: {error}"))?;
    let base: Vec<(&str, &str)> = text
        .split('\u{1}')
        .filter_map(|file| file.split_once('\n'))
        .filter(|(name, _)| config.jurisdiction.factor_files.contains(name))
        .collect();
    let own = config
        .directory
        .as_deref()
        .map(read_folder)
        .transpose()?
        .unwrap_or_default();
    let own: Vec<(&str, &str)> = own
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    FactorTable::parse(&base, &own).map_err(|error| error.to_string())
}

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, String> {
    const HINT: &str = "hint: a folder with factor files (*.csv, UTF-8) that this user may read";
    let failed = |path: &Path, error: std::io::Error| {
        format!("`factors.directory`: {}: {error}\n  {HINT}", path.display())
    };
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
        {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| failed(path, error))?;
        Ok((path.display().to_string(), text))
    };
    paths.iter().map(read).collect()
}
