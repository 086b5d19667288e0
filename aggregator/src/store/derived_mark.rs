//! How far the derived rows reach: the first observation that they may not hold.
//!
//! It stands in the row that gives out the ids of observations, so that a batch that is derived at once writes no further page.

use super::error::StoreError;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use sqlite::{Damage, ROW_SUM};

/// The id of the first observation that came after the derived rows were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DerivedMark(pub(super) i64);

impl StoreTransaction<'_> {
    /// The derived rows are those of all observations.
    pub fn mark_derived(&mut self) -> Result<(), StoreError> {
        let sql =
            format!("UPDATE observation_ids SET derived = next, sum = {ROW_SUM}(next, next) WHERE derived <> next");
        self.execute(&sql, ()).map(drop)
    }
}

impl StoreReader {
    /// How far the derived rows reach.
    pub(crate) fn derived_mark(&self) -> Result<DerivedMark, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT next, derived, sum FROM observation_ids")?;
            let mut rows = statement.query(())?;
            let Some(row) = rows.next()? else {
                return Err(Damage::error("the number of the next observation is missing"));
            };
            sqlite::check_row("observation_ids", row, 2)?;
            Ok(DerivedMark(row.get(1)?))
        })
    }
}
