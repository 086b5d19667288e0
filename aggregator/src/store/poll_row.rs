//! A stored poll record as a row, in one form for both tables that have them.

use super::name_cache::text;
use contract::record::{PollOutcome, PollRecord};
use contract::time::Micros;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

/// Polls that brought something, and quiet polls.
pub(super) const TABLES: [&str; 2] = ["visits", "quiet_polls"];
/// The columns of both, with the checksum behind them. The id is a name in the first table and a text in the second.
pub(super) const COLUMNS: &str = "plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum";
/// How many of them the checksum is of.
const SUMMED: usize = 10;

/// The words of the column `outcome`.
pub(super) const CHANGED: &str = "changed";
pub(super) const UNCHANGED: &str = "unchanged";
pub(super) const FAILED: &str = "failed";

/// Refuses a row that does not agree with its checksum.
pub(super) fn check(table: &str, row: &Row<'_>) -> rusqlite::Result<()> {
    sqlite::check_row(table, row, SUMMED)
}

/// The poll record that a row of `table` is, proved.
pub(super) fn read(connection: &Connection, table: &str, row: &Row<'_>) -> rusqlite::Result<PollRecord> {
    check(table, row)?;
    let reason: Option<i64> = row.get(6)?;
    Ok(PollRecord {
        plan: text(connection, row.get(0)?)?,
        source: text(connection, row.get(2)?)?,
        id: match row.get_ref(1)? {
            ValueRef::Integer(number) => text(connection, number)?,
            id => id.as_str()?.to_owned(),
        },
        collector: text(connection, row.get(3)?)?,
        time: Micros(row.get(4)?),
        outcome: match (reason, row.get_ref(5)?.as_str()?) {
            (Some(reason), _) => PollOutcome::Failed(text(connection, reason)?),
            (None, CHANGED) => PollOutcome::Changed,
            (None, _) => PollOutcome::Unchanged,
        },
        address: text(connection, row.get(7)?)?,
        sha256: row.get(8)?,
        bytes: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
        size: None,
    })
}

/// The order of the polls of a source: by time, and those of one time by the numbers at the end of their ids.
pub(super) fn order(time: i64, id: &str) -> (i64, usize, &str) {
    (time, id.len(), id)
}

/// True when a poll read its source whole, or says that it is as it was read: a confirmation (bytes without a hash) is a
/// server's word alone.
pub(super) fn is_reading(poll: &PollRecord) -> bool {
    match poll.outcome {
        PollOutcome::Changed => true,
        PollOutcome::Unchanged => poll.sha256.is_some() || poll.bytes.is_none(),
        PollOutcome::Failed(_) => false,
    }
}
