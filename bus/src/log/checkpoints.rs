//! Reads checkpoints, each compared with its checksum.

use super::checksum;
use rusqlite::Connection;

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
