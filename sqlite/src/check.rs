//! What a file looks like: the definitions of its tables, and the shape of its pages.

use rusqlite::Connection;

/// A table or index, as a file defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// `table` or `index`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The table's name, of an index too.
    pub table: String,
    /// Its SQL; `None` for what SQLite makes by itself.
    pub sql: Option<String>,
}

/// All tables and indexes of a file, in order.
pub fn definitions(connection: &Connection) -> rusqlite::Result<Vec<TableDefinition>> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
    let rows = statement.query_map((), |row| {
        Ok(TableDefinition { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    })?;
    rows.collect()
}

/// Runs a check of SQLite, such as `quick_check(1)`, and gives the first fault on one line.
pub fn check(connection: &Connection, check: &str) -> rusqlite::Result<Option<String>> {
    let answer: String = connection.query_row(&format!("PRAGMA {check}"), [], |row| row.get(0))?;
    Ok((answer != "ok").then(|| answer.replace('\n', " ")))
}
