//! Digits after the point of definitions, which never change once a store was opened with them.

use super::error::StoreError;
use super::name_cache::{number, text};
use super::names::PlanNames;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use contract::catalogue::{Catalogue, KnownDecimals};

impl StoreReader {
    /// Those of a plan.
    pub fn known_decimals(&self, plan: &str) -> Result<KnownDecimals, StoreError> {
        self.run(|connection| {
            let mut known = KnownDecimals::default();
            let Some(plan) = number(connection, plan)? else { return Ok(known) };
            let mut statement = connection
                .prepare_cached("SELECT plan, series, definition, decimals, sum FROM definitions WHERE plan = ?1")?;
            let mut rows = statement.query((plan,))?;
            while let Some(row) = rows.next()? {
                sqlite::check_row("definitions", row, 4)?;
                known.put(&text(connection, row.get(1)?)?, &text(connection, row.get(2)?)?, row.get(3)?);
            }
            Ok(known)
        })
    }
}

impl StoreTransaction<'_> {
    /// Stores those of a catalogue that are not stored yet.
    pub fn put_decimals(&mut self, names: &PlanNames, catalogue: &Catalogue) -> Result<(), StoreError> {
        for (series, ids) in catalogue.series.iter().zip(&names.series) {
            for (definition, id) in series.definitions.iter().zip(&ids.definitions) {
                self.execute(
                    "INSERT INTO definitions(plan, series, definition, decimals, sum)
                     VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4)) ON CONFLICT DO NOTHING",
                    (names.plan, ids.id, id, definition.decimals.digits()),
                )?;
            }
        }
        Ok(())
    }
}
