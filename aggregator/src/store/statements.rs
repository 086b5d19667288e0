//! Statements: retractions and notes, stored as they travel.

use super::error::StoreError;
use super::fact_outcome::FactOutcome;
use super::name_cache::number;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use crate::keys::{self, RecordSignature};
use contract::record::{Record, Retraction};
use contract::time::Micros;
use contract::wire;
use rusqlite::types::Type;
use xxhash_rust::xxh3::xxh3_128;

/// The kinds of statement, as the column `kind` has them.
const RETRACTION: &str = "retraction";
const NOTE: &str = "note";

impl StoreTransaction<'_> {
    /// Stores a retraction or a note, unless the very same was stored before, signed or not.
    pub fn put_statement(
        &mut self,
        record: &Record,
        signature: Option<&RecordSignature>,
    ) -> Result<FactOutcome, StoreError> {
        let kind = match record {
            Record::Retraction(_) => RETRACTION,
            Record::Note(_) => NOTE,
            _ => return Ok(FactOutcome::Duplicate),
        };
        let digest = xxh3_128(&wire::encode(record)).to_be_bytes();
        let body = String::from_utf8(keys::line(record, signature)).unwrap_or_default();
        let plan = self.name(record.plan())?;
        let new = self.execute(
            "INSERT OR IGNORE INTO statements(digest, kind, plan, revision, body, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, row_sum(?1, ?2, ?3, ?4, ?5))",
            (digest, kind, plan, record.revision().0, body),
        )?;
        Ok(FactOutcome::of_insert(new))
    }
}

impl StoreReader {
    /// All statements up to a revision, each with its line, in the order of their revisions.
    pub fn statements(&self, upto: Micros) -> Result<Vec<(Record, Vec<u8>)>, StoreError> {
        let mut found = Vec::new();
        self.each_statement(|row| {
            if row.get::<_, i64>(3)? <= upto.0 {
                found.push((decode(row)?, row.get_ref(4)?.as_str()?.as_bytes().to_vec()));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The retractions of a plan up to a revision. Notes, of which there may be many, are not decoded.
    pub fn retractions(&self, plan: &str, upto: Micros) -> Result<Vec<Retraction>, StoreError> {
        let Some(plan) = self.run(|connection| number(connection, plan))? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        self.each_statement(|row| {
            let is_of_plan = row.get_ref(1)?.as_str()? == RETRACTION && row.get::<_, i64>(2)? == plan;
            if is_of_plan && row.get::<_, i64>(3)? <= upto.0 {
                found.extend(match decode(row)? {
                    Record::Retraction(retraction) => Some(retraction),
                    _ => None,
                });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands every statement to `each`, in the order of their revisions, as a row that was proved: all of them, because one
    /// whose kind or plan was turned over would else not be found.
    fn each_statement(
        &self,
        mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest, kind, plan, revision, body, sum FROM statements ORDER BY revision, digest",
            )?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                sqlite::check_row("statements", row, 5)?;
                each(row)?;
            }
            Ok(())
        })
    }
}

fn decode(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
    wire::decode(row.get_ref(4)?.as_str()?.as_bytes())
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(e)))
}
