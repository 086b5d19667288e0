//! Checksums of rows: SQLite finds a damaged page's structure, but not a figure that a disk turned over.
//!
//! 31 bits, four bytes in the file. Derived rows have none: opening compares them with the facts.

use super::observations::FIELDS;
use rusqlite::Connection;
use rusqlite::types::Type;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

const BITS: u64 = 0x7fff_ffff;

/// Of a row of integers and one text.
pub(super) fn of_row(fields: &[Option<i64>], text: Option<&str>) -> i64 {
    let mut hash = Xxh3::new();
    for field in fields {
        hash.update(&[u8::from(field.is_some())]);
        hash.update(&field.unwrap_or_default().to_le_bytes());
    }
    hash.update(text.unwrap_or_default().as_bytes());
    (hash.digest() & BITS).cast_signed()
}

/// Of a text.
pub(super) fn of_text(text: &str) -> i64 {
    (xxh3_64(text.as_bytes()) & BITS).cast_signed()
}

/// Refuses a row that is not what was written.
pub(super) fn check(what: &'static str, stored: Option<i64>, found: i64) -> rusqlite::Result<()> {
    if stored == Some(found) {
        return Ok(());
    }
    Err(damaged(format!("a row of {what} does not agree with its checksum")))
}

/// Refuses a row that stands where it cannot: a damaged page leads to a wrong place.
pub(super) fn in_order(what: &'static str, before: &mut i64, id: i64) -> rusqlite::Result<()> {
    if std::mem::replace(before, id) < id {
        return Ok(());
    }
    Err(damaged(format!("the rows of {what} are not in order")))
}

fn damaged(message: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, message.into())
}

/// Gives every row that has none its checksum: those from before there were any.
pub(super) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let rows = |table: &str, columns: &str, text: &str| -> rusqlite::Result<()> {
        let mut all = connection.prepare(&format!("SELECT rowid, {text}, {columns} FROM {table}"))?;
        let mut put = connection.prepare(&format!("UPDATE {table} SET sum = ?2 WHERE rowid = ?1"))?;
        let count = all.column_count();
        let mut rows = all.query(())?;
        while let Some(row) = rows.next()? {
            let fields = (2..count).map(|index| row.get(index)).collect::<rusqlite::Result<Vec<_>>>()?;
            put.execute((row.get::<_, i64>(0)?, of_row(&fields, row.get_ref(1)?.as_str_or_null()?)))?;
        }
        Ok(())
    };
    rows("observations", FIELDS, "breakdown")?;
    rows("positions", "next, last", "NULL")?;
    let mut all = connection.prepare("SELECT id, text FROM names")?;
    let mut put = connection.prepare("UPDATE names SET sum = ?2 WHERE id = ?1")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        put.execute((row.get::<_, i64>(0)?, of_text(row.get_ref(1)?.as_str()?)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{StoreError, file, open_reader, open_writer, path};
    use bus::{Partition, Position};

    #[test]
    fn a_row_that_was_turned_over_is_refused_and_one_from_before_is_given_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open_writer(folder.path(), Partition(0)).unwrap();
        let position = Position { next: 7, last: 9 };
        writer.change(|change| change.name("a").and(change.put_position(Partition(0), position))).unwrap();
        drop(writer);
        let connection = file::open(&path(folder.path(), Partition(0))).unwrap();
        let reader = || open_reader(folder.path(), Partition(0)).unwrap();
        connection.execute_batch("UPDATE positions SET next = 8; UPDATE names SET text = 'b'").unwrap();
        let error = reader().position(Partition(0)).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(super::super::names::text(&connection, 1).is_err());
        connection.execute_batch("UPDATE positions SET sum = NULL; UPDATE names SET sum = NULL").unwrap();
        assert!(reader().position(Partition(0)).is_err());
        super::fill(&connection).unwrap();
        assert_eq!(reader().position(Partition(0)).unwrap().unwrap().next, 8);
        assert_eq!(super::super::names::text(&connection, 1).unwrap(), "b");
    }

    #[test]
    fn every_bit_of_every_field_counts() {
        let fields = [Some(5), None, Some(-1)];
        let right = super::of_row(&fields, Some("x"));
        for field in 0..3 {
            for bit in 0..64 {
                let mut other = fields;
                other[field] = Some(other[field].unwrap_or_default() ^ (1 << bit));
                assert_ne!(super::of_row(&other, Some("x")), right, "{field} {bit}");
            }
        }
        assert_ne!(super::of_row(&[Some(5), Some(0), Some(-1)], Some("x")), right, "nothing is not zero");
        assert_ne!(super::of_row(&fields, Some("y")), right);
    }
}
