//! Statements: retractions and notes, stored as they travel.

use super::error::StoreError;
use super::name_cache::{number, text};
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use contract::record::{Record, Retraction};
use contract::time::Micros;
use contract::wire;
use rusqlite::types::Type;
use xxhash_rust::xxh3::xxh3_128;

/// The kinds of statement, as the column `kind` has them.
const RETRACTION: &str = "retraction";
const NOTE: &str = "note";

impl StoreTransaction<'_> {
    /// Stores a retraction or a note with the key that signed it; false when the very same was stored before, and for
    /// records of other kinds.
    pub fn put_statement(&mut self, record: &Record, signer: Option<&str>) -> Result<bool, StoreError> {
        let kind = match record {
            Record::Retraction(_) => RETRACTION,
            Record::Note(_) => NOTE,
            _ => return Ok(false),
        };
        let body = wire::encode(record);
        let digest = xxh3_128(&body).to_be_bytes();
        let body = String::from_utf8(body).unwrap_or_default();
        let plan = self.name(record.plan())?;
        let signer = signer.map(|signer| self.name(signer)).transpose()?;
        let new = self.execute(
            "INSERT OR IGNORE INTO statements(digest, kind, plan, revision, signer, body, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_sum(?1, ?2, ?3, ?4, ?5, ?6))",
            (digest, kind, plan, record.revision().0, signer, body),
        )?;
        Ok(new == 1)
    }

    /// Takes a statement out, because its signature no longer counts.
    pub fn remove_statement(&mut self, record: &Record) -> Result<(), StoreError> {
        let digest = xxh3_128(&wire::encode(record)).to_be_bytes();
        self.execute("DELETE FROM statements WHERE digest = ?1", (digest,)).map(drop)
    }
}

impl StoreReader {
    /// All statements up to a revision, each with the key that signed it, in the order of their revisions.
    pub fn statements(&self, upto: Micros) -> Result<Vec<(Record, Option<String>)>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest, kind, plan, revision, signer, body, sum FROM statements ORDER BY revision, digest",
            )?;
            let mut rows = statement.query(())?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                sqlite::check_row("statements", row, 6)?;
                if row.get::<_, i64>(3)? > upto.0 {
                    continue;
                }
                let record = wire::decode(row.get_ref(5)?.as_str()?.as_bytes())
                    .map_err(|e| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(e)))?;
                let signer = row.get::<_, Option<i64>>(4)?.map(|signer| text(connection, signer)).transpose()?;
                found.push((record, signer));
            }
            Ok(found)
        })
    }

    /// The retractions of a plan up to a revision.
    pub fn retractions(&self, plan: &str, upto: Micros) -> Result<Vec<Retraction>, StoreError> {
        if self.run(|connection| number(connection, plan))?.is_none() {
            return Ok(Vec::new());
        }
        let of_plan = self.statements(upto)?.into_iter().filter_map(|(record, _)| match record {
            Record::Retraction(retraction) if retraction.plan == plan => Some(retraction),
            _ => None,
        });
        Ok(of_plan.collect())
    }
}
