//! The tables, and how a store of an earlier version becomes one of this version.

use super::{checksum, quiet_polls, runs};
use rusqlite::Connection;

/// The version of the tables below: how many migrations there are.
pub(super) const VERSION: i64 = 11;
/// What brings a store from each version to the next, the first from nothing; what was published is never edited,
/// only added to.
pub(super) const MIGRATIONS: [&str; 11] = [V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11];
/// The version that brings runs, into which the observations of earlier ones are moved.
const WITH_RUNS: i64 = 10;

/// Brings the tables of version `seen` (0: an empty file) to this one; to be called in a transaction.
pub(super) fn migrate(connection: &Connection, seen: i64) -> rusqlite::Result<()> {
    for (_, migration) in (0..).zip(MIGRATIONS).filter(|(version, _)| *version >= seen) {
        connection.execute_batch(migration)?;
    }
    if (1..QUIET_POLLS).contains(&seen) {
        quiet_polls::fold(connection, seen >= 5)?;
    }
    checksum::fill(connection, seen)?;
    if seen < WITH_RUNS { runs::from_rows(connection) } else { Ok(()) }
}

/// The version that folds quiet polls.
pub(super) const QUIET_POLLS: i64 = 9;

/// Observations had a row each, with small integers only; [`V10`] moves them. `until` is NULL for an `as_of`; `reason` is
/// NULL for a known figure. A rollup's value is INTEGER, or its decimal TEXT beyond 64 bits.
const V1: &str = "
    CREATE TABLE names(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE observations(
        id INTEGER PRIMARY KEY,
        plan INTEGER NOT NULL, series INTEGER NOT NULL, definition INTEGER NOT NULL, source INTEGER NOT NULL,
        since INTEGER NOT NULL, until INTEGER, value INTEGER, reason INTEGER, final INTEGER NOT NULL,
        revision INTEGER NOT NULL, visit INTEGER NOT NULL, sheet INTEGER, line INTEGER, breakdown TEXT
    ) STRICT;
    CREATE TABLE visits(
        plan INTEGER NOT NULL, id INTEGER NOT NULL, source INTEGER NOT NULL, collector INTEGER NOT NULL,
        time INTEGER NOT NULL, outcome TEXT NOT NULL, reason INTEGER, address INTEGER NOT NULL,
        sha256 TEXT, bytes INTEGER,
        PRIMARY KEY (plan, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rejects(
        digest BLOB PRIMARY KEY,
        plan INTEGER NOT NULL, source INTEGER NOT NULL, visit INTEGER NOT NULL, time INTEGER NOT NULL,
        reason TEXT NOT NULL, file TEXT NOT NULL, sheet TEXT, line INTEGER, field TEXT, hash TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE catalogues(
        plan INTEGER NOT NULL, revision INTEGER NOT NULL, digest BLOB NOT NULL, text TEXT NOT NULL,
        UNIQUE (plan, revision, digest)
    ) STRICT;
    CREATE TABLE quarantine(
        id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, position INTEGER, time INTEGER NOT NULL,
        plan TEXT, reason TEXT NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE positions(partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
    CREATE TABLE counts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE configuration(name TEXT PRIMARY KEY, digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE rollups(
        plan INTEGER NOT NULL, series INTEGER NOT NULL, definition INTEGER NOT NULL,
        grain INTEGER NOT NULL, period INTEGER NOT NULL,
        value ANY, complete INTEGER NOT NULL, provisional INTEGER NOT NULL, restated INTEGER NOT NULL,
        PRIMARY KEY (plan, series, definition, grain, period)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE judgements(
        plan INTEGER NOT NULL, kpi INTEGER NOT NULL, report TEXT NOT NULL,
        PRIMARY KEY (plan, kpi)
    ) STRICT, WITHOUT ROWID;
";

/// What sinks need. A change names a derived row or figure that a sink may have to write again, in the
/// transaction that changed it; without a sink none is noted. Without a `definition`, `series` is the KPI whose
/// judgement changed; all NULL but the plan: its catalogue is another one.
/// AUTOINCREMENT: a number is never given twice, although those that every sink has seen are removed.
const V2: &str = "
    CREATE TABLE changes(
        seq INTEGER PRIMARY KEY AUTOINCREMENT, plan INTEGER NOT NULL,
        series INTEGER, definition INTEGER, grain INTEGER, period INTEGER
    ) STRICT;
    CREATE TABLE sinks(name TEXT PRIMARY KEY, cursor INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE dead_letters(
        sink TEXT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL, time INTEGER NOT NULL,
        PRIMARY KEY (sink, body)
    ) STRICT, WITHOUT ROWID;
";

/// What alerts need. A row of `alerts` is one that is pending or firing: its KPI's status before (`was`) and now.
/// An event is what followers are told, whole: `body` holds all that a text needs. Their cursors are numbers of
/// events, and stand apart from those of `sinks`, which are numbers of changes.
const V3: &str = "
    CREATE TABLE alerts(
        plan TEXT NOT NULL, kpi TEXT NOT NULL, rule TEXT NOT NULL,
        state TEXT NOT NULL, since INTEGER NOT NULL, was TEXT, status TEXT NOT NULL,
        PRIMARY KEY (plan, kpi, rule)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alert_events(
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL, kind TEXT NOT NULL, since INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE alert_followers(name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Checksums: a value that a disk changed is never used. [`migrate`] fills them in.
const V4: &str = "
    ALTER TABLE names ADD COLUMN sum INTEGER;
    ALTER TABLE observations ADD COLUMN sum INTEGER;
    ALTER TABLE positions ADD COLUMN sum INTEGER;
";

/// Checksums of the rows that had none, by the function [`sqlite::ROW_SUM`] of all their other columns.
const V5: &str = "
    ALTER TABLE visits ADD COLUMN sum INTEGER;
    ALTER TABLE rejects ADD COLUMN sum INTEGER;
    ALTER TABLE catalogues ADD COLUMN sum INTEGER;
    ALTER TABLE quarantine ADD COLUMN sum INTEGER;
    ALTER TABLE changes ADD COLUMN sum INTEGER;
    ALTER TABLE sinks ADD COLUMN sum INTEGER;
    ALTER TABLE dead_letters ADD COLUMN sum INTEGER;
    ALTER TABLE alerts ADD COLUMN sum INTEGER;
    ALTER TABLE alert_events ADD COLUMN sum INTEGER;
    ALTER TABLE alert_followers ADD COLUMN sum INTEGER;
";

/// What wire schema 2 brings. `signer` is the id of the key that signed an observation, `mac` its signature; the checksum has
/// them only where they are, so that older rows keep theirs. A statement is a retraction or a note, as it travels. An open poll is one whose
/// records have not all come yet; `arrived` is how many were there when that was last counted.
const V6: &str = "
    ALTER TABLE observations ADD COLUMN signer INTEGER;
    ALTER TABLE observations ADD COLUMN mac BLOB;
    CREATE TABLE statements(
        digest BLOB PRIMARY KEY, kind TEXT NOT NULL, plan INTEGER NOT NULL, revision INTEGER NOT NULL,
        body TEXT NOT NULL, sum INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE open_polls(
        plan INTEGER NOT NULL, id INTEGER NOT NULL, source INTEGER NOT NULL, records INTEGER NOT NULL,
        digest BLOB NOT NULL, since INTEGER NOT NULL, arrived INTEGER, sum INTEGER,
        PRIMARY KEY (plan, id)
    ) STRICT, WITHOUT ROWID;
";

/// The answers where KPIs are expected to land, by the keys of their questions.
const V7: &str = "
    CREATE TABLE landings(
        plan TEXT NOT NULL, kpi TEXT NOT NULL, key BLOB NOT NULL, answer TEXT NOT NULL, sum INTEGER,
        PRIMARY KEY (plan, kpi, key)
    ) STRICT, WITHOUT ROWID;
";

/// Digits after the point of every definition that was ever configured while this store was open. They never change: figures are
/// integers of their step.
const V8: &str = "
    CREATE TABLE definitions(
        plan INTEGER NOT NULL, series INTEGER NOT NULL, definition INTEGER NOT NULL, decimals INTEGER NOT NULL, sum INTEGER,
        PRIMARY KEY (plan, series, definition)
    ) STRICT, WITHOUT ROWID;
";

/// Polls that brought no record, with their ids as text because few of them stay, and an index to the last poll of a source.
const V9: &str = "
    CREATE TABLE quiet_polls(
        plan INTEGER NOT NULL, source INTEGER NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, collector INTEGER NOT NULL,
        outcome TEXT NOT NULL, reason INTEGER, address INTEGER NOT NULL, sha256 TEXT, bytes INTEGER, sum INTEGER,
        PRIMARY KEY (plan, source, time, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visits_by_source ON visits(plan, source, time);
    CREATE INDEX retractions ON statements(plan) WHERE kind = 'retraction';
";

/// Observations in runs. `plan` or `series` is 0 for a run of several; `first` and `last` are ids of observations, which
/// are given out for good by `observation_ids`. `digest` is of the body, `sum` of all the others. The totals of a plan
/// (runs, observations, digests modulo 2^64) show that a run is missing.
const V10: &str = "
    CREATE TABLE runs(
        plan INTEGER NOT NULL, series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        observations INTEGER NOT NULL, digest INTEGER NOT NULL, sum INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (plan, series, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE run_totals(
        plan INTEGER PRIMARY KEY, runs INTEGER NOT NULL, observations INTEGER NOT NULL, digests INTEGER NOT NULL,
        sum INTEGER
    ) STRICT;
    CREATE TABLE observation_ids(next INTEGER NOT NULL, sum INTEGER) STRICT;
    INSERT INTO observation_ids(next, sum) VALUES (1, row_sum(1));
";

/// The first observation that the derived rows may not hold (`derived_mark.rs`); they held all before. A checksum that was wrong
/// already stays so.
const V11: &str = "
    ALTER TABLE observation_ids ADD COLUMN derived INTEGER NOT NULL DEFAULT 1;
    UPDATE observation_ids SET derived = next, sum = CASE WHEN sum IS row_sum(next) THEN row_sum(next, next) END;
";

/// The tables that are made again from the facts.
pub(super) const DERIVED: [&str; 3] = ["rollups", "judgements", "landings"];

/// The migrations before the one that makes a table.
#[cfg(test)]
pub(super) fn before(table: &str) -> &'static [&'static str] {
    let made = |migration: &&str| migration.contains(&format!("CREATE TABLE {table}("));
    &MIGRATIONS[..MIGRATIONS.iter().position(made).unwrap_or(0)]
}
