//! The tables, and how a log of an earlier version becomes one of this version.

use super::block::{BlockWriter, LogRecord};
use super::checksum;
use super::log_head::LogHead;
use rusqlite::{Connection, params};

/// The shape of the tables below.
pub(super) const VERSION: i64 = 4;

/// Keys are plain text: a plan's id is short, and small integers gained 3-6 %, less than the noise.
const V1: &str = "
    CREATE TABLE log(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE TABLE checkpoint(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
";
/// Version 1 had nothing shipped yet: all of such a log is still to go.
const V2: &str = "
    CREATE TABLE shipped(only INTEGER PRIMARY KEY CHECK (only = 0), id INTEGER NOT NULL) STRICT;
    INSERT INTO shipped VALUES (0, 0);
";
/// Checksums, and where the log ends. New tables, so that a program that knows none of both cannot add a row.
const V3: &str = "
    CREATE TABLE log3(
        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE checkpoint3(
        name TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE shipped3(
        only INTEGER PRIMARY KEY CHECK (only = 0), id INTEGER NOT NULL, last INTEGER NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
";
const V3_INSTEAD: &str = "
    DROP TABLE log;
    DROP TABLE checkpoint;
    DROP TABLE shipped;
    ALTER TABLE log3 RENAME TO log;
    ALTER TABLE checkpoint3 RENAME TO checkpoint;
    ALTER TABLE shipped3 RENAME TO shipped;
";

/// Records in blocks. The rows of before become blocks of what was committed together.
const V4: &str = "
    CREATE TABLE block(
        id INTEGER PRIMARY KEY, records INTEGER NOT NULL, time INTEGER NOT NULL, content BLOB NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
";
const V4_INSTEAD: &str = "DROP TABLE log;";

/// Brings the tables of version `found` (0: an empty file) to this one; to be called in a transaction.
pub(super) fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    if found < 1 {
        connection.execute_batch(V1)?;
    }
    if found < 2 {
        connection.execute_batch(V2)?;
    }
    if found < 3 {
        connection.execute_batch(V3)?;
        fill(connection)?;
        connection.execute_batch(V3_INSTEAD)?;
    }
    connection.execute_batch(V4)?;
    into_blocks(connection)?;
    connection.execute_batch(V4_INSTEAD)
}

/// Gives every row of `log` a place in a block. A gap stays a gap, and a row that is damaged stays so, to be named when it is
/// read.
fn into_blocks(connection: &Connection) -> rusqlite::Result<()> {
    let mut all = connection.prepare("SELECT id, time, key, body, sum FROM log ORDER BY id")?;
    let mut rows = all.query(())?;
    let mut blocks = BlockWriter::new(connection)?;
    let (mut last, mut before) = (0, 0);
    while let Some(row) = rows.next()? {
        let (offset, time) = (row.get(0)?, row.get(1)?);
        let (key, body) = (row.get_ref(2)?.as_bytes()?, row.get_ref(3)?.as_blob()?);
        let sound = row.get::<_, i64>(4)? == checksum::of_record(offset, time, key, body);
        if !sound || offset != last + 1 || time != before {
            blocks.write(last, before)?;
        }
        blocks.push(LogRecord { offset, time, key, body })?;
        if !sound {
            blocks.write_damaged(offset, time)?;
        }
        (last, before) = (offset, time);
    }
    blocks.write(last, before)
}

fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut all = connection.prepare("SELECT id, time, key, body FROM log ORDER BY id")?;
    let mut put = connection.prepare("INSERT INTO log3(id, time, key, body, sum) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut rows = all.query(())?;
    let mut last = 0;
    while let Some(row) = rows.next()? {
        let (time, key, body) = (row.get(1)?, row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_blob()?);
        last = row.get(0)?;
        put.execute(params![last, time, key, body, checksum::of_record(last, time, key.as_bytes(), body)])?;
    }
    let mut all = connection.prepare("SELECT name, value FROM checkpoint")?;
    let mut put = connection.prepare("INSERT INTO checkpoint3(name, value, sum) VALUES (?1, ?2, ?3)")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        let (name, value) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_blob()?);
        put.execute(params![name, value, checksum::of_checkpoint(name, value)])?;
    }
    let shipped = connection.query_row("SELECT id FROM shipped", (), |row| row.get(0))?;
    let LogHead { shipped, last } = LogHead { shipped, last };
    let sum = checksum::of_head(shipped, last);
    connection.execute("INSERT INTO shipped3(only, id, last, sum) VALUES (0, ?1, ?2, ?3)", (shipped, last, sum))?;
    Ok(())
}
