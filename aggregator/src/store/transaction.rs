//! One transaction on a store, and the small facts that change with every one of them.

use super::checksum;
use super::error::StoreError;
use super::name_cache::NameCache;
use super::reader::StoreReader;
use bus::{Partition, Position};
use rusqlite::{OptionalExtension, Transaction};
use std::collections::BTreeMap;
use std::path::Path;

/// The name of the number of partitions among the counts.
const PARTITIONS: &str = "partitions";

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

    /// Notes where reading the bus goes on.
    pub fn put_position(&mut self, partition: Partition, position: Position) -> Result<(), StoreError> {
        let last = position.last.cast_signed();
        self.execute(
            "INSERT INTO positions(partition, next, last, sum) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT(partition) DO UPDATE SET next = excluded.next, last = excluded.last, sum = excluded.sum",
            (partition.0, position.next, last, checksum::of_row(&[Some(position.next), Some(last)], None)),
        )?;
        Ok(())
    }

    /// Adds to how many records were received and how many of them had been before.
    pub fn add_counts(&mut self, received: u64, duplicate: u64) -> Result<(), StoreError> {
        for (name, more) in [("received", received), ("duplicate", duplicate)] {
            self.execute(
                "INSERT INTO counts(name, value) VALUES (?1, ?2)
                 ON CONFLICT(name) DO UPDATE SET value = value + excluded.value",
                (name, i64::try_from(more).unwrap_or(i64::MAX)),
            )?;
        }
        Ok(())
    }

    /// Notes how many partitions the bus has; a store of before knows no number.
    pub fn put_partitions(&mut self, count: i32) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO counts(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (PARTITIONS, count),
        )?;
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
    /// Where reading the bus goes on; `None` before the first record.
    pub fn position(&self, partition: Partition) -> Result<Option<Position>, StoreError> {
        self.run(|connection| {
            connection
                .query_row("SELECT next, last, sum FROM positions WHERE partition = ?1", (partition.0,), |row| {
                    let sum = checksum::of_row(&[row.get(0)?, row.get(1)?], None);
                    sqlite::check_sum(row.get(2)?, sum, || "a row of positions".to_owned())?;
                    Ok(Position { next: row.get(0)?, last: row.get::<_, i64>(1)?.cast_unsigned() })
                })
                .optional()
        })
    }

    /// How many partitions the bus had when this store began to follow it, where it is known.
    pub fn partition_count(&self) -> Result<Option<i32>, StoreError> {
        self.run(|connection| {
            let sql = "SELECT value FROM counts WHERE name = ?1";
            connection.query_row(sql, (PARTITIONS,), |row| row.get(0)).optional()
        })
    }

    /// Under which configuration the facts were judged: digest by name.
    pub fn configuration(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare("SELECT name, digest FROM configuration")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
            rows.collect()
        })
    }
}
