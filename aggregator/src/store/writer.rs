//! The one writer of a store.

use super::error::StoreError;
use super::file;
use super::folder::path;
use super::name_cache::NameCache;
use super::reader::StoreReader;
use super::sink_cursor::SinkCursor;
use super::transaction::StoreTransaction;
use bus::{Failpoint, Partition};
use rusqlite::TransactionBehavior;
use sqlite::FileLock;
use std::path::Path;

/// Holds the lock of a store and changes it.
#[derive(Debug)]
pub struct StoreWriter {
    pub(super) reader: StoreReader,
    names: NameCache,
    followed: bool,
    _lock: FileLock,
}

impl StoreWriter {
    pub(super) fn open(dir: &Path, partition: Partition) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)
            .map_err(|source| StoreError::Folder { path: dir.display().to_string(), source })?;
        let path = path(dir, partition);
        let lock = file::lock(&path)?;
        let connection = file::open(&path)?;
        Ok(Self { reader: StoreReader { connection, path }, names: NameCache::default(), followed: false, _lock: lock })
    }

    /// Whether any sink follows this store.
    pub fn is_followed(&self) -> bool {
        self.followed
    }

    /// What is in it.
    pub fn read(&self) -> &StoreReader {
        &self.reader
    }

    /// A place for a sink; to be given up before this writer.
    pub fn desk(&self) -> Result<SinkCursor, StoreError> {
        SinkCursor::open(&self.reader.path)
    }

    /// Gives the pages that it holds in memory back; they are read again when they are needed.
    pub fn release_cache(&self) {
        // Without it the pages stay: more memory, and no other harm.
        let _ = self.reader.connection.execute_batch("PRAGMA shrink_memory");
    }

    /// Removes all derived rows; they can be made again from the facts.
    pub fn remove_derived(&mut self) -> Result<(), StoreError> {
        self.change(|change| {
            change.execute("DELETE FROM rollups", ())?;
            change.execute("DELETE FROM judgements", ())?;
            change.execute("DELETE FROM landings", ()).map(drop)
        })
    }

    /// One transaction: all that `work` does, or nothing when it or the commit fails.
    pub fn change<T>(
        &mut self,
        work: impl FnOnce(&mut StoreTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let StoreReader { connection, path } = &mut self.reader;
        let failed = |error| StoreError::of(path, error);
        // Immediate: the turn is awaited before anything is read, so it cannot fail half-way for it.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut change =
            StoreTransaction { transaction: &transaction, names: &mut self.names, path, followed: &mut self.followed };
        let outcome = work(&mut change);
        Failpoint::StoreWritten.reached();
        let outcome = outcome.and_then(|done| transaction.commit().map_err(failed).map(|()| done));
        if outcome.is_err() {
            self.names.forget();
        }
        outcome
    }
}
