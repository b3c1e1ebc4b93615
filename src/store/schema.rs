//! What is in `fleetgauge.db`, and how an older one becomes today's.
//!
//! | table | row |
//! |---|---|
//! | `inbox` | `seq`, `format`, `blob`: the observations of one commit (`app::inbox`), until a checkpoint covers them; `crc32c` of the blob (NULL in format 1) |
//! | `outbox` | `id` (rising, never reused), `at` Unix ms, `points`, `body`: gzip of line protocol, ready to POST |
//! | `outbox_position` | `sink`, `id`: everything up to it is acknowledged |
//! | `checkpoint` | one row: `generation`, `snapshot` (gzip of the engine's state) |
//! | `activity` | `day` (days since 1970, London), `subject` (JSON of `model::Subject`), four sums in m, ml, 0.1 Wh; flags of the counters that reported |
//! | `session` | `id`, `started_at`, `ended_at`, `charge_point`, `vehicle`, `record` (JSON of `model::SessionRecord`), `kgco2e` |
//! | `subscription` | `session` (client id `@` broker), `filter`, `qos` (NULL = the broker may hold it or not) |
//! | `imported` | a row of a fuel or mileage file: `key` (keyed hash of what identifies it), `kind`, days, `subject`, sums in ml and m, `product` (flags of `ActivityData::metered`), where it stood |
//! | `import_file` | a file by `kind` and `fingerprint` (SHA-256): how far its import came, and what came of its rows |
//! | `indicator` | `organisation`, `name`, `month` (of year 0), `value`, `unit`, `at` Unix ms: monthly figures by CSV |
//! | `intensity` | `area` (region of the GB API, 0 national), `start` Unix ms, `forecast`, `actual` gCO2/kWh, `vintage` Unix ms |
//! | `year_figure` | a version of an April-March `year` by `organisation` and `scope`: kgCO2e as computed on the day `as_of`; the first is the freeze |
//! | `emission_row` | rows of the last two months that rest on activity: tags, and a digest of the line as it was handed over last |
//! | `rollup` | quarter hours and days by series (`model::Series`), many in one `body`: `form` 0 a UTC day's quarters, 1 a UTC month's, 2 a year's days |
//! | `identity` | one row: `token_key` (32 bytes), `first_transaction_id` |

use rusqlite::Connection;

/// "flgg": distinguishes our files from other SQLite databases.
pub(super) const APPLICATION_ID: i32 = 0x666c_6767;

/// The layout of the blobs that this version writes into `inbox`. Raise it when `app::inbox::Entry` or anything in it changes its
/// layout, and let `app::inbox::replay` read the layout before.
///
/// 1: entries one after the other, no checksum (0.1.0 before November 2026). 2: a decoder's memory begins with its version.
pub const INBOX_FORMAT: u16 = 2;

/// Each step takes the file one version further; never edit one that was released.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE inbox (seq INTEGER PRIMARY KEY, blob BLOB NOT NULL);
    CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, points INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE outbox_position (sink TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, snapshot BLOB NOT NULL);
    CREATE TABLE activity (
        day INTEGER NOT NULL, subject TEXT NOT NULL,
        distance_m INTEGER NOT NULL, fuel_ml INTEGER NOT NULL, vehicle_grid_dwh INTEGER NOT NULL, charged_dwh INTEGER NOT NULL,
        metered INTEGER NOT NULL,
        PRIMARY KEY (day, subject)) WITHOUT ROWID;
    CREATE TABLE session (
        id TEXT PRIMARY KEY, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
        charge_point TEXT NOT NULL, vehicle TEXT, record TEXT NOT NULL, kgco2e REAL) WITHOUT ROWID;
    CREATE INDEX session_by_end ON session (ended_at);
    CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), token_key BLOB NOT NULL, first_transaction_id INTEGER NOT NULL);
",
    "
    CREATE TABLE subscription (
        session TEXT NOT NULL, filter TEXT NOT NULL, qos INTEGER, PRIMARY KEY (session, filter)) WITHOUT ROWID;
",
    "
    CREATE TABLE notification (
        id INTEGER PRIMARY KEY AUTOINCREMENT, notifier TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX notification_by_notifier ON notification (notifier, id);
    CREATE TABLE import_file (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, fingerprint BLOB NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
        position INTEGER NOT NULL, taken INTEGER NOT NULL, changed INTEGER NOT NULL, known INTEGER NOT NULL, ignored INTEGER NOT NULL,
        bad INTEGER NOT NULL, done INTEGER NOT NULL, UNIQUE (kind, fingerprint));
    CREATE TABLE imported (
        key BLOB PRIMARY KEY, kind TEXT NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL, subject TEXT NOT NULL,
        fuel_card_ml INTEGER NOT NULL, hvo_card_ml INTEGER NOT NULL, claimed_m INTEGER NOT NULL, odometer_m INTEGER,
        file INTEGER NOT NULL, line INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX imported_by_day ON imported (last_day, first_day);
    CREATE TABLE indicator (
        organisation TEXT NOT NULL, name TEXT NOT NULL, month INTEGER NOT NULL, value REAL NOT NULL, unit TEXT, at INTEGER NOT NULL,
        PRIMARY KEY (organisation, name, month)) WITHOUT ROWID;
    CREATE TABLE intensity (
        area INTEGER NOT NULL, start INTEGER NOT NULL, forecast REAL, actual REAL, vintage INTEGER NOT NULL,
        PRIMARY KEY (area, start)) WITHOUT ROWID;
    CREATE INDEX intensity_by_start ON intensity (start);
",
    // What a card's litres were, as flags of `model::ActivityData::metered`; 0: not stated, or imported before it was kept. Frozen years. Past days.
    "
    ALTER TABLE imported ADD COLUMN product INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE year_figure (
        year INTEGER NOT NULL, as_of INTEGER NOT NULL, organisation TEXT NOT NULL, scope TEXT NOT NULL, kgco2e REAL NOT NULL,
        factor_sets TEXT NOT NULL, method_version INTEGER NOT NULL,
        PRIMARY KEY (year, as_of, organisation, scope)) WITHOUT ROWID;
    CREATE TABLE emission_row (
        day INTEGER NOT NULL, fleet TEXT NOT NULL, vehicle_class TEXT NOT NULL, scope TEXT NOT NULL, method TEXT NOT NULL,
        kgco2e REAL NOT NULL, sd_kgco2e REAL NOT NULL, distance_m INTEGER NOT NULL, energy_dwh INTEGER NOT NULL, fuel_ml INTEGER NOT NULL,
        factor_set TEXT NOT NULL, PRIMARY KEY (day, fleet, vehicle_class, scope, method)) WITHOUT ROWID;
",
    // The period first: a checkpoint writes all series of one day, which then lie side by side in few pages.
    "
    CREATE TABLE rollup (
        form INTEGER NOT NULL, period INTEGER NOT NULL, series TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (form, period, series)) WITHOUT ROWID;
",
    // Of all measurements of past days, not of one. What was kept before is not missed: the rows are written once more.
    "
    DROP TABLE emission_row;
    CREATE TABLE emission_row (
        day INTEGER NOT NULL, tags TEXT NOT NULL, digest INTEGER NOT NULL, PRIMARY KEY (day, tags)) WITHOUT ROWID;
",
    "
    ALTER TABLE inbox ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE inbox ADD COLUMN crc32c INTEGER;
",
];

/// The version this program writes.
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Brings a file from `found` to [`VERSION`], in one transaction.
pub(super) fn migrate(connection: &mut Connection, found: i32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
