//! Opens the store: creates it, migrates it from an older version, or reports why it cannot be used and what to do.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::schema::{self, APPLICATION_ID, VERSION};
use super::{Identity, InboxRow, Opened, Recovery, Store, StoreConfig, gunzip};

/// Name of the file in `store.directory`.
pub(super) const FILE: &str = "fleetgauge.db";
/// Name of the file that a running daemon holds locked.
pub(super) const LOCK: &str = "fleetgauge.lock";

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is missing and cannot be made, is no folder, or may not be written.
    #[error(
        "`store.directory`: {path}: {error}\n  hint: it must be a folder this user may write; make it, or set `store.directory`"
    )]
    Directory {
        /// `store.directory` as configured.
        path: PathBuf,
        /// Error of the system for the folder or a file in it.
        error: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "{path} is in use by another fleetgauge\n  hint: stop it, or give this one its own `store.directory`"
    )]
    InUse {
        /// Path of the lock file that the other process holds.
        path: PathBuf,
    },
    /// Some other program's file.
    #[error(
        "{path} is not a fleetgauge store\n  hint: move it away, or set `store.directory` to another folder; nothing was written to it"
    )]
    NotOurs {
        /// Path of the file; it has another application id, or is no SQLite database.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error(
        "{path} was written by a newer fleetgauge (store version {found}, this program knows {VERSION})\n  hint: start the newer program; a newer store is never taken back"
    )]
    Newer {
        /// Path of the database.
        path: PathBuf,
        /// Store version of the file (`PRAGMA user_version`).
        found: i32,
    },
    /// In use by an older program, so that it cannot be taken over now.
    #[error(
        "{path} has store version {found}, this program knows {VERSION}, and an older daemon runs on it\n  hint: restart the daemon with this program, then try again"
    )]
    Older {
        /// Path of the database.
        path: PathBuf,
        /// Store version of the file (`PRAGMA user_version`).
        found: i32,
    },
    /// SQLite reports damage, the checkpoint cannot be unpacked, or an inbox row does not match its checksum.
    #[error(
        "{path} is damaged: {detail}\n  hint: restore it from a backup, or move it away to begin anew; nothing was written to it"
    )]
    Corrupt {
        /// Path of the database.
        path: PathBuf,
        /// The defect: the report of SQLite, or of the check that failed.
        detail: String,
    },
    /// Anything else SQLite reports, a full disk among it.
    #[error("{path}: {error}\n  hint: is the disk full or read-only?")]
    Sqlite {
        /// Path of the database.
        path: PathBuf,
        /// The error as SQLite reports it.
        error: rusqlite::Error,
    },
}

/// What can go wrong inside, before the path is known to the reader.
enum Problem {
    Sqlite(rusqlite::Error),
    NotOurs,
    Newer(i32),
    Older(i32),
    Snapshot(std::io::Error),
    InboxRow(i64),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Store {
    /// Opens or makes the store in the configured folder.
    pub fn open(config: &StoreConfig) -> Result<Opened, OpenError> {
        let directory = &config.directory;
        let failed = |error| OpenError::Directory {
            path: directory.clone(),
            error,
        };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let path = directory.join(FILE);
        // Two daemons on one store would book everything twice. The lock ends with the process, however it ends.
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(directory.join(LOCK))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let opened = open_file(&path).map_err(|problem| explain(&path, problem));
        let (connection, identity, recovery) = opened?;
        let store =
            Store::new(connection, lock, config).map_err(|error| explain(&path, error.into()))?;
        Ok(Opened {
            store,
            identity,
            recovery,
        })
    }
}

fn open_file(path: &Path) -> Result<(Connection, Identity, Recovery), Problem> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    prepare(&mut connection)?;
    let identity = identity(&connection)?;
    let recovery = recovery(&connection)?;
    Ok((connection, identity, recovery))
}

/// How often, and how long each time, an import waits for a daemon that makes or migrates the file.
const MAX_WAITS: u32 = 50;
const WAIT: Duration = Duration::from_millis(100);

