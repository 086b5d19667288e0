//! Blocks hold what was put into them, and what a log of before held.

use super::*;
use crate::log::schema;

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    schema::migrate(&connection, 0).unwrap();
    connection
}

/// What a walk from `next` on gives: offset, time, key, body.
/// Offset, time, key and bytes.
type Walked = (i64, i64, String, Vec<u8>);

fn walked(connection: &Connection, next: i64) -> (Vec<Walked>, rusqlite::Result<WalkEnd>) {
    let mut found = Vec::new();
    let end = walk(connection, next, |record| {
        let key = String::from_utf8(record.key.to_vec()).unwrap();
        found.push((record.offset, record.time, key, record.body.to_vec()));
        ControlFlow::Continue(())
    });
    (found, end)
}

fn blocks(connection: &Connection) -> Vec<(i64, i64)> {
    let mut statement = connection.prepare("SELECT id, records FROM block ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_block_gives_back_what_was_put_into_it_from_any_record_on() {
    let connection = connection();
    let sizes = [0, 1, 250, BLOCK_BYTES, 3 * BLOCK_BYTES, 8_000, 8_000, 8_000, 65_536, 3];
    let keys = ["", "a", "a", "b", "b", "", "", "key", "key", "key"];
    let mut expected = Vec::new();
    let mut writer = BlockWriter::new(&connection).unwrap();
    for ((offset, size), key) in (1..).zip(sizes).zip(keys) {
        let body = vec![u8::try_from(offset).unwrap(); size];
        writer.push(LogRecord { offset, time: 7, key: key.as_bytes(), body: &body }).unwrap();
        expected.push((offset, 7, key.to_owned(), body));
    }
    writer.write(10, 7).unwrap();
    writer.write(10, 7).unwrap();
    drop(writer);
    // A record that is larger than a block is one of its own.
    assert_eq!(blocks(&connection), [(3, 3), (4, 1), (5, 1), (7, 2), (8, 1), (9, 1), (10, 1)]);
    assert_eq!(first_offset(&connection).unwrap(), Some(1));
    for next in 1..=11 {
        let (found, end) = walked(&connection, next);
        assert_eq!(end.unwrap(), WalkEnd::Whole);
        assert_eq!(found, expected[usize::try_from(next).unwrap() - 1..], "from {next} on");
    }
    connection.execute("DELETE FROM block WHERE id = 7", []).unwrap();
    let (found, end) = walked(&connection, 2);
    assert_eq!((found.len(), end.unwrap()), (4, WalkEnd::Gap { due: 6, found: 8 }));
    assert_eq!(walked(&connection, 7).1.unwrap(), WalkEnd::Gap { due: 7, found: 8 });
}

#[test]
fn any_column_of_a_block_that_changes_is_named() {
    for change in ["id = 4", "records = 2", "records = 4", "time = 8", "content = zeroblob(30)", "sum = sum + 1"] {
        let connection = connection();
        let mut writer = BlockWriter::new(&connection).unwrap();
        for offset in 1..=3 {
            writer.push(LogRecord { offset, time: 7, key: b"k", body: b"body" }).unwrap();
        }
        writer.write(3, 7).unwrap();
        drop(writer);
        connection.execute(&format!("UPDATE block SET {change}"), []).unwrap();
        let (found, end) = walked(&connection, 1);
        assert_eq!(found, [], "{change}");
        let what = Damage::of(&end.unwrap_err()).unwrap().to_owned();
        assert!(what.starts_with("the block of the records at offsets "), "{change}: {what}");
    }
}

#[test]
fn rows_of_before_become_blocks_with_their_gaps_and_their_damage() {
    let connection = connection();
    connection
        .execute_batch(
            "DROP TABLE block;
             CREATE TABLE log(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
                              sum INTEGER NOT NULL) STRICT;",
        )
        .unwrap();
    // 3 is missing, 7 is damaged, 6 was committed later than those before.
    for offset in [1, 2, 4, 5, 6, 7, 8, 9_i64] {
        let (time, body) = (if offset < 6 { 70 } else { 71 }, vec![b'x'; 100]);
        let sum = checksum::of_record(offset, time, b"plan", &body) ^ i64::from(offset == 7);
        let row = (offset, time, "plan", &body, sum);
        connection.execute("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
    }
    schema::migrate(&connection, 3).unwrap();
    assert_eq!(blocks(&connection), [(2, 2), (5, 2), (6, 1), (7, 1), (9, 2)]);
    let (found, end) = walked(&connection, 1);
    let record = |offset, time| (offset, time, "plan".to_owned(), vec![b'x'; 100]);
    assert_eq!((found, end.unwrap()), (vec![record(1, 70), record(2, 70)], WalkEnd::Gap { due: 3, found: 4 }));
    let (found, end) = walked(&connection, 4);
    assert_eq!(found, [record(4, 70), record(5, 70), record(6, 71)]);
    let error = end.unwrap_err();
    assert_eq!(Damage::of(&error), Some("the record at offset 7 does not agree with its checksum"));
    assert_eq!(walked(&connection, 8).0, [record(8, 71), record(9, 71)]);
}
