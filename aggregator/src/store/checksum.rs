//! Checksums of rows: SQLite finds a damaged page's structure, but not a figure that a disk turned over.
//!
//! 31 bits, four bytes in the file. Derived rows have none: opening compares them with the facts.

use super::observations::FIELDS;
use super::schema::SUMMED;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Row};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The function of SQL that gives the checksum of its arguments.
pub(super) const FUNCTION: &str = "row_sum";

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

/// Of any values, each with its type and length.
fn of_values<'a>(values: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    let mut hash = Xxh3::new();
    for value in values {
        let number;
        let (kind, bytes) = match value {
            ValueRef::Null => (0, &[][..]),
            ValueRef::Integer(n) => {
                number = n.to_le_bytes();
                (1, &number[..])
            }
            ValueRef::Real(n) => {
                number = n.to_le_bytes();
                (2, &number[..])
            }
            ValueRef::Text(bytes) => (3, bytes),
            ValueRef::Blob(bytes) => (4, bytes),
        };
        hash.update(&[kind]);
        hash.update(&bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    (hash.digest() & BITS).cast_signed()
}

/// Teaches a connection [`FUNCTION`].
pub(super) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(FUNCTION, -1, flags, |call| {
        Ok(of_values((0..call.len()).map(|index| call.get_raw(index))))
    })
}

/// Refuses a row whose first `count` columns do not agree with the checksum that follows them.
pub(super) fn check_row(what: &'static str, row: &Row<'_>, count: usize) -> rusqlite::Result<()> {
    let values = (0..count).map(|index| row.get_ref(index)).collect::<rusqlite::Result<Vec<_>>>()?;
    check(what, row.get(count)?, of_values(values.into_iter()))
}

/// Refuses a row that is not what was written.
pub(super) fn check(what: &'static str, stored: Option<i64>, found: i64) -> rusqlite::Result<()> {
    if stored == Some(found) {
        return Ok(());
    }
    Err(damaged(&format!("a row of {what} does not agree with its checksum")))
}

/// Refuses a row that stands where it cannot: a damaged page leads to a wrong place.
pub(super) fn in_order(what: &'static str, before: &mut i64, id: i64) -> rusqlite::Result<()> {
    if std::mem::replace(before, id) < id {
        return Ok(());
    }
    Err(damaged(&format!("the rows of {what} are not in order")))
}

/// What a damaged file makes of reading.
pub(super) fn damaged(message: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, message.into())
}

/// Gives the rows that had no checksum in version `seen` theirs. Those that had one are proved before it is replaced.
pub(super) fn fill(connection: &Connection, seen: usize) -> rusqlite::Result<()> {
    if seen < 4 {
        fill_integers(connection, "observations", FIELDS, "breakdown")?;
        fill_integers(connection, "positions", "next, last", "NULL")?;
    } else {
        let mut all = connection.prepare("SELECT text, sum FROM names")?;
        let mut rows = all.query(())?;
        while let Some(row) = rows.next()? {
            let found = (xxh3_64(row.get_ref(0)?.as_str()?.as_bytes()) & BITS).cast_signed();
            check("names", row.get(1)?, found)?;
        }
    }
    for (table, columns) in SUMMED {
        connection.execute(&format!("UPDATE {table} SET sum = {FUNCTION}({columns})"), ())?;
    }
    Ok(())
}

fn fill_integers(connection: &Connection, table: &str, columns: &str, text: &str) -> rusqlite::Result<()> {
    let mut all = connection.prepare(&format!("SELECT rowid, {text}, {columns} FROM {table}"))?;
    let mut put = connection.prepare(&format!("UPDATE {table} SET sum = ?2 WHERE rowid = ?1"))?;
    let count = all.column_count();
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        let fields = (2..count).map(|index| row.get(index)).collect::<rusqlite::Result<Vec<_>>>()?;
        put.execute((row.get::<_, i64>(0)?, of_row(&fields, row.get_ref(1)?.as_str_or_null()?)))?;
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
        super::fill(&connection, 3).unwrap();
        assert_eq!(reader().position(Partition(0)).unwrap().unwrap().next, 8);
        assert_eq!(super::super::names::text(&connection, 1).unwrap(), "b");
    }

    #[test]
    fn a_checksum_that_was_wrong_already_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let connection = file::open(&path(folder.path(), Partition(0))).unwrap();
        connection.execute_batch("INSERT INTO names(id, text, sum) VALUES (1, 'b', 1)").unwrap();
        assert!(super::fill(&connection, 4).is_err());
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
