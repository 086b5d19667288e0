//! The position on the bus, which is the committed offset: it changes in the transaction of the records before it. No offset is
//! committed to Kafka.

use super::checksum;
use super::error::StoreError;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use bus::{Partition, Position};
use rusqlite::OptionalExtension;

/// The name of the number of partitions among the counts.
const PARTITIONS: &str = "partitions";

impl StoreTransaction<'_> {
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

    /// Notes how many partitions the bus has; a store of before knows no number.
    pub fn put_partitions(&mut self, count: i32) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO counts(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (PARTITIONS, count),
        )?;
        Ok(())
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
}
