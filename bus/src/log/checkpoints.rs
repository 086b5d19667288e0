//! Reads checkpoints, each compared with its checksum.

use super::checksum;
use super::file;
use crate::error::BusError;
use rusqlite::Connection;
use std::path::PathBuf;

/// Reads the checkpoints of a log, and changes nothing in its file.
#[derive(Debug)]
pub struct CheckpointReader {
    path: PathBuf,
    connection: Connection,
}

impl CheckpointReader {
    /// Opens the log at `path`, which must exist.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, BusError> {
        let path = path.into();
        Ok(Self { connection: file::open_read_only(&path)?, path })
    }

    /// The checkpoints whose name starts with `prefix`, ordered by the bytes of their names.
    pub fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError> {
        read(&self.connection, prefix).map_err(|error| file::failed(&self.path, error))
    }
}

/// The checkpoints whose name starts with `prefix`. Names are ordered byte by byte, so these follow each other from the
/// prefix on.
pub(super) fn read(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut statement =
        connection.prepare_cached("SELECT name, value, sum FROM checkpoint WHERE name >= ?1 ORDER BY name")?;
    let mut rows = statement.query((prefix,))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if !name.starts_with(prefix) {
            break;
        }
        let value: Vec<u8> = row.get(1)?;
        let sum = checksum::of_checkpoint(&name, &value);
        sqlite::check_sum(row.get(2)?, sum, || format!("the checkpoint `{name}`"))?;
        found.push((name, value));
    }
    Ok(found)
}
