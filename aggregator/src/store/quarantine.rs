//! Quarantine: what does not count, kept as it came, with the reason and where it came from.

use super::error::StoreError;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use bus::Partition;
use contract::time::Micros;

/// Where a record stood on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusCoordinates {
    /// The partition.
    pub partition: Partition,
    /// Its offset; `None` for one that was stored before it was put into quarantine.
    pub offset: Option<i64>,
    /// When the bus took it; of one without offset its revision, which is never later by more than minutes.
    pub time: Micros,
}

/// A record to be put into quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow<'a> {
    /// Where it stood.
    pub at: BusCoordinates,
    /// The plan it names, as far as it can be read.
    pub plan: Option<String>,
    /// Typed reason, which is the metric label too.
    pub reason: &'static str,
    /// The bytes as they came.
    pub body: &'a [u8],
}

/// A record in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRecord {
    /// Its number in this store.
    pub id: i64,
    /// Where it stood.
    pub at: BusCoordinates,
    /// The plan it names, as far as it can be read.
    pub plan: Option<String>,
    /// Typed reason.
    pub reason: String,
    /// The bytes as they came.
    pub body: Vec<u8>,
}

impl StoreTransaction<'_> {
    /// Puts a record into quarantine.
    pub fn put_quarantine(&mut self, record: &QuarantineRow<'_>) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO quarantine(partition, position, time, plan, reason, body, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_sum(?1, ?2, ?3, ?4, ?5, ?6))",
            (record.at.partition.0, record.at.offset, record.at.time.0, &record.plan, record.reason, record.body),
        )
        .map(drop)
    }

    /// Takes a record out of quarantine.
    pub fn remove_quarantined(&mut self, id: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM quarantine WHERE id = ?1", (id,)).map(drop)
    }

    /// Gives a record another reason.
    pub fn put_reason(&mut self, id: i64, reason: &str) -> Result<(), StoreError> {
        self.execute(
            "UPDATE quarantine SET reason = ?2, sum = row_sum(partition, position, time, plan, ?2, body) WHERE id = ?1",
            (id, reason),
        )
        .map(drop)
    }
}

impl StoreReader {
    /// The next at most `limit` records in quarantine after the one with the id `after` (0: from the first).
    pub fn quarantined(&self, after: i64, limit: usize) -> Result<Vec<QuarantinedRecord>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT partition, position, time, plan, reason, body, sum, id FROM quarantine
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = statement.query_map((after, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
                sqlite::check_row("quarantine", row, 6)?;
                Ok(QuarantinedRecord {
                    id: row.get(7)?,
                    at: BusCoordinates {
                        partition: Partition(row.get(0)?),
                        offset: row.get(1)?,
                        time: Micros(row.get(2)?),
                    },
                    plan: row.get(3)?,
                    reason: row.get(4)?,
                    body: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The id of the newest record in quarantine; 0 when it is empty.
    pub fn last_quarantined(&self) -> Result<i64, StoreError> {
        self.run(|connection| connection.query_row("SELECT coalesce(max(id), 0) FROM quarantine", [], |row| row.get(0)))
    }
}
