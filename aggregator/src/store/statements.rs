//! Statements: retractions and notes, stored as they travel.

use super::error::StoreError;
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
    /// Stores a retraction or a note; false when the very same was stored before, signed or not, and for records of other
    /// kinds.
    pub fn put_statement(&mut self, record: &Record, signature: Option<&RecordSignature>) -> Result<bool, StoreError> {
        let kind = match record {
            Record::Retraction(_) => RETRACTION,
            Record::Note(_) => NOTE,
            _ => return Ok(false),
        };
        let digest = xxh3_128(&wire::encode(record)).to_be_bytes();
        let body = String::from_utf8(keys::line(record, signature)).unwrap_or_default();
        let plan = self.name(record.plan())?;
        let new = self.execute(
            "INSERT OR IGNORE INTO statements(digest, kind, plan, revision, body, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, row_sum(?1, ?2, ?3, ?4, ?5))",
            (digest, kind, plan, record.revision().0, body),
        )?;
        Ok(new == 1)
    }
}

impl StoreReader {
    /// All statements up to a revision, each with its line, in the order of their revisions.
    pub fn statements(&self, upto: Micros) -> Result<Vec<(Record, Vec<u8>)>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest, kind, plan, revision, body, sum FROM statements ORDER BY revision, digest",
            )?;
            let mut rows = statement.query(())?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                sqlite::check_row("statements", row, 5)?;
                if row.get::<_, i64>(3)? > upto.0 {
                    continue;
                }
                let line = row.get_ref(4)?.as_str()?.as_bytes();
                let record = wire::decode(line)
                    .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(e)))?;
                found.push((record, line.to_vec()));
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
