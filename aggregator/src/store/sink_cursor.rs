//! Where a sink notes how far it is: a second connection, beside the one that keeps the facts.
//!
//! Its transactions are small and seldom, so that neither side waits for the other for long. Made only by
//! whoever holds the writer's lock, and given up before it.

use super::error::StoreError;
use super::file;
use super::reader::StoreReader;
use bus::Failpoint;
use contract::time::Micros;
use rusqlite::OptionalExtension;
use std::path::Path;

/// The name of a first fill's place among the counts; its value is the number of the plan's name, 0 before the first.
fn fill_name(sink: &str) -> String {
    format!("fill {sink}")
}

/// A sink's place at an open store.
#[derive(Debug)]
pub struct SinkCursor {
    reader: StoreReader,
}

impl SinkCursor {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { reader: StoreReader { connection: file::open(path)?, path: path.to_owned() } })
    }

    /// What is in the store.
    pub fn read(&self) -> &StoreReader {
        &self.reader
    }

    /// The last change that a sink has written; `None` when it has to write everything.
    pub fn cursor(&self, sink: &str) -> Result<Option<i64>, StoreError> {
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT cursor FROM sinks WHERE name = ?1")?;
            Ok(statement.query_row((sink,), |row| row.get(0)).optional()?.flatten())
        })
    }

    /// The last plan that a sink's first fill has written, before the first the empty one; `None` when none is under way.
    pub fn fill(&self, sink: &str) -> Result<Option<String>, StoreError> {
        self.reader.run(|connection| {
            let sql = "SELECT coalesce((SELECT text FROM names WHERE id = value), '') FROM counts WHERE name = ?1";
            connection.query_row(sql, (fill_name(sink),), |row| row.get(0)).optional()
        })
    }

    /// Notes that a sink's first fill begins.
    pub fn begin_fill(&mut self, sink: &str) -> Result<(), StoreError> {
        self.put_fill(sink, "")
    }

    /// Notes the last plan that a sink's first fill has written.
    pub fn put_fill(&mut self, sink: &str, plan: &str) -> Result<(), StoreError> {
        self.reader.run(|connection| {
            let sql = "INSERT INTO counts(name, value) VALUES (?1, coalesce((SELECT id FROM names WHERE text = ?2), 0))
                       ON CONFLICT(name) DO UPDATE SET value = excluded.value";
            connection.execute(sql, (fill_name(sink), plan)).map(drop)
        })
    }

    /// Notes that a sink's first fill is over.
    pub fn end_fill(&mut self, sink: &str) -> Result<(), StoreError> {
        self.reader
            .run(|connection| connection.execute("DELETE FROM counts WHERE name = ?1", (fill_name(sink),)).map(drop))
    }

    /// Notes the last change that a sink has written, and removes changes that no sink waits for. A sink that has
    /// to write everything waits for none of those before it has.
    pub fn put_cursor(&mut self, sink: &str, seq: i64) -> Result<(), StoreError> {
        Failpoint::SinkWritten.reached();
        self.reader.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            transaction
                .prepare_cached("UPDATE sinks SET cursor = ?2, sum = row_sum(name, ?2) WHERE name = ?1")?
                .execute((sink, seq))?;
            transaction
                .prepare_cached(
                    "DELETE FROM changes WHERE seq <= (SELECT min(cursor) FROM sinks)
                       AND NOT EXISTS (SELECT 1 FROM sinks WHERE cursor IS NULL)",
                )?
                .execute(())?;
            transaction.commit()
        })
    }

    /// Keeps what a sink's server will never take, once; false when it is there already.
    pub fn put_dead_letter(&mut self, sink: &str, body: &str, reason: &str, at: Micros) -> Result<bool, StoreError> {
        self.reader.run(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT OR IGNORE INTO dead_letters(sink, body, reason, time, sum)
                 VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
            )?;
            Ok(statement.execute((sink, body, reason, at.0))? == 1)
        })
    }

    /// What a sink's server would not take: body and reason.
    pub fn dead_letters(&self, sink: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.reader.run(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT body, reason FROM dead_letters WHERE sink = ?1 ORDER BY body")?;
            let rows = statement.query_map((sink,), |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }
}
