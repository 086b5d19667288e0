//! Makes runs of a store that had a row an observation.
//!
//! The rows are read in steps, each proved by its checksum, and the table is dropped behind them in the same transaction.
//! Its pages stay in the file as free ones and are used before the file grows again.

use super::entry::{EntrySignature, EntryValue, RunEntry};
use super::write::RunWriter;
use crate::store::checksum;
use rusqlite::{Connection, Row};
use sqlite::{Damage, ROW_SUM};

/// Rows of one step: their memory is bounded.
const STEP: usize = 20_000;
const COLUMNS: &str = "id, plan, series, definition, source, since, until, value, reason, final, revision, \
                       visit, sheet, line, breakdown, sum, signer, mac";

/// Moves all rows of `observations` into runs, and drops the table.
pub(crate) fn from_rows(connection: &Connection) -> rusqlite::Result<()> {
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM observations", (), |row| row.get(0))?;
    if let Some(last) = last {
        // Dropping a table frees what its pages lead to: in a damaged file these may be the pages of others.
        if let Some(fault) = sqlite::check(connection, "quick_check(1)")? {
            return Err(Damage::error(fault));
        }
        move_all(connection)?;
        // Derived rows were always those of all observations.
        let sql = format!("UPDATE observation_ids SET next = ?1, derived = ?1, sum = {ROW_SUM}(?1, ?1)");
        connection.execute(&sql, (last.saturating_add(1),))?;
    }
    connection.execute_batch("DROP TABLE observations")
}

fn move_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM observations ORDER BY id"))?;
    let mut rows = statement.query(())?;
    let mut runs = RunWriter::new(connection);
    let (mut step, mut before) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let entry = proved(row)?;
        checksum::in_order("observations", &mut before, entry.id)?;
        step.push(entry);
        if step.len() == STEP {
            runs.add(&step)?;
            step.clear();
        }
    }
    runs.add(&step)?;
    runs.finish()
}

