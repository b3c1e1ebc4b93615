//! Where the register comes from: a folder of CSV files, or the example that is compiled in for the demo.

use std::path::{Path, PathBuf};

use crate::jurisdiction::Jurisdiction;
use crate::model::TokenHasher;
use crate::model::register::{Register, RegisterError, RegisterFiles};

/// The example register of `config/register/`, by file name.
pub const EXAMPLE_REGISTER: [(&str, &str); 6] = [
    (
        "organisations.csv",
        include_str!("../../config/register/organisations.csv"),
    ),
    ("sites.csv", include_str!("../../config/register/sites.csv")),
    (
        "vehicles.csv",
        include_str!("../../config/register/vehicles.csv"),
    ),
    (
        "charge_points.csv",
        include_str!("../../config/register/charge_points.csv"),
    ),
    (
        "renewable.csv",
        include_str!("../../config/register/renewable.csv"),
    ),
    ("tags.csv", include_str!("../../config/register/tags.csv")),
];

/// Where the register comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum RegisterSource {
    /// None: all vehicles and charge points are unregistered, and shares are not computable.
    Empty,
    /// The example of config/register/, compiled in, for the demo.
    Example,
    /// A folder; files that are not there count as empty.
    Folder(PathBuf),
}

/// The register cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder or a file cannot be read.
    #[error(
        "register: {path}: {error}\n  hint: `register.directory` must be a folder with vehicles.csv, charge_points.csv, ... that the daemon may read"
    )]
    Read {
        /// The folder or file.
        path: String,
        /// What the operating system answered.
        error: std::io::Error,
    },
    /// Rows are wrong: all of them.
    #[error("{}", rows(.0))]
    Rows(Vec<RegisterError>),
}

fn rows(errors: &[RegisterError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

impl RegisterSource {
    /// Reads and checks everything.
    pub fn load(
        &self,
        jurisdiction: &'static Jurisdiction,
        hasher: &TokenHasher,
    ) -> Result<Register, LoadError> {
        let texts: Vec<(String, Vec<u8>)> = match self {
            Self::Empty => {
                return Ok(Register {
                    jurisdiction,
                    ..Register::default()
                });
            }
            Self::Example => EXAMPLE_REGISTER
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect(),
            Self::Folder(folder) => read_folder(folder)?,
        };
        Register::parse_in(jurisdiction, &RegisterFiles::from_bytes(texts), hasher)
            .map_err(LoadError::Rows)
    }
}

fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, LoadError> {
    let failed = |path: &Path, error| LoadError::Read {
        path: path.display().to_string(),
        error,
    };
    std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut texts = Vec::new();
    for (name, _) in EXAMPLE_REGISTER {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => texts.push((path.display().to_string(), bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path, error)),
        }
    }
    Ok(texts)
}
