//! The checksums of a store's rows. Derived rows have none: opening compares them with the facts.

use rusqlite::Connection;
use sqlite::{CHECKSUM_BITS, Damage, ROW_SUM};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The tables whose `sum` is that function of these columns: all but `sum` itself, and but row numbers that are given
/// out by SQLite.
pub(super) const SUMMED: &[(&str, &str)] = &[
    ("names", "id, text"),
    ("runs", "plan, series, first, last, observations, digest"),
    ("run_totals", "plan, runs, observations, digests"),
    ("observation_ids", "next, derived"),
    ("visits", "plan, id, source, collector, time, outcome, reason, address, sha256, bytes"),
    ("quiet_polls", "plan, id, source, collector, time, outcome, reason, address, sha256, bytes"),
    ("rejects", "digest, plan, source, visit, time, reason, file, sheet, line, field, hash"),
    ("catalogues", "plan, revision, digest, text"),
    ("statements", "digest, kind, plan, revision, body"),
    ("open_polls", "plan, id, source, records, digest, since, arrived"),
    ("definitions", "plan, series, definition, decimals"),
    ("quarantine", "partition, position, time, plan, reason, body"),
    ("changes", "seq, plan, series, definition, grain, period"),
    ("sinks", "name, cursor"),
    ("dead_letters", "sink, body, reason, time"),
    ("alerts", "plan, kpi, rule, state, since, was, status"),
    ("alert_events", "seq, id, kind, since, time, body"),
    ("alert_followers", "name, cursor"),
];
/// The columns that the checksum of an observation is of, beside the breakdown.
const OBSERVATION_FIELDS: &str = "plan, series, definition, source, since, until, value, reason, final, revision, \
                                  visit, sheet, line";

/// The checksum of an observation that has a row: of its fields, and of signer and signature where it has them.
pub(super) fn of_observation(fields: &[Option<i64>], by: Option<(i64, u128)>, breakdown: Option<&str>) -> i64 {
    let Some((signer, mac)) = by else { return of_row(fields, breakdown) };
    let (digits, text) = (format!("{mac:032x}"), breakdown.unwrap_or_default());
    of_row(&[fields, &[Some(signer)]].concat(), Some(&format!("{digits}{text}")))
}

/// The checksum of a row of integers and one text.
pub(super) fn of_row(fields: &[Option<i64>], text: Option<&str>) -> i64 {
    let mut hash = Xxh3::new();
    for field in fields {
        hash.update(&[u8::from(field.is_some())]);
        hash.update(&field.unwrap_or_default().to_le_bytes());
    }
    hash.update(text.unwrap_or_default().as_bytes());
    (hash.digest() & CHECKSUM_BITS).cast_signed()
}

/// Refuses a row that stands where it cannot: a damaged page leads to a wrong place.
pub(super) fn in_order(what: &'static str, before: &mut i64, id: i64) -> rusqlite::Result<()> {
    if std::mem::replace(before, id) < id {
        return Ok(());
    }
    Err(Damage::error(format!("the rows of {what} are not in order")))
}

/// Gives the rows that had no checksum in version `seen` theirs. Those that had one are proved before it is replaced.
pub(super) fn fill(connection: &Connection, seen: i64) -> rusqlite::Result<()> {
    // Since then every new table comes with its checksums.
    if seen >= 5 {
        return Ok(());
    }
    if seen < 4 {
        fill_integers(connection, "observations", OBSERVATION_FIELDS, "breakdown")?;
        fill_integers(connection, "positions", "next, last", "NULL")?;
    } else {
        let mut all = connection.prepare("SELECT text, sum FROM names")?;
        let mut rows = all.query(())?;
        while let Some(row) = rows.next()? {
            let found = (xxh3_64(row.get_ref(0)?.as_str()?.as_bytes()) & CHECKSUM_BITS).cast_signed();
            sqlite::check_sum(row.get(1)?, found, || "a row of names".to_owned())?;
        }
    }
    for (table, columns) in SUMMED {
        connection.execute(&format!("UPDATE {table} SET sum = {ROW_SUM}({columns})"), ())?;
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
        assert!(super::super::name_cache::text(&connection, 1).is_err());
        connection.execute_batch("UPDATE positions SET sum = NULL; UPDATE names SET sum = NULL").unwrap();
        assert!(reader().position(Partition(0)).is_err());
        let columns = super::OBSERVATION_FIELDS;
        connection.execute_batch(&format!("CREATE TABLE observations({columns}, breakdown, sum)")).unwrap();
        super::fill(&connection, 3).unwrap();
        assert_eq!(reader().position(Partition(0)).unwrap().unwrap().next, 8);
        assert_eq!(super::super::name_cache::text(&connection, 1).unwrap(), "b");
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
