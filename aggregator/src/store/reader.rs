//! What can be read of a store, by its writer and by others.

use super::error::StoreError;
use super::name_cache::number;
use super::{file, runs};
use rusqlite::{Connection, Transaction};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Reads a store.
#[derive(Debug)]
pub struct StoreReader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// Keeps a store as it was for its reader; it only read, so nothing is lost when it is dropped.
#[derive(Debug)]
pub struct Snapshot<'a> {
    _read: Transaction<'a>,
}

/// What a store holds, counted row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreTally {
    /// Records that came from the bus.
    pub received: u64,
    /// Facts of all kinds.
    pub stored: u64,
    /// Records that had come before.
    pub duplicate: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Quiet polls that no row stands for any more.
    pub folded: u64,
}

impl StoreTally {
    /// True when no record was lost or counted twice.
    pub fn is_conserved(&self) -> bool {
        self.received == self.stored + self.duplicate + self.quarantined + self.folded
    }

    /// Adds what was counted elsewhere, or later.
    pub fn add(&mut self, more: Self) {
        self.received += more.received;
        self.stored += more.stored;
        self.duplicate += more.duplicate;
        self.quarantined += more.quarantined;
        self.folded += more.folded;
    }
}

impl StoreReader {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: file::open_read_only(path)?, path: path.to_owned() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// While it lives, everything that is read is of one moment.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        let snapshot = self.connection.unchecked_transaction().map_err(|e| StoreError::of(&self.path, e))?;
        // The moment is that of the first reading.
        snapshot
            .query_row("SELECT count(*) FROM positions", (), |_| Ok(()))
            .map_err(|e| StoreError::of(&self.path, e))?;
        Ok(Snapshot { _read: snapshot })
    }

    /// Reads several things of one moment: what a writer commits meanwhile is not seen.
    pub fn at_one_moment<T, E: From<StoreError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        let snapshot = self.connection.unchecked_transaction().map_err(|e| StoreError::of(&self.path, e))?;
        let outcome = work(self);
        // A snapshot that only read has nothing to lose.
        drop(snapshot);
        outcome
    }

    /// Counts what it holds; observations by the totals of their runs.
    pub fn tally(&self) -> Result<StoreTally, StoreError> {
        self.run(|connection| {
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            Ok(StoreTally {
                received: count("SELECT coalesce(sum(value), 0) FROM counts WHERE name = 'received'")?,
                stored: runs::count(connection)?.unsigned_abs()
                    + count(
                        "SELECT (SELECT count(*) FROM visits) + (SELECT count(*) FROM quiet_polls)
                              + (SELECT count(*) FROM rejects) + (SELECT count(*) FROM catalogues)
                              + (SELECT count(*) FROM statements)",
                    )?,
                duplicate: count("SELECT coalesce(sum(value), 0) FROM counts WHERE name = 'duplicate'")?,
                quarantined: count("SELECT count(*) FROM quarantine")?,
                folded: count("SELECT coalesce(sum(value), 0) FROM counts WHERE name = 'folded'")?,
            })
        })
    }

    /// The plans that it holds facts of, but for observations.
    pub fn plans_with_facts(&self) -> Result<BTreeSet<String>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare(
                "SELECT text FROM names WHERE id IN
                 (SELECT plan FROM visits UNION SELECT plan FROM quiet_polls UNION SELECT plan FROM rejects UNION SELECT plan FROM catalogues
                  UNION SELECT plan FROM statements)",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// Whether it holds facts of a plan, but for observations.
    pub fn has_facts_of(&self, plan: &str) -> Result<bool, StoreError> {
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(false) };
            let mut statement = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM visits WHERE plan = ?1) OR EXISTS (SELECT 1 FROM rejects WHERE plan = ?1)
                     OR EXISTS (SELECT 1 FROM catalogues WHERE plan = ?1)
                     OR EXISTS (SELECT 1 FROM statements WHERE plan = ?1)",
            )?;
            statement.query_row((plan,), |row| row.get(0))
        })
    }

    /// The same for one reading of several statements; inside [`Self::at_one_moment`] of that moment.
    pub(super) fn run_at_one_moment<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if self.connection.is_autocommit() { self.at_one_moment(|reader| reader.run(work)) } else { self.run(work) }
    }

    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|error| StoreError::of(&self.path, error))
    }
}
