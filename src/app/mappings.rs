//! The site's mapping files and the presets compiled in, read before anything is started. Time zones come from the system's zone files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::MappingConfig;
use crate::jurisdiction::compiled_in_zone;
use crate::telemetry::mapping::{MappingError, MappingErrors, Mappings};
use crate::units::Zone;

/// The presets, by name; the head of each names the product and what of it was seen.
const PRESETS: [(&str, &str); 8] = [
    ("geotab", include_str!("../../config/mappings/geotab.toml")),
    (
        "mazda2mqtt",
        include_str!("../../config/mappings/mazda2mqtt.toml"),
    ),
    (
        "mz2mqtt",
        include_str!("../../config/mappings/mz2mqtt.toml"),
    ),
    (
        "phev2mqtt",
        include_str!("../../config/mappings/phev2mqtt.toml"),
    ),
    ("saic", include_str!("../../config/mappings/saic.toml")),
    (
        "twcmanager",
        include_str!("../../config/mappings/twcmanager.toml"),
    ),
    (
        "volvo2mqtt",
        include_str!("../../config/mappings/volvo2mqtt.toml"),
    ),
    ("zappi", include_str!("../../config/mappings/zappi.toml")),
];

/// The system's compiled zone files.
const ZONE_FILES: &str = "/usr/share/zoneinfo";

/// The names of the presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

/// Reads the files, then the presets: where both have an equally specific map for a topic, the site's own counts.
pub fn load_mappings(config: &MappingConfig) -> Result<Arc<Mappings>, MappingErrors> {
    let mut texts = Vec::new();
    let mut errors = Vec::new();
    for path in &config.files {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => texts.push((file, text)),
            Err(error) => errors.push(MappingError {
                file,
                line: 0,
                key: String::new(),
                reason: error.to_string(),
                hint: "name a file that this user may read; paths are relative to the working directory".into(),
            }),
        }
    }
    let mut files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(file, text)| (file.as_str(), text.as_str()))
        .collect();
    files.extend(
        PRESETS
            .iter()
            .filter(|(name, _)| config.presets.iter().any(|wanted| wanted == name)),
    );
    match Mappings::parse(&files, &find_zone) {
        Ok(mappings) if errors.is_empty() => Ok(Arc::new(mappings)),
        Ok(_) => Err(MappingErrors(errors)),
        Err(MappingErrors(more)) => {
            errors.extend(more);
            Err(MappingErrors(errors))
        }
    }
}

/// A zone that is compiled in, or of the system's files.
fn find_zone(name: &str) -> Result<Zone, String> {
    if let Some(zone) = compiled_in_zone(name) {
        return Ok(zone);
    }
    // No dots: a name leads nowhere else.
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    let path: PathBuf = Path::new(ZONE_FILES).join(name.trim_start_matches('/'));
    let file = if is_name {
        std::fs::read(&path).ok()
    } else {
        None
    };
    file.and_then(|file| Zone::from_tzif(name, &file)).ok_or_else(|| {
        format!("write an IANA name such as Europe/London (compiled in, with UTC); the others are read from {ZONE_FILES}: is tzdata installed?")
    })
}
