//! The dictionary of repeated texts: each is stored once, and its number is cached in memory.

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;
use sqlite::Damage;

/// Names kept in memory. Every poll brings a new name, so memory would grow without a bound;
/// beyond it the cache is cleared, and names are read again when they are needed.
const CACHED: usize = 20_000;

/// The numbers of the names that were used of late.
#[derive(Debug, Default)]
pub(super) struct NameCache {
    numbers: FxHashMap<Box<str>, i64>,
}

impl NameCache {
    /// The number of a text, which is stored when it is new.
    pub(super) fn intern(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number = match number(connection, text)? {
            Some(number) => number,
            None => connection
                .prepare_cached(
                    "INSERT INTO names(id, text, sum)
                     SELECT id, ?1, row_sum(id, ?1) FROM (SELECT coalesce(max(id), 0) + 1 AS id FROM names)
                     RETURNING id",
                )?
                .query_row((text,), |row| row.get(0))?,
        };
        if self.numbers.len() >= CACHED {
            self.numbers.clear();
        }
        self.numbers.insert(text.into(), number);
        Ok(number)
    }

    /// Forgets everything, because a transaction that may have stored some was rolled back.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
    }
}

/// The number of a text, if it is stored. The index alone knows both; the row it leads to is asked too.
pub(super) fn number(connection: &Connection, wanted: &str) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM names WHERE text = ?1")?;
    let Some(number) = statement.query_row((wanted,), |row| row.get(0)).optional()? else { return Ok(None) };
    if text(connection, number)? == wanted {
        Ok(Some(number))
    } else {
        Err(Damage::error("an index leads to another name"))
    }
}

/// The text of a number.
pub(super) fn text(connection: &Connection, number: i64) -> rusqlite::Result<String> {
    let mut statement = connection.prepare_cached("SELECT id, text, sum FROM names WHERE id = ?1")?;
    statement.query_row((number,), |row| {
        sqlite::check_row("names", row, 2)?;
        row.get(1)
    })
}

/// A text that is looked up only when its number is not the one of the row before.
#[derive(Debug, Default)]
pub(super) struct RepeatedText {
    number: Option<i64>,
}

impl RepeatedText {
    /// Puts the text of `number` into `into`, unless it is there already.
    pub(super) fn read(&mut self, known: &mut TextCache<'_>, number: i64, into: &mut String) -> rusqlite::Result<()> {
        if self.number != Some(number) {
            known.get(number)?.clone_into(into);
            self.number = Some(number);
        }
        Ok(())
    }
}

/// The texts of the numbers met while reading.
pub(super) struct TextCache<'a> {
    connection: &'a Connection,
    known: FxHashMap<i64, String>,
}

impl<'a> TextCache<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, known: FxHashMap::default() }
    }

    /// The text of a number.
    pub(super) fn get(&mut self, number: i64) -> rusqlite::Result<&str> {
        if self.known.len() >= CACHED {
            self.known.clear();
        }
        if !self.known.contains_key(&number) {
            self.known.insert(number, text(self.connection, number)?);
        }
        Ok(self.known.get(&number).map_or("", String::as_str))
    }
}
