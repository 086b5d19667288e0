//! Checksums of rows: 31 bits, four bytes in the file.

use crate::damage::Damage;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use xxhash_rust::xxh3::Xxh3;

/// The function of SQL that gives the checksum of its arguments, in every connection that this crate opens.
pub const ROW_SUM: &str = "row_sum";
/// The bits of a hash that make a checksum.
pub const CHECKSUM_BITS: u64 = 0x7fff_ffff;

/// The checksum of any values, each with its type and length.
pub fn sum_of_values<'a>(values: impl Iterator<Item = ValueRef<'a>>) -> i64 {
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
    (hash.digest() & CHECKSUM_BITS).cast_signed()
}

/// Refuses a row of the table `table` whose first `count` columns do not agree with the checksum that follows them.
pub fn check_row(table: &str, row: &Row<'_>, count: usize) -> rusqlite::Result<()> {
    let values = (0..count).map(|index| row.get_ref(index)).collect::<rusqlite::Result<Vec<_>>>()?;
    check_sum(row.get(count)?, sum_of_values(values.into_iter()), || format!("a row of {table}"))
}

/// Refuses what was not written so: its `stored` checksum is not the one that was `computed`; `what` names it.
pub fn check_sum(stored: Option<i64>, computed: i64, what: impl FnOnce() -> String) -> rusqlite::Result<()> {
    if stored == Some(computed) {
        return Ok(());
    }
    Err(Damage::error(format!("{} does not agree with its checksum", what())))
}

/// Adds [`ROW_SUM`] to a connection.
pub(crate) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(ROW_SUM, -1, flags, |call| {
        Ok(sum_of_values((0..call.len()).map(|index| call.get_raw(index))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_with_its_type_and_its_length() {
        let rows: [&[ValueRef<'_>]; 6] = [
            &[ValueRef::Null],
            &[ValueRef::Integer(0)],
            &[ValueRef::Real(0.0)],
            &[ValueRef::Text(b"ab"), ValueRef::Text(b"c")],
            &[ValueRef::Text(b"a"), ValueRef::Text(b"bc")],
            &[ValueRef::Blob(b"a"), ValueRef::Blob(b"bc")],
        ];
        let sums = rows.map(|row| sum_of_values(row.iter().copied()));
        let different: std::collections::BTreeSet<i64> = sums.into_iter().collect();
        assert_eq!(different.len(), rows.len(), "{sums:?}");
        assert!(check_sum(Some(1), 1, String::new).is_ok() && check_sum(None, 1, String::new).is_err());
    }
}
