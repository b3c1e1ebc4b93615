//! Whether the store could be opened, without making or changing anything.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use super::StoreConfig;
use super::open::{FILE, LOCK, OpenError};

/// What a start would find: the folder may be written, and no other process holds the store.
pub fn check(config: &StoreConfig) -> Result<String, OpenError> {
    let directory = &config.directory;
    let failed = |error| OpenError::Directory {
        path: directory.clone(),
        error,
    };
    if !directory.exists() {
        // It is made in the nearest folder that is there.
        let above = directory.ancestors().skip(1).map(|path| {
            if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            }
        });
        let above = above
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or(Path::new("."));
        writable(above).map_err(failed)?;
        return Ok(format!("{} will be made", directory.display()));
    }
    writable(directory).map_err(failed)?;
    let path = directory.join(FILE);
    for (name, is_lock) in [(LOCK, true), (FILE, false)] {
        match File::options().write(true).open(directory.join(name)) {
            // Given back at once.
            Ok(file) if is_lock => match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            },
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(Error::new(error.kind(), format!("{name}: {error}")))),
        }
    }
    Ok(format!("{} can be written", directory.display()))
}

/// Runs `test -w`, because the permission bits are not enough: a file system may be read-only, and root may do anything else.
fn writable(folder: &Path) -> Result<(), Error> {
    if !folder.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let refused = |what: &str| {
        let result = Command::new("test")
            .arg(what)
            .arg(folder)
            .stdin(Stdio::null())
            .status();
        // Without such a program, only the start finds out.
        result.is_ok_and(|status| status.code() == Some(1))
    };
    if refused("-w") || refused("-x") {
        Err(ErrorKind::PermissionDenied.into())
    } else {
        Ok(())
    }
}
