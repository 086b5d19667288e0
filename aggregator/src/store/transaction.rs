//! One transaction on a store, and the small facts that change with every one of them.

use super::error::StoreError;
use super::name_cache::NameCache;
use super::reader::StoreReader;
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::path::Path;

/// A transaction that is under way; see [`super::StoreWriter::change`].
#[derive(Debug)]
pub struct StoreTransaction<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) names: &'a mut NameCache,
    pub(super) path: &'a Path,
    /// Whether any sink follows this store; without one no change is noted.
    pub(super) followed: &'a mut bool,
}

impl StoreTransaction<'_> {
    pub(super) fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::of(self.path, error)
    }

    /// The number of a text, which is stored when it is new.
    pub fn name(&mut self, text: &str) -> Result<i64, StoreError> {
        self.names.intern(self.transaction, text).map_err(|error| StoreError::of(self.path, error))
    }

    /// Adds to how many records were received, how many of them had been before, and how many were folded.
    pub fn add_counts(&mut self, received: u64, duplicate: u64, folded: u64) -> Result<(), StoreError> {
        for (name, more) in [("received", received), ("duplicate", duplicate), ("folded", folded)] {
            self.execute(
                "INSERT INTO counts(name, value) VALUES (?1, ?2)
                 ON CONFLICT(name) DO UPDATE SET value = value + excluded.value",
                (name, i64::try_from(more).unwrap_or(i64::MAX)),
            )?;
        }
        Ok(())
    }

    /// Notes under which configuration the facts were judged.
    pub fn put_configuration(&mut self, digests: &BTreeMap<String, u64>) -> Result<(), StoreError> {
        self.execute("DELETE FROM configuration", ())?;
        for (name, digest) in digests {
            self.execute("INSERT INTO configuration(name, digest) VALUES (?1, ?2)", (name, digest.cast_signed()))?;
        }
        Ok(())
    }

    /// Runs one statement and says how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        let run = || self.transaction.prepare_cached(sql)?.execute(params);
        run().map_err(|error| self.failed(error))
    }
}

impl StoreReader {
    /// Under which configuration the facts were judged: digest by name.
    pub fn configuration(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare("SELECT name, digest FROM configuration")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
            rows.collect()
        })
    }
}