/// A second connection that writes tables of its own beside a daemon that may run or not. Only to make or migrate the file does it need
/// the daemon's lock, and only for that long: a daemon can start during an import.
pub(super) fn connect_beside(directory: &Path) -> Result<(Connection, Identity), OpenError> {
    let failed = |error| OpenError::Directory {
        path: directory.to_path_buf(),
        error,
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let path = directory.join(FILE);
    let mut opened = if path.exists() {
        beside(&path, false)
    } else {
        Err(Problem::Older(0))
    };
    for attempt in 0..=MAX_WAITS {
        if !matches!(opened, Err(Problem::Older(_))) {
            break;
        }
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(directory.join(LOCK))
            .map_err(failed)?;
        let locked = match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        opened = beside(&path, locked);
        // A daemon that has just started is still making or migrating the file.
        if !locked && attempt < MAX_WAITS {
            std::thread::sleep(WAIT);
        }
    }
    opened.map_err(|problem| explain(&path, problem))
}

fn beside(path: &Path, locked: bool) -> Result<(Connection, Identity), Problem> {
    let mut connection = Connection::open(path)?;
    // Longer than a daemon's checkpoint of a large fleet takes on a slow disk.
    connection.busy_timeout(Duration::from_secs(30))?;
    if locked {
        prepare(&mut connection)?;
    } else {
        let application: i32 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            VERSION if application == APPLICATION_ID => {}
            _ if version < VERSION && (application == APPLICATION_ID || version == 0) => {
                return Err(Problem::Older(version));
            }
            _ if application == APPLICATION_ID => return Err(Problem::Newer(version)),
            _ => return Err(Problem::NotOurs),
        }
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    let identity = identity(&connection)?;
    Ok((connection, identity))
}

/// A second connection that only reads.
pub(super) fn connect_read_only(directory: &Path) -> Result<Connection, OpenError> {
    let path = directory.join(FILE);
    let open = || -> Result<Connection, Problem> {
        let connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.pragma_update(None, "cache_size", -512)?;
        Ok(connection)
    };
    open().map_err(|problem| explain(&path, problem))
}

/// The key of a store's tags, if there is a store: a replay of its daemon's capture recognises tags by it.
pub fn token_key(directory: &Path) -> Option<[u8; 32]> {
    let connection = connect_read_only(directory).ok()?;
    connection
        .query_row("SELECT token_key FROM identity", [], |row| row.get(0))
        .ok()
}

fn prepare(connection: &mut Connection) -> Result<(), Problem> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    let fresh = application == 0 && version == 0 && tables == 0;
    if !fresh && application != APPLICATION_ID {
        return Err(Problem::NotOurs);
    }
    if version > VERSION {
        return Err(Problem::Newer(version));
    }
    // Freed pages are used again by the next rows, and a vacuum would write the whole file to flash: the file keeps its
    // high-water mark instead of shrinking.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.pragma_update(None, "journal_size_limit", 4 * 1024 * 1024)?;
    if version < VERSION {
        schema::migrate(connection, version)?;
    }
    Ok(())
}

fn identity(connection: &Connection) -> Result<Identity, Problem> {
    let found = connection.query_row(
        "SELECT token_key, first_transaction_id FROM identity",
        [],
        |row| {
            Ok(Identity {
                token_key: row.get(0)?,
                first_transaction_id: row.get(1)?,
            })
        },
    );
    if let Some(identity) = found.optional()? {
        return Ok(identity);
    }
    let random = SystemRandom::new();
    let mut token_key = [0u8; 32];
    let mut start = [0u8; 4];
    let filled = random
        .fill(&mut token_key)
        .and_then(|()| random.fill(&mut start));
    filled.map_err(|_| {
        Problem::Snapshot(std::io::Error::other("the system gives no random numbers"))
    })?;
    // Predictable ids let one station stop another's transaction, so they start anywhere; they count up from there.
    let first_transaction_id = (u32::from_le_bytes(start) % (1 << 30)) as i32 + 1;
    connection.execute(
        "INSERT INTO identity (one, token_key, first_transaction_id) VALUES (1, ?1, ?2)",
        params![token_key, first_transaction_id],
    )?;
    Ok(Identity {
        token_key,
        first_transaction_id,
    })
}

/// The same for a reader, beside a daemon that may run: checkpoint and inbox as they were at one moment.
pub(super) fn recovery_beside(connection: &Connection, path: &Path) -> Result<Recovery, OpenError> {
    let read = || {
        let transaction = connection.unchecked_transaction()?;
        recovery(&transaction)
    };
    read().map_err(|problem| explain(path, problem))
}

fn recovery(connection: &Connection) -> Result<Recovery, Problem> {
    let checkpoint =
        connection.query_row("SELECT generation, snapshot FROM checkpoint", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
    let (generation, snapshot) = match checkpoint.optional()? {
        Some((generation, body)) => {
            let snapshot = gunzip(&body).map_err(Problem::Snapshot)?;
            (generation as u64, Some(snapshot))
        }
        None => (0, None),
    };
    let inbox = inbox(connection)?;
    Ok(Recovery {
        snapshot,
        inbox,
        generation,
    })
}

/// The rows since the checkpoint. A row whose checksum is wrong ends the start: what follows it rests on it.
fn inbox(connection: &Connection) -> Result<Vec<InboxRow>, Problem> {
    let mut statement =
        connection.prepare("SELECT seq, format, blob, crc32c FROM inbox ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut inbox = Vec::new();
    while let Some(row) = rows.next()? {
        let blob: Vec<u8> = row.get(2)?;
        let expected: Option<u32> = row.get(3)?;
        if expected.is_some_and(|expected| expected != crc32c::crc32c(&blob)) {
            return Err(Problem::InboxRow(row.get(0)?));
        }
        inbox.push(InboxRow {
            format: row.get(1)?,
            blob,
        });
    }
    Ok(inbox)
}

fn explain(path: &Path, problem: Problem) -> OpenError {
    let path = path.to_path_buf();
    let error = match problem {
        Problem::NotOurs => return OpenError::NotOurs { path },
        Problem::Newer(found) => return OpenError::Newer { path, found },
        Problem::Older(found) => return OpenError::Older { path, found },
        Problem::Snapshot(error) => {
            return OpenError::Corrupt {
                path,
                detail: error.to_string(),
            };
        }
        Problem::InboxRow(seq) => {
            return OpenError::Corrupt {
                path,
                detail: format!("the checksum of inbox row {seq} does not match its content"),
            };
        }
        Problem::Sqlite(error) => error,
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Corrupt {
            path,
            detail: error.to_string(),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse { path },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            OpenError::Directory {
                path,
                error: std::io::Error::other(error.to_string()),
            }
        }
        _ => OpenError::Sqlite { path, error },
    }
}
