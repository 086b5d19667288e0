//! Where the log ends: the last offset that was committed, and the last that is on another bus.
//!
//! Stored beside the log, because a damaged page can hide its last records, and a reader would wait for them for ever.

use super::checksum;
use rusqlite::{Connection, OptionalExtension};
use sqlite::Damage;

/// The row of `shipped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogHead {
    /// Everything up to this offset is on another bus.
    pub(super) shipped: i64,
    /// The offset of the newest record; 0 before the first.
    pub(super) last: i64,
}

impl LogHead {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached("SELECT id, last, sum FROM shipped")?;
        let found = statement.query_row([], |row| {
            let head = Self { shipped: row.get(0)?, last: row.get(1)? };
            sqlite::check_sum(row.get(2)?, checksum::of_head(head.shipped, head.last), || {
                "the note of its ends".to_owned()
            })?;
            Ok(head)
        });
        found.optional()?.ok_or_else(|| Damage::error("the note of its ends is missing"))
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached("UPDATE shipped SET id = ?1, last = ?2, sum = ?3")?;
        statement.execute((self.shipped, self.last, checksum::of_head(self.shipped, self.last))).map(drop)
    }

    /// Refuses a log whose newest record is not the one that was committed last.
    pub(super) fn check_newest(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached("SELECT max(id) FROM block")?;
        let newest: Option<i64> = statement.query_row([], |row| row.get(0))?;
        let newest = newest.unwrap_or(0);
        if newest == self.last {
            return Ok(());
        }
        Err(Damage::error(format!("its newest record has the offset {newest}, the one committed last {}", self.last)))
    }
}