/// A row that agrees with its checksum.
fn proved(row: &Row<'_>) -> rusqlite::Result<RunEntry> {
    let mut fields: [Option<i64>; 13] = [None; 13];
    for (index, field) in fields.iter_mut().enumerate() {
        *field = row.get(index + 1)?;
    }
    let breakdown: Option<Box<str>> = row.get(14)?;
    let signature = match row.get::<_, Option<i64>>(16)? {
        Some(signer) => Some(EntrySignature { signer, mac: row.get(17)? }),
        None => None,
    };
    let by = signature.map(|EntrySignature { signer, mac }| (signer, u128::from_be_bytes(mac)));
    let sum = checksum::of_observation(&fields, by, breakdown.as_deref());
    sqlite::check_sum(row.get(15)?, sum, || "a row of observations".to_owned())?;
    Ok(RunEntry {
        id: row.get(0)?,
        plan: row.get(1)?,
        series: row.get(2)?,
        definition: row.get(3)?,
        source: row.get(4)?,
        since: row.get(5)?,
        until: row.get(6)?,
        value: match row.get::<_, Option<i64>>(8)? {
            Some(reason) => EntryValue::Unknown(reason),
            None => EntryValue::Known(row.get(7)?),
        },
        is_final: row.get(9)?,
        revision: row.get(10)?,
        poll: row.get(11)?,
        sheet: row.get(12)?,
        line: row.get(13)?,
        breakdown,
        signature,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::runs::each_of_all;
    use crate::store::{file, schema};
    use sqlite::DatabaseFile;
    use std::path::Path;

    /// A store as the version before runs made it.
    const BEFORE: DatabaseFile = DatabaseFile {
        version: 9,
        migrate: |connection, _| schema::MIGRATIONS[..9].iter().try_for_each(|sql| connection.execute_batch(sql)),
        before_commit: || {},
        ..file::STORE_FILE
    };
    const ROWS: i64 = 45_000;

    fn row(id: i64) -> RunEntry {
        let signature = (id % 1000 == 7).then_some(EntrySignature { signer: 9, mac: [7; 16] });
        RunEntry {
            // A gap where an observation was taken out.
            id: id + i64::from(id > 30_000),
            plan: 1 + id % 3,
            series: 10 + if id < 20_100 { id % 5 } else { id % 900 },
            definition: 2,
            source: 3,
            since: id * 86_400,
            until: (id % 2 == 0).then_some(id * 86_400 + 3600),
            value: if id % 50 == 0 { EntryValue::Unknown(4) } else { EntryValue::Known(id - 7) },
            is_final: id % 4 != 0,
            revision: 1_690_000_000_000_000 + id,
            poll: 20 + id / 500,
            sheet: (id % 7 == 0).then_some(5),
            line: (id % 3 == 0).then_some(id),
            breakdown: (id % 11 == 0).then(|| "{\"a\":1}".into()),
            signature,
        }
    }

    fn store_of_before(path: &Path) -> Connection {
        let mut connection = BEFORE.open(path).unwrap();
        let change = connection.transaction().unwrap();
        let sql = format!("INSERT INTO observations({COLUMNS}) VALUES ({})", ["?"; 18].join(", "));
        let mut insert = change.prepare(&sql).unwrap();
        for one in (1..=ROWS).map(row) {
            let (value, reason) = match one.value {
                EntryValue::Known(n) => (Some(n), None),
                EntryValue::Unknown(reason) => (None, Some(reason)),
            };
            let fields = [
                Some(one.plan),
                Some(one.series),
                Some(one.definition),
                Some(one.source),
                Some(one.since),
                one.until,
                value,
                reason,
                Some(i64::from(one.is_final)),
                Some(one.revision),
                Some(one.poll),
                one.sheet,
                one.line,
            ];
            let by = one.signature.map(|by| (by.signer, u128::from_be_bytes(by.mac)));
            let sum = checksum::of_observation(&fields, by, one.breakdown.as_deref());
            insert.raw_bind_parameter(1, one.id).unwrap();
            for (index, field) in fields.iter().enumerate() {
                insert.raw_bind_parameter(index + 2, field).unwrap();
            }
            insert.raw_bind_parameter(15, one.breakdown.as_deref()).unwrap();
            insert.raw_bind_parameter(16, sum).unwrap();
            insert.raw_bind_parameter(17, one.signature.map(|by| by.signer)).unwrap();
            insert.raw_bind_parameter(18, one.signature.map(|by| by.mac)).unwrap();
            insert.raw_execute().unwrap();
        }
        drop(insert);
        change.commit().unwrap();
        connection
    }

    #[test]
    fn a_store_of_before_has_the_same_observations_under_the_same_ids() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store-0.db");
        drop(store_of_before(&path));
        let connection = file::open(&path).unwrap();
        let mut found = Vec::new();
        each_of_all(&connection, |entry| {
            found.push(entry.clone());
            Ok(())
        })
        .unwrap();
        found.sort_by_key(|entry| entry.id);
        assert!(found == (1..=ROWS).map(row).collect::<Vec<_>>());
        assert_eq!(super::super::give_out_ids(&connection, 1).unwrap(), ROWS + 2);
        assert!(file::STORE_FILE.defines(&connection).unwrap());
        // The room of the rows is used before the file grows.
        let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0)).unwrap();
        assert!(free > 400, "{free}");
    }

    #[test]
    fn a_row_that_was_turned_over_stays_where_it_is_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store-0.db");
        store_of_before(&path).execute_batch("UPDATE observations SET value = value + 1 WHERE id = 41").unwrap();
        let error = contract::error::chain(&file::open(&path).unwrap_err());
        assert!(error.contains("a row of observations does not agree with its checksum"), "{error}");
        let kept: i64 =
            BEFORE.open(&path).unwrap().query_row("SELECT count(*) FROM observations", (), |r| r.get(0)).unwrap();
        assert_eq!(kept, ROWS);
    }
}
