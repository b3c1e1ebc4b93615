//! Replaces files of the register's folder. New files are checked together with those that stay, and written atomically; the old ones are
//! kept as backups.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::app::EXAMPLE_REGISTER;
use crate::model::TokenHasher;
use crate::model::register::{Register, RegisterError, RegisterFiles};
use crate::units::UtcMs;

/// The result of a replacement.
#[derive(Debug)]
pub struct Replaced {
    /// The register after the replacement.
    pub register: Register,
    /// Names of files that are new or changed, and where the old one is.
    pub files: Vec<(String, Option<PathBuf>)>,
}

/// Why no file was replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The file does not have the name of a register file.
    #[error("{}: is not a file of the register\n  hint: the files are called {}", .0.display(), names().collect::<Vec<_>>().join(", "))]
    Name(PathBuf),
    /// Rows that are invalid, every one of them; the register stays as it was.
    #[error("{}\nthe register was not changed", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rows(Vec<RegisterError>),
}

fn names() -> impl Iterator<Item = &'static str> {
    EXAMPLE_REGISTER.iter().map(|(name, _)| *name)
}

/// The register files that a path names: itself, or those in a folder.
fn register_files(from: &Path) -> Vec<(&'static str, PathBuf)> {
    if from.is_dir() {
        names()
            .map(|name| (name, from.join(name)))
            .filter(|(_, path)| path.exists())
            .collect()
    } else {
        let called = from
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        names()
            .filter(|name| *name == called)
            .map(|name| (name, from.to_path_buf()))
            .collect()
    }
}

/// Copies a file, or all files of a folder, into the register's folder.
pub fn replace(
    from: &Path,
    folder: &Path,
    now: UtcMs,
    dry_run: bool,
) -> Result<Replaced, ReplaceError> {
    let failed = |path: &Path, error| ReplaceError::File {
        path: path.to_path_buf(),
        error,
    };
    let new = register_files(from);
    if new.is_empty() {
        return Err(ReplaceError::Name(from.to_path_buf()));
    }
    let mut texts = Vec::new();
    let mut changed = Vec::new();
    for name in names() {
        let stays = folder.join(name);
        let old = match std::fs::read(&stays) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(&stays, error)),
        };
        match new.iter().find(|(called, _)| *called == name) {
            Some((_, path)) => {
                let bytes = std::fs::read(path).map_err(|error| failed(path, error))?;
                if old.as_ref() != Some(&bytes) {
                    changed.push((name, bytes.clone(), old.is_some()));
                }
                texts.push((path.display().to_string(), bytes));
            }
            None => texts.extend(old.map(|bytes| (stays.display().to_string(), bytes))),
        }
    }
    // Only validity matters here, so any key will do for hashing tags.
    let register = Register::parse(
        &RegisterFiles::from_bytes(texts),
        &TokenHasher::new(&[0; 32]),
    )
    .map_err(ReplaceError::Rows)?;
    let mut files = Vec::new();
    for (name, bytes, had_old) in changed {
        let path = folder.join(name);
        // 2026-11-25T10:06:12.000Z without what file names cannot have.
        let time: String = now
            .to_string()
            .chars()
            .filter(|c| !matches!(c, ':' | '-'))
            .collect();
        let backup = had_old.then(|| folder.join(format!("{name}.{time}.bak")));
        if !dry_run {
            replace_file(folder, &path, &bytes, backup.as_deref())
                .map_err(|error| failed(&path, error))?;
        }
        files.push((name.to_owned(), backup));
    }
    Ok(Replaced { register, files })
}

/// A reader sees the old file or the new one, whole, even if the power fails in between.
fn replace_file(
    folder: &Path,
    path: &Path,
    bytes: &[u8],
    backup: Option<&Path>,
) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    if let Some(backup) = backup {
        std::fs::copy(path, backup)?;
        File::open(backup)?.sync_all()?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&fresh, path)?;
    File::open(folder)?.sync_all()
}
